/** When to think of an action: what a check measured is beyond what the product bears (A15). Pure. */
import { amount } from '../amount.ts'
import type { CheckResult } from '../check.ts'
import type { Suggestion } from './events.ts'

export type Criterion = {
  readonly key: string
  readonly title: string
  readonly check: string
  readonly measurement: string
  readonly above: number | null
  readonly below: number | null
  readonly action: string
}

/** The criteria that these results cross. What was not measured crosses nothing. */
export const crossed = (criteria: readonly Criterion[], results: readonly Pick<CheckResult, 'check' | 'measurements'>[]): Suggestion[] =>
  criteria.flatMap(({ key, title, check, measurement, above, below, action }): Suggestion[] => {
    const measured = results.filter((result) => result.check === check).flatMap(({ measurements }) => measurements)
    const worst = measured.find(
      ({ name, value }) => name === measurement && ((above !== null && value > above) || (below !== null && value < below)),
    )
    if (worst === undefined) return []
    const limit = amount({ value: above ?? below ?? 0, unit: worst.unit })
    const words = `${worst.name} ${amount(worst)} ${above === null ? '<' : '>'} ${limit}`
    return [{ criterion: key, title, measured: words, check, suggests: action }]
  })
