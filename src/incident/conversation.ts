/** The incident's channel as it should be: what is posted, pinned, invited, in order. Computed from the events, so that any
 *  number of runs, at any time after any outage, make the same channel. */
import type { Person } from './areas/area.ts'
import { sameContact } from './areas/paging.ts'
import { instructions } from './areas/roles.ts'
import { announcementOf, headerOf } from './header.ts'
import type { Recorded } from './events.ts'
import { evolve } from './evolve.ts'
import type { Incident } from './incident.ts'
import { clocked } from './clocks.ts'
import { kindWord } from './kinds.ts'
import type { Matter, Message } from './message.ts'
import { type Contact, type Instant, mentionable } from './policy.ts'
import { messagesOf } from './posts.ts'
import { isSettled, settledBy } from './settling.ts'
import { shorten } from './text.ts'

/** One thing that the channel must have. Messages are kept in this order; a side step that fails does not hold up the rest. */
export type Item =
  | {
      readonly key: string
      readonly step: 'message'
      readonly message: Message
      readonly at: Instant
      readonly pinned: boolean
      readonly calm: boolean
      /** What it asks for is settled: there is no hurry to edit it. */
      readonly settled?: true
    }
  | { readonly key: string; readonly step: 'pin'; readonly of: string }
  | { readonly key: string; readonly step: 'topic'; readonly topic: string }
  | { readonly key: string; readonly step: 'invite'; readonly contacts: readonly Contact[] }
  | { readonly key: string; readonly step: 'bookmark'; readonly title: string; readonly url: string }
  /** Who is in another record's channel comes here, too. */
  | { readonly key: string; readonly step: 'gather'; readonly of: string; readonly channel: string }
  /** Whoever is mentioned in a call must be there to notice it. `level`: their step of the ladder, null when they are on none. */
  | {
      readonly key: string
      readonly step: 'call'
      readonly incident: string
      readonly to: Contact
      readonly level: number | null
      readonly run: number
      readonly invite: boolean
    }
  /** Shown to one person only, who is invited first if they are not there. */
  | { readonly key: string; readonly step: 'whisper'; readonly to: Person; readonly message: Message; readonly at: Instant }

/** Somebody is called: found in the chat, and invited unless their severity's invitation did that already. */
const callOf = ({ id, policy }: Incident, { seq, event }: Recorded): Item[] =>
  (event.type === 'escalated' || event.type === 'paged') && mentionable(event.to)
    ? [
        {
          key: `call:${seq}`,
          step: 'call',
          incident: id,
          to: event.to,
          level: event.level,
          run: event.run,
          invite: !policy.invite.some((contact) => sameContact(contact, event.to)),
        },
      ]
    : []

/** Everything that the channel must have, in order: header (pinned), topic, invitations, bookmark, checklist, and then what happened. */
export const conversation = (events: readonly Recorded[]): Item[] => {
  const items: Item[] = []
  const place = new Map<string, number>()
  const open = new Map<string, Matter>()
  const growing = new Map<string, NonNullable<Message['grows']>>()
  let incident = null as Incident | null
  for (const recorded of events) {
    const before = incident
    incident = evolve(incident, recorded)
    items.push(...callOf(incident, recorded))
    for (const [key, matter] of open) {
      const index = place.get(key) ?? -1
      const item = items[index]
      if (item?.step !== 'message' || !isSettled(incident, matter)) continue
      items[index] = { ...item, message: settledBy(incident, recorded, item.message), settled: true }
      open.delete(key)
    }
    for (const { waits, grows, ...message } of messagesOf(incident, recorded, events)) {
      if (grows !== undefined) growing.set(message.key, grows)
      if (waits !== undefined && !isSettled(incident, waits)) open.set(message.key, waits)
      else open.delete(message.key)
      const item: Item = { key: message.key, step: 'message', message, at: recorded.at, pinned: false, calm: false }
      const present = place.get(message.key)
      if (present === undefined) place.set(message.key, items.push(item) - 1)
      // An edited message keeps its place and the time of its first event.
      else items[present] = { ...item, at: (items[present] as Item & { step: 'message' }).at }
    }
    if (recorded.event.type === 'absorbed' && recorded.event.from.channel !== null)
      items.push({
        key: `gather:${recorded.event.from.id}`,
        step: 'gather',
        of: recorded.event.from.id,
        channel: recorded.event.from.channel.id,
      })
    for (const { to, message } of instructions(before, recorded, incident))
      items.push({ key: message.key, step: 'whisper', to, message, at: recorded.at })
    if (recorded.event.type === 'severity-changed')
      items.push({ key: `invite:${incident.severity}`, step: 'invite', contacts: incident.policy.invite })
  }
  if (incident === null) return []
  for (const [key, grows] of growing) {
    const index = place.get(key) ?? -1
    const item = items[index]
    if (item?.step !== 'message') continue
    items[index] = { ...item, message: { ...item.message, parts: [...item.message.parts, ...grows(incident)] } }
  }
  const opened = events[0]?.event
  const first = opened?.type === 'declared' ? opened.policy : incident.policy
  const creator: Contact[] =
    incident.declaredBy.kind === 'person' && incident.declaredBy.slack !== undefined
      ? [{ name: incident.declaredBy.name, slackUser: incident.declaredBy.slack }]
      : []
  const dashboard = incident.product.links[0]
  const side: Item[] = [
    { key: 'header', step: 'message', message: headerOf(incident), at: incident.declaredAt, pinned: true, calm: true },
    { key: 'pin', step: 'pin', of: 'header' },
    { key: 'topic', step: 'topic', topic: topicOf(incident) },
    { key: `invite:${first.severity}`, step: 'invite', contacts: [...creator, ...first.invite] },
    ...(dashboard === undefined
      ? []
      : [{ key: 'bookmark:product', step: 'bookmark' as const, title: shorten(dashboard.name, 60), url: dashboard.url }]),
    ...(incident.pullRequest === null
      ? []
      : [{ key: 'bookmark:post-mortem', step: 'bookmark' as const, title: 'Post-mortem', url: incident.pullRequest }]),
  ]
  // The same severity twice invites once.
  const seen = new Set(side.map((item) => item.key))
  return [...side, ...items.filter((item) => item.step !== 'invite' || (!seen.has(item.key) && seen.add(item.key)))]
}

/** Whether it is over, and how; null while it is open. */
const ending = ({ kind, mergedInto, stamps }: Incident): string | null => {
  if (mergedInto !== null) return `merged into ${mergedInto}`
  return stamps.resolve === null ? null : clocked(kind) ? 'resolved' : 'done'
}

/** One line, at most 250 characters. Slack tells everybody of each new topic: what changes often stands in the header only. */
export const topicOf = (incident: Incident): string =>
  shorten(
    [
      incident.id,
      ...(kindWord[incident.kind] === null ? [] : [kindWord[incident.kind]]),
      ...(clocked(incident.kind) ? [incident.severity] : []),
      ...[ending(incident)].filter((word) => word !== null),
      incident.product.name,
      incident.title,
    ].join(' · '),
    250,
  )

/** The announcement, one message edited in place; none for a private incident. */
export const announcement = (incident: Incident): Message | null => (incident.private ? null : announcementOf(incident))
