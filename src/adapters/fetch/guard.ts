/** Who may be connected to: the hosts that a product names, judged by the address that the connection goes to. */
import { lookup as systemLookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import { Agent, buildConnector } from 'undici'
import { FetchFault } from '../../ports.ts'
import { forbiddenAddress } from './address.ts'
import { connectMs, faultOf, type Progress } from './fault.ts'

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
  /** Ends everything that is under way. */
  readonly signal?: AbortSignal
  /** Only reading is allowed: GET and HEAD, and POST to exactly these addresses. */
  readonly readOnly?: { readonly posts: readonly string[] }
  /** Besides reading only these calls are allowed, `POST https://example.com/v1/things/:id`: `:word` is one piece of a path, and the
   *  query is free. */
  readonly calls?: readonly string[]
}

/** An address without what may be secret in it. */
export const shown = ({ protocol, host, pathname, href }: URL): string =>
  // Other schemes have no origin, and some no host.
  `${protocol}${href.startsWith(`${protocol}//`) ? '//' : ''}${host}${pathname}`.slice(0, 200)

/** A host without the brackets of IPv6. */
const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, '')

/** Whether an entry of `hosts` names the address: its host alone means the scheme's own port. */
const names = (entry: string, url: URL): boolean => {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
  return [url.host, `${url.hostname}:${port}`].includes(entry.toLowerCase())
}

/** Whether a call is the one that is written as `METHOD address`. */
const isCall = (written: string, method: string, url: URL): boolean => {
  const [verb = '', address = ''] = written.split(' ')
  const pattern = parse(address)
  if (pattern === null || verb !== method || pattern.origin !== url.origin) return false
  const wanted = pattern.pathname.split('/')
  const given = url.pathname.split('/')
  return (
    wanted.length === given.length && wanted.every((piece, index) => (/^:\w+$/.test(piece) ? given[index] !== '' : piece === given[index]))
  )
}

/** Why this may not be done there, or null: a check never changes anything, and an action only what it says. */
export const methodRefusal = (method: string, url: URL, { readOnly, calls }: FetchGuard): string | null => {
  const upper = method.toUpperCase()
  if (calls !== undefined) {
    const known =
      upper === 'GET' || upper === 'HEAD' || (readOnly?.posts ?? []).includes(url.href) || calls.some((call) => isCall(call, upper, url))
    return known ? null : `${upper.slice(0, 20)} ${shown(url)} is not among the calls of this action`
  }
  if (readOnly === undefined || upper === 'GET' || upper === 'HEAD') return null
  if (upper === 'POST' && readOnly.posts.includes(url.href)) return null
  return `${upper.slice(0, 20)} may change something, and a check only reads`
}

/** Why an address may not be asked for, or null. */
export const refusal = (url: URL, hosts: readonly string[]): string | null => {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return `${url.protocol.slice(0, 20)} is neither http nor https`
  if (url.username !== '' || url.password !== '') return 'the address carries credentials'
  // URL has made one form of all: decimal and octal numbers are dotted, names are lower-case ASCII.
  return hosts.some((entry) => names(entry, url)) ? null : `${url.host} is not a host that the product names`
}

export const parse = (address: string, base?: URL): URL | null => URL.parse(address, base?.href)

/** Throws FetchFault `forbidden` for an address that this product may not connect to. */
const judgeOf =
  (url: URL, guard: FetchGuard) =>
  (address: string): void => {
    const isPrivate = (guard.privateHosts ?? []).some((entry) => names(entry, url) || entry.toLowerCase() === url.hostname)
    const literal = bare(url.hostname)
    const why = forbiddenAddress(address, { isPrivate, literal })
    const what = literal === address ? address : `${literal}, at ${address},`
    if (why !== null) throw new FetchFault('forbidden', `${what} is ${why}; the product does not allow that.`, undefined, true)
  }

/** The addresses of a name, every one of them judged. */
const resolveFor = async (hostname: string, url: URL, guard: FetchGuard): Promise<{ address: string; family: number }[]> => {
  const found = await (guard.lookup ?? ((name) => systemLookup(name, { all: true })))(hostname)
  if (found.length === 0) throw Object.assign(new Error(`no address for ${hostname}`), { code: 'ENOTFOUND' })
  const judge = judgeOf(url, guard)
  // One forbidden address among good ones is how rebinding looks: all are refused.
  for (const { address } of found) judge(address)
  return [...found]
}

/** Where a client of another protocol may connect to. Throws FetchFault when the guard does not name `host:port`, or its address may not
 *  be reached. */
export const guardedAddress =
  (guard: FetchGuard) =>
  async (host: string, port: number): Promise<{ address: string; family: number }> => {
    const at = `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`
    // Judged as an http address is; the scheme only gives the URL its form.
    const url = parse(`http://${at}`)
    if (url === null) throw new FetchFault('forbidden', `${at.slice(0, 200)} is not an address.`, undefined, true)
    if (!guard.hosts.some((entry) => names(entry, url)))
      throw new FetchFault('forbidden', `Not asked: ${at} is not a host that the product names.`, undefined, true)
    const literal = bare(url.hostname)
    const family = isIP(literal)
    if (family !== 0) {
      judgeOf(url, guard)(literal)
      return { address: literal, family }
    }
    const progress: Progress = { stage: 'resolving', sentAt: null, timeoutMs: guard.timeoutMs ?? 10_000, host: at }
    try {
      return (await resolveFor(literal, url, guard))[0]!
    } catch (error) {
      throw faultOf(error, progress, guard.signal?.aborted === true)
    }
  }

/** Connects to nothing but what the guard allows, at the very address that was judged. */
export const agentFor = (url: URL, guard: FetchGuard, timeoutMs: number, progress: Progress): Agent => {
  const judge = judgeOf(url, guard)
  const resolve = async (hostname: string): Promise<{ address: string; family: number }[]> => {
    const found = await resolveFor(hostname, url, guard)
    progress.stage = 'connecting'
    return found
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
  const plain = buildConnector({ lookup, timeout: connectMs({ timeoutMs }), allowH2: false, maxCachedSessions: 0 })
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
