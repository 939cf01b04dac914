/** A vendor's API asked by GET for JSON: the value in our shape, or the findings that say why there is none. */
import type { z } from 'zod'
import type { CheckContext } from '../define/check.ts'
import type { Finding } from '../incident/check.ts'
import type { GuardedResponse } from '../ports.ts'
import { vendorRefusal } from './fault.ts'
import { foreign } from './foreign.ts'

export type Asked<Value> = { readonly value: Value; readonly response: GuardedResponse } | { readonly findings: readonly Finding[] }

/** What went wrong in the words of the answer, where it is JSON with one of the usual fields. */
const said = (body: string): string => {
  try {
    const parsed = JSON.parse(body) as { error?: { message?: unknown } | string; message?: unknown; msg?: unknown } | null
    const error = parsed?.error
    const words = [typeof error === 'object' ? error?.message : error, parsed?.message, parsed?.msg].find(
      (text) => typeof text === 'string',
    )
    return typeof words === 'string' ? words : ''
  } catch {
    // Not JSON: the status alone says what there is to say.
    return ''
  }
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
  const unknown = (text: string) => ({ findings: [{ status: 'unknown' as const, text }] })
  let data: unknown
  try {
    data = JSON.parse(response.body)
  } catch {
    const begins = foreign(response.body, 60)
    return unknown(`${vendor} answered ${response.status} with what is not JSON${begins === '' ? '' : `: it begins “${begins}”`}.`)
  }
  const parsed = schema.safeParse(data)
  if (parsed.success) return { value: parsed.data, response }
  const [issue] = parsed.error.issues
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${foreign(issue.path.map(String).join('.'))}`
  const message = issue?.message ?? 'another shape'
  const what = message.endsWith('received undefined') ? 'it is missing' : foreign(message, 120)
  return unknown(`${vendor}’s answer is not as documented${where}: ${what}.`)
}
