/** `fetch` that reaches only what a product names. The address is judged when the connection is made, from the very answer that is
 *  connected to: a name that resolves differently the second time gains nothing (faults 56). */
import { lookup as systemLookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import { Agent, buildConnector, fetch, type Response } from 'undici'
import { FetchFault, type GuardedFetch } from '../ports.ts'
import { forbiddenAddress } from './fetch/address.ts'
import { faultOf, type Progress } from './fetch/fault.ts'

export type Lookup = (hostname: string) => Promise<readonly { readonly address: string; readonly family: number }[]>

export type FetchGuard = {
  /** Hosts that may be reached: `example.com` at the scheme's own port, `example.com:8443` at that one. */
  readonly hosts: readonly string[]
  /** Those of them that may have an address that is not public: with a port, or without one for every port. An instance
   *  metadata address is reached only when it is itself listed here, never through a name. */
  readonly privateHosts?: readonly string[]
  /** For tests: how names become addresses. */
  readonly lookup?: Lookup
  /** Milliseconds for everything, redirects and body included, unless the call says otherwise. */
  readonly timeoutMs?: number
}

const maxBytes = 1024 * 1024
const maxRedirects = 3
const redirects = [301, 302, 303, 307, 308]
/** What may go on to another origin: the rest may be a secret meant for the first. */
const harmless = ['accept', 'accept-language', 'user-agent', 'content-type']

/** An address without what may be secret in it. */
const shown = (url: URL): string => `${url.origin}${url.pathname}`.slice(0, 200)

/** A host without the brackets of IPv6. */
const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, '')

/** Whether an entry of `hosts` names the address: its host alone means the scheme's own port. */
const names = (entry: string, url: URL): boolean => {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
  return [url.host, `${url.hostname}:${port}`].includes(entry.toLowerCase())
}

/** Why an address may not be asked for, or null. */
const refusal = (url: URL, hosts: readonly string[]): string | null => {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return `${url.protocol.slice(0, 20)} is neither http nor https`
  if (url.username !== '' || url.password !== '') return 'the address carries credentials'
  // URL has made one form of all: decimal and octal numbers are dotted, names are lower-case ASCII.
  return hosts.some((entry) => names(entry, url)) ? null : `${url.host} is not a host that the product names`
}

const parse = (address: string, base?: URL): URL | null => URL.parse(address, base?.href)

const agentFor = (url: URL, guard: FetchGuard, timeoutMs: number, progress: Progress): Agent => {
  const isPrivate = (guard.privateHosts ?? []).some((entry) => names(entry, url) || entry.toLowerCase() === url.hostname)
  const judge = (address: string): void => {
    const literal = bare(url.hostname)
    const why = forbiddenAddress(address, { isPrivate, literal })
    const what = literal === address ? address : `${literal}, at ${address},`
    if (why !== null) throw new FetchFault('forbidden', `${what} is ${why}; the product does not allow that.`)
  }
  const resolve = async (hostname: string): Promise<{ address: string; family: number }[]> => {
    const found = await (guard.lookup ?? ((name) => systemLookup(name, { all: true })))(hostname)
    if (found.length === 0) throw Object.assign(new Error(`no address for ${hostname}`), { code: 'ENOTFOUND' })
    // One forbidden address among good ones is how rebinding looks: all are refused.
    for (const { address } of found) judge(address)
    progress.stage = 'connecting'
    return [...found]
  }
  const lookup: LookupFunction = (hostname, options, callback) => {
    // Node wants a callback here; `then` with two handlers never calls it twice.
    // oxlint-disable promise/no-callback-in-promise
    resolve(hostname).then(
      (found) => (options.all === true ? callback(null, found) : callback(null, found[0]!.address, found[0]!.family)),
      (error: NodeJS.ErrnoException) => callback(error, []),
    )
    // oxlint-enable promise/no-callback-in-promise
  }
  const plain = buildConnector({ lookup, timeout: timeoutMs, allowH2: false, maxCachedSessions: 0 })
  return new Agent({
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: (options, callback) => {
      progress.stage = 'resolving'
      // Node asks no lookup for a literal address.
      const literal = bare(options.hostname)
      try {
        if (isIP(literal) !== 0) {
          judge(literal)
          progress.stage = 'connecting'
        }
      } catch (error) {
        return callback(error as FetchFault, null)
      }
      return plain(options, (...[error, socket]) => {
        if (error !== null) return callback(error, null)
        progress.stage = 'waiting'
        progress.sentAt ??= performance.now()
        return callback(null, socket)
      })
    },
  })
}

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
    const signal = AbortSignal.timeout(timeoutMs)
    const progress: Progress = { stage: 'resolving', sentAt: null, timeoutMs, host: '' }
    const first = parse(address)
    if (first === null) throw new FetchFault('forbidden', 'That is not an address.')
    const why = refusal(first, guard.hosts)
    if (why !== null) throw new FetchFault('forbidden', `Not asked: ${why}.`)
    let url = first
    let ask: Ask = { method: options.method ?? 'GET', headers: { 'user-agent': 'tocsin', ...options.headers }, body: options.body }
    const urls: string[] = []
    for (;;) {
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
