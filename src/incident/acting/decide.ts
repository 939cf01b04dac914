/** What may be done with a request for an action, by whom, and when. */
import { addMinutes } from 'date-fns/addMinutes'
import { type Area, samePerson } from '../areas/area.ts'
import { kept } from '../check.ts'
import type { Intent } from '../commands.ts'
import type { Event } from '../events.ts'
import type { Incident } from '../incident.ts'
import { type Refusal, refuse } from '../refusals.ts'
import { shorten } from '../text.ts'
import { isRefusal, optional, written } from '../written.ts'
import type { ActingEvent, ActingIntent } from './events.ts'
import { type Obstacle, sameObstacle } from './obstacle.ts'
import {
  actionOf,
  type ActionRequest,
  type ApprovalRule,
  breakGlassAt,
  hindranceIn,
  type Identities,
  isPending,
  isRunning,
  isUnanswered,
  neededOf,
  ruleFor,
  sameIdentity,
  sameRule,
  stricterRule,
} from './request.ts'

const longestText = 1000

const nameIn = (request: ActionRequest): string =>
  request.asked.by.kind === 'person' ? request.asked.by.name : request.asked.by.kind === 'bot' ? 'Tocsin' : 'somebody'

const tickedBy = ({ ticks }: ActionRequest, tick: number): string | null => {
  const by = ticks[tick - 1]?.by
  return by?.kind === 'person' ? by.name : null
}

/** Why this request cannot be voted on now, whoever votes. */
const notWaiting = (incident: Incident, number: number): Refusal | null => {
  const request = actionOf(incident, number)
  if (request === undefined) return refuse('unknown_action_number', { action: number, count: incident.actions.length })
  if (request.status === 'previewing') return refuse('action_not_previewed', { action: number, title: request.title })
  if (request.status === 'waiting') return null
  return refuse('action_not_waiting', { action: number, title: request.title, status: request.status })
}

/** Who cannot be told apart from whoever asked has no vote. */
const stranger = (by: { readonly kind: string; readonly via?: 'terminal'; readonly unverified?: true }, identities: Identities) =>
  by.kind !== 'person' || by.unverified === true || identities.length === 0

const same = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key] === value)

/** The names of those who may approve it, by the stricter of both rules. */
const whoMay = ({ rule }: ActionRequest, now: ApprovalRule | undefined): string[] =>
  (now !== undefined && now.approvers.length > 0 ? now.approvers : rule.approvers).map(({ name }) => name)

/** Nobody agrees to what cannot run now: what is there stays, and counts once that has passed. */
const held = ({ action, expires }: ActionRequest, against: Obstacle | null | undefined): Refusal | null =>
  against == null ? null : refuse('action_held', { action, expires: expires ?? '', ...against })

/** Whether this is about taking back what the record itself ran. */
export const takesBack = (incident: Pick<Incident, 'actions'>, intent: Intent): boolean => {
  if (intent.type === 'ask-action') return intent.undoes !== undefined
  const votes = intent.type === 'approve-action' || intent.type === 'deny-action'
  return votes && typeof actionOf(incident, intent.action)?.undoes === 'number'
}

/** That the product's rule asks more of it by now than it did, or not any more. */
const ruled = (request: ActionRequest, now: ApprovalRule): ActingEvent[] => {
  const rule = stricterRule(request, now)
  return sameRule(rule, request.ruleNow) ? [] : [{ type: 'action-rule-changed', v: 1, action: request.action, rule }]
}

/** So often is what was approved for a time taken back by itself, when its target moves again and again. */
const mostReturns = 5

export const decideActing: Area<ActingIntent, ActingEvent>['decide'] = {
  // Said once: who has decided against it is not told again.
  'suggest-action': ({ suggested, stamps }, { criterion, title, measured, check, suggests }) =>
    suggested.includes(criterion) || stamps.resolve !== null
      ? []
      : [{ type: 'action-suggested', v: 1, criterion, title, measured, ...(check === undefined ? {} : { check }), suggests }],
  'ask-action': (incident, { wanted, reason, identities, undoes, renews }, { by }) => {
    if (stranger(by, identities)) return refuse('unknown_requester', {})
    const why = optional('action', reason)
    if (isRefusal(why)) return why
    const twin = incident.actions.find(
      (request) =>
        (isPending(request) || isRunning(request)) &&
        request.target === wanted.target &&
        request.key === wanted.key &&
        same(request.input, wanted.input) &&
        request.undoes === (undoes ?? null),
    )
    if (twin !== undefined)
      return refuse('action_pending', { action: twin.action, title: twin.title, name: nameIn(twin), status: twin.status })
    if (undoes !== undefined) {
      const first = actionOf(incident, undoes)
      if (first === undefined) return refuse('unknown_action_number', { action: undoes, count: incident.actions.length })
      if (first.undoneBy !== null) return refuse('action_undone', { action: undoes, by: first.undoneBy })
      if (first.ran?.outcome !== 'done' || first.ran.undo === undefined)
        return refuse('action_not_undoable', { action: undoes, title: first.title, status: first.status })
    }
    return [
      {
        type: 'action-asked',
        v: 1,
        action: incident.actions.length + 1,
        ...wanted,
        rule: ruleFor(by, wanted.rule),
        reason: why,
        identities,
        ...(undoes === undefined ? {} : { undoes }),
        ...(renews === undefined ? {} : { renews }),
      },
    ]
  },
  'return-action': (incident, { action, wanted }, { by }) => {
    const first = actionOf(incident, action)
    const backs = incident.actions.filter((request) => request.undoes === action)
    const open = backs.some((request) => isPending(request) || isRunning(request))
    // What takes something back stays: else it would be put there again, and nobody has approved that.
    if (by.kind !== 'bot' || first?.preview?.returnsAfter === undefined || first.undoes !== null) return []
    if (backs.filter(({ automatic }) => automatic).length >= mostReturns) return []
    if (first.ran?.outcome !== 'done' || first.ran.undo === undefined || first.undoneBy !== null || open) return []
    const number = incident.actions.length + 1
    return [
      { type: 'action-asked', v: 1, action: number, ...wanted, reason: null, identities: [], undoes: action, automatic: true as const },
    ]
  },
  'preview-action': (incident, { action, preview, hash, before, against }, { at }) => {
    const request = actionOf(incident, action)
    if (request?.status !== 'previewing') return []
    const expires = addMinutes(at, request.rule.minutes).toISOString()
    // What returns by itself is asked of nobody, and waits until that has passed.
    const more = against == null || request.automatic ? {} : { against }
    return [{ type: 'action-previewed', v: 1, action, preview, hash, expires, before: before.map(kept), ...more }]
  },
  'refuse-action': (incident, { action, why }) => {
    const request = actionOf(incident, action)
    // Whoever comes late with it knows less than the preview that is there.
    return request?.status === 'previewing'
      ? [{ type: 'action-refused', v: 1, action, code: 'unable', why: shorten(why, longestText) }]
      : []
  },
  'approve-action': (incident, { action, hash, identities, basis, rule, lapsed, against }, { by, at }) => {
    const refused = notWaiting(incident, action)
    if (refused !== null) return refused
    const request = actionOf(incident, action)!
    const { title, asked, votes, expires } = request
    if (hash !== null && hash !== request.hash) return refuse('other_request', { action })
    if (expires === null || at >= expires) return refuse('action_expired', { action, title })
    if (by.kind === 'person' && by.via === 'terminal') return refuse('vote_from_terminal', { action })
    if (stranger(by, identities)) return refuse('unknown_voter', {})
    if (sameIdentity(identities, asked.identities) || samePerson(by, asked.by)) return refuse('own_request', { action, title })
    const voted = votes.find((vote) => sameIdentity(vote.identities, identities) || samePerson(vote.by, by))
    if (voted !== undefined) return refuse('has_voted', { action, at: voted.at, missing: neededOf(request) - votes.length })
    if (basis === null) return refuse('may_not_approve', { action, who: whoMay(request, rule).join(', ') })
    if (lapsed !== undefined) return refuse('votes_lapsed', { action, why: lapsed })
    const hindered = held(request, against)
    if (hindered !== null) return hindered
    return [
      ...(rule === undefined ? [] : ruled(request, rule)),
      { type: 'action-approved', v: 1, action, hash: request.hash ?? '', identities, basis },
    ]
  },
  'change-action-rule': (incident, { action, rule }) => {
    const request = actionOf(incident, action)
    const asks = request?.status === 'previewing' || request?.status === 'waiting'
    return !asks || request.automatic || incident.stamps.resolve !== null ? [] : ruled(request, rule)
  },
  'deny-action': (incident, { action, why, identities }, { by }) => {
    const request = actionOf(incident, action)
    if (request === undefined) return refuse('unknown_action_number', { action, count: incident.actions.length })
    if (!isPending(request) || request.automatic)
      return refuse('action_not_waiting', { action, title: request.title, status: request.status, over: incident.stamps.resolve !== null })
    const reason = optional('action', why)
    if (isRefusal(reason)) return reason
    const own = sameIdentity(identities, request.asked.identities) || samePerson(by, request.asked.by)
    return [{ type: 'action-ended', v: 1, action, how: own ? 'withdrawn' : 'denied', why: reason }]
  },
  'force-action': (incident, { action, hash, why, identities, against }, { by, at }) => {
    const refused = notWaiting(incident, action)
    if (refused !== null) return refused
    const request = actionOf(incident, action)!
    if (hash !== undefined && hash !== request.hash) return refuse('other_request', { action })
    const from = breakGlassAt(incident, request)
    if (from === null)
      return refuse('no_break_glass', { action, severity: incident.severity, kind: incident.kind, product: incident.product.name })
    if (request.expires === null || at >= request.expires) return refuse('action_expired', { action, title: request.title })
    if (by.kind === 'person' && by.via === 'terminal') return refuse('vote_from_terminal', { action })
    if (stranger(by, identities)) return refuse('unknown_voter', {})
    if (!samePerson(incident.lead, by))
      return refuse('lead_only', { action, lead: incident.lead?.kind === 'person' ? incident.lead.name : null })
    if (at < from) return refuse('break_glass_later', { action, at: from, over: from >= request.expires })
    const hindered = held(request, against)
    if (hindered !== null) return hindered
    const reason = written('action', why)
    if (isRefusal(reason)) return reason
    return [{ type: 'action-forced', v: 1, action, hash: request.hash ?? '', why: reason, identities }]
  },
  'hold-action': (incident, { action, against }, { by }) => {
    const request = actionOf(incident, action)
    if (by.kind !== 'bot' || request?.status !== 'waiting' || sameObstacle(request.against, against)) return []
    return [{ type: 'action-held', v: 1, action, against }]
  },
  'expire-action': (incident, { action }, { at }) => {
    const request = actionOf(incident, action)
    const over = request !== undefined && isPending(request) && !request.automatic && request.expires !== null && at >= request.expires
    return over ? [{ type: 'action-ended', v: 1, action, how: 'expired', why: null }] : []
  },
  'unanswered-action': (incident, { action }, { at }) => {
    const request = actionOf(incident, action)
    if (request?.status !== 'waiting' || isUnanswered(incident, request) || incident.stamps.resolve !== null) return []
    const from = breakGlassAt(incident, request)
    return from === null || at < from ? [] : [{ type: 'action-unanswered', v: 1, action }]
  },
  'start-action': (incident, { action, hash, hindrance }, { by, at }) => {
    const request = actionOf(incident, action)
    // Started already, or over: whoever comes late has nothing to start (faults 50).
    if (by.kind !== 'bot' || request?.status !== 'approved') return []
    const moved = hash === request.hash ? null : ({ code: 'moved', why: 'The target is not as it was when this was approved.' } as const)
    const against = hindranceIn(incident, request, at) ?? hindrance ?? moved
    if (against !== null) return [{ type: 'action-refused', v: 1, action, code: against.code, why: shorten(against.why, longestText) }]
    const started: Event = { type: 'action-started', v: 1, action, hash }
    if (request.forced === null) return [started]
    const text = `Review by somebody else: action ${action} of ${incident.id}, ${shorten(request.title, 200)}, ran without an approval`
    return [
      started,
      {
        type: 'todo-added',
        v: 1,
        todo: incident.todos.length + 1,
        text,
        owner: null,
        due: null,
        source: null,
        notBy: [request.forced, request.asked].map(({ by: who, identities }) => ({ by: who, identities })),
      },
    ]
  },
  'progress-action': (incident, { action, text, memo }) =>
    actionOf(incident, action)?.status === 'running'
      ? [
          {
            type: 'action-progressed',
            v: 1,
            action,
            text: text === null ? null : shorten(text, longestText),
            ...(memo === undefined ? {} : { memo }),
          },
        ]
      : [],
  'wait-action': (incident, { action, task, link }) => {
    const request = actionOf(incident, action)
    const text = shorten(task, longestText)
    return request?.status === 'running' && request.task?.text !== text ? [{ type: 'action-waits', v: 1, action, task: text, link }] : []
  },
  'tick-action': (incident, { action, tick }, { by }) => {
    const request = actionOf(incident, action)
    if (request === undefined) return refuse('unknown_action_number', { action, count: incident.actions.length })
    // Pressed twice, the second is of the task before.
    if (request.status !== 'running' || request.task === null || tick !== request.ticks.length + 1 || by.kind !== 'person')
      return refuse('nothing_to_tick', { action, title: request.title, by: tickedBy(request, tick) })
    return [{ type: 'action-ticked', v: 1, action }]
  },
  'abandon-action': (incident, { action, why }, { by }) => {
    const request = actionOf(incident, action)
    if (request === undefined) return refuse('unknown_action_number', { action, count: incident.actions.length })
    // What the bot does itself is not stopped half-way: nobody would know how far it came.
    if (request.status !== 'running' || request.task === null || by.kind !== 'person')
      return refuse('action_not_waiting', { action, title: request.title, status: request.status, over: incident.stamps.resolve !== null })
    const reason = optional('action', why)
    if (isRefusal(reason)) return reason
    const text = `Given up by ${by.name} at: ${request.task.text}${reason === null ? '' : ` Why: ${reason.replace(/[.!?]?$/, '.')}`} What was done before stays as it is.`
    return [{ type: 'action-ran', v: 1, action, ran: { outcome: 'failed', text: shorten(text, longestText) } }]
  },
  'end-action': (incident, { action, ran }) =>
    actionOf(incident, action)?.status === 'running'
      ? [{ type: 'action-ran', v: 1, action, ran: { ...ran, text: shorten(ran.text, longestText) } }]
      : [],
  'verify-action': (incident, { action, findings, results, last }) =>
    actionOf(incident, action)?.status === 'verifying'
      ? [{ type: 'action-verified', v: 1, action, findings, results: results.map(kept), last }]
      : [],
}
