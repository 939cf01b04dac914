/** What an endpoint's answer says of the call: done, refused, accepted for later, or done as the status has it and not as the body has. */
import { z } from 'zod'
import { hostOf } from '../../checking/address.ts'
import { leavesOpen, vendorRefusal } from '../../checking/fault.ts'
import { foreign } from '../../checking/foreign.ts'
import { said } from '../../checking/json.ts'
import { at } from '../../checking/metrics/path.ts'
import type { Ran } from '../../incident/acting/action.ts'
import { FetchFault } from '../../ports.ts'
import { grouped, numberAt, Path } from './question.ts'

/** What must stand in the answer of an endpoint that did it: `success` is `true`. */
export const Must = z.strictObject({
  path: Path,
  is: z.union([z.string(), z.number(), z.boolean()]),
  /** `false`: only where it says anything there. */
  required: z.boolean().default(true),
})
export type Must = z.infer<typeof Must>

/** A number of the answer that tells what it did: `processed`, of `mails`. */
export const Result = z.strictObject({ path: Path, of: z.string().trim().min(1).max(60) })
export type Result = z.infer<typeof Result>

/** The options that an answer is held against. */
export type Awaited = {
  readonly method: string
  readonly secret?: string | undefined
  readonly expect: readonly number[]
  readonly answer: readonly Must[]
  readonly result?: Result | undefined
}

/** Without its query. */
const shown = (url: string): string => {
  const { origin, pathname } = new URL(url)
  return foreign(`${origin}${pathname}`, 200)
}

/** Where an answer sends us on: nothing follows it. */
const onward = (response: Response, from: string): string => {
  const to = URL.parse(response.headers.get('location') ?? '', from)
  return to === null ? 'elsewhere' : foreign(`${to.origin}${to.pathname}`, 200)
}

/** These say that nothing was done, and where to ask instead. */
const moved = [301, 307, 308]

const parsed = (body: string): { readonly json: unknown } | null => {
  try {
    return { json: JSON.parse(body) }
  } catch {
    // Whoever asks says what that means: not every endpoint answers in JSON.
    return null
  }
}

const resultWords = ({ path, of }: Result, json: unknown): string => {
  const number = numberAt(json, path)
  return number === null ? `its answer gives no number of ${of}` : `${grouped(number)} ${of}`
}

const isEmpty = (value: unknown): boolean =>
  [undefined, null, false, ''].includes(value as null) || (Array.isArray(value) && value.length === 0)

const says = (value: unknown, path: string): string => `its answer says ${foreign(JSON.stringify(value) ?? '', 60)} at \`${path}\``

/** How endpoints commonly say that it failed, whatever the status: `"success": false`, `"ok": false`, an `error`. */
const commonly: readonly { readonly path: string; readonly bad: (value: unknown) => boolean }[] = [
  { path: 'success', bad: (value) => value === false },
  { path: 'ok', bad: (value) => value === false },
  { path: 'error', bad: (value) => !isEmpty(value) },
  { path: 'errors', bad: (value) => !isEmpty(value) },
]

/** What the answer says otherwise than it must; null: nothing. */
const contradiction = (
  answer: readonly Must[],
  json: unknown,
): { readonly outcome: 'failed' | 'unclear'; readonly words: string } | null => {
  for (const { path, is } of answer) {
    const other = at(json, path).found.find(({ value }) => value !== is)
    if (other !== undefined) return { outcome: 'failed', words: says(other.value, path) }
  }
  for (const { path, bad } of commonly) {
    const found = answer.some((own) => own.path === path) ? undefined : at(json, path).found.find(({ value }) => bad(value))
    if (found !== undefined) return { outcome: 'failed', words: says(found.value, path) }
  }
  const lacking = answer.find(({ path, required }) => required && at(json, path).found.length === 0)
  return lacking === undefined ? null : { outcome: 'unclear', words: `its answer has nothing at \`${lacking.path}\`` }
}

/** What an answer means. `first`: it was not sent before. `telling`: it can be asked when what was accepted is done. Throws FetchFault
 *  where nobody knows whether it was done. */
export const judgeAnswer = async (
  { method, secret, expect, answer, result }: Awaited,
  url: string,
  response: Response,
  { first, telling }: { readonly first: boolean; readonly telling: boolean },
): Promise<Ran> => {
  const { status } = response
  const body = await response.text()
  const host = hostOf(url)
  if (expect.includes(status)) {
    const answered = `${method} ${shown(url)} answered ${status}`
    const read = parsed(body)
    const isPage = /^\s*<(!doctype|html)\b/i.test(body)
    const isJson = answer.length > 0 || result !== undefined
    if (read === null && (isPage || (isJson && status !== 204)))
      return {
        outcome: 'unclear',
        text: `${answered}, but with ${isPage ? 'a page for people, such as one to sign in,' : 'what is not JSON'} in place of what it did${body.trim() === '' ? '' : `: it begins “${foreign(body, 60)}”`}. Look at ${host}.`,
      }
    const against = read === null ? null : contradiction(answer, read.json)
    if (against !== null) {
      const words = said(body)
      return {
        outcome: against.outcome,
        text: `${answered}, but ${against.words}${words === '' ? '.' : `: “${foreign(words, 200)}”.`} Look at ${host} whether a part was done.`,
      }
    }
    const what = result === undefined ? '' : `: ${resultWords(result, read?.json)}`
    if (status !== 202) return { outcome: 'done', text: `${answered}${what}.` }
    return {
      outcome: 'done',
      text: `${answered}${what}. That is accepted, and not done yet${telling ? '.' : `: when it is, nothing in service.yml tells; look at ${host}.`}`,
    }
  }
  if (moved.includes(status))
    return {
      outcome: 'failed',
      text: `${host} answered ${status} and sends us on to ${onward(response, url)}, which is not followed: give the right address in service.yml.${first ? ' Nothing was changed.' : ''}`,
    }
  if (status >= 400 && !leavesOpen(status)) return { outcome: 'failed', text: vendorRefusal(host, status, secret ?? null, said(body)).text }
  throw new FetchFault('reset', `${host} answered ${status}, and ${expect.join(' or ')} was expected.`)
}
