/** When to think of an action: what a check measured is beyond what the product bears (A15). Pure. */
import { amount } from '../amount.ts'
import type { CheckResult } from '../check.ts'
import type { Button } from '../message.ts'
import { shorten } from '../text.ts'
import type { Suggestion } from './events.ts'

export type Criterion = {
  readonly key: string
  readonly title: string
  /** Null: no check can tell, and a person says so. */
  readonly check: string | null
  readonly measurement: string | null
  readonly above: number | null
  readonly below: number | null
  readonly action: string
}

/** A criterion that a person can say holds. */
export type Sayable = Pick<Criterion, 'key' | 'title'>

/** Those that no check can tell. */
export const sayable = (criteria: readonly Criterion[]): Criterion[] => criteria.filter(({ check }) => check === null)

/** That somebody says so. */
export const holds = ({ key, title, action }: Criterion, name: string): Suggestion => ({
  criterion: key,
  title,
  measured: `said by ${name}`,
  suggests: action,
})

/** What says so with one press. */
export const holdsButton = (incident: string, { key, title }: Sayable): Button => ({
  label: shorten(`This holds: ${title}`, 75),
  action: 'actions',
  value: `${incident} holds ${key}`,
})

/** The criteria that these results cross. What was not measured crosses nothing. */
export const crossed = (criteria: readonly Criterion[], results: readonly Pick<CheckResult, 'check' | 'measurements'>[]): Suggestion[] =>
  criteria.flatMap(({ key, title, check, measurement, above, below, action }): Suggestion[] => {
    if (check === null) return []
    const measured = results.filter((result) => result.check === check).flatMap(({ measurements }) => measurements)
    const worst = measured.find(
      ({ name, value }) => name === measurement && ((above !== null && value > above) || (below !== null && value < below)),
    )
    if (worst === undefined) return []
    const limit = amount({ value: above ?? below ?? 0, unit: worst.unit })
    const words = `${worst.name} ${amount(worst)} ${above === null ? '<' : '>'} ${limit}`
    return [{ criterion: key, title, measured: words, check, suggests: action }]
  })
