/** What is done in a channel besides its messages: pinned, invited, whispered. A side step that fails does not hold up the rest. */
import { addSeconds } from 'date-fns/addSeconds'
import type { JobContext, SurfaceSession } from '../define.ts'
import type { Item } from '../incident/conversation.ts'
import type { Contact } from '../incident/policy.ts'
import { codeWord } from '../incident/report.ts'
import { PortFault } from '../ports.ts'

/** Why nobody in the chat stands for a contact. */
const absence = ({ email, slackUser, phone, unset = [] }: Contact): string => {
  if (email !== undefined || slackUser !== undefined) return 'not in this workspace'
  if (phone !== undefined) return 'only a telephone number is known'
  return unset.length > 0 ? `no address: set ${unset.join(' or ')}` : 'no address is known'
}

/** The users behind contacts, with the names by which people know them; and who is not in the chat, and why. */
const usersOf = async (contacts: readonly Contact[], context: JobContext): Promise<{ users: Map<string, string>; unknown: string[] }> => {
  const users = new Map<string, string>()
  const unknown: string[] = []
  for (const contact of contacts) {
    const found = await context.resolve(contact)
    if (found.slackUser !== undefined) users.set(found.slackUser, found.name)
    else if (found.slackGroup !== undefined)
      for (const user of await context.chat.groupMembers(found.slackGroup)) users.set(user, users.get(user) ?? `a member of ${found.name}`)
    else if (found.slackChannel === undefined && found.url === undefined) unknown.push(`${found.email ?? found.name} (${absence(found)})`)
  }
  return { users, unknown }
}

/** Finds who is called and lets them in. The ladder goes on at once where nobody can be reached: somebody who has left the company would
 *  else be waited for. */
const call = async (item: Item & { step: 'call' }, channel: string, context: JobContext): Promise<string | null> => {
  const { to, level, run, incident } = item
  const { users } = await usersOf([to], context)
  let reason = to.slackGroup === undefined ? absence(to) : 'the group is empty'
  const [only, second] = users.keys()
  // What was found by an e-mail a while ago, or stands in a file, may be nobody any more.
  if (only !== undefined && second === undefined) {
    const standing = (await context.chat.member(only))?.standing ?? 'stranger'
    if (standing === 'deactivated') reason = 'deactivated in Slack'
    if (standing === 'deactivated' || standing === 'stranger') users.clear()
  }
  if (users.size === 0) {
    if (level !== null) await context.handle(incident, { type: 'call-missed', level, run, reason })
    return `${to.name} (${reason})`
  }
  if (!item.invite) return null
  const { refused } = await context.chat.invite(channel, [...users.keys()])
  return refused.length === 0 ? null : refused.map(({ user, reason: code }) => `${users.get(user) ?? user}: ${codeWord(code)}`).join('; ')
}

/** What is whispered helps only at once: later than this it is left out. */
const whisperSeconds = 600

/** Tells one person something in the channel. Nobody can be told where they are not, and to be there already is the rule, so they are
 *  invited only when Slack says that they are not. */
const whisper = async ({ to, message, at }: Item & { step: 'whisper' }, channel: string, context: JobContext): Promise<string | null> => {
  if (to.slack === undefined || addSeconds(at, whisperSeconds).toISOString() < (await context.now())) return null
  try {
    await context.chat.ephemeral(channel, to.slack, message)
    return null
  } catch (fault) {
    if (!(fault instanceof PortFault) || fault.code !== 'absent') throw fault
  }
  const { refused } = await context.chat.invite(channel, [to.slack])
  if (refused.length > 0) return refused.map(({ reason }) => `${to.name}: ${codeWord(reason)}`).join('; ')
  await context.chat.ephemeral(channel, to.slack, message)
  return null
}

/** What a side step calls, as limits are kept by it. */
export const methodOf = {
  pin: 'pins.add',
  topic: 'conversations.setTopic',
  bookmark: 'bookmarks.add',
  invite: 'conversations.invite',
  call: 'conversations.invite',
  whisper: 'chat.postEphemeral',
  gather: 'conversations.invite',
  file: 'files.uploadV2',
} as const

/** Does one side step. Returns what could not be done of it, in words, or null. */
export const sideStep = async (
  item: Exclude<Item, { step: 'message' }>,
  key: string,
  channel: string,
  session: SurfaceSession,
  context: JobContext,
): Promise<string | null> => {
  switch (item.step) {
    case 'pin': {
      const header = session.items.get(`${channel}/${item.of}`)?.ref
      if (header === null || header === undefined) throw new Error(`${item.of} is to be pinned before it is posted`)
      await context.chat.pin(channel, header)
      return null
    }
    case 'topic':
      await context.chat.topic(channel, item.topic)
      return null
    case 'bookmark': {
      // The only side step that, done twice, would show twice.
      const first = !session.items.has(key)
      if (first) await session.intend(key)
      await context.chat.bookmark(channel, item.title, item.url, first)
      return null
    }
    case 'invite': {
      const { users, unknown } = await usersOf(item.contacts, context)
      const { refused } = users.size === 0 ? { refused: [] } : await context.chat.invite(channel, [...users.keys()])
      const problems = [...refused.map(({ user, reason }) => `${users.get(user) ?? user}: ${codeWord(reason)}`), ...unknown]
      return problems.length === 0 ? null : problems.join('; ')
    }
    case 'call':
      return call(item, channel, context)
    case 'whisper':
      return whisper(item, channel, context)
    case 'file':
      return share(item, key, channel, session, context)
    case 'gather':
      return gather(item, channel, session, context)
    default:
      return item satisfies never
  }
}

/** Puts a file into the thread of a message that stands already; one that does not is tried again with it. */
const share = async (
  { of, incident, file, name }: Item & { step: 'file' },
  key: string,
  channel: string,
  session: SurfaceSession,
  context: JobContext,
): Promise<string | null> => {
  const thread = session.items.get(`${channel}/${of}`)?.ref
  // Once its message stands, this is done again.
  if (thread === null || thread === undefined) return null
  const content = await context.fileContent(incident, file)
  if (content === null) return `${name} was not kept`
  // Done twice, it would show twice.
  const first = !session.items.has(key)
  if (first) await session.intend(key)
  await context.chat.share(channel, thread, { name, type: 'text/plain', content }, first)
  return null
}

/** Invites who is in another record's channel or had a part in it. That channel may be gone: that is no fault of this one. */
const gather = async (
  item: Item & { step: 'gather' },
  channel: string,
  session: SurfaceSession,
  { chat, reading }: JobContext,
): Promise<string | null> => {
  const members =
    item.channel === null
      ? []
      : await chat.members(item.channel).catch((fault: unknown) => {
          if (fault instanceof PortFault && !['limited', 'unavailable'].includes(fault.code)) return fault
          throw fault
        })
  const known = members instanceof PortFault ? [] : members
  const active = await Promise.all(
    item.people.map(async ({ slack }) => {
      if (slack === undefined || known.includes(slack)) return []
      const standing = (await chat.member(slack))?.standing ?? 'stranger'
      return standing === 'deactivated' || standing === 'stranger' ? [] : [slack]
    }),
  )
  const all = [...new Set([...known, ...active.flat()])]
  const { refused } = all.length === 0 ? { refused: [] } : await chat.invite(channel, all)
  const problems = await Promise.all(
    refused.map(async ({ user, reason }) => `${(await reading.userName(user)) ?? 'somebody'} of ${item.of}: ${codeWord(reason)}`),
  )
  // Who only read there is known while that channel is. In a channel that took the place of one where they were invited, it stays so.
  const before = [...session.items.values()].some(({ key, state }) => state === 'done' && key.endsWith(`/${item.key}`))
  if (members instanceof PortFault && !before)
    problems.push(`who else was in the channel of ${item.of} is not known: ${codeWord(members.message)}`)
  return problems.length === 0 ? null : problems.join('; ')
}
