/** What people do to channels, and what Slack tells the bot of it. */
import { object, string, type Json } from './json.ts'
import type { Memory } from './memory.ts'
import type { Delivered } from './delivery.ts'
import type { People } from './people.ts'
import type { Truth } from './truth.ts'
import type { CallSlack } from './upstream.ts'
import type { Workspace } from './workspace.ts'

type Setting = { workspace: Workspace; call: CallSlack; memory: Memory; truth: Truth; people: Pick<People, 'event'> }
type Change = (channel: { id: string; isPrivate: boolean; token: string }, order: Json) => Promise<Json[]>

export const createChannels = ({ workspace, call, memory, truth, people }: Setting) => {
  const must = async (method: string, token: string, args: Json): Promise<Json> => {
    const answer = await call(method, token, args)
    if (!answer['ok']) throw new Error(`${method}: ${string(answer['error'])}`)
    return answer
  }
  const group = (isPrivate: boolean) => (isPrivate ? 'group' : 'channel')
  const actor = (as: unknown) => workspace.people.find(({ name }) => name === as)?.id ?? ''
  const member = (type: string, channel: string, isPrivate: boolean): Json => ({
    type,
    user: workspace.bot.id,
    channel,
    channel_type: isPrivate ? 'G' : 'C',
    team: workspace.team.id,
  })

  /** Each gives the events that Slack sends of it. */
  const changes: Readonly<Record<string, Change>> = {
    rename: async ({ id, isPrivate }, { name }) => {
      // Only who made it may rename it there, and that is the bot.
      const answer = await must('conversations.rename', workspace.bot.token, { channel: id, name })
      return [{ type: `${group(isPrivate)}_rename`, channel: { id, name: string(object(answer['channel'])['name']), created: 0 } }]
    },
    kick: async ({ id, isPrivate, token }, { as }) => {
      await must('conversations.kick', token, { channel: id, user: workspace.bot.id })
      return [{ type: `${group(isPrivate)}_left`, channel: id, actor_id: actor(as) }, member('member_left_channel', id, isPrivate)]
    },
    invite: async ({ id, isPrivate, token }, { as }) => {
      await must('conversations.invite', token, { channel: id, users: workspace.bot.id })
      return [{ ...member('member_joined_channel', id, isPrivate), inviter: actor(as) }]
    },
    join: async ({ id, isPrivate, token }, { as }) => {
      await must('conversations.join', token, { channel: id })
      return [{ ...member('member_joined_channel', id, isPrivate), user: actor(as) }]
    },
    archive: async ({ id, isPrivate, token }, { as }) => {
      await must('conversations.archive', token, { channel: id })
      return [{ type: `${group(isPrivate)}_archive`, channel: id, user: actor(as) }]
    },
    unarchive: async ({ id, isPrivate, token }, { as }) => {
      await must('conversations.unarchive', token, { channel: id })
      return [{ type: `${group(isPrivate)}_unarchive`, channel: id, user: actor(as) }]
    },
    // The id stays, and of the bot's subscriptions none tells of it.
    convert: ({ id }) => {
      memory.makePrivate(id)
      return Promise.resolve([])
    },
  }

  return {
    /** Changes a channel as a person does, and tells the bot, unless `silent` asks for the events to be lost. */
    async change(ref: string, what: string, order: Json): Promise<{ events: Delivered[] }> {
      const change = changes[what]
      if (change === undefined) throw new Error(`a channel can be changed by ${Object.keys(changes).join(', ')}`)
      const { id, isPrivate } = await truth.channel(ref)
      const token = workspace.people.find(({ name }) => name === order['as'])?.token ?? workspace.people[0]?.token ?? ''
      // Who does anything to a public channel is in it.
      if (!isPrivate && what !== 'unarchive') await call('conversations.join', token, { channel: id })
      const events = await change({ id, isPrivate, token }, order)
      if (order['silent'] === true) return { events: [] }
      const delivered: Delivered[] = []
      for (const event of events) delivered.push(await people.event({ event }))
      return { events: delivered }
    },
  }
}

export type Channels = ReturnType<typeof createChannels>
