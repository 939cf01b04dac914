/** Two askings of the same checks, side by side: what was and what is. Pure. */
import { amount, limitWords } from './amount.ts'
import type { CheckResult, CheckStatus, Measurement } from './check.ts'

export type MeasurementChange = {
  readonly name: string
  readonly unit: string
  /** Null where it was not measured. */
  readonly was: number | null
  readonly is: number | null
  readonly limit?: number
  readonly bound?: 'least'
}

export type CheckChange = {
  readonly check: string
  readonly title: string
  /** Null where it was not asked. */
  readonly was: CheckStatus | null
  readonly is: CheckStatus | null
  readonly measurements: readonly MeasurementChange[]
}

const measured = (name: string, was: Measurement | undefined, is: Measurement | undefined): MeasurementChange => {
  const { unit, limit, bound } = (is ?? was) as Measurement
  // A value in another unit is another value: it would make a false step out of 2 s and 180 ms.
  const same = was === undefined || was.unit === unit
  return {
    name,
    unit,
    was: same ? (was?.value ?? null) : null,
    is: is?.value ?? null,
    ...(limit === undefined ? {} : { limit }),
    ...(bound === undefined ? {} : { bound }),
  }
}

/** Every check of either, in the order in which they were first asked; measurements are paired by their names. */
export const compare = (before: readonly CheckResult[], after: readonly CheckResult[]): CheckChange[] =>
  [...new Set([...before, ...after].map(({ check }) => check))].map((key) => {
    const [was, is] = [before, after].map((results) => results.find(({ check }) => check === key))
    const names = [...new Set([was, is].flatMap((result) => result?.measurements ?? []).map(({ name }) => name))]
    const named = (result: CheckResult | undefined, name: string) => result?.measurements.find((each) => each.name === name)
    return {
      check: key,
      title: (is ?? was)?.title ?? key,
      was: was?.status ?? null,
      is: is?.status ?? null,
      measurements: names.map((name) => measured(name, named(was, name), named(is, name))),
    }
  })

/** `2.1 s → 180 ms`, with a dash for what was not measured. */
export const step = ({ unit, was, is }: Pick<MeasurementChange, 'unit' | 'was' | 'is'>): string =>
  [was, is].map((value) => (value === null ? '–' : amount({ value, unit }))).join(' → ')

/** `p95 2.1 s → 180 ms (limit 500 ms)`; a value that stayed as it was stands alone. */
export const changeWords = (change: MeasurementChange): string =>
  `${change.name} ${change.was !== null && change.was === change.is ? amount({ value: change.was, unit: change.unit }) : step(change)}${limitWords(change)}`

/** Whether anything is not as it was. */
export const differs = ({ was, is, measurements }: CheckChange): boolean =>
  was !== is || measurements.some((measurement) => measurement.was !== measurement.is)
