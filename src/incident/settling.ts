/** What asks somebody to do something says so only until it is done: then it loses its buttons, and says what became of it. */
import { running, runOf } from './clocks.ts'
import type { Recorded } from './events.ts'
import type { Incident } from './incident.ts'
import { author, type Matter, type Message, type Span } from './message.ts'

/** Whether nobody is asked for this any more. */
export const isSettled = (incident: Incident, matter: Matter): boolean => {
  switch (matter.kind) {
    case 'clock': {
      const run = runOf(incident, matter.clock)
      return run?.run !== matter.run || !running(run)
    }
    // Who leads is said by the message itself.
    case 'lead':
      return incident.stamps.resolve !== null
    case 'reopening':
      return incident.reopenings.length > matter.before || incident.mergedInto !== null
    default:
      return matter satisfies never
  }
}

/** What settled it, in one line. */
const how = (incident: Incident, { event, by, occurredAt }: Recorded): readonly Span[] => {
  const at: Span[] = [' at ', { time: occurredAt, zone: incident.policy.calendar.zone }, '.']
  switch (event.type) {
    case 'acknowledged':
      return ['✅ ', author(by), ' acknowledged', ...at]
    case 'updated':
      return ['✅ ', author(by), ' posted an update', ...at]
    case 'mitigated':
      return ['✅ ', author(by), ' mitigated the impact', ...at]
    case 'resolved':
      return ['✅ ', author(by), ` resolved ${incident.id}`, ...at]
    case 'reviewed':
      return ['✅ ', author(by), ' marked the post-mortem as reviewed', ...at]
    case 'reopened':
      return ['🔁 ', author(by), ` opened ${incident.id} again`, ...at]
    case 'merged':
      return [`🔗 Merged into ${event.into}`, ...at]
    case 'absorbed':
      return [`🔗 ${event.from.id} was merged into this: what was done and promised there counts here.`]
    case 'severity-changed':
      return [`↪ It is ${event.policy.severity} now: other times count.`]
    case 'resumed':
      return ['▶ Due later: the clocks stood.']
    default:
      return ['✅ Settled', ...at]
  }
}

/** The message of something that `recorded` has settled. */
export const settledBy = (incident: Incident, recorded: Recorded, message: Message): Message => ({
  ...message,
  parts: [...message.parts.filter(({ kind }) => kind !== 'buttons'), { kind: 'context', spans: how(incident, recorded) }],
})
