/** Measured values in words: in the unit that reads best, with as many digits as say something. */
import type { Measurement } from './check.ts'

/** `180 ms`, `2.1 s`, `45 %`, `12`. */
export const amount = ({ value, unit }: Pick<Measurement, 'value' | 'unit'>): string => {
  const [scaled, word] =
    unit === 'ms' && Math.abs(value) >= 1000
      ? [value / 1000, 's']
      : unit === 's' && value !== 0 && Math.abs(value) < 1
        ? [value * 1000, 'ms']
        : [value, unit]
  const number = Math.abs(scaled) >= 100 ? Math.round(scaled) : Number(scaled.toPrecision(3))
  return word === '' ? String(number) : `${number} ${word}`
}

/** Whether a measurement is beyond its limit. */
export const beyond = ({ value, limit, bound }: Measurement): boolean =>
  limit !== undefined && (bound === 'least' ? value < limit : value > limit)

/** ` (limit 500 ms)`, or nothing where there is none. */
export const limitWords = ({ unit, limit, bound }: Pick<Measurement, 'unit' | 'limit' | 'bound'>): string =>
  limit === undefined ? '' : ` (${bound === 'least' ? 'at least' : 'limit'} ${amount({ value: limit, unit })})`
