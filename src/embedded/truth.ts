/** What is really there, for tests and the terminal: read past all rules and limits. */
import { object, objects, string, strings, type Json } from './json.ts'
import type { Memory } from './memory.ts'
import { pages, type CallSlack } from './upstream.ts'
import type { Workspace } from './workspace.ts'

export type TrueChannel = {
  id: string
  name: string
  isPrivate: boolean
  isArchived: boolean
  topic: string
  purpose: string
  created: number
  creator: string
  members: string[]
  pins?: string[]
  bookmarks?: { title: string; link: string }[]
}

export type TrueMessage = {
  ts: string
  user: string
  text: string
  subtype?: string
  blocks?: unknown
  attachments?: unknown
  metadata?: unknown
  thread_ts?: string
  edited: boolean
  /** Only this person sees it. */
  ephemeralTo?: string
  raw: Json
}

const messageOf = (raw: Json): TrueMessage => ({
  ts: string(raw['ts']),
  user: string(raw['user']),
  text: string(raw['text']),
  ...(raw['subtype'] === undefined ? {} : { subtype: string(raw['subtype']) }),
  ...(raw['blocks'] === undefined ? {} : { blocks: raw['blocks'] }),
  ...(raw['attachments'] === undefined ? {} : { attachments: raw['attachments'] }),
  ...(raw['metadata'] === undefined ? {} : { metadata: raw['metadata'] }),
  ...(raw['thread_ts'] === undefined ? {} : { thread_ts: string(raw['thread_ts']) }),
  edited: raw['edited'] !== undefined,
  raw,
})

export const createTruth = (workspace: Workspace, call: CallSlack, memory: Memory) => {
  const tokens = [workspace.admin.token, workspace.bot.token, ...workspace.people.map((person) => person.token)]

  /** Every channel, with a token that may read it: private ones are seen by their members only. */
  const found = async (): Promise<Map<string, { raw: Json; token: string }>> => {
    const lists = await Promise.all(
      tokens.map((token) => pages(call, 'conversations.list', token, 'channels', { types: 'public_channel,private_channel' })),
    )
    const channels = new Map<string, { raw: Json; token: string }>()
    for (const [index, list] of lists.entries()) {
      for (const raw of list) if (!channels.has(string(raw['id']))) channels.set(string(raw['id']), { raw, token: tokens[index] ?? '' })
    }
    return channels
  }

  const described = async ({ raw, token }: { raw: Json; token: string }, detail: boolean): Promise<TrueChannel> => {
    const channel = string(raw['id'])
    const members = await call('conversations.members', token, { channel })
    const base: TrueChannel = {
      id: channel,
      name: string(raw['name']),
      isPrivate: raw['is_private'] === true || memory.isMadePrivate(channel),
      isArchived: raw['is_archived'] === true,
      topic: string(object(raw['topic'])['value']),
      purpose: string(object(raw['purpose'])['value']),
      created: Number(raw['created']),
      creator: string(raw['creator']),
      members: strings(members['members']),
    }
    if (!detail) return base
    const [pins, bookmarks] = await Promise.all([
      call('pins.list', token, { channel }),
      call('bookmarks.list', token, { channel_id: channel }),
    ])
    return {
      ...base,
      pins: objects(pins['items']).map((item) => string(object(item['message'])['ts'])),
      bookmarks: objects(bookmarks['bookmarks']).map((item) => ({ title: string(item['title']), link: string(item['link']) })),
    }
  }

  const locate = async (ref: string): Promise<{ raw: Json; token: string }> => {
    const wanted = ref.replace(/^#/, '')
    const direct = await call('conversations.info', workspace.admin.token, { channel: wanted })
    if (direct['ok']) return { raw: object(direct['channel']), token: workspace.admin.token }
    const all = [...(await found()).values()]
    const entry = all.find(({ raw }) => raw['id'] === wanted || raw['name'] === wanted)
    if (!entry) throw new Error(`no channel ${wanted}: there are ${all.map(({ raw }) => `#${string(raw['name'])}`).join(', ')}`)
    return entry
  }

  return {
    async channels(detail: boolean): Promise<TrueChannel[]> {
      return Promise.all([...(await found()).values()].map((entry) => described(entry, detail)))
    },
    channel: async (ref: string, detail = false): Promise<TrueChannel> => described(await locate(ref), detail),

    /** Oldest first: messages, replies in threads, and what single people saw. */
    async messages(ref: string): Promise<TrueMessage[]> {
      const { raw: channel, token } = await locate(ref)
      const id = string(channel['id'])
      const roots = await pages(call, 'conversations.history', token, 'messages', { channel: id })
      const threads = await Promise.all(
        roots
          .filter((message) => Number(message['reply_count'] ?? 0) > 0)
          .map(async (message) =>
            objects((await call('conversations.replies', token, { channel: id, ts: message['ts'] }))['messages']).slice(1),
          ),
      )
      const seen = [...roots, ...threads.flat()].map(messageOf)
      const whispered = memory
        .ephemerals(id)
        .filter((each) => !each.deleted)
        .map((each): TrueMessage => {
          const raw = {
            ts: each.ts,
            user: workspace.bot.id,
            text: each.text,
            ...(each.blocks === undefined ? {} : { blocks: each.blocks }),
          }
          return { ...messageOf(raw), edited: each.edited, ephemeralTo: each.user }
        })
      return [...seen, ...whispered].sort((a, b) => Number(a.ts) - Number(b.ts))
    },
  }
}

export type Truth = ReturnType<typeof createTruth>
