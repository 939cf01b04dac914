/** The story of an incident, one sentence an event, and the words for instants and durations. */
import { isAreaEvent, tellArea } from './areas.ts'
import { linkTo, wrote } from './areas/messages.ts'
import type { Story, Told } from './areas/area.ts'
import { sentenceOf } from './check-words.ts'
import type { Actor, AlertRef, ClockName, Event, Kind, Recorded } from './events.ts'
import { mentionable } from './policy.ts'
import type { TimelineEntry } from './record.ts'
import { failedStep, reasonWords } from './report.ts'
import { when } from './when-shown.ts'

export { between, duration } from './duration.ts'
export { when } from './when-shown.ts'

/** Who did it, as readers know them: a person's name, the source of an alert, or the name of this bot. */
export const nameOf = (actor: Actor): string => {
  switch (actor.kind) {
    case 'person':
      return actor.name
    case 'alert':
      return actor.source
    case 'bot':
      return 'Tocsin'
    default:
      return actor satisfies never
  }
}

/** What the bot does by itself. The event carries the author of the command that caused it: whoever declares pages nobody. */
const byItself: ReadonlySet<Event['type']> = new Set([
  'channel-opened',
  'channel-lost',
  'clock-warned',
  'clock-breached',
  'deadline-set',
  'deadline-dropped',
  'escalated',
  'lead-wanted',
  'window-begun',
  'reminded',
  'unanswered',
  'todos-freed',
  'bot-removed',
  'bot-returned',
  'step-failed',
  'step-mended',
  'watch-changed',
  'action-suggested',
  'action-previewed',
  'action-rule-changed',
  'action-unanswered',
  'action-refused',
  'action-started',
  'action-ran',
  'action-verified',
])

/** Who is the author for readers, whatever command it was recorded with. */
const actorOf = ({ by, event }: Recorded, events: readonly Recorded[]): Actor => {
  if (event.type === 'checks-answered') {
    const started = events.find(({ event: earlier }) => earlier.type === 'checks-started' && earlier.run === event.run)
    return started?.event.type === 'checks-started' && started.event.phase === 'asked' ? started.by : { kind: 'bot' }
  }
  return byItself.has(event.type) || (event.type === 'checked' && event.phase !== 'asked') ? { kind: 'bot' } : by
}

/** What a clock ran out of. */
const ranOut = (clock: ClockName, title: string | undefined): { readonly what: string; readonly without: string } => {
  if (clock === 'response') return { what: 'The response clock', without: ' without an acknowledgement' }
  if (clock === 'update') return { what: 'The status update clock', without: ' without a status update' }
  return { what: `The time for “${title ?? clock}”`, without: '' }
}
const reasonWord = {
  page: 'at once, as the severity asks',
  breach: 'because the response clock had run out',
  silence: 'because nobody had answered',
}

const declaredWord: Readonly<Record<Kind, (severity: string) => string>> = {
  incident: (severity) => `Declared ${severity}`,
  change: () => 'Planned a change',
  maintenance: () => 'Planned maintenance',
  disaster: (severity) => `Declared a disaster, ${severity}`,
  drill: (severity) => `Began a drill, ${severity}`,
}

const because = (why: string | null) => (why === null || why === '' ? '.' : `: ${why}`)

/** Who has neither a name in the chat nor an e-mail was only named in the channel. */
const paged = ({ to, level, why }: Event & { type: 'escalated' }): string => {
  const step = `(step ${level + 1})`
  return mentionable(to)
    ? `Paged ${to.name} ${step} ${reasonWord[why]}.`
    : `Named ${to.name} ${step} in the channel ${reasonWord[why]}; the bot could reach nobody there.`
}

/** One kind of entry and one sentence, in the past tense and without the author, who stands beside it. Null: nothing that a
 *  reader of the story needs; the audit has it. */
const tell = (event: Event, story: Story): Told | null => {
  const { zone } = story
  if (isAreaEvent(event)) return tellArea(event, story)
  switch (event.type) {
    case 'declared':
      return event.alert === null
        ? { kind: 'declared', text: `${declaredWord[event.kind](event.policy.severity)}: ${event.title}` }
        : {
            kind: 'declared',
            text: `Opened ${event.policy.severity} from the alert ${event.alert.rule}, firing since ${when(event.alert.startsAt, zone)}: ${event.title}`,
          }
    case 'channel-opened':
      return { kind: 'channel', text: `Opened the channel #${event.name}.` }
    case 'channel-lost':
      return { kind: 'channel', text: `Lost the channel: ${reasonWords(event.why)}` }
    case 'alert-joined':
      return { kind: 'alert', text: `Alert ${event.alert.rule} joined: ${event.alert.summary}` }
    case 'alert-resolved':
      return { kind: 'alert', text: `Alert ${event.fingerprint} stopped firing at ${when(event.endsAt, zone)}.` }
    case 'acknowledged':
      return { kind: 'acknowledged', text: 'Acknowledged the incident.' }
    case 'severity-changed':
      return { kind: 'severity', text: `Changed the severity from ${event.from} to ${event.policy.severity}${because(event.why)}` }
    case 'updated':
      return { kind: 'update', text: `Reported: ${event.text}` }
    case 'noted':
      return { kind: 'note', text: `Noted: ${event.text}` }
    case 'mitigated':
      return { kind: 'mitigated', text: `Mitigated the incident${because(event.text)}` }
    case 'resolved':
      return { kind: 'resolved', text: `Resolved the incident${because(event.summary)}` }
    case 'reviewed':
      return { kind: 'reviewed', text: 'Completed the review.' }
    // Warnings are for those who can still act; the compliance table says what came of them.
    case 'clock-warned':
      return null
    case 'clock-breached': {
      const { what, without } = ranOut(event.clock, event.title)
      return { kind: 'clock', text: `${what} ran out at ${when(event.due, zone)}${without}.` }
    }
    case 'escalated':
      return { kind: 'escalation', text: paged(event) }
    case 'checked':
      return event.results.length === 0 ? null : { kind: 'check', text: sentenceOf(event.phase, event.results) }
    case 'step-failed':
      return { kind: 'fault', text: failedStep(event) }
    // Where the story is published is not part of it: a post-mortem that told of its own publishing would never be finished.
    case 'step-mended':
    case 'published':
      return null
    default:
      return event satisfies never
  }
}

/** Alerts are known to readers by their rule; the event that ends one has only the fingerprint. */
const ruleOf = (events: readonly Recorded[], fingerprint: string): string | undefined =>
  events
    .flatMap(({ event }): readonly AlertRef[] => {
      if (event.type === 'absorbed') return event.from.alerts
      return (event.type === 'declared' || event.type === 'alert-joined') && event.alert !== null ? [event.alert] : []
    })
    .findLast((alert) => alert.fingerprint === fingerprint)?.rule

/** A failed step is told only while it is not made good: what the bot repaired by itself is no part of the story. */
const repaired = (events: readonly Recorded[], { seq, event }: Recorded): boolean =>
  event.type === 'step-failed' &&
  events.some(
    (later) =>
      later.seq > seq &&
      (later.event.type === 'step-mended' || later.event.type === 'step-failed') &&
      later.event.surface === event.surface &&
      later.event.step === event.step,
  )

/** A place in the story; what is told there is made only where it is read. */
type Line = Pick<TimelineEntry, 'seq' | 'at' | 'occurredAt'> & { readonly of: string; readonly entry: () => TimelineEntry | null }

/** The story of a record that was merged, as far as it went until then; of messages that were kept there, what became of them since. */
const brought = (events: readonly Recorded[], { event, seq: since }: Recorded): Line[] => {
  if (event.type !== 'absorbed' || event.brings === undefined) return []
  const { story, messages } = event.brings
  return [
    ...story.map((entry): Line => ({ ...entry, of: entry.of ?? '', entry: () => entry })),
    ...messages.map((message): Line => {
      const { of, seq, at, writtenAt: occurredAt, by } = message
      const entry = () => {
        const told = wrote(message, { events, seq: since })
        return told === null ? null : { seq, at, occurredAt, who: nameOf(by), ...told, link: linkTo(message), of }
      }
      return { seq, at, occurredAt, of, entry }
    }),
  ]
}

/** By when it happened, then as it was recorded. */
const inOrder = (a: Line, b: Line): number => {
  if (a.occurredAt !== b.occurredAt) return a.occurredAt < b.occurredAt ? -1 : 1
  if (a.of === b.of) return a.seq - b.seq
  return a.at === b.at ? a.of.localeCompare(b.of) : a.at < b.at ? -1 : 1
}

/** The story, in the order in which things happened (`occurredAt`, then `seq`), not in which they were recorded. `zone` is the
 *  product's (IANA), for the instants that sentences name; `last`: only so many entries, from its end; `skip`: without these. Of records
 *  that were merged into this one their own story stands between, each entry with `of`. Texts that people wrote are given as they are:
 *  escape them. */
export const timeline = (
  events: readonly Recorded[],
  options: { readonly zone: string; readonly last?: number; readonly skip?: (recorded: Recorded) => boolean },
): TimelineEntry[] => {
  const { zone, last = Number.POSITIVE_INFINITY, skip = () => false } = options
  const entryOf = (recorded: Recorded): TimelineEntry | null => {
    const { seq, at, occurredAt, event } = recorded
    const named =
      event.type === 'alert-resolved' ? { ...event, fingerprint: ruleOf(events, event.fingerprint) ?? event.fingerprint } : event
    const told = repaired(events, recorded) ? null : tell(named, { events, seq, zone })
    if (told === null) return null
    return {
      seq,
      at,
      occurredAt,
      who: nameOf(actorOf(recorded, events)),
      ...told,
      link: event.type === 'message-kept' ? linkTo(event) : null,
    }
  }
  const own = events.map((recorded): Line => ({ ...recorded, of: '', entry: () => (skip(recorded) ? null : entryOf(recorded)) }))
  const newestFirst = [...own, ...events.flatMap((recorded) => brought(events, recorded))].toSorted((a, b) => inOrder(b, a))
  const entries: TimelineEntry[] = []
  for (const { entry } of newestFirst) {
    if (entries.length >= last) break
    const told = entry()
    if (told !== null) entries.push(told)
  }
  return entries.toReversed()
}
