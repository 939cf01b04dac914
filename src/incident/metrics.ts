/** How fast records were acknowledged and resolved, from their events (H2): never from when a row was changed last. */
import { compliance } from './compliance.ts'
import { between } from './duration.ts'
import type { Recorded } from './events.ts'
import type { Incident } from './incident.ts'
import { type Instant, type Severity, severities } from './policy.ts'

type Stream = { readonly incident: Incident; readonly events: readonly Recorded[] }

/** Of some durations in milliseconds; null when there are none. */
export type Spread = { readonly count: number; readonly median: number; readonly mean: number } | null

export type Metrics = {
  readonly records: number
  readonly open: number
  /** From detection to the first acknowledgement. */
  readonly acknowledge: Spread
  /** From detection to the resolution that held, without the time in which a record was taken for resolved and was not. */
  readonly resolve: Spread
  /** How long all of them together stood. */
  readonly paused: number
  /** Of the response clocks that are over; null when there are none. `met` counts those met in time. */
  readonly responses: { readonly met: number; readonly of: number } | null
  readonly bySeverity: Readonly<Record<Severity, number>>
  readonly byProduct: readonly { readonly product: string; readonly records: number }[]
}

/** Whether a record counts: what really went wrong, once. */
const counts = ({ kind, mergedInto }: Incident): boolean => (kind === 'incident' || kind === 'disaster') && mergedInto === null

const spread = (durations: readonly number[]): Spread => {
  if (durations.length === 0) return null
  const sorted = durations.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const median = Number.isInteger(middle) ? ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2 : (sorted[Math.floor(middle)] ?? 0)
  return { count: sorted.length, median, mean: sorted.reduce((sum, each) => sum + each, 0) / sorted.length }
}

const detected = (incident: Incident): Instant => incident.stamps.detect ?? incident.declaredAt

/** When somebody took it on first, be it in a record that was merged into this one. Not when it was assessed: a change of severity
 *  assesses, too. */
export const acknowledgedAt = (events: readonly Recorded[]): Instant | null => {
  const all = events.flatMap(({ event, occurredAt }) => {
    if (event.type === 'absorbed') return event.brings?.firstAcknowledged ?? []
    return event.type === 'acknowledged' ? [occurredAt] : []
  })
  return all.toSorted()[0] ?? null
}

const toAcknowledge = ({ incident, events }: Stream): number[] => {
  const first = acknowledgedAt(events)
  return first === null ? [] : [between(detected(incident), first)]
}

/** How long it was taken for resolved, and was not, in milliseconds: nobody worked on it then. */
export const takenForResolved = ({ reopenings }: Pick<Incident, 'reopenings'>): number =>
  reopenings.reduce((sum, { resolvedAt, at }) => sum + Math.max(0, between(resolvedAt, at)), 0)

const timeTo = (incident: Incident, step: 'mitigate' | 'resolve'): number | null => {
  const at = incident.stamps[step]
  return at === null ? null : between(detected(incident), at) - takenForResolved(incident)
}

/** From detection to the mitigation and to the resolution that held, in milliseconds; null before it. What lies between a resolution
 *  and its reopening is not counted. */
export const timeToMitigate = (incident: Incident): number | null => timeTo(incident, 'mitigate')
export const timeToResolve = (incident: Incident): number | null => timeTo(incident, 'resolve')

/** The runs of the response clock that are over, and those met in time: each reopening is one more. */
export const responsesOf = ({ incident, events }: Stream): { readonly met: number; readonly of: number } => {
  const over = compliance(incident, events, 'UTC').rows.filter(
    ({ clock, outcome }) => clock === 'Response' && (outcome === 'met' || outcome === 'breached' || outcome === 'unacknowledged'),
  )
  return { met: over.filter(({ outcome }) => outcome === 'met').length, of: over.length }
}

/** Of these records: drills, planned work and what was merged into another are left out. */
export const metricsOf = (all: readonly Stream[]): Metrics => {
  const streams = all.filter(({ incident }) => counts(incident))
  const responses = streams.map(responsesOf).reduce((sum, each) => ({ met: sum.met + each.met, of: sum.of + each.of }), { met: 0, of: 0 })
  const products = Map.groupBy(streams, ({ incident }) => incident.product.name)
  return {
    records: streams.length,
    open: streams.filter(({ incident }) => incident.stamps.resolve === null).length,
    acknowledge: spread(streams.flatMap(toAcknowledge)),
    resolve: spread(streams.flatMap(({ incident }) => timeToResolve(incident) ?? [])),
    paused: streams.flatMap(({ incident }) => incident.pauses).reduce((sum, { from, to }) => sum + Math.max(0, between(from, to)), 0),
    responses: responses.of === 0 ? null : responses,
    bySeverity: Object.fromEntries(
      severities.map((severity) => [severity, streams.filter(({ incident }) => incident.severity === severity).length]),
    ) as Record<Severity, number>,
    byProduct: [...products]
      .map(([product, { length }]) => ({ product, records: length }))
      .toSorted((a, b) => b.records - a.records || a.product.localeCompare(b.product)),
  }
}
