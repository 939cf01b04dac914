/** How a story tells of an action: who asked, who agreed, what ran, what came of it. */
import type { Area, Told } from '../areas/area.ts'
import type { Recorded } from '../events.ts'
import { shorten } from '../text.ts'
import type { ActingEvent, ActingIntent } from './events.ts'
import { inputWords } from './words.ts'

type Asked = ActingEvent & { readonly type: 'action-asked' }

const askedIn = (events: readonly Recorded[], action: number): Asked | undefined =>
  events.flatMap(({ event }) => (event.type === 'action-asked' && event.action === action ? [event] : [])).at(0)

/** The action by its number and title. */
const named = (events: readonly Recorded[], action: number): string => `action ${action}, “${askedIn(events, action)?.title ?? 'unknown'}”`

const told = (text: string): Told => ({ kind: 'action', text: shorten(text, 900) })

const because = (why: string | null): string => (why === null || why === '' ? '.' : `: ${why}`)

const endWord = { denied: 'Denied', withdrawn: 'Withdrew', expired: 'Nobody approved in time', closed: 'Dropped' } as const

export const tellAction: Area<ActingIntent, ActingEvent>['tell'] = {
  'action-suggested': ({ title, measured, suggests }) => told(`Suggested ${suggests}: ${title}, ${measured}.`),
  'action-asked': ({ action, title, input, reason, undoes, automatic }) => {
    const words = inputWords(input)
    const what = `action ${action}, “${title}”${words === '' ? '' : ` (${words})`}`
    if (automatic === true) return told(`The time was over that action ${undoes ?? ''} was approved for: ${what} takes it back.`)
    return told(`Asked for ${what}${undoes === undefined ? '' : `, taking back action ${undoes}`}${because(reason)}`)
  },
  'action-previewed': ({ action, preview, against }, { events }) =>
    told(
      `Previewed ${named(events, action)}: ${preview.summary}${against === undefined ? '' : ` It could not have run then: ${against.why}`}`,
    ),
  // The card says it; what was locked or stopped is told where that is told.
  'action-held': () => null,
  'action-rule-changed': ({ action, rule }, { events }) =>
    told(
      rule === null
        ? `Not more is asked any more of ${named(events, action)} than when it was asked for.`
        : `By now more is asked of ${named(events, action)}: ${rule.needed === 1 ? 'one approval' : `${rule.needed} approvals`}${rule.approvers.length === 0 ? '' : `, of ${rule.approvers.map(({ name }) => name).join(', ')}`}.`,
    ),
  'action-approved': ({ action }, { events }) => told(`Approved ${named(events, action)}.`),
  'action-unanswered': ({ action }, { events }) => told(`Nobody has approved ${named(events, action)} yet.`),
  'action-forced': ({ action, why }, { events }) =>
    told(`🔴 Goes on without an approval (break-glass) with ${named(events, action)}: ${why}`),
  'action-ended': ({ action, how, why }, { events }) => told(`${endWord[how]}: ${named(events, action)}${because(why)}`),
  'action-refused': ({ action, why }, { events }) => told(`Did not run ${named(events, action)}: ${why}`),
  'action-started': ({ action }, { events }) => told(`Started ${named(events, action)}.`),
  // The end tells what came of it.
  'action-progressed': () => null,
  'action-waits': () => null,
  'action-ticked': ({ action }, { events, seq }) => {
    const task = events.findLast(({ seq: at, event }) => at < seq && event.type === 'action-waits' && event.action === action)?.event
    return told(`Did by hand, in action ${action}: ${task?.type === 'action-waits' ? task.task : 'a step'}`)
  },
  'action-ran': ({ action, ran }, { events }) =>
    told(
      `${{ done: 'Ran', failed: 'Failed', unclear: 'Nobody can tell whether it ran' }[ran.outcome]}: ${named(events, action)}. ${ran.text}`,
    ),
  'action-verified': ({ action, findings, last }, { events }) =>
    last
      ? told(`Looked at what ${named(events, action)} did: ${findings.map(({ text }) => text).join(' ') || 'nothing to look at.'}`)
      : null,
}
