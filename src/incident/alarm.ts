/** What people are told outside the chat while it cannot be used: what is open, who was to be called, whom to ring. Pure; what is
 *  foreign in it stays literal wherever the text is shown. */
import { running } from './clocks.ts'
import { waysTo } from './contact.ts'
import type { Recorded } from './events.ts'
import type { ClockRun, Incident } from './incident.ts'
import { messagesOf } from './posts.ts'
import type { Contact, Instant } from './policy.ts'
import { clean, cleanLine, mask, shorten } from './text.ts'
import { between, duration, when } from './timeline.ts'

/** `id` says which it is: the same message sent twice has the same. `data` is for programs what `text` is for people. */
export type AlarmMessage = { readonly id: string; readonly subject: string; readonly text: string; readonly data: object }

/** An open incident during an outage. `incident`: null when what is stored of it cannot be read. `unseen`: its calls that the chat
 *  has not shown. */
export type OpenDuring = {
  readonly id: string
  readonly private: boolean
  readonly incident: Incident | null
  readonly unseen: readonly Recorded[]
}

/** What is open during an outage, the gravest first, how many more that are not listed, and whom to call. */
export type Situation = { readonly open: readonly OpenDuring[]; readonly more: number; readonly ladders: readonly Ladder[] }

export type Ladder = { readonly product: string; readonly contacts: readonly Contact[] }

/** The chat cannot be used since then. `final`: waiting does not mend it. */
export type Outage = { readonly since: Instant; readonly why: string; readonly final: boolean }

/** An event that calls somebody: the incident itself, or a step of its ladder. */
export const isCall = ({ event }: Recorded): boolean => event.type === 'declared' || event.type === 'escalated'

/** The calls whose messages are not among those that the chat shows, by the keys that `conversation` gives them. */
export const unseenCalls = (incident: Incident, events: readonly Recorded[], shown: ReadonlySet<string>): Recorded[] => {
  const keysOf = (recorded: Recorded) => messagesOf(incident, recorded, events).map(({ key }) => key)
  // The page at the opening stands in the message of the opening.
  const opening = events[0] === undefined ? [] : keysOf(events[0])
  return events.filter((recorded) => {
    if (!isCall(recorded)) return false
    const own = keysOf(recorded)
    return !(own.length === 0 ? opening : own).some((key) => shown.has(key))
  })
}

/** Foreign text: a receiver may read markup, and none of it is ours. */
const literal = (text: string, most: number): string =>
  shorten(mask(cleanLine(text)), most)
    .replaceAll('<', '‹')
    .replaceAll('>', '›')
    .replaceAll('@', '＠')

const clockText = (word: string, run: ClockRun & { due: Instant }, zone: string): string =>
  `${word} ${run.breachedAt === null ? 'due' : 'overdue since'} ${when(run.due, zone)}`

const dueText = ({ response, update, policy }: Incident): string => {
  const { zone } = policy.calendar
  if (running(response)) return clockText('acknowledgement', response, zone)
  return running(update) ? clockText('status update', update, zone) : 'no clock runs'
}

const calledText = ({ event, at }: Recorded, zone: string): string[] =>
  event.type === 'escalated' ? [`  To be called since ${when(at, zone)}, not shown in Slack: ${literal(event.to.name, 100)}`] : []

const incidentLines = ({ id, private: hidden, incident, unseen }: OpenDuring): string[] => {
  if (hidden) return [`- ${id} (private)`]
  if (incident === null) return [`- ${id} (its record is damaged)`]
  const { severity, product, title, policy } = incident
  return [
    `- ${id} ${severity} ${literal(product.name, 80)}: ${literal(title, 200)} – ${dueText(incident)}`,
    ...unseen.flatMap((recorded) => calledText(recorded, policy.calendar.zone)),
  ]
}

const incidentData = ({ id, private: hidden, incident, unseen }: OpenDuring): object =>
  hidden || incident === null
    ? { id, private: hidden }
    : {
        id,
        private: false,
        severity: incident.severity,
        product: incident.product.key,
        title: literal(incident.title, 500),
        status: incident.status,
        responseDue: running(incident.response) ? incident.response.due : null,
        updateDue: running(incident.update) ? incident.update.due : null,
        toBeCalled: unseen.flatMap(({ event, at }) => (event.type === 'escalated' ? [{ name: event.to.name, since: at }] : [])),
      }

/** A contact with the ways that lead to them without the chat. */
const contactText = (contact: Contact): string => `${literal(contact.name, 100)}: ${waysTo(contact)}`

const ladderLines = ({ product, contacts }: Ladder): string[] => [
  `${literal(product, 80)}:`,
  ...(contacts.length === 0 ? ['- nobody is on the ladder'] : contacts.map((contact) => `- ${contactText(contact)}`)),
]

const counted = (count: number): string => `${count} open ${count === 1 ? 'incident' : 'incidents'}`

/** The message number `number` of an outage, counted from 1: the later ones come when more is called in vain. */
export const awayAlarm = (outage: Outage, number: number, { open, more, ladders }: Situation): AlarmMessage => {
  const why = mask(clean(outage.why))
  const todo = outage.final
    ? 'Waiting does not mend it: do what the reason says, and start the bot again if you change its settings.'
    : 'Look at the status page of Slack and at the network of the bot’s machine.'
  return {
    id: `slack-away-${Date.parse(outage.since)}-${number}`,
    subject: `Slack cannot be used: ${counted(open.length + more)}${number === 1 ? '' : `, message ${number}`}`,
    text: [
      `Slack cannot be used since ${when(outage.since, 'UTC')}: ${literal(why, 500)}`,
      'What the bot says there is read by nobody. It goes on taking alerts and running clocks, and posts everything when Slack is back.',
      '',
      'Open',
      ...open.flatMap(incidentLines),
      ...(more === 0 ? [] : [`- and ${more} more`]),
      '',
      'Whom to call for a P1',
      ...ladders.flatMap(ladderLines),
      '',
      'What to do',
      '- Call the people above, and agree where to work together until then.',
      `- ${todo}`,
    ].join('\n'),
    data: {
      kind: 'slack-away',
      since: outage.since,
      why,
      number,
      incidents: open.map(incidentData),
      more,
      ladders: ladders.map(({ product, contacts }) => ({
        product,
        contacts: contacts.map(({ name, phone, email }) => ({ name, phone: phone ?? null, email: email ?? null })),
      })),
    },
  }
}

/** The last message of an outage of which people were told. */
export const backAlarm = ({ since, why, until }: { since: Instant; why: string; until: Instant }): AlarmMessage => ({
  id: `slack-back-${Date.parse(since)}`,
  subject: 'Slack is back',
  text: [
    `Slack can be used again since ${when(until, 'UTC')}. It could not for ${duration(between(since, until))}: ${literal(why, 500)}`,
    'What was missing is being posted now, and says that it is late.',
  ].join('\n'),
  data: { kind: 'slack-back', since, until, why: mask(clean(why)) },
})
