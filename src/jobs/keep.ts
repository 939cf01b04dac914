/** Follows one message of an incident's channel: whether it belongs into the story, as what it says now; and what a reaction makes of
 *  it. Looks at the message as it is, so that any number of repeats, in any order, end the same. */
import { defineJob, type JobContext } from '../define.ts'
import { kept, writtenAt } from '../incident/areas/messages.ts'
import type { Intent } from '../incident/commands.ts'
import type { Actor } from '../incident/events.ts'
import type { Incident } from '../incident/incident.ts'
import type { Instant } from '../incident/policy.ts'
import { isBlank, keepLine, shorten } from '../incident/text.ts'
import { type ChatMessage, PortFault } from '../ports.ts'
import { texts } from '../incident/written.ts'

type Ref = { readonly channel: string; readonly ts: string }
type Wish = { readonly intent: Intent; readonly by: Actor; readonly occurredAt?: Instant }

const authorOf = ({ user, name }: ChatMessage, { person }: JobContext): Actor =>
  user === null ? { kind: 'person', id: `slack:${name}`, name } : person(user, name)

/** What must happen for the story to hold this message as it is now; null when it does. */
const follow = async (incident: Incident, ref: Ref, message: ChatMessage | null, by: Actor, context: JobContext): Promise<Wish | null> => {
  const known = kept(incident, ref)
  if (message === null) return known === undefined || known.deleted ? null : { intent: { type: 'delete-message', ...ref }, by }
  if (message.ours) return null
  const wanted = message.pinned || (message.reactions.get('pushpin') ?? []).length > 0
  if (known === undefined) {
    if (!wanted) return null
    const link = await context.reading.permalink(ref.channel, ref.ts)
    const { text, files, pinned } = message
    return {
      intent: { type: 'keep-message', ...ref, text, files, link, keptBy: by, how: pinned ? 'pin' : 'reaction' },
      by: authorOf(message, context),
      occurredAt: writtenAt(ref.ts, await context.now()),
    }
  }
  if (!wanted && known.how !== 'declared') return { intent: { type: 'drop-message', ...ref }, by }
  return { intent: { type: 'edit-message', ...ref, text: message.text }, by: authorOf(message, context) }
}

const todoOf = ({ todos }: Incident, ref: Ref) => todos.find(({ source }) => source?.channel === ref.channel && source.ts === ref.ts)

/** The words of a to-do that a message is made into. */
const todoWords = ({ text, files }: ChatMessage): string =>
  shorten(keepLine(text) || files.map(({ name }) => name).join(', '), texts.todo.most)

/** What must happen for the to-do that was made of this message to say what it says now. One whose message is gone is still to be done. */
const reword = (incident: Incident, ref: Ref, message: ChatMessage | null, context: JobContext): Wish | null => {
  const todo = todoOf(incident, ref)
  if (message === null || message.ours || todo === undefined) return null
  const text = todoWords(message)
  return isBlank(text) || text === todo.text
    ? null
    : { intent: { type: 'edit-todo', todo: todo.todo, text }, by: authorOf(message, context) }
}

/** What a reaction asks for: 📝 makes a to-do of the message, ✅ ticks it off, and taking ✅ back opens it again. */
const ticked = (what: string, incident: Incident, ref: Ref, message: ChatMessage | null, by: Actor): Wish | null => {
  if (message === null || message.ours) return null
  const todo = todoOf(incident, ref)
  const checked = (message.reactions.get('white_check_mark') ?? []).length > 0
  if (what === 'todo' && todo === undefined)
    return { intent: { type: 'add-todo', text: todoWords(message), owner: null, due: null, source: ref }, by }
  if (what === 'done' && todo?.doneAt === null && checked) return { intent: { type: 'finish-todo', todo: todo.todo }, by }
  if (what === 'open' && todo !== undefined && todo.doneAt !== null && !checked)
    return { intent: { type: 'reopen-todo', todo: todo.todo }, by }
  return null
}

/** The message; where the channel is gone, nothing can be known of it any more, and the story keeps what it has. */
const readIn = async ({ channel, ts }: Ref, { reading, log }: JobContext): Promise<ChatMessage | null | 'channel gone'> => {
  try {
    return await reading.message(channel, ts)
  } catch (fault) {
    if (!(fault instanceof PortFault) || fault.code !== 'gone') throw fault
    log.info({ channel, error: fault.message }, 'a message was not followed: its channel is gone')
    return 'channel gone'
  }
}

/** What was done is looked at again: an older look at the message may have come later. */
const mostLooks = 4

export default defineJob({
  summary: 'Follows a message that people keep, edit, delete or tick off',
  expireInSeconds: 60,
  retryLimit: 25,
  concurrency: 4,
  coalesce: true,
  run: async ({ data }, context) => {
    const [id, what, user] = [String(data['incident']), String(data['what']), String(data['user'])]
    const ref: Ref = { channel: String(data['channel']), ts: String(data['ts']) }
    await context.mayCall('conversations.history', ref.channel)
    const by: Actor = user === '' ? { kind: 'bot' } : context.person(user, (await context.reading.userName(user)) ?? 'somebody')
    const followIn = async (record: string, came: boolean): Promise<string | null> => {
      for (let look = 0; look < mostLooks; look += 1) {
        const loaded = await context.load(record)
        if (loaded === null) return null
        const { incident } = loaded
        // What is new in the channel of a record that is over does not go on into the other.
        const has = kept(incident, ref) !== undefined || todoOf(incident, ref) !== undefined
        const message = came && !has ? 'channel gone' : await readIn(ref, context)
        if (message === 'channel gone') return incident.mergedInto
        const wish =
          what === 'look'
            ? ((await follow(incident, ref, message, by, context)) ?? reword(incident, ref, message, context))
            : ticked(what, incident, ref, message, by)
        if (wish === null) return incident.mergedInto
        const outcome = await context.handle(record, wish.intent, wish.by, wish.occurredAt)
        if ('refused' in outcome) context.log.info({ incident: record, code: outcome.refused.code }, 'a message was not followed')
        if ('refused' in outcome || outcome.events.length === 0) return incident.mergedInto
      }
      return null
    }
    // What was kept went along with a merge, and is followed there, too.
    for (let of: string | null = id; of !== null;) of = await followIn(of, of !== id)
  },
})
