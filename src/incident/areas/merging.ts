/** Two records of one thing become one: all that the other is comes here, both histories stay, and each links to the other. */
import { leftWords, wereLeft } from '../acting/left.ts'
import type { AlertRef, Actor, ClockName, Recorded } from '../events.ts'
import { clocked, isGraver } from '../clocks.ts'
import type { ClockRun, Incident } from '../incident.ts'
import { author, line, type Span } from '../message.ts'
import type { Instant, LocalDate, Severity } from '../policy.ts'
import type { Job } from '../react.ts'
import { type Refusal, refuse } from '../refusals.ts'
import { metRun } from '../standing.ts'
import { shorten } from '../text.ts'
import { when } from '../when-shown.ts'
import type { Area, Person } from './area.ts'
import { type Brought, goingOn, newHere } from './brought.ts'
import { hypothesesShown } from './hypotheses.ts'
import { dues, unpaused } from './pausing.ts'
import { holder, leadWanted, roles, roleWord } from './roles.ts'
import { todosShown } from './todos.ts'
import { actionsEnd, runningLeft } from './acting.ts'
import { watchesEnd } from './watching.ts'

/** The key of the product of what no product is known of. */
const unassigned = 'unassigned'

type Channel = { readonly id: string; readonly name: string }

/** What comes over from the record that is merged. */
export type Merged = {
  readonly id: string
  readonly title: string
  readonly severity: Severity
  readonly declaredAt: Instant
  readonly detectedAt: Instant
  readonly channel: Channel | null
  readonly alerts: readonly (AlertRef & { readonly endedAt: Instant | null })[]
  readonly todos: readonly { readonly text: string; readonly owner: Person | null; readonly due: LocalDate | null }[]
  readonly lead: Actor | null
}

/** `brings` is not in what was recorded before it came along. */
export type MergeEvent =
  | { readonly type: 'merged'; readonly v: 1; readonly into: string; readonly channel: Channel | null }
  | { readonly type: 'absorbed'; readonly v: 1; readonly from: Merged; readonly brings?: Brought }
  /** The other record has another channel now, or none at present. */
  | { readonly type: 'link-moved'; readonly v: 1; readonly record: string; readonly channel: Channel | null }

export type MergeIntent =
  | { readonly type: 'merge'; readonly into: string; readonly channel: Channel | null }
  | { readonly type: 'absorb'; readonly from: Merged; readonly brings: Brought }
  | { readonly type: 'move-link'; readonly record: string; readonly channel: Channel | null }

export type MergeState = {
  readonly mergedInto: string | null
  /** Where that one runs. */
  readonly mergedWhere: Channel | null
  readonly absorbed: readonly Merged[]
}

export const noMerges: MergeState = { mergedInto: null, mergedWhere: null, absorbed: [] }

/** Why these two cannot become one, or null. Both must be as they are under their locks. */
export const mayMerge = (source: Incident, target: Incident): Refusal | null => {
  if (source.id === target.id) return refuse('merge_with_itself', { id: source.id })
  if (source.mergedInto !== null) return refuse('is_merged', { id: source.id, into: source.mergedInto })
  if (target.mergedInto !== null) return refuse('target_is_merged', { id: target.id, into: target.mergedInto })
  for (const { id, stamps } of [source, target]) if (stamps.resolve !== null) return refuse('merge_resolved', { id })
  // Whoever is in the one comes to read the other, so neither may be hidden from them.
  if (source.private !== target.private) return refuse('merge_private', { id: source.private ? source.id : target.id })
  // Changes and maintenance are both planned work; a disaster has phases that nothing else has.
  const apart = source.kind !== target.kind && (clocked(source.kind) || clocked(target.kind))
  if (apart) return refuse('merge_kinds', { id: source.id, kind: source.kind, into: target.id, other: target.kind })
  // What nobody could assign belongs wherever people say.
  return source.product.key === target.product.key || source.product.key === unassigned
    ? null
    : refuse('merge_products', { id: source.id, product: source.product.name, into: target.id, other: target.product.name })
}

/** The records that this one is linked with. */
export const linkedWith = ({ mergedInto, absorbed }: Pick<Incident, 'mergedInto' | 'absorbed'>): string[] => [
  ...(mergedInto === null ? [] : [mergedInto]),
  ...absorbed.map(({ id }) => id),
]

/** The events as if the channels of other records had been known from the beginning: what was said of a merge leads where they are. */
export const withPresentLinks = (events: readonly Recorded[]): readonly Recorded[] => {
  const channels = new Map(events.flatMap(({ event }) => (event.type === 'link-moved' ? [[event.record, event.channel] as const] : [])))
  if (channels.size === 0) return events
  const present = (id: string, then: Channel | null): Channel | null => {
    const now = channels.get(id)
    return now === undefined ? then : now
  }
  return events.map((recorded): Recorded => {
    const { event } = recorded
    if (event.type === 'merged') return { ...recorded, event: { ...event, channel: present(event.into, event.channel) } }
    if (event.type !== 'absorbed') return recorded
    return { ...recorded, event: { ...event, from: { ...event.from, channel: present(event.from.id, event.from.channel) } } }
  })
}

/** A record, with the way to its channel. */
export const recordAt = (id: string, channel: Channel | null): Span[] =>
  channel === null ? [id] : [`${id} `, { channel: channel.id, text: channel.name }]

const counted = (count: number, one: string, many: string): string[] => (count === 0 ? [] : [`${count} ${count === 1 ? one : many}`])

/** What came over besides people, if anything did. */
const cameWith = ({ alerts, todos }: Merged, brings: Brought | undefined): string => {
  const all = [
    ...counted(alerts.length, 'alert', 'alerts'),
    ...counted(todos.length, 'open to-do', 'open to-dos'),
    ...counted(brings?.hypotheses.length ?? 0, 'suspicion', 'suspicions'),
  ]
  return all.length === 0 ? '' : `; ${listed(all)} came with it`
}

const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`

/** What of the other changed here, and what did not. The state has the very values that came over. */
const tookOver = (incident: Incident, from: Merged, { acknowledged, team, paused, stamps, promised }: Brought, at: Instant): Span[] => [
  ...(acknowledged !== null && incident.acknowledged === acknowledged
    ? ([' It was acknowledged there by ', author(acknowledged.by), ', which counts here.'] as Span[])
    : []),
  ...roles.flatMap((role): Span[] => {
    const person = role === 'lead' ? from.lead : (team[role] ?? null)
    if (person === null || holder(incident, role) !== person) return []
    return role === 'lead' ? [' ', author(person), ' leads, as there.'] : [` ${roleWord[role]}: `, author(person), ', as there.']
  }),
  ...(stamps.mitigate !== null && incident.stamps.mitigate === null
    ? [' It was mitigated before this was declared. If this is, too: ', { code: '/incident mitigate' }, '.']
    : []),
  ...(paused === null
    ? []
    : [` Its clocks stood (${shorten(paused, 150)}); those here run. To pause them: `, { code: '/incident pause <why>' }, '.']),
  ...(promised.length === 0 ? [] : [' What was promised there sooner counts:', ...dues(incident, promised, at)]),
]

export const mergeArea: Area<MergeIntent, MergeEvent> = {
  whileOpen: ['merge', 'absorb'],
  decide: {
    merge: (incident, { into, channel }) =>
      into === incident.id
        ? refuse('merge_with_itself', { id: into })
        : [
            ...watchesEnd(incident, 'resolved'),
            ...actionsEnd(incident, `The record was merged into ${into}; what is still wanted is asked for there.`),
            ...runningLeft(incident, into),
            { type: 'merged', v: 1, into, channel },
          ],
    absorb: (incident, { from, brings }) => [{ type: 'absorbed', v: 1, from, brings: newHere(incident, from, brings) }],
    'move-link': (incident, { record, channel }) => {
      const known = record === incident.mergedInto ? incident.mergedWhere : incident.absorbed.find(({ id }) => id === record)?.channel
      if (known === undefined) return []
      return known?.id === channel?.id && known?.name === channel?.name ? [] : [{ type: 'link-moved', v: 1, record, channel }]
    },
  },
  evolve: {
    merged: (incident, { into, channel }, { at }) => {
      // As they stand: a clock that does not run at the merge is not late by the pause.
      const stop = <Run extends ClockRun>(clock: ClockName, run: Run): Run => metRun(incident, clock, run, at)
      return {
        ...unpaused(incident, at),
        status: 'resolved',
        mergedInto: into,
        mergedWhere: channel,
        resolution: `Merged into ${into}`,
        stamps: { ...incident.stamps, resolve: at },
        response: incident.response === null ? null : stop('response', incident.response),
        update: incident.update === null ? null : stop('update', incident.update),
        deadlines: Object.fromEntries(Object.entries(incident.deadlines).map(([key, run]) => [key, stop(key, run)])),
      }
    },
    absorbed: (incident, { from, brings }, { at }) => {
      const known = new Set(incident.alerts.map(({ source, fingerprint, startsAt }) => `${source}/${fingerprint}/${startsAt}`))
      const detect = incident.stamps.detect
      const joined = {
        ...incident,
        absorbed: [...incident.absorbed, from],
        alerts: [
          ...incident.alerts,
          ...from.alerts.filter((alert) => !known.has(`${alert.source}/${alert.fingerprint}/${alert.startsAt}`)),
        ],
        // It began when the first of the two began.
        stamps: { ...incident.stamps, detect: detect === null || from.detectedAt < detect ? from.detectedAt : detect },
      }
      return brings === undefined ? joined : goingOn(joined, brings, from.lead, at)
    },
    'link-moved': (incident, { record, channel }) => ({
      ...incident,
      mergedWhere: record === incident.mergedInto ? channel : incident.mergedWhere,
      absorbed: incident.absorbed.map((each) => (each.id === record ? { ...each, channel } : each)),
    }),
  },
  tell: {
    merged: ({ into }) => ({ kind: 'merged', text: `Merged into ${into}; the story goes on there.` }),
    absorbed: ({ from }, { zone }) => ({
      kind: 'merged',
      text: `Merged ${from.id} into this one: ${from.severity} ${from.title}, detected ${when(from.detectedAt, zone)}`,
    }),
    'link-moved': () => null,
  },
  posts: {
    merged: (incident, { into, channel }, { seq, by, at }) => [
      line(`merged:${seq}`, `Merged into ${into}`, [
        '🔗 ',
        { bold: 'Merged' },
        ' into ',
        ...recordAt(into, channel),
        ' by ',
        author(by),
        '. Go on there; this stays to be read.',
        ...leftWords(wereLeft(incident, at), { runs: ['here'], ask: ['there'] }),
      ]),
    ],
    absorbed: (incident, { from, brings }, { seq, by, at }) => [
      ...(brings === undefined ? [] : leadWanted(incident)),
      line(`absorbed:${seq}`, `${from.id} is merged into this`, [
        '🔗 ',
        ...recordAt(from.id, from.channel),
        ' is merged into this by ',
        author(by),
        `: ${from.severity} ${shorten(from.title, 300)}`,
        `\nIts people are invited${cameWith(from, brings)}.`,
        ...(brings === undefined ? [] : tookOver(incident, from, brings, at)),
        ...leftWords(brings?.actions ?? [], { of: from.id, runs: ['in ', ...recordAt(from.id, from.channel)], ask: ['here'] }),
        ...(from.detectedAt === incident.stamps.detect && from.detectedAt < incident.declaredAt
          ? ([' It began when that one did: ', { time: from.detectedAt, zone: incident.policy.calendar.zone }, '.'] as Span[])
          : []),
        ...(isGraver(from.severity, incident.severity)
          ? [` It was ${from.severity}, this is ${incident.severity}: `, { code: `/incident severity ${from.severity}` }]
          : []),
      ]),
      ...(brings === undefined || brings.todos.length === 0 ? [] : todosShown(incident)),
      ...(brings === undefined || brings.hypotheses.length === 0 ? [] : hypothesesShown(incident)),
    ],
    // What was said of the merge is edited.
    'link-moved': () => [],
  },
  react: (_, { event }, after) =>
    event.type === 'channel-opened' || event.type === 'channel-renamed' || event.type === 'channel-lost'
      ? linkedWith(after).map((record): Job => ({
          queue: 'merge-link',
          data: { incident: record, record: after.id },
          key: `${record}/${after.id}`,
        }))
      : [],
}
