/** A record as it comes over into the one that it is merged into. */
import { wereLeft } from './acting/left.ts'
import { rowsLeft } from './acting/rows.ts'
import type { BroughtMessage, Brought } from './areas/brought.ts'
import type { Merged } from './areas/merging.ts'
import { type MessageRef, sameMessage } from './areas/messages.ts'
import { runningClocks } from './clocks.ts'
import { compliance } from './compliance.ts'
import type { Recorded } from './events.ts'
import { replay } from './evolve.ts'
import type { Incident } from './incident.ts'
import { leads, partsOf } from './involved.ts'
import { acknowledgedAt } from './metrics.ts'
import { timeline } from './timeline.ts'

/** The kept messages, also those that came over from others, as they are told now. */
const messagesOf = ({ id, messages }: Incident, events: readonly Recorded[]): BroughtMessage[] => {
  const places = events.flatMap(({ event, seq, at }): readonly (MessageRef & Pick<BroughtMessage, 'of' | 'seq' | 'at'>)[] => {
    if (event.type === 'message-kept') return [{ channel: event.channel, ts: event.ts, of: id, seq, at }]
    return event.type === 'absorbed' ? (event.brings?.messages ?? []) : []
  })
  return messages.flatMap((message) => {
    const place = places.findLast(sameMessage(message))
    return place === undefined ? [] : [{ ...message, of: place.of, seq: place.seq, at: place.at }]
  })
}

/** What was promised and was not due yet, unless it stood then. */
const promisedOf = (before: Incident): Brought['promised'] =>
  before.paused === null
    ? runningClocks(before).flatMap(({ clock, run }) =>
        run.breachedAt === null ? [{ clock, from: run.begunAt ?? run.startedAt, due: run.due }] : [],
      )
    : []

/** `events`: all of them, up to the one that merges it. */
export const mergedOf = (events: readonly Recorded[]): { readonly from: Merged; readonly brings: Brought } => {
  const told = events.slice(0, -1)
  const [before, incident] = [replay(told), replay(events)]
  if (before === null || incident?.mergedInto == null) throw new Error(`${events[0]?.incident} is not merged by its last event`)
  const { id, title, severity, declaredAt, stamps, channel, alerts, todos, lead } = before
  const { zone } = incident.policy.calendar
  const left = wereLeft(incident, events.at(-1)!.at)
  const rows = rowsLeft(incident, told, zone)
  const open = todos.filter(({ doneAt }) => doneAt === null)
  return {
    from: {
      id,
      title,
      severity,
      declaredAt,
      detectedAt: stamps.detect ?? declaredAt,
      channel,
      alerts,
      todos: open.map(({ text, owner, due }) => ({ text, owner, due })),
      lead,
    },
    brings: {
      acknowledged: before.acknowledged,
      firstAcknowledged: acknowledgedAt(told),
      stamps: { assess: stamps.assess, communicate: stamps.communicate, mitigate: stamps.mitigate },
      team: before.team,
      leads: leads(told),
      people: partsOf(told),
      paused: before.paused?.why ?? null,
      pauses: [
        ...told.flatMap(({ event }) => (event.type === 'absorbed' ? (event.brings?.pauses ?? []) : [])),
        ...incident.pauses.map((pause) => ({ ...pause, of: id })),
      ],
      promised: promisedOf(before),
      // What the merge itself ended was neither kept nor broken.
      clocks: compliance(incident, events, zone)
        .rows.filter(({ outcome }) => outcome === 'met' || outcome === 'breached')
        .map((row) => ({ of: id, ...row })),
      todos: open,
      hypotheses: before.hypotheses,
      lastUpdate: before.lastUpdate,
      messages: messagesOf(before, told),
      ...(left.length === 0 ? {} : { actions: left }),
      ...(rows.length === 0 ? {} : { actionRows: rows }),
      story: timeline(told, { zone })
        .filter(({ kind }) => kind !== 'message')
        .map((entry) => ({ of: id, ...entry })),
    },
  }
}
