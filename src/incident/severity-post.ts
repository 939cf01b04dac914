/** What a change of severity says in the channel: what it is now, and when each clock is due that it has begun anew. */
import { clockTitle } from './clock-words.ts'
import { isGraver, runOf } from './clocks.ts'
import { dueWords } from './due-words.ts'
import type { Event, EventType, Recorded } from './events.ts'
import { evolve } from './evolve.ts'
import type { Incident } from './incident.ts'
import { pagedNobody } from './ladder.ts'
import { author, line, type Message, type Span } from './message.ts'

/** What follows from one decision, apart from what caused it. */
const following: ReadonlySet<EventType> = new Set(['deadline-set', 'deadline-dropped', 'escalated', 'window-set'])

/** Whether the message of what caused this deadline names it: the header and the checklist, or the line of the new severity. */
export const isNamedAbove = ({ seq, at }: Recorded, all: readonly Recorded[]): boolean => {
  const cause = all.findLast((earlier) => earlier.seq < seq && !following.has(earlier.event.type))
  return cause?.at === at && (cause.event.type === 'declared' || cause.event.type === 'severity-changed')
}

/** What was decided together with this. */
const together = ({ seq, at }: Recorded, all: readonly Recorded[]): readonly Recorded[] => {
  const rest = all.filter((later) => later.seq > seq)
  const end = rest.findIndex((later) => later.at !== at || !following.has(later.event.type))
  return end === -1 ? rest : rest.slice(0, end)
}

/** The clocks that have begun anew, each with when it is due, and what is not due any more. */
const clocks = (incident: Incident, recorded: Recorded, stream: readonly Recorded[], responds: boolean): Span[] => {
  const more = together(recorded, stream)
  const after = more.reduce<Incident>(evolve, incident)
  const due = (clock: string, title: string, ...hint: Span[]): Span[][] => {
    const words = dueWords(after, clock)
    return words === null ? [] : [[`${title} `, ...words, ...hint]]
  }
  const stopped = incident.pastRuns.some(({ clock, run }) => clock === 'update' && run.due !== null && run.metAt === recorded.at)
  const over = [
    ...(stopped && runOf(after, 'update')?.due === null ? [clockTitle(after, 'update')] : []),
    ...more.flatMap(({ event }) => (event.type === 'deadline-dropped' ? [event.title] : [])),
  ]
  const all = [
    ...(responds ? due('response', 'Acknowledge', ': ', { code: '/incident ack' }) : []),
    ...due('update', clockTitle(after, 'update')),
    ...more.flatMap(({ event }) => (event.type === 'deadline-set' ? due(event.clock, event.title) : [])),
  ]
  return [
    ...all.flatMap((each, index): Span[] => [index === 0 ? ' ' : ' · ', ...each]),
    ...(over.length === 0 ? [] : [`${all.length === 0 ? ' ' : '. '}Not due any more: ${over.join(', ')}`]),
  ]
}

/** The message of a change of severity. `all`: the whole stream, for what was decided together. */
export const severityChanged = (
  incident: Incident,
  recorded: Recorded & { readonly event: Event & { type: 'severity-changed' } },
  all: readonly Recorded[],
): Message => {
  const { event, seq, by } = recorded
  const graver = isGraver(event.policy.severity, event.from)
  // Where the ladder has a first step, the message of its page says that nobody was called.
  const paged = event.policy.ladder.length === 0 && graver ? pagedNobody(incident) : null
  return line(`severity:${seq}`, `Severity ${event.from} → ${event.policy.severity}`, [
    graver ? '🔺 ' : '🔻 ',
    author(by),
    ` changed the severity from ${event.from} to `,
    { bold: event.policy.severity },
    event.policy.meaning === '' ? '.' : ` (${event.policy.meaning}).`,
    ...clocks(incident, recorded, all, event.responseDue !== null),
    event.why === null ? '' : `\nWhy: ${event.why}`,
    ...(paged === null ? [] : ['\n', ...paged]),
  ])
}
