/** Methods of Slack that the emulator lacks or answers otherwise. All others go to it as they are. */
import { isJson, object, objects, string, strings, type Json } from './json.ts'
import type { Memory } from './memory.ts'
import { pages, type CallSlack } from './upstream.ts'
import type { Workspace } from './workspace.ts'

export type SlackContext = { workspace: Workspace; call: CallSlack; memory: Memory }
export type SlackRequest = { method: string; token: string; args: Json }
type Method = (request: SlackRequest, context: SlackContext) => Promise<Json>

const failed = (error: string): Json => ({ ok: false, error })
const truthy = (value: unknown): boolean => value === true || value === 1 || value === '1' || value === 'true'
const encode = (cursor: string): string => Buffer.from(cursor).toString('base64')
const decode = (cursor: unknown): string => Buffer.from(string(cursor), 'base64').toString()
const limitOf = (args: Json, usual: number, most: number): number => Math.min(Number(args['limit']) || usual, most)

/** The channel as the caller sees it, or Slack's error: what is private does not exist for others. */
const seenChannel = async ({ token, args }: SlackRequest, { call, memory }: SlackContext): Promise<Json> => {
  const answer = await call('conversations.info', token, { channel: string(args['channel']) })
  if (!answer['ok']) return failed(answer['error'] === 'not_in_channel' ? 'channel_not_found' : string(answer['error']))
  if (!memory.isMadePrivate(string(args['channel']))) return answer
  const channel: Json = { ...object(answer['channel']), is_private: true }
  return channel['is_member'] === true ? { ...answer, channel } : failed('channel_not_found')
}

const join: Method = async (request, context) =>
  context.memory.isMadePrivate(string(request.args['channel'])) && !(await seenChannel(request, context))['ok']
    ? failed('channel_not_found')
    : asIs(request, context)

const forMembers =
  (method: Method): Method =>
  async (request, context) => {
    // People and channels can also be named here; only ids of channels can be looked up.
    if (!/^[CG][A-Z0-9]{8,}$/.test(string(request.args['channel']))) return method(request, context)
    const seen = await seenChannel(request, context)
    if (!seen['ok']) return seen
    return isJson(seen['channel']) && seen['channel']['is_member'] === true ? method(request, context) : failed('not_in_channel')
  }

const asIs: Method = ({ method, token, args }, { call }) => call(method, token, args)

/** A bot's messages carry the marks of its app. */
const marked = (request: SlackRequest, { workspace }: SlackContext): SlackRequest =>
  request.token === workspace.bot.token
    ? { ...request, args: { ...request.args, bot_id: workspace.bot.botId, app_id: workspace.appId } }
    : request

const postEphemeral: Method = async (request, context) => {
  const answer = await asIs(request, context)
  const { channel, user, text, blocks } = request.args
  if (answer['ok'])
    context.memory.keepEphemeral({
      ts: string(answer['message_ts']),
      channel: string(channel),
      user: string(user),
      text: string(text),
      ...(blocks === undefined ? {} : { blocks: typeof blocks === 'string' ? (JSON.parse(blocks) as unknown) : blocks }),
    })
  return answer
}

const update: Method = async (request, context) => {
  const seen = await seenChannel(request, context)
  if (!seen['ok']) return seen
  if (isJson(seen['channel']) && seen['channel']['is_archived'] === true) return failed('is_inactive')
  return asIs(request, context)
}

/** Slack marks what is pinned; the emulator keeps that apart. */
const withPins = async (messages: Json[], { token, args }: SlackRequest, { call }: SlackContext): Promise<Json[]> => {
  const channel = string(args['channel'])
  const pins = await call('pins.list', token, { channel })
  const pinned = new Set(objects(pins['items']).map((item) => string(object(item['message'])['ts'])))
  return messages.map((message) => (pinned.has(string(message['ts'])) ? { ...message, pinned_to: [channel] } : message))
}

const withoutMetadata = (message: Json): Json => ({ ...message, metadata: undefined })

/** The emulator ignores `oldest` and `latest`, and gives metadata unasked. */
const history: Method = async (request, context) => {
  const { method, token, args } = request
  const { call } = context
  const all = await pages(call, method, token, 'messages', { channel: args['channel'] })
  const inclusive = truthy(args['inclusive'])
  const oldest = Number(args['oldest'] ?? 0)
  const latest = Number(args['latest'] ?? Number.POSITIVE_INFINITY)
  const from = args['cursor'] ? Number(decode(args['cursor'])) : Number.POSITIVE_INFINITY
  const inside = all.filter((message) => {
    const ts = Number(message['ts'])
    return ts <= from && (inclusive ? ts >= oldest && ts <= latest : ts > oldest && ts < latest)
  })
  const limit = limitOf(args, 100, 999)
  const next = inside[limit]
  const page = await withPins(inside.slice(0, limit), request, context)
  return {
    ok: true,
    messages: truthy(args['include_all_metadata']) ? page : page.map(withoutMetadata),
    has_more: next !== undefined,
    pin_count: 0,
    response_metadata: { next_cursor: next ? encode(string(next['ts'])) : '' },
  }
}

const replies: Method = async (request, context) => {
  const answer = await asIs(request, context)
  if (!answer['ok']) return answer
  const messages = await withPins(objects(answer['messages']), request, context)
  if (messages.length === 0) return failed('thread_not_found')
  return { ...answer, messages: truthy(request.args['include_all_metadata']) ? messages : messages.map(withoutMetadata) }
}

const members: Method = async (request, context) => {
  const answer = await asIs(request, context)
  if (!answer['ok']) return answer
  const all = strings(answer['members'])
  const start = Number(decode(request.args['cursor'])) || 0
  const end = start + limitOf(request.args, 100, 1000)
  return { ok: true, members: all.slice(start, end), response_metadata: { next_cursor: end < all.length ? encode(String(end)) : '' } }
}

/** One wrong person fails the whole call; with `force` the others get in and the wrong ones are listed. */
const invite: Method = async (request, context) => {
  const answer = await asIs(request, context)
  const errors = objects(answer['errors'])
  if (answer['ok'] || errors.length === 0 || !truthy(request.args['force'])) return answer
  const users = Array.isArray(request.args['users']) ? strings(request.args['users']) : string(request.args['users']).split(',')
  const good = users.map((user) => user.trim()).filter((user) => !errors.some((error) => error['user'] === user))
  if (good.length === 0) return answer
  return { ...(await asIs({ ...request, args: { ...request.args, users: good.join(',') } }, context)), errors }
}

const lookupByEmail: Method = async (request, context) => {
  const email = string(request.args['email']).toLowerCase()
  // Slack finds nobody who was deactivated.
  if (context.workspace.people.some((each) => each.email === email && each.flags?.['deleted'] === true)) return failed('users_not_found')
  return asIs({ ...request, args: { ...request.args, email } }, context)
}

/** The emulator's people are all plain members; a test makes them guests, bots or strangers. */
const userInfo: Method = async (request, context) => {
  const answer = await asIs(request, context)
  const person = context.workspace.people.find((each) => each.id === request.args['user'])
  if (!answer['ok'] || person?.flags === undefined) return answer
  return { ...answer, user: { ...(isJson(answer['user']) ? answer['user'] : {}), ...person.flags } }
}

const usergroups: Method = async ({ args }, { workspace }) => ({
  ok: true,
  usergroups: workspace.groups.map((group) => ({
    id: group.id,
    team_id: workspace.team.id,
    is_usergroup: true,
    name: group.name,
    handle: group.handle,
    description: '',
    date_delete: 0,
    user_count: group.users.length,
    ...(truthy(args['include_users']) ? { users: group.users } : {}),
  })),
})

const groupMembers: Method = async ({ args }, { workspace }) => {
  const group = workspace.groups.find((each) => each.id === args['usergroup'])
  return group ? { ok: true, users: group.users } : failed('no_such_subteam')
}

const groupUpdate: Method = async ({ args }, { workspace }) => {
  const group = workspace.groups.find((each) => each.id === args['usergroup'])
  if (!group) return failed('no_such_subteam')
  group.users = string(args['users']).split(',').filter(Boolean)
  return { ok: true, usergroup: { id: group.id, handle: group.handle, users: group.users } }
}

const showView: Method = async (request, context) => {
  const trigger = string(request.args['trigger_id'])
  if (context.memory.isExpired(trigger)) return failed('expired_trigger_id')
  const answer = await asIs(request, context)
  const user = string(request.args['user_id']) || context.memory.userOfTrigger(trigger)
  if (answer['ok'] && isJson(answer['view'])) context.memory.keepView(string(answer['view']['id']), user, answer['view'])
  return answer
}

const METHODS: Readonly<Record<string, Method>> = {
  'chat.postMessage': forMembers((request, context) => asIs(marked(request, context), context)),
  'chat.postEphemeral': forMembers(postEphemeral),
  'chat.update': update,
  'conversations.history': forMembers(history),
  'conversations.replies': forMembers(replies),
  'conversations.join': join,
  'conversations.members': members,
  'conversations.invite': invite,
  'users.info': userInfo,
  'users.lookupByEmail': lookupByEmail,
  'usergroups.list': usergroups,
  'usergroups.users.list': groupMembers,
  'usergroups.users.update': groupUpdate,
  'views.open': showView,
  'views.push': showView,
  'views.update': showView,
  'views.publish': showView,
}

/** Does what the method says, as Slack would answer. */
export const answerMethod = async (request: SlackRequest, context: SlackContext): Promise<Json> => {
  const answer = await (METHODS[request.method] ?? asIs)(request, context)
  if (answer['error'] !== 'not_in_channel') return answer
  const seen = await seenChannel({ ...request, args: { channel: request.args['channel'] ?? request.args['channel_id'] } }, context)
  return seen['error'] === 'channel_not_found' ? seen : answer
}
