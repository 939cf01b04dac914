/** `fetch` that reaches only what a product names. The address is judged when the connection is made, from the very answer that is
 *  connected to: a name that resolves differently the second time gains nothing (faults 56). */
import { fetch, type Response } from 'undici'
import { FetchFault, type GuardedFetch } from '../ports.ts'
import { faultOf, type Progress } from './fetch/fault.ts'
import { agentFor, type FetchGuard, guardedAddress, methodRefusal, parse, refusal, shown } from './fetch/guard.ts'
import { guardedWeb } from './fetch/web.ts'

const maxBytes = 1024 * 1024
const maxRedirects = 3
const redirects = [301, 302, 303, 307, 308]
/** What may go on to another origin: the rest may be a secret meant for the first. */
const harmless = ['accept', 'accept-language', 'user-agent', 'content-type']

const readBody = async (response: Response): Promise<string> => {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    // Counted after decompression, a piece at a time: a bomb is cut off where it passes the limit.
    size += chunk.byteLength
    if (size > maxBytes) throw new FetchFault('too-large', `The answer (${response.status}) is larger than ${maxBytes / 1024} KiB.`)
    chunks.push(chunk)
  }
  return new TextDecoder().decode(Buffer.concat(chunks))
}

/** The next address, when the answer sends us on. Throws FetchFault `redirect` when it may not be followed. */
const redirectOf = (response: Response, from: URL, hops: number, hosts: readonly string[]): URL | null => {
  const location = redirects.includes(response.status) ? response.headers.get('location') : null
  if (location === null) return null
  const to = parse(location, from)
  if (to === null) throw new FetchFault('redirect', `Redirects (${response.status}) to what is no address.`)
  const why = refusal(to, hosts)
  if (why !== null) throw new FetchFault('redirect', `Redirects (${response.status}) to ${shown(to)}: ${why}.`)
  if (hops >= maxRedirects) throw new FetchFault('redirect', `Redirects more than ${maxRedirects} times, the last one to ${shown(to)}.`)
  return to
}

type Ask = { method: string; headers: Record<string, string>; body: string | undefined }

/** What is asked of the next address, as browsers do it. */
const onward = (ask: Ask, status: number, sameOrigin: boolean): Ask => {
  const kept = Object.entries(ask.headers).filter(([name]) => sameOrigin || harmless.includes(name.toLowerCase()))
  const toGet = status === 303 ? ask.method !== 'HEAD' : status <= 302 && ask.method === 'POST'
  return { headers: Object.fromEntries(kept), method: toGet ? 'GET' : ask.method, body: toGet ? undefined : ask.body }
}

/** Makes a fetch for one product. It throws FetchFault, with a sentence for people, for whatever keeps an answer from coming. */
export const guardedFetch = (guard: FetchGuard): GuardedFetch => {
  return async (address, options = {}) => {
    const timeoutMs = options.timeoutMs ?? guard.timeoutMs ?? 10_000
    const late = AbortSignal.timeout(timeoutMs)
    const signal = guard.signal === undefined ? late : AbortSignal.any([late, guard.signal])
    const progress: Progress = { stage: 'resolving', sentAt: null, timeoutMs, host: '' }
    const first = parse(address)
    if (first === null) throw new FetchFault('forbidden', 'That is not an address.', undefined, true)
    const why = refusal(first, guard.hosts)
    if (why !== null) throw new FetchFault('forbidden', `Not asked: ${why}.`, undefined, true)
    let url = first
    let ask: Ask = { method: options.method ?? 'GET', headers: { 'user-agent': 'tocsin', ...options.headers }, body: options.body }
    const urls: string[] = []
    for (;;) {
      const unsafe = methodRefusal(ask.method, url, guard)
      if (unsafe !== null) throw new FetchFault('forbidden', `Not asked: ${unsafe}.`, undefined, urls.length === 0)
      urls.push(url.href)
      progress.host = url.host
      const agent = agentFor(url, guard, timeoutMs, progress)
      try {
        const { method, headers, body } = ask
        const response = await fetch(url, { method, headers, body: body ?? null, redirect: 'manual', signal, dispatcher: agent })
        progress.stage = 'reading'
        const next = redirectOf(response, url, urls.length - 1, guard.hosts)
        if (next === null) {
          const text = await readBody(response)
          const took = performance.now() - (progress.sentAt ?? performance.now())
          return { status: response.status, headers: Object.fromEntries(response.headers), body: text, took, urls }
        }
        ask = onward(ask, response.status, next.origin === url.origin)
        url = next
      } catch (error) {
        throw faultOf(error, progress, signal.aborted)
      } finally {
        // Not awaited: a lookup that hangs must not hold the answer.
        void agent.destroy()
      }
    }
  }
}

/** Everything that checks of one product may connect with. */
export const guarded = (guard: FetchGuard) => ({ fetch: guardedFetch(guard), web: guardedWeb(guard), address: guardedAddress(guard) })
