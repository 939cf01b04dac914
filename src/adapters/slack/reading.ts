/** What the bot reads of what people say: single messages, who wrote them, and the files at them. */
import type { WebClient } from '@slack/web-api'
import { type ChatMessage, type ChatReading, PortFault } from '../../ports.ts'
import { faultOf } from './faults.ts'
import { namedIn, plainText } from './markup.ts'
import { memberOf } from './member.ts'

type Raw = {
  readonly ts?: string
  readonly user?: string
  readonly bot_id?: string
  readonly username?: string
  readonly subtype?: string
  readonly text?: string
  readonly thread_ts?: string
  readonly pinned_to?: readonly string[]
  readonly reactions?: readonly { readonly name?: string; readonly users?: readonly string[] }[]
  readonly attachments?: readonly { readonly fallback?: string; readonly text?: string }[]
  readonly files?: readonly { readonly id?: string; readonly name?: string | null; readonly mimetype?: string; readonly size?: number }[]
}

export type ReadingOptions = {
  readonly client: WebClient
  readonly token: string
  /** Slack's own without it. */
  readonly apiUrl: string | undefined
  readonly timeoutMs: number
  readonly identity: () => Promise<{ readonly botUserId: string; readonly botId: string }>
  readonly call: <T>(method: string, scope: string, work: () => Promise<T>) => Promise<T>
}

/** So many names are remembered; who is renamed keeps the old name until the bot is started again. */
const mostNames = 5_000

/** Names of groups are asked for again after this time, all at once. */
const groupsMs = 300_000

/** Asks once for what it then remembers. */
const remembering = <Known>(ask: (id: string) => Promise<Known | null>) => {
  const known = new Map<string, Known>()
  return async (id: string): Promise<Known | null> => {
    const name = known.get(id) ?? (await ask(id))
    if (name !== null) known.set(id, name)
    const oldest = known.keys().next().value
    if (known.size > mostNames && oldest !== undefined) known.delete(oldest)
    return name
  }
}

/** Null for what is not there, or not for the bot; every other fault is thrown. */
const unlessGone = async <T>(work: Promise<T>): Promise<T | null> => {
  try {
    return await work
  } catch (fault) {
    if (fault instanceof PortFault && ['gone', 'outside', 'invalid'].includes(fault.code)) return null
    throw fault
  }
}

/** Files lie with Slack itself, or where its API is: the token goes nowhere else (field 8). */
const mayFetch = (url: URL, apiUrl: string | undefined): boolean =>
  apiUrl !== undefined && url.origin === new URL(apiUrl).origin
    ? true
    : url.protocol === 'https:' && (url.hostname === 'slack.com' || url.hostname.endsWith('.slack.com'))

const takeBody = async (response: Response, most: number): Promise<Buffer | null> => {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of response.body ?? []) {
    length += piece.length
    if (length > most) return null
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

export const createReading = ({ client, token, apiUrl, timeoutMs, identity, call }: ReadingOptions): ChatReading => {
  const names = remembering(async (id) => {
    const user = (await unlessGone(call('users.info', '', () => client.users.info({ user: id }))))?.user
    if (user === undefined) return null
    const { name } = memberOf(id, user, '')
    return { author: name, mention: user.profile?.display_name || name }
  })
  /** Authors are named as those who type commands are: one person, one name. */
  const userName = async (user: string) => (await names(user))?.author ?? null
  /** In a text people read how they are called there. */
  const mentionName = async (user: string) => (await names(user))?.mention ?? null
  const channelName = remembering(async (channel) => {
    const answer = await unlessGone(call('conversations.info', '', () => client.conversations.info({ channel })))
    return answer?.channel?.name ?? null
  })
  let groups: { readonly names: ReadonlyMap<string, string>; readonly at: number } | null = null
  const groupName = async (group: string): Promise<string | null> => {
    if (groups === null || performance.now() - groups.at > groupsMs) {
      const answer = await call('usergroups.list', '', () => client.usergroups.list({ include_disabled: true })).catch((fault: unknown) => {
        // Who may not ask is told of none.
        if (fault instanceof PortFault && fault.code === 'denied') return null
        throw fault
      })
      const handles = (answer?.usergroups ?? []).flatMap(({ id, handle }) =>
        id === undefined || handle === undefined ? [] : [[id, handle] as const],
      )
      groups = { names: new Map(handles), at: performance.now() }
    }
    return groups.names.get(group) ?? null
  }
  const namesOf = async (ids: readonly string[], ask: (id: string) => Promise<string | null>) => {
    const found = await Promise.all(ids.map(async (id) => [id, await ask(id)] as const))
    return new Map(found.flatMap(([id, name]) => (name === null ? [] : [[id, name] as const])))
  }
  const plain = async (text: string): Promise<string> => {
    const named = namedIn(text)
    return plainText(text, {
      users: await namesOf(named.users, mentionName),
      channels: await namesOf(named.channels, channelName),
      groups: await namesOf(named.groups, groupName),
    })
  }

  /** Of a thread's replies the history knows nothing: they are asked for by themselves. */
  const find = async (channel: string, ts: string): Promise<Raw | null> => {
    const one = { channel, oldest: ts, latest: ts, inclusive: true, limit: 1 }
    const history = await call('conversations.history', channel, () => client.conversations.history(one))
    const root = history.messages?.find((message) => message.ts === ts)
    if (root !== undefined) return root
    try {
      const { messages = [] } = await call('conversations.replies', channel, () => client.conversations.replies({ ...one, ts }))
      return (messages.find((message) => message.ts === ts) as Raw | undefined) ?? null
    } catch (fault) {
      if (fault instanceof PortFault && /thread_not_found/.test(fault.message)) return null
      throw fault
    }
  }

  return {
    userName,
    channelName,
    groupName,
    plain,

    async message(channel, ts): Promise<ChatMessage | null> {
      const [raw, { botUserId, botId }] = await Promise.all([find(channel, ts), identity()])
      // What is left of a deleted message that has replies.
      if (raw === null || raw.subtype === 'tombstone') return null
      const text = raw.text || (raw.attachments ?? []).map((each) => each.text ?? each.fallback ?? '').join('\n')
      const name = raw.user === undefined ? null : await userName(raw.user)
      return {
        ours: raw.user === botUserId || (botId !== '' && raw.bot_id === botId),
        user: raw.user ?? null,
        name: name ?? raw.username ?? 'somebody',
        text: await plain(text),
        pinned: raw.pinned_to?.includes(channel) === true,
        reactions: new Map(
          (raw.reactions ?? []).map((each) => [each.name ?? '', (each.users ?? []).filter((user) => user !== botUserId)] as const),
        ),
        files: (raw.files ?? []).flatMap((file) =>
          file.id === undefined ? [] : [{ id: file.id, name: file.name ?? file.id, type: file.mimetype ?? '', bytes: file.size ?? 0 }],
        ),
      }
    },

    async permalink(channel, ts) {
      const answer = await unlessGone(call('chat.getPermalink', channel, () => client.chat.getPermalink({ channel, message_ts: ts })))
      return answer?.permalink ?? null
    },

    async file(id, most) {
      const { file } = await call('files.info', '', () => client.files.info({ file: id }))
      const address = URL.parse(file?.url_private_download ?? file?.url_private ?? '')
      if (file === undefined || address === null) throw new PortFault('gone', 'files.info', `Slack, files.info: ${id} has no content`)
      if (!mayFetch(address, apiUrl)) throw new PortFault('invalid', 'files.info', `${id} does not lie with Slack, it is not fetched`)
      if ((file.size ?? 0) > most) return null
      try {
        const response = await fetch(address, {
          headers: { authorization: `Bearer ${token}` },
          redirect: 'manual',
          signal: AbortSignal.timeout(timeoutMs),
        })
        if (response.status >= 500 || response.status === 429)
          throw new PortFault('unavailable', 'file', `Slack, file: HTTP ${response.status}`)
        // Whoever may not read it is led to the page where people log in.
        const page = /text\/html/.test(response.headers.get('content-type') ?? '') && file.mimetype !== 'text/html'
        if (!response.ok || page)
          throw new PortFault('denied', 'file', `Slack, file: HTTP ${response.status}${page ? ', a page instead of the file' : ''}`)
        return await takeBody(response, most)
      } catch (error) {
        throw faultOf(error, 'file', '')
      }
    },
  }
}
