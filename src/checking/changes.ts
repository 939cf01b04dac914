/** What was changed in the product near the start of an incident, put together from what a vendor tells. */
import type { CheckAnswer } from '../define/check.ts'
import type { Change, Finding } from '../incident/check.ts'
import { duration } from '../incident/duration.ts'
import type { Instant } from '../incident/policy.ts'
import { count } from './answer.ts'
import { foreign } from './foreign.ts'
import { Span } from './option.ts'

/** How far is looked, before the start and after it. */
export const around = { before: Span.prefault('24h'), after: Span.prefault('1h') }

/** Changes that are kept. */
const most = 50

type Asked = {
  /** What would have been told, in the singular: `commit or workflow`. */
  readonly what: string
  readonly around: Instant
  readonly window: { readonly since: number; readonly until: number }
  /** Whatever was found, inside the window or not. */
  readonly changes: readonly Change[]
  /** Why some of it could not be asked. */
  readonly trouble: readonly Finding[]
  /** What was left out, as sentences. */
  readonly notes: readonly string[]
}

const told = ({ title, by }: Change): string => `${foreign(title, 160)}${by === null ? '' : `, by ${foreign(by, 60)}`}`

/** Changes are facts, not faults: which of them is suspicious, people judge. */
export const changesAnswer = ({ what, around: start, window, changes, trouble, notes }: Asked): CheckAnswer => {
  const at = ({ at: when }: Change): number => Date.parse(when)
  const near = changes.filter((one) => at(one) >= window.since && at(one) <= window.until).toSorted((a, b) => at(b) - at(a))
  const begin = Date.parse(start)
  const earlier = near.filter((one) => at(one) <= begin)
  const later = near.length - earlier.length
  const reach = duration(begin - window.since)
  const [last] = earlier
  const more = [...notes, ...(near.length > most ? [`Only the newest ${most} are kept.`] : [])].map((note) => ` ${note}`).join('')
  const gist =
    last === undefined
      ? `No ${what} was changed in the ${reach} before ${start}${later === 0 ? '' : `; ${count(later, 'change')} since`}.`
      : `${count(earlier.length, 'change')} in the ${reach} before ${start}${later === 0 ? '' : `, ${later} since`}. The last one before it, ${duration(begin - at(last))} earlier: ${told(last)}.`
  // Without any of the answers there is nothing to say about what was changed.
  const said: Finding[] = trouble.length > 0 && near.length === 0 ? [] : [{ status: 'ok', text: `${gist}${more}` }]
  return {
    findings: [...said, ...trouble.filter(({ text }, index) => trouble.findIndex((one) => one.text === text) === index)],
    measurements: said.length === 0 ? [] : [{ name: 'changes before', value: earlier.length, unit: '' }],
    changes: near.slice(0, most),
    ...(near.length === 0
      ? {}
      : { detail: { title: 'What was changed', text: near.map((one) => `${one.at}  ${one.kind}  ${told(one)}`).join('\n') } }),
  }
}
