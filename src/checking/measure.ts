/** Numbers held against their limits. */
import type { CheckStatus, Finding, Measurement } from '../incident/check.ts'

type Limit = {
  /** It must not be above. */
  readonly most?: number | undefined
  /** It must not be below. */
  readonly least?: number | undefined
  /** What it is when the limit is passed; `warn` unless the product says otherwise. */
  readonly status?: CheckStatus | undefined
}

const rounded = (value: number): number => Math.round(value * 100) / 100

/** `812 ms`, `45 %`, `3`. */
export const amount = (value: number, unit: string): string => `${rounded(value)}${unit === '' ? '' : ` ${unit}`}`

/** A measurement with its limit, and the finding where the limit is passed. A value that is no number is a finding of its own. */
export const measure = (
  name: string,
  value: number,
  unit: string,
  limit: Limit = {},
): { measurement: Measurement[]; finding: Finding[] } => {
  if (!Number.isFinite(value)) return { measurement: [], finding: [{ status: 'unknown', text: `${name} is not a number.` }] }
  const { most, least, status = 'warn' } = limit
  const held = most ?? least
  const measurement: Measurement = {
    name,
    value: rounded(value),
    unit,
    ...(held === undefined ? {} : { limit: held }),
    ...(most === undefined && least !== undefined ? { bound: 'least' as const } : {}),
  }
  const finding: Finding[] =
    most !== undefined && value > most
      ? [{ status, text: `${name} is ${amount(value, unit)}, above the limit of ${amount(most, unit)}.` }]
      : least !== undefined && value < least
        ? [{ status, text: `${name} is ${amount(value, unit)}, below the limit of ${amount(least, unit)}.` }]
        : []
  return { measurement: [measurement], finding }
}
