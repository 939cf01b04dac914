/** What people do to messages: each is done in the workspace, and the bot hears of it as from Slack, where it is a member. */
import { object, objects, string, strings, type Json } from './json.ts'
import type { Memory } from './memory.ts'
import type { Delivered } from './delivery.ts'
import type { Acted, People } from './people.ts'
import type { Truth } from './truth.ts'
import type { CallSlack, Upstream } from './upstream.ts'
import type { Person, Workspace } from './workspace.ts'

type Setting = {
  workspace: Workspace
  call: CallSlack
  upstream: Upstream
  memory: Memory
  truth: Truth
  people: People
  botUrl: () => string
}

/** What was done, and how the bot took the event; null when it was not told. */
type Done = Json & { event: (Delivered & { event_id: string }) | null }

export const createDeeds = ({ workspace, call, upstream, memory, truth, people, botUrl }: Setting) => {
  const { person } = people

  const done = async (method: string, who: Person, args: Json): Promise<Json> => {
    const answer = await call(method, who.token, args)
    if (answer['ok'] !== true) throw new Error(`${method}: ${string(answer['error'])}`)
    return answer
  }

  const placed = (order: Json) => truth.channel(string(order['in']) || 'general')

  /** Slack tells an app only of channels that it is in. `event_id` and `retry` may be given; `silent`: nobody is told. */
  const tell = async (order: Json, channel: string, event: Json): Promise<Done['event']> => {
    const { members } = await truth.channel(channel)
    if (!botUrl() || order['silent'] === true || !members.includes(workspace.bot.id)) return null
    return people.event({
      event: { event_ts: (Date.now() / 1000).toFixed(6), ...event },
      event_id: order['event_id'],
      retry: order['retry'],
    })
  }

  const messageOf = async (channel: string, ts: unknown): Promise<Json> => {
    const found = (await truth.messages(channel)).find((message) => message.ts === ts)
    if (found === undefined) throw new Error(`no message ${string(ts)} in ${channel}`)
    return found.raw
  }

  const reaction =
    (method: string, type: string) =>
    async (order: Json): Promise<Done> => {
      const [user, { id: channel }] = [person(order['as']), await placed(order)]
      const name = string(order['name']).replaceAll(':', '')
      const item = { type: 'message', channel, ts: string(order['ts']) }
      const { user: author } = await messageOf(channel, order['ts'])
      await done(method, user, { channel, timestamp: item.ts, name })
      return { event: await tell(order, channel, { type, user: user.id, reaction: name, item, item_user: author }) }
    }

  const pinning =
    (method: string, type: string) =>
    async (order: Json): Promise<Done> => {
      const [user, { id: channel }] = [person(order['as']), await placed(order)]
      const message = await messageOf(channel, order['ts'])
      await done(method, user, { channel, timestamp: string(order['ts']) })
      const item = { type: 'message', channel, created: Math.floor(Date.now() / 1000), created_by: user.id, message }
      return { event: await tell(order, channel, { type, user: user.id, channel_id: channel, item, item_user: message['user'] }) }
    }

  /** As it arrives with `message.channels` or `message.groups`. */
  const arrived = (channel: { id: string; isPrivate: boolean }, more: Json): Json => ({
    type: 'message',
    channel: channel.id,
    channel_type: channel.isPrivate ? 'group' : 'channel',
    ...more,
  })

  const written = async (order: Json, channel: { id: string; isPrivate: boolean }, message: Json): Promise<Done> => {
    const event = await tell(order, channel.id, arrived(channel, { ...message, event_ts: message['ts'] }))
    const mention = string(message['text']).includes(`<@${workspace.bot.id}>`)
    if (mention) await tell({}, channel.id, { ...message, type: 'app_mention', channel: channel.id, event_ts: message['ts'] })
    return { ts: message['ts'], event }
  }

  const uploadTo = async (address: string, name: string, bytes: Buffer): Promise<void> => {
    const form = new FormData()
    form.append('file', new Blob([new Uint8Array(bytes)]), name)
    const encoded = new Response(form)
    const { pathname } = new URL(address)
    const { status } = await upstream.ask({
      method: 'POST',
      path: pathname.replace(/^\/slack(?=\/)/, ''),
      headers: { 'content-type': encoded.headers.get('content-type') ?? '' },
      body: Buffer.from(await encoded.arrayBuffer()),
    })
    if (status !== 200) throw new Error(`the upload was answered ${status}`)
  }

  return {
    react: reaction('reactions.add', 'reaction_added'),
    unreact: reaction('reactions.remove', 'reaction_removed'),
    pin: pinning('pins.add', 'pin_added'),
    unpin: pinning('pins.remove', 'pin_removed'),

    /** Writes a message; one that mentions the bot arrives as a mention, too. */
    say: async (order: Json): Promise<Done> => {
      const [user, channel] = [person(order['as']), await placed(order)]
      const answer = await done('chat.postMessage', user, {
        channel: channel.id,
        text: string(order['text']),
        ...(order['thread_ts'] === undefined ? {} : { thread_ts: order['thread_ts'] }),
      })
      return written(order, channel, object(answer['message']))
    },
    edit: async (order: Json): Promise<Done> => {
      const [user, channel] = [person(order['as']), await placed(order)]
      const before = await messageOf(channel.id, order['ts'])
      await done('chat.update', user, { channel: channel.id, ts: order['ts'], text: string(order['text']) })
      const message = await messageOf(channel.id, order['ts'])
      const event = arrived(channel, { subtype: 'message_changed', hidden: true, message, previous_message: before })
      return { event: await tell(order, channel.id, event) }
    },
    remove: async (order: Json): Promise<Done> => {
      const [user, channel] = [person(order['as']), await placed(order)]
      const before = await messageOf(channel.id, order['ts'])
      await done('chat.delete', user, { channel: channel.id, ts: order['ts'] })
      const event = arrived(channel, { subtype: 'message_deleted', hidden: true, deleted_ts: order['ts'], previous_message: before })
      return { event: await tell(order, channel.id, event) }
    },
    /** Uploads a file (`content` is text, or base64 with `base64: true`) with a message. */
    upload: async (order: Json): Promise<Done> => {
      const [user, channel] = [person(order['as']), await placed(order)]
      const name = string(order['name']) || 'file.txt'
      const bytes = Buffer.from(string(order['content']), order['base64'] === true ? 'base64' : 'utf8')
      const { upload_url, file_id } = await done('files.getUploadURLExternal', user, { filename: name, length: bytes.length })
      await uploadTo(string(upload_url), name, bytes)
      await done('files.completeUploadExternal', user, {
        files: [{ id: file_id, title: name }],
        channel_id: channel.id,
        initial_comment: string(order['text']),
      })
      const message = (await truth.messages(channel.id)).findLast(({ raw }) => objects(raw['files']).some(({ id }) => id === file_id))
      return { file: file_id, ...(await written(order, channel, message?.raw ?? {})) }
    },
    /** Chooses the app's shortcut in a message's menu. */
    shortcut: async (order: Json): Promise<Acted> => {
      const [user, channel] = [person(order['as']), await placed(order)]
      const message = await messageOf(channel.id, order['ts'])
      return people.interactive(user, channel.id, (entry) => ({
        type: 'message_action',
        callback_id: string(order['callback']),
        message_ts: order['ts'],
        action_ts: (Date.now() / 1000).toFixed(6),
        channel: { id: channel.id, name: channel.isPrivate ? 'privategroup' : channel.name },
        message,
        response_url: entry.url,
      }))
    },
    /** Opens the app's home. What the bot shows there is among the views. */
    home: async (order: Json): Promise<Done> => {
      const user = person(order['as'])
      const event = { type: 'app_home_opened', user: user.id, channel: `D${user.id.slice(1)}`, tab: string(order['tab']) || 'home' }
      return { event: await people.event({ event, event_id: order['event_id'] }) }
    },
    /** What this person's home shows, or null. */
    homeOf: (name: string): Json | null => {
      const { id } = person(name)
      return memory.views().findLast((each) => each.user === id && each.view['type'] === 'home')?.view ?? null
    },
    /** Makes people members; who is in already stays. */
    invite: async (order: Json): Promise<Json> => {
      const { id } = await placed(order)
      for (const name of strings(order['users']))
        await call('conversations.invite', workspace.bot.token, { channel: id, users: person(name).id })
      return { members: (await truth.channel(id)).members }
    },
  }
}

export type Deeds = ReturnType<typeof createDeeds>
