/** What of a check's answer may be seen: no secret in any of its texts, none of them too long, and not too many. */
import { type CheckAnswer, type Detail, mostDetail, worst } from '../define/check.ts'
import type { CheckResult, Finding } from '../incident/check.ts'
import { shorten } from '../incident/text.ts'
import type { Mask } from './mask.ts'

/** The longest text of a finding that is kept, and how many findings and measurements one check may have. */
const longestFinding = 500
const mostFindings = 30
const mostMeasurements = 30
/** And how many changes. */
const mostChanges = 50

/** A vendor's own name for something. */
const longestName = 200

type Shown = Pick<CheckResult, 'findings' | 'measurements' | 'changes' | 'detail'> & { readonly more?: Detail }

const each = <Item>(items: readonly Item[], change: (item: Item) => Promise<Item>): Promise<Item[]> => Promise.all(items.map(change))

/** Of too many, those that make the check's status are not what is left out. */
const gravest = (findings: readonly Finding[]): readonly Finding[] => {
  if (findings.length <= mostFindings) return findings
  const status = worst(findings)
  return [...findings.filter((one) => one.status === status), ...findings.filter((one) => one.status !== status)].slice(0, mostFindings)
}

/** Masked first, cut then: what is cut off a secret cannot be masked any more. */
export const shown = async ({ findings, measurements, detail, changes }: CheckAnswer, mask: Mask): Promise<Shown> => {
  const text = async (given: string, length: number) => shorten(await mask(given), length)
  const more =
    detail === undefined ? undefined : { title: await text(detail.title, longestName), text: await mask(detail.text.slice(0, mostDetail)) }
  return {
    findings: await each(gravest(findings), async (one) => ({ ...one, text: await text(one.text, longestFinding) })),
    measurements: await each(measurements.slice(0, mostMeasurements), async (one) => ({
      ...one,
      name: await text(one.name, longestName),
      unit: await text(one.unit, longestName),
    })),
    ...(changes === undefined
      ? {}
      : {
          changes: await each(changes.slice(0, mostChanges), async (change) => ({
            ...change,
            title: await text(change.title, longestName),
            by: change.by === null ? null : await text(change.by, longestName),
            // A link with a secret in it leads nowhere without it.
            url: change.url === null || (await mask(change.url)) !== change.url ? null : change.url,
          })),
        }),
    ...(more === undefined ? {} : { more, detail: { title: more.title, lines: more.text.split('\n').length } }),
  }
}
