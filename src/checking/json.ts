/** A vendor's API asked by GET for JSON: the value in our shape, or the findings that say why there is none. */
import { z } from 'zod'
import type { CheckContext } from '../define/check.ts'
import type { Finding } from '../incident/check.ts'
import type { GuardedResponse } from '../ports.ts'
import { vendorRefusal } from './fault.ts'
import { foreign } from './foreign.ts'

export type Asked<Value> = { readonly value: Value; readonly response: GuardedResponse } | { readonly findings: readonly Finding[] }

const Words = z.object({
  error: z
    .union([z.string(), z.object({ message: z.string() })])
    .optional()
    .catch(undefined),
  errors: z
    .array(z.object({ message: z.string() }))
    .optional()
    .catch(undefined),
  message: z.string().optional().catch(undefined),
  msg: z.string().optional().catch(undefined),
  detail: z.string().optional().catch(undefined),
  error_description: z.string().optional().catch(undefined),
})

/** What went wrong in the words of the answer, where it is JSON with one of the usual fields. */
export const said = (body: string): string => {
  let data: unknown
  try {
    data = JSON.parse(body)
  } catch {
    // Not JSON: the status alone says what there is to say.
    return ''
  }
  const { error, errors, message, msg, detail, error_description: described } = Words.safeParse(data).data ?? {}
  return (
    [typeof error === 'object' ? error.message : undefined, described, message, errors?.[0]?.message, msg, detail, error].find(
      (text) => typeof text === 'string',
    ) ?? ''
  )
}

/** Asks, and reads the answer by `schema`. Throws FetchFault when no answer comes. `secret`: the setting whose value is sent, null when
 *  none is. */
export const askJson = async <Schema extends z.ZodType>(
  context: Pick<CheckContext, 'fetch'>,
  ask: {
    readonly vendor: string
    readonly url: string
    readonly headers?: Record<string, string>
    readonly secret: string | null
    readonly schema: Schema
  },
): Promise<Asked<z.infer<Schema>>> => {
  const { vendor, url, headers = {}, secret, schema } = ask
  const response = await context.fetch(url, { headers: { accept: 'application/json', ...headers } })
  if (response.status < 200 || response.status > 299)
    return { findings: [vendorRefusal(vendor, response.status, secret, said(response.body))] }
  return readJson(vendor, response, schema)
}

/** Reads an answer by `schema`. */
export const readJson = <Schema extends z.ZodType>(vendor: string, response: GuardedResponse, schema: Schema): Asked<z.infer<Schema>> => {
  let data: unknown
  try {
    data = JSON.parse(response.body)
  } catch {
    return { findings: [notJson(vendor, response.status, response.body)] }
  }
  const parsed = schema.safeParse(data)
  return parsed.success ? { value: parsed.data, response } : { findings: [asDocumented(vendor, parsed.error)] }
}

/** A list of which no more than `most` are looked at, however many come. */
export const atMost = <Item extends z.ZodType>(item: Item, most: number) =>
  z.preprocess((value) => (Array.isArray(value) ? value.slice(0, most) : value), z.array(item))

const notJson = (vendor: string, status: number, body: string): Finding => {
  const begins = foreign(body, 60)
  return { status: 'unknown', text: `${vendor} answered ${status} with what is not JSON${begins === '' ? '' : `: it begins “${begins}”`}.` }
}

/** For an answer of another shape than the vendor documents. */
export const asDocumented = (vendor: string, { issues: [issue] }: z.ZodError): Finding => {
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${foreign(issue.path.map(String).join('.'))}`
  const message = issue?.message ?? 'another shape'
  const what = message.endsWith('received undefined') ? 'it is missing' : foreign(message, 120)
  return { status: 'unknown', text: `${vendor}’s answer is not as documented${where}: ${what}.` }
}

/** More of one list no client needs to read: what it is given is cut there. */
const longestList = 1000

const cut = (value: unknown): unknown => (Array.isArray(value) && value.length > longestList ? value.slice(0, longestList) : value)

/** A body for a vendor's client, which stumbles over what is no JSON object and over one with an error: that is a finding. A list is right
 *  where the vendor answers with `lists`; one that is longer than any page is cut, since clients parse slowly. */
export const bodyForClient = (
  vendor: string,
  status: number,
  body: string,
  lists = false,
): { readonly body: string } | { readonly finding: Finding } => {
  let data: unknown
  try {
    data = JSON.parse(body)
  } catch {
    return { finding: notJson(vendor, status, body) }
  }
  if (Array.isArray(data) && lists) return { body: data.length > longestList ? JSON.stringify(cut(data)) : body }
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    return { finding: { status: 'unknown', text: `${vendor}’s answer is not as documented: it is no object.` } }
  if ('error' in data && data.error !== null)
    return { finding: { status: 'unknown', text: `${vendor} answered ${status}, but with an error: ${foreign(said(body), 200)}` } }
  const isLong = Object.values(data).some((value) => Array.isArray(value) && value.length > longestList)
  return { body: isLong ? JSON.stringify(Object.fromEntries(Object.entries(data).map(([name, value]) => [name, cut(value)]))) : body }
}
