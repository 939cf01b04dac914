/** How a check was over a time, by its samples. What was not measured counts neither as up nor as down. Pure. */
import type { CheckStatus, Measurement } from './check.ts'
import type { Instant } from './policy.ts'

/** One asking of a check on its schedule. */
export type Sample = {
  /** The instant that it was asked for: a multiple of its interval since 1970. */
  readonly slot: Instant
  /** The interval, in minutes: as long does it stand for the check. */
  readonly minutes: number
  readonly status: CheckStatus
  /** How long the check took. */
  readonly ms: number
  /** The finding that says most, where it is not `ok`. */
  readonly finding: string | null
  readonly measurements: readonly Measurement[]
}

export type Period = { readonly from: Instant; readonly to: Instant }

/** A time in which nobody knows how it was. `why`: what the check said, where it was asked and could not tell. */
export type Gap = Period & { readonly why: string | null }

/** A time in which it was not well; of its worst sample. */
export type Trouble = Period & { readonly status: 'warn' | 'fail'; readonly finding: string }

export type Uptime = {
  /** How many samples could tell, and how many of those did not fail. */
  readonly samples: number
  readonly healthy: number
  readonly troubles: readonly Trouble[]
  readonly gaps: readonly Gap[]
  /** Milliseconds, of the samples that did not fail; null when there are none. */
  readonly response: { readonly average: number; readonly p95: number } | null
}

const ms = (at: Instant): number => Date.parse(at)
const instant = (at: number): Instant => new Date(at).toISOString()
const lasts = ({ minutes }: Pick<Sample, 'minutes'>): number => minutes * 60_000

/** The next slot after an instant. Everybody computes the same. */
export const nextSlot = (now: Instant, minutes: number): Instant => {
  const every = lasts({ minutes })
  return instant((Math.floor(ms(now) / every) + 1) * every)
}

/** Whether the time that a slot stands for is over. */
export const slotIsOver = (slot: Instant, minutes: number, now: Instant): boolean => ms(now) >= ms(slot) + lasts({ minutes })

/** How long the target took to answer, as checks call it. Other durations, such as an age, are something else. */
const isResponse = ({ name, unit }: Measurement): boolean =>
  /(?:^| )(?:latency|response time)$/.test(name) && (unit === 'ms' || unit === 's')

/** The response that the check measured, or else how long it took. */
const responseOf = ({ measurements, ms: took }: Sample): number => {
  const measured = measurements.find(isResponse)
  return measured === undefined ? took : measured.value * (measured.unit === 's' ? 1000 : 1)
}

const responses = (samples: readonly Sample[]): Uptime['response'] => {
  const sorted = samples
    .filter(({ status }) => status !== 'fail')
    .map(responseOf)
    .toSorted((a, b) => a - b)
  const p95 = sorted[Math.ceil(sorted.length * 0.95) - 1]
  return p95 === undefined ? null : { average: sorted.reduce((sum, each) => sum + each, 0) / sorted.length, p95 }
}

const isTold = ({ status }: Sample): boolean => status !== 'unknown'

/** The time that no sample stands for. Less than one interval is no gap: slots need not begin where the time does. */
const gapsOf = (samples: readonly Sample[], { from, to }: Period, minutes: number): Gap[] => {
  const why = (start: number, end: number) =>
    samples.find(({ slot, status }) => status === 'unknown' && ms(slot) >= start && ms(slot) < end)?.finding ?? null
  const gaps: Gap[] = []
  let known = ms(from)
  const until = (at: number, interval: number) => {
    if (at - known >= interval) gaps.push({ from: instant(known), to: instant(at), why: why(known, at) })
  }
  for (const sample of samples.filter(isTold)) {
    until(ms(sample.slot), lasts(sample))
    known = Math.max(known, ms(sample.slot) + lasts(sample))
  }
  until(ms(to), lasts({ minutes }))
  return gaps
}

/** Samples that follow each other and are not well are one time of trouble. */
const troublesOf = (samples: readonly Sample[], to: Instant): Trouble[] => {
  const troubles: Trouble[] = []
  for (const sample of samples) {
    const { slot, status, finding } = sample
    if (status !== 'warn' && status !== 'fail') continue
    const end = instant(Math.min(ms(slot) + lasts(sample), ms(to)))
    const before = troubles.at(-1)
    if (before === undefined || before.to < slot) troubles.push({ from: slot, to: end, status, finding: finding ?? '' })
    else {
      const worse = before.status === 'warn' && status === 'fail'
      troubles[troubles.length - 1] = { ...before, to: end, ...(worse ? { status, finding: finding ?? '' } : {}) }
    }
  }
  return troubles
}

/** Of the samples whose slots are in `during`, oldest first. `minutes`: the check's interval today. */
export const uptimeOf = (all: readonly Sample[], during: Period, minutes: number): Uptime => {
  const samples = all.filter(({ slot }) => slot >= during.from && slot < during.to)
  const told = samples.filter(isTold)
  return {
    samples: told.length,
    healthy: told.filter(({ status }) => status !== 'fail').length,
    troubles: troublesOf(samples, during.to),
    gaps: gapsOf(samples, during, minutes),
    response: responses(told),
  }
}

/** `99.3 %`, cut, so that what failed once is never said to be 100. */
export const percent = (part: number, of: number): string => `${Math.floor((part / of) * 10_000) / 100} %`
