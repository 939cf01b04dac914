/** What a benchmark prints: each measured value beside what is wanted of it, and what the baseline of the same run gave. */

/** Counts and ratios are of no unit. */
export type Unit = 'ms' | '/s' | ''

const text = (measured: number, unit: Unit): string => {
  const digits = unit === '/s' || Number.isInteger(measured) || Math.abs(measured) >= 100 ? 0 : unit === 'ms' ? 1 : 2
  return `${measured.toFixed(digits)}${unit === 'ms' ? ' ms' : unit}`
}

const row = (what: string, measured: string, rest: string) => console.log(`${what.padEnd(44)} ${measured.padStart(10)}   ${rest}`.trimEnd())

/** A value that somebody was promised. When it is not reached the process ends with code 1. */
export const claim = (what: string, measured: number, unit: Unit, wanted: { readonly most: number } | { readonly least: number }): void => {
  const [limit, reached] = 'most' in wanted ? [wanted.most, measured <= wanted.most] : [wanted.least, measured >= wanted.least]
  row(
    what,
    text(measured, unit),
    `wanted at ${'most' in wanted ? 'most' : 'least'} ${text(limit, unit)}: ${reached ? 'reached' : 'NOT REACHED'}`,
  )
  if (!reached) process.exitCode = 1
}

/** A value that is worth knowing, and for which nobody was promised anything. */
export const value = (what: string, measured: number, unit: Unit): void => row(what, text(measured, unit), '')

/** What the claims are held against. */
export const baseline = (what: string, measured: number, unit: Unit): void => row(what, text(measured, unit), 'baseline')

/** A ratio for which nobody was promised anything. */
export const ratio = (what: string, measured: number): void => row(what, text(measured, ''), 'ratio to the baseline')

/** The value below which `share` of them lie, 0.5 for the median; NaN of none, which reaches no claim. */
export const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN
