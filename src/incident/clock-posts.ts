/** What a clock says in the channel: that it runs out, and that it has. */
import { held, updateButtons } from './areas/snoozing.ts'
import { clockHint, clockTitle } from './clock-words.ts'
import { clocked, running, runOf } from './clocks.ts'
import { between, duration } from './duration.ts'
import type { ClockName, Event } from './events.ts'
import type { Incident } from './incident.ts'
import { ladderEnds, nobodyCalled } from './ladder.ts'
import { line, type Message, type Span, asking } from './message.ts'
import type { Contact, Instant } from './policy.ts'

/** Who a running clock is waiting for: the ladder's present step for the response, the lead for all others; for planned work, which
 *  nobody is called for, the lead or nobody. */
const waitingFor = (incident: Incident, clock: ClockName): Contact | null => {
  const { lead, policy, escalation } = incident
  if (clock !== 'response' && lead?.kind === 'person') {
    const reach = lead.slack === undefined ? (lead.id.includes('@') ? { email: lead.id } : {}) : { slackUser: lead.slack }
    return { name: lead.name, ...reach }
  }
  return clocked(incident.kind) ? (policy.ladder[Math.max(0, escalation)] ?? null) : null
}

const mentioning = (who: Contact | null, spans: readonly Span[]): readonly Span[] =>
  who === null ? spans : [{ mention: who }, ' ', ...spans]

const buttons = (incident: Incident, clock: ClockName) => (clock === 'update' ? [updateButtons(incident)] : [])

type Speaking = { readonly clock: ClockName; readonly run: number; readonly title: string }

/** What speaks for a clock: what one update meets, and is due at the same time, is one message and not two. A clock of updates that
 *  somebody has put off (`point`: what it has to say) speaks for no other. */
const speaking = (incident: Incident, { clock, run }: { clock: ClockName; run: number }, point: Instant): Speaking => {
  const { update, deadlines } = incident
  const others = Object.entries(deadlines).filter(
    ([, other]) => other.until === 'update' && running(other) && running(update) && other.due === update.due,
  )
  const alone = { clock, run, title: clockTitle(incident, clock) }
  if (update === null || (clock !== 'update' && !others.some(([key]) => key === clock))) return alone
  if (clock !== 'update' && held(incident, update.run, point)) return alone
  const title = [clockTitle(incident, 'update'), ...others.map(([, other]) => other.title)].join(' and ')
  return { clock: 'update', run: update.run, title }
}

/** Early warnings are one message, edited, which pings nobody; the last one is new, and mentions who is waited for. */
export const warned = (incident: Incident, event: Event & { type: 'clock-warned' }, at: Instant): Message => {
  const { percent, due } = event
  const { zone } = incident.policy.calendar
  const { clock, run, title } = speaking(incident, event, at)
  const left = duration(between(at, due))
  const spans: Span[] = ['⏳ ', `${title} due `, { time: due, zone }, ` (${left} left): `, { code: clockHint(incident, clock) }]
  const last = (runOf(incident, clock)?.target ?? incident.policy).warnAt.at(-1) ?? 0
  if (percent < last) return line(`clock:${clock}:${run}`, `${title} due`, spans)
  return asking(
    { kind: 'clock', clock, run },
    line(`clock:${clock}:${run}:last`, `${title} due in ${left}`, mentioning(waitingFor(incident, clock), spans), buttons(incident, clock)),
  )
}

/** The next of the ladder is mentioned in a message of their own; at its end, whoever was last is mentioned here. Who has asked to be
 *  reminded of an update later is reminded then. */
export const ranOut = (incident: Incident, event: Event & { type: 'clock-breached' }): Message[] => {
  const { due } = event
  if (event.clock === 'update' && held(incident, event.run, due)) return []
  const { clock, run, title: what } = speaking(incident, event, due)
  const response = clock === 'response'
  const next = response && incident.policy.ladder[incident.escalation + 1] !== undefined
  const nobody = response ? nobodyCalled(incident) : null
  const title = `${what} overdue`
  const spans: Span[] = [
    '⏰ ',
    { bold: title },
    ' since ',
    { time: due, zone: incident.policy.calendar.zone },
    ': ',
    { code: clockHint(incident, clock) },
    ...(response && !next ? (['\n', ...(nobody ?? [ladderEnds])] as Span[]) : []),
  ]
  const who = next || nobody !== null ? null : waitingFor(incident, clock)
  return [asking({ kind: 'clock', clock, run }, line(`breach:${clock}:${run}`, title, mentioning(who, spans), buttons(incident, clock)))]
}
