/** Response addresses: five uses in half an hour, by which an app answers one person or the channel. */
import { randomBytes } from 'node:crypto'
import { complainOfBlocks } from './blocks.ts'
import { string, type Json } from './json.ts'
import type { Memory } from './memory.ts'
import type { CallSlack } from './upstream.ts'
import type { Workspace } from './workspace.ts'

const USES = 5
const MINUTES = 30

export type Received = { at: number; text: string; blocks?: unknown; type: 'ephemeral' | 'in_channel' | 'replaced' | 'deleted' }

export type ResponseUrl = {
  id: string
  url: string
  user: string
  channel: string
  createdAt: number
  uses: number
  received: Received[]
  /** What a button sat on, which `replace_original` changes. */
  source?: { ts: string; ephemeral: boolean }
}

export const createResponseUrls = (front: string, workspace: Workspace, memory: Memory, call: CallSlack) => {
  const known = new Map<string, ResponseUrl>()

  const change = async (entry: ResponseUrl, payload: Json): Promise<Received['type'] | null> => {
    const remove = payload['delete_original'] === true
    const source = entry.source
    if (!source || (!remove && payload['replace_original'] !== true)) return null
    if (source.ephemeral) {
      const shown = memory.ephemerals(entry.channel).find((each) => each.ts === source.ts)
      if (shown)
        Object.assign(shown, remove ? { deleted: true } : { text: string(payload['text']), blocks: payload['blocks'], edited: true })
    } else {
      const original = { channel: entry.channel, ts: source.ts }
      await call(remove ? 'chat.delete' : 'chat.update', workspace.bot.token, remove ? original : { ...payload, ...original })
    }
    return remove ? 'deleted' : 'replaced'
  }

  const deliver = async (entry: ResponseUrl, payload: Json): Promise<string | null> => {
    const { text, blocks } = payload
    const complaint = blocks === undefined ? null : complainOfBlocks(blocks)
    if (complaint) return complaint.error
    if (!text && !blocks && payload['delete_original'] !== true) return 'no_text'
    const content = { text: string(text), ...(blocks === undefined ? {} : { blocks }) }
    let type = await change(entry, payload)
    if (type === null && payload['response_type'] === 'in_channel') {
      const answer = await call('chat.postMessage', workspace.bot.token, {
        channel: entry.channel,
        ...content,
        bot_id: workspace.bot.botId,
        app_id: workspace.appId,
      })
      if (!answer['ok']) return string(answer['error'])
      type = 'in_channel'
    }
    if (type === null) {
      const { ts } = memory.keepEphemeral({ channel: entry.channel, user: entry.user, ...content })
      // What a command was answered with first is the original of what follows.
      entry.source ??= { ts, ephemeral: true }
      type = 'ephemeral'
    }
    entry.received.push({ at: Date.now(), ...content, type })
    return null
  }

  return {
    create(user: string, channel: string, source?: ResponseUrl['source']): ResponseUrl {
      const id = randomBytes(12).toString('hex')
      const entry: ResponseUrl = {
        id,
        url: `${front}/slack/response/${id}`,
        user,
        channel,
        createdAt: Date.now(),
        uses: 0,
        received: [],
        ...(source ? { source } : {}),
      }
      known.set(id, entry)
      return entry
    },
    find: (id: string): ResponseUrl | undefined => known.get(id),
    async use(id: string, payload: Json): Promise<{ status: number; body: string }> {
      const entry = known.get(id)
      if (!entry) return { status: 404, body: 'expired_url' }
      if (Date.now() - entry.createdAt > MINUTES * 60_000) return { status: 404, body: 'expired_url' }
      if (entry.uses >= USES) return { status: 404, body: 'used_url' }
      entry.uses += 1
      const error = await deliver(entry, payload)
      return error === null ? { status: 200, body: 'ok' } : { status: 400, body: error }
    },
    /** What came with the acknowledgement itself: it counts as no use. */
    acknowledged: (entry: ResponseUrl, payload: Json): Promise<string | null> => deliver(entry, payload),
  }
}

export type ResponseUrls = ReturnType<typeof createResponseUrls>
