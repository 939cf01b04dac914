/** What actions ask of Vercel, and change there: one project, with one token. */
import type { LookContext } from '../../define/action.ts'
import type { Unable } from '../../incident/acting/action.ts'
import type { Finding } from '../../incident/check.ts'
import { FetchFault, type WebFetch } from '../../ports.ts'
import { below, hostOf } from '../../checking/address.ts'
import { leavesOpen } from '../../checking/fault.ts'
import { foreign } from '../../checking/foreign.ts'
import { said } from '../../checking/json.ts'
import { createVercel, refusalCode, teamOf, type VercelOptions } from '../../checking/vercel/api.ts'
import { sentence } from '../sentence.ts'

/** One answer is waited for so long, in milliseconds: what runs for minutes asks again. */
const patienceMs = 15_000

/** An answer, or why there is none in words for people. */
export type Changed = { readonly json: unknown } | { readonly refused: string }

/** A `fetch` that gives up early, where the guard's own limit is that of the whole run. */
const impatient =
  (web: WebFetch, host: string): WebFetch =>
  async (input, init) => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new FetchFault('timeout', `${host} gave no answer within ${patienceMs / 1000} s.`)), patienceMs)
    })
    try {
      return await Promise.race([web(input, init), late])
    } finally {
      clearTimeout(timer)
    }
  }

/** Why Vercel did not do it, and what to do. */
const refusal = (status: number, secret: string, words: string, quiet: boolean): string => {
  const says = quiet || words === '' ? '' : ` It says: ${sentence(foreign(words, 200))}`
  switch (refusalCode(status, words)) {
    case 401:
      return `Vercel does not accept the token (401): look whether ${secret} is current. Nothing was changed.${says}`
    case 402:
      return `Vercel’s plan does not include that (402). Nothing was changed.${says}`
    case 403:
      return `Vercel does not let the token in ${secret} change that (403): give it the right to, or let somebody do it who has it. Nothing was changed.${says}`
    case 404:
      return `Vercel does not know what was to be changed (404): it may have been deleted. Nothing was changed.${says}`
    case 409:
      return `Vercel is at another change of the same (409): wait until that is done, and ask anew. Nothing was changed.${says}`
    case 429:
      return `Vercel limits the rate of our calls (429): ask anew in a minute. Nothing was changed.${says}`
    default:
      return `Vercel refused (${status}). Nothing was changed.${says}`
  }
}

/** Why a question has no answer, as what keeps an action from being possible. */
export const unableOf = (findings: readonly Finding[]): Unable => ({ unable: findings.map(({ text }) => text).join(' ') })

/** For what only reads back: who asked hears of it as of a broken line, and asks again. */
export const lostOf = (findings: readonly Finding[]): FetchFault => new FetchFault('reset', unableOf(findings).unable)

/** Waits between two looks. Throws FetchFault when the time is up. */
export const pause = (ms: number, signal: AbortSignal, late: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const over = () => {
      clearTimeout(timer)
      reject(new FetchFault('timeout', late))
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', over)
      resolve()
    }, ms)
    if (signal.aborted) over()
    else signal.addEventListener('abort', over, { once: true })
  })

/** `quiet`: nothing of what Vercel answers is repeated: it may hold a secret. */
export const actOnVercel = (
  context: Pick<LookContext, 'web' | 'secret' | 'signal'>,
  options: VercelOptions,
  { quiet = false }: { readonly quiet?: boolean } = {},
) => {
  const web = impatient(context.web, hostOf(options.apiUrl))
  return {
    ...createVercel({ web, secret: context.secret, signal: context.signal }, options, { quiet }),
    /** Where a call goes, as it is shown and made. */
    address: (path: string): string => {
      const query = new URLSearchParams(teamOf(options.team)).toString()
      return below(options.apiUrl, query === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`)
    },
    /** Calls once. Throws FetchFault where nobody knows whether it was done. */
    change: async (method: 'POST' | 'PATCH', address: string, body: object): Promise<Changed> => {
      const response = await web(address, {
        method,
        headers: {
          accept: 'application/json',
          'content-type': 'application/json',
          authorization: `Bearer ${context.secret(options.secret)}`,
          'user-agent': 'tocsin',
        },
        body: JSON.stringify(body),
        signal: context.signal,
      })
      const { status, ok } = response
      const text = await response.text()
      if (leavesOpen(status)) throw new FetchFault('reset', `Vercel answered ${status}: nobody knows whether it was done.`)
      if (!ok) return { refused: refusal(status, options.secret, said(text), quiet) }
      try {
        return { json: text === '' ? {} : JSON.parse(text) }
      } catch {
        // It was done; what it says of it is read elsewhere.
        return { json: {} }
      }
    },
  }
}

export type ActingVercel = ReturnType<typeof actOnVercel>
