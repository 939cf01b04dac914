/** Two records of one thing become one: the other's alerts, open to-dos and people come here, both histories stay, and each links to
 *  the other. */
import type { AlertRef, Actor, ClockName } from '../events.ts'
import { clocked, isGraver } from '../clocks.ts'
import type { ClockRun, Incident } from '../incident.ts'
import { author, line, type Span } from '../message.ts'
import type { Instant, LocalDate, Severity } from '../policy.ts'
import { type Refusal, refuse } from '../refusals.ts'
import { metRun } from '../standing.ts'
import { shorten } from '../text.ts'
import { when } from '../when-shown.ts'
import type { Area, Person } from './area.ts'
import { unpaused } from './pausing.ts'

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

export type MergeEvent =
  | { readonly type: 'merged'; readonly v: 1; readonly into: string; readonly channel: Channel | null }
  | { readonly type: 'absorbed'; readonly v: 1; readonly from: Merged }

export type MergeIntent =
  | { readonly type: 'merge'; readonly into: string; readonly channel: Channel | null }
  | { readonly type: 'absorb'; readonly from: Merged }

export type MergeState = {
  readonly mergedInto: string | null
  /** Where that one runs, as far as it was known at the merge. */
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
  const apart = clocked(source.kind) !== clocked(target.kind) || (source.kind === 'drill') !== (target.kind === 'drill')
  return apart ? refuse('merge_kinds', { id: source.id, kind: source.kind, into: target.id, other: target.kind }) : null
}

/** What an incident brings with it when it is merged. */
export const mergedOf = (incident: Incident): Merged => ({
  id: incident.id,
  title: incident.title,
  severity: incident.severity,
  declaredAt: incident.declaredAt,
  detectedAt: incident.stamps.detect ?? incident.declaredAt,
  channel: incident.channel,
  alerts: incident.alerts,
  todos: incident.todos.filter(({ doneAt }) => doneAt === null).map(({ text, owner, due }) => ({ text, owner, due })),
  lead: incident.lead,
})

/** A record, with the way to its channel. */
export const recordAt = (id: string, channel: Channel | null): Span[] =>
  channel === null ? [id] : [`${id} `, { channel: channel.id, text: channel.name }]

const counted = (count: number, one: string, many: string): string[] => (count === 0 ? [] : [`${count} ${count === 1 ? one : many}`])

/** What came over besides people, if anything did. */
const cameWith = ({ alerts, todos }: Merged): string => {
  const all = [...counted(alerts.length, 'alert', 'alerts'), ...counted(todos.length, 'open to-do', 'open to-dos')]
  return all.length === 0 ? '' : `; ${all.join(' and ')} came with it`
}

export const mergeArea: Area<MergeIntent, MergeEvent> = {
  whileOpen: ['merge', 'absorb'],
  decide: {
    merge: (incident, { into, channel }) =>
      into === incident.id ? refuse('merge_with_itself', { id: into }) : [{ type: 'merged', v: 1, into, channel }],
    absorb: (incident, { from }) => [
      { type: 'absorbed', v: 1, from },
      // What is to be done here already does not come twice.
      ...from.todos
        .filter(({ text }) => !incident.todos.some((known) => known.doneAt === null && known.text === text))
        .map(({ text, owner, due }, index) => ({
          type: 'todo-added' as const,
          v: 1 as const,
          todo: incident.todos.length + index + 1,
          text,
          owner,
          due,
          source: null,
        })),
    ],
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
    absorbed: (incident, { from }) => {
      const known = new Set(incident.alerts.map(({ source, fingerprint, startsAt }) => `${source}/${fingerprint}/${startsAt}`))
      const detect = incident.stamps.detect
      return {
        ...incident,
        absorbed: [...incident.absorbed, from],
        alerts: [
          ...incident.alerts,
          ...from.alerts.filter((alert) => !known.has(`${alert.source}/${alert.fingerprint}/${alert.startsAt}`)),
        ],
        // It began when the first of the two began.
        stamps: { ...incident.stamps, detect: detect === null || from.detectedAt < detect ? from.detectedAt : detect },
      }
    },
  },
  tell: {
    merged: ({ into }) => ({ kind: 'merged', text: `Merged into ${into}; the story goes on there.` }),
    absorbed: ({ from }, { zone }) => ({
      kind: 'merged',
      text: `Merged ${from.id} into this one: ${from.severity} ${from.title}, detected ${when(from.detectedAt, zone)}`,
    }),
  },
  posts: {
    merged: (_, { into, channel }, { seq, by }) => [
      line(`merged:${seq}`, `Merged into ${into}`, [
        '🔗 ',
        { bold: 'Merged' },
        ' into ',
        ...recordAt(into, channel),
        ' by ',
        author(by),
        '. Go on there; this stays to be read.',
      ]),
    ],
    absorbed: (incident, { from }, { seq, by }) => [
      line(`absorbed:${seq}`, `${from.id} is merged into this`, [
        '🔗 ',
        ...recordAt(from.id, from.channel),
        ' is merged into this by ',
        author(by),
        `: ${from.severity} ${shorten(from.title, 300)}`,
        `\nIts people are invited${cameWith(from)}.`,
        ...(from.detectedAt === incident.stamps.detect && from.detectedAt < incident.declaredAt
          ? ([' It began when that one did: ', { time: from.detectedAt, zone: incident.policy.calendar.zone }, '.'] as Span[])
          : []),
        ...(isGraver(from.severity, incident.severity)
          ? [` It was ${from.severity}, this is ${incident.severity}: `, { code: `/incident severity ${from.severity}` }]
          : []),
      ]),
    ],
  },
}
