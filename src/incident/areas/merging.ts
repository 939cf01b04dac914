/** Two records of one thing become one: the other's alerts, open to-dos and people come here, both histories stay, and each links to
 *  the other. */
import type { AlertRef, Actor } from '../events.ts'
import type { Incident } from '../incident.ts'
import { line, type Span } from '../message.ts'
import type { Instant, LocalDate, Severity } from '../policy.ts'
import { refuse } from '../refusals.ts'
import type { Area, Person } from './area.ts'

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

export type MergeState = { readonly mergedInto: string | null; readonly absorbed: readonly Merged[] }

export const noMerges: MergeState = { mergedInto: null, absorbed: [] }

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

const where = (channel: Channel | null, id: string): Span[] =>
  channel === null ? [id] : [`${id} `, { channel: channel.id, text: channel.name }]

export const mergeArea: Area<MergeIntent, MergeEvent> = {
  whileOpen: ['merge', 'absorb'],
  decide: {
    merge: (incident, { into, channel }) =>
      into === incident.id ? refuse('merge_with_itself', { id: into }) : [{ type: 'merged', v: 1, into, channel }],
    absorb: (incident, { from }) => [
      { type: 'absorbed', v: 1, from },
      ...from.todos.map(({ text, owner, due }, index) => ({
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
    merged: (incident, { into }, { at }) => {
      const stop = <Run extends { metAt: Instant | null }>(run: Run): Run => ({ ...run, metAt: run.metAt ?? at })
      return {
        ...incident,
        status: 'resolved',
        mergedInto: into,
        resolution: `Merged into ${into}`,
        stamps: { ...incident.stamps, resolve: at },
        response: incident.response === null ? null : stop(incident.response),
        update: incident.update === null ? null : stop(incident.update),
        deadlines: Object.fromEntries(Object.entries(incident.deadlines).map(([key, run]) => [key, stop(run)])),
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
    absorbed: ({ from }) => ({ kind: 'merged', text: `Merged ${from.id} into this one: ${from.severity} ${from.title}` }),
  },
  posts: {
    merged: (_, { into, channel }, { seq }) => [
      line(`merged:${seq}`, `Merged into ${into}`, [
        '🔗 ',
        { bold: 'Merged' },
        ' into ',
        ...where(channel, into),
        '. Go on there; this stays to be read.',
      ]),
    ],
    absorbed: (_, { from }, { seq }) => [
      line(`absorbed:${seq}`, `${from.id} is merged into this`, [
        '🔗 ',
        ...where(from.channel, from.id),
        ' is merged into this: ',
        `${from.severity} ${from.title}. `,
        `Its people are invited; ${from.alerts.length} alerts and ${from.todos.length} open to-dos came with it.`,
      ]),
    ],
  },
}
