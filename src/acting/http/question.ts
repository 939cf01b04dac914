/** What a product's own endpoint says before and after it was called: how many there are, or whether it was done. Only read. */
import { z } from 'zod'
import { hostOf, HttpAddress } from '../../checking/address.ts'
import { foreign } from '../../checking/foreign.ts'
import { askJson } from '../../checking/json.ts'
import { at, numbersOf, stepsOf } from '../../checking/metrics/path.ts'
import type { LookContext } from '../../define/action.ts'
import { duration } from '../../incident/duration.ts'

export const Path = z.string().refine((text) => stepsOf(text) !== null, 'must be a path such as `data.pending` or `queues[*].length`')

/** How many there are, by GET. Several numbers at the path are added up. */
export const Count = z.strictObject({
  url: HttpAddress,
  path: Path,
  /** What is counted, in the plural: `mails pending`. */
  of: z.string().trim().min(1).max(60),
  /** Where the time of the oldest stands: ISO 8601, or seconds or milliseconds since 1970. */
  oldest: Path.optional(),
  /** More are not touched. */
  most: z.number().positive().optional(),
  /** How many may be there a minute after the call. */
  left: z.number().min(0).optional(),
})
export type Count = z.infer<typeof Count>

/** Whether it was done, by GET: what stands at the path is then just that. */
export const Done = z.strictObject({ url: HttpAddress, path: Path, is: z.union([z.string(), z.number(), z.boolean()]) })
export type Done = z.infer<typeof Done>

/** `18 204`: groups of three, as people read them. */
export const grouped = (value: number): string =>
  Number.isInteger(value) ? String(value).replaceAll(/\B(?=(?:\d{3})+$)/g, ' ') : String(Number(value.toPrecision(4)))

/** The number at a path, or the sum of several; null where one of them is none, or not all were read. */
export const numberAt = (json: unknown, path: string): number | null => {
  const { found, lacking, cut } = at(json, path)
  const { series, otherUnits } = numbersOf(found, '')
  if (series.length === 0 || lacking > 0 || cut || otherUnits.length > 0) return null
  const sum = series.reduce((total, { value }) => total + value, 0)
  return Number.isFinite(sum) ? sum : null
}

export type Credentials = { readonly headers: Record<string, string>; readonly secret: string | null }

type Answer<Value> = { readonly value: Value } | { readonly why: string }

/** A question is answered in so many milliseconds, though the call may take longer. */
const askMs = 15_000

const ask = async (context: Pick<LookContext, 'fetch'>, url: string, { headers, secret }: Credentials): Promise<Answer<unknown>> => {
  const fetch: LookContext['fetch'] = (address, options) => context.fetch(address, { ...options, timeoutMs: askMs })
  const asked = await askJson({ fetch }, { vendor: hostOf(url), url, headers, secret, schema: z.unknown() })
  return 'findings' in asked ? { why: asked.findings.map(({ text }) => text).join(' ') } : { value: asked.value }
}

const ageOf = (value: unknown, now: number): number => {
  const instant = typeof value === 'number' ? value * (value < 1e11 ? 1000 : 1) : typeof value === 'string' ? Date.parse(value) : Number.NaN
  return now - instant
}

/** The number, and in words with the age of the oldest. Throws FetchFault when no answer comes. */
export const askCount = async (
  context: Pick<LookContext, 'fetch' | 'now'>,
  { path, of, oldest }: Count,
  url: string,
  credentials: Credentials,
): Promise<Answer<{ readonly number: number; readonly words: string }>> => {
  const asked = await ask(context, url, credentials)
  if ('why' in asked) return asked
  const number = numberAt(asked.value, path)
  if (number === null) return { why: `${hostOf(url)} gives no number at ${path}: look at \`count\` in service.yml.` }
  const [first] = oldest === undefined ? [] : at(asked.value, oldest).found
  const age = ageOf(first?.value, Date.parse(context.now()))
  return { value: { number, words: `${grouped(number)} ${of}${age >= 0 ? `, oldest ${duration(age)}` : ''}` } }
}

/** Whether it was done. Throws FetchFault when no answer comes. */
export const askDone = async (
  context: Pick<LookContext, 'fetch'>,
  { path, is }: Done,
  url: string,
  credentials: Credentials,
): Promise<Answer<{ readonly done: boolean; readonly words: string }>> => {
  const asked = await ask(context, url, credentials)
  if ('why' in asked) return asked
  const [first] = at(asked.value, path).found
  const words = first === undefined ? 'nothing' : foreign(JSON.stringify(first.value) ?? '', 60)
  return { value: { done: first?.value === is, words: `${hostOf(url)} says ${words} at ${path}` } }
}
