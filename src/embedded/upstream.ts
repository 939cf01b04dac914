/** The emulators behind the front: one is asked here, its answer read, its addresses replaced by the front's. */
import { createEmulator, type ServiceName } from 'emulate'
import { isJson, objects, parsed, string, type Json } from './json.ts'
import { createTokenNames, slackSeed, type Workspace } from './workspace.ts'

export type Reply = { status: number; headers: Record<string, string>; body: Buffer }

type Ask = { method: string; path: string; headers?: Record<string, string>; body?: Buffer | string }

export type Upstream = {
  ask(request: Ask): Promise<Reply>
  /** From now on texts are replaced on the way in and back on the way out. */
  translate(pairs: ReadonlyMap<string, string>): void
  close(): Promise<void>
}

const PASSED = new Set(['content-type', 'authorization', 'accept', 'user-agent', 'x-github-api-version', 'if-none-match'])
/** About the connection, not the answer: fetch has already decoded the body. */
const DROPPED = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'content-encoding'])

const replacer = (pairs: ReadonlyMap<string, string>): ((text: string) => string) => {
  if (pairs.size === 0) return (text) => text
  const pattern = new RegExp([...pairs.keys()].map((key) => key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'g')
  return (text) => text.replace(pattern, (found) => pairs.get(found) ?? found)
}

const isText = (type: string): boolean => /json|text|urlencoded/.test(type)

/** Starts an emulator on a free port. `publicUrl` is where the front serves it. */
export const startUpstream = async (service: ServiceName, seed: Json, publicUrl: string): Promise<Upstream> => {
  const emulator = await createEmulator({ service, port: 0, seed })
  const port = new URL(emulator.url).port
  let inward = replacer(new Map())
  let outward = replacer(new Map([[emulator.url, publicUrl]]))

  return {
    async ask({ method, path, headers = {}, body }) {
      const passed = Object.fromEntries(Object.entries(headers).filter(([name]) => PASSED.has(name)))
      const type = passed['content-type'] ?? ''
      const sent = body === undefined || body.length === 0 ? undefined : isText(type) ? inward(body.toString()) : body
      // The emulator listens on IPv4 only, while its own URL says localhost.
      const response = await fetch(`http://127.0.0.1:${port}${inward(path)}`, {
        method,
        headers: passed,
        redirect: 'manual',
        ...(sent === undefined ? {} : { body: typeof sent === 'string' ? sent : new Uint8Array(sent) }),
      })
      const bytes = Buffer.from(await response.arrayBuffer())
      const answered: Record<string, string> = {}
      response.headers.forEach((value, name) => {
        if (!DROPPED.has(name)) answered[name] = outward(value)
      })
      return {
        status: response.status,
        headers: answered,
        body: isText(answered['content-type'] ?? '') ? Buffer.from(outward(bytes.toString())) : bytes,
      }
    },
    translate(pairs) {
      inward = replacer(pairs)
      outward = replacer(new Map([[emulator.url, publicUrl], ...[...pairs].map(([ours, theirs]) => [theirs, ours] as const)]))
    },
    close: () => emulator.close(),
  }
}

/** A Slack method, called past the front's rules. */
export type CallSlack = (method: string, token: string, args?: Json) => Promise<Json>

export const callSlackThrough = (upstream: Upstream): CallSlack => {
  const nameOf = createTokenNames()
  return async (method, token, args = {}) => {
    const reply = await upstream.ask({
      method: 'POST',
      path: `/api/${method}`,
      headers: { authorization: `Bearer ${nameOf(token)}`, 'content-type': 'application/json' },
      body: JSON.stringify(args),
    })
    const answer = parsed(reply.body.toString())
    if (reply.status === 404) return { ok: false, error: 'unknown_method' }
    return isJson(answer) ? answer : { ok: false, error: 'internal_error' }
  }
}

/** All pages of a list. */
export const pages = async (call: CallSlack, method: string, token: string, key: string, args: Json = {}): Promise<Json[]> => {
  const found: Json[] = []
  let cursor = ''
  do {
    const answer = await call(method, token, { ...args, limit: 1000, ...(cursor ? { cursor } : {}) })
    found.push(...objects(answer[key]))
    cursor = isJson(answer['response_metadata']) ? string(answer['response_metadata']['next_cursor']) : ''
  } while (cursor)
  return found
}

/** Starts the emulated workspace, with stable ids and everybody in the seeded channels. */
export const startSlack = async (workspace: Workspace, publicUrl: string): Promise<Upstream> => {
  const upstream = await startUpstream('slack', { slack: slackSeed(workspace) }, publicUrl)
  const call = callSlackThrough(upstream)
  const [members, channels] = await Promise.all([
    pages(call, 'users.list', workspace.admin.token, 'members'),
    pages(call, 'conversations.list', workspace.admin.token, 'channels'),
  ])
  const named = (list: Json[], name: string): string => {
    const id = string(list.find((item) => item['name'] === name)?.['id'])
    if (!id) throw new Error(`the emulator did not take over ${name} from the seed`)
    return id
  }
  upstream.translate(
    new Map([
      ...workspace.people.map((person) => [person.id, named(members, person.name)] as const),
      ...workspace.channels.map((channel) => [channel.id, named(channels, channel.name)] as const),
    ]),
  )
  await Promise.all(
    workspace.people.map((person) => call('conversations.join', person.token, { channel: workspace.channels[0]?.id ?? '' })),
  )
  return upstream
}
