/** Actions: asked for, previewed, approved or denied by somebody else, run once, verified, taken back. An approval is of one request, and
 *  a request is never changed: other arguments, or a target that moved, are another request with a preview of its own. So nothing that
 *  was approved can become something else. */
import { addMinutes } from 'date-fns/addMinutes'
import { suggestionMessage } from '../acting/bell.ts'
import { actionMessages } from '../acting/card.ts'
import { decideActing } from '../acting/decide.ts'
import type { ActingEvent, ActingIntent } from '../acting/events.ts'
import { evolveActing } from '../acting/evolve.ts'
import { handedOver } from '../acting/left.ts'
import { type ActingState, actionOf, type ActionRequest, breakGlassAt, isPending, isRunning, isUnanswered } from '../acting/request.ts'
import { tellAction } from '../acting/story.ts'
import type { Event } from '../events.ts'
import type { Incident } from '../incident.ts'
import type { Instant } from '../policy.ts'
import type { Job } from '../react.ts'
import { shorten } from '../text.ts'
import type { Area } from './area.ts'

export type { ActingEvent, ActingIntent } from '../acting/events.ts'
export type { ActingState } from '../acting/request.ts'

export const noActions: ActingState = { actions: [], suggested: [] }

/** What still runs when the record is closed, or merged into another, is somebody's to see to its end: it may wait for a person, and holds
 *  its target. It may be handed over already, from when the record was closed before. */
export const runningLeft = (incident: Incident, into: string | null = null): Event[] =>
  incident.actions
    .filter((request) => isRunning(request) && handedOver(incident, incident.id, request.action).length === 0)
    .map(({ action, title }, index) => ({
      type: 'todo-added',
      v: 1,
      todo: incident.todos.length + index + 1,
      text: `See action ${action} of ${incident.id}, ${shorten(title, 200)}, to its end: it still ran when that was ${into === null ? 'closed' : `merged into ${into}`}`,
      owner: null,
      due: null,
      source: null,
      handsOver: { record: incident.id, action },
    }))

/** What is still pending comes to nothing when the record is closed. */
export const actionsEnd = (incident: Incident, why: string): ActingEvent[] =>
  incident.actions
    .filter((request) => isPending(request) && !request.automatic)
    .map(({ action }) => ({ type: 'action-ended', v: 1, action, how: 'closed', why }))

const doJob = (incident: string, action: number, step: string, more: Readonly<Record<string, number>> = {}): Job => ({
  queue: 'action',
  data: { incident, action, ...more },
  once: `action:${incident}:${action}:${step}`,
})

const timer = (incident: string, action: number, what: 'expiry' | 'unanswered', at: Instant): Job => ({
  queue: 'timer',
  data: { incident, action, [what]: 1, at },
  once: `action:${incident}:${action}:${what}`,
  startAfter: at,
})

/** In a P1 that nobody approves in time the lead is told; `step`: what calls for it, of which each does once. */
const unansweredTimer = (incident: Incident, request: ActionRequest, step: string, at: Instant): Job[] => {
  const glass = breakGlassAt(incident, request)
  if (glass === null || request.expires === null || isUnanswered(incident, request)) return []
  const due = glass > at ? glass : at
  if (due >= request.expires) return []
  return [{ ...timer(incident.id, request.action, 'unanswered', due), once: `action:${incident.id}:${request.action}:${step}` }]
}

/** What was no P1 when it was previewed had nobody to tell. A timer that came while it was none is over: each change sets another. And who may
 *  approve, which stands in the product's file, may be others now. */
const inOtherSeverity = (incident: Incident, seq: number, at: Instant): Job[] => [
  ...incident.actions
    .filter(({ status }) => status === 'waiting')
    .flatMap((request) => unansweredTimer(incident, request, `unanswered:${seq}`, at)),
  ...(incident.actions.some(isPending)
    ? [{ queue: 'action-rule' as const, data: { incident: incident.id }, once: `action-rule:${incident.id}:${seq}` }]
    : []),
]

export const actingArea: Area<ActingIntent, ActingEvent> = {
  whileOpen: ['ask-action', 'approve-action', 'force-action'],
  decide: decideActing,
  evolve: evolveActing,
  tell: tellAction,
  posts: {
    'action-suggested': (incident, suggestion) => [suggestionMessage(incident, suggestion)],
    'action-asked': actionMessages,
    'action-previewed': actionMessages,
    'action-held': actionMessages,
    'action-rule-changed': actionMessages,
    'action-approved': actionMessages,
    'action-unanswered': actionMessages,
    'action-forced': actionMessages,
    'action-ended': actionMessages,
    'action-refused': actionMessages,
    'action-started': actionMessages,
    'action-progressed': actionMessages,
    'action-waits': actionMessages,
    'action-ticked': actionMessages,
    'action-ran': actionMessages,
    'action-verified': actionMessages,
  },
  react: (_, { event, seq, at }, after) => {
    if (event.type === 'severity-changed') return inOtherSeverity(after, seq, at)
    if (!('action' in event) || typeof event.action !== 'number') return []
    const request = actionOf(after, event.action)
    if (request === undefined) return []
    const { action } = request
    const job = (step: string, more?: Readonly<Record<string, number>>) => doJob(after.id, action, step, more)
    switch (event.type) {
      case 'action-asked':
        return [job('preview')]
      case 'action-previewed': {
        if (request.automatic) return [job('run')]
        return [
          timer(after.id, action, 'expiry', event.expires),
          ...unansweredTimer(after, request, 'unanswered', at),
          // What stood against it may have passed, or come, while the target was looked at.
          { queue: 'held', data: { incident: after.id }, key: after.id },
        ]
      }
      case 'action-held':
      case 'action-rule-changed':
      case 'action-approved':
      case 'action-forced':
        return request.status === 'approved' ? [job('run')] : []
      case 'action-ticked':
        return [job(`tick:${request.ticks.length}`, { tick: request.ticks.length })]
      case 'action-ran':
        return [
          ...(event.ran.outcome === 'done' ? [job('verify')] : []),
          // Where nobody can tell whether it was done, there still is something to see to.
          ...(event.ran.outcome !== 'unclear' && (after.mergedInto !== null || handedOver(after, after.id, action).length > 0)
            ? [{ queue: 'handed-over' as const, data: { incident: after.id, action }, key: `${after.id}/${action}` }]
            : []),
          ...(event.ran.outcome === 'done' && request.preview?.returnsAfter !== undefined
            ? [{ ...job('return', { back: 1 }), startAfter: addMinutes(at, request.preview.returnsAfter).toISOString() }]
            : []),
        ]
      case 'action-refused':
        return event.code === 'moved' ? [job('renew', { renew: 1 })] : []
      default:
        return []
    }
  },
}
