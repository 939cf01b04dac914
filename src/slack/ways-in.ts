/** Ways to an incident besides the commands: a message's menu, the app's home, mentions, and a quiet hint where people write of one. */
import type { App, RespondArguments } from '@slack/bolt'
import type { Answer } from '../define.ts'
import type { Quoted } from '../incident/areas/messages.ts'
import type { Actor } from '../incident/events.ts'
import type { Message, Part } from '../incident/message.ts'
import type { Dispatch, Told } from './dispatch.ts'
import { wordsOfMention } from './mention.ts'
import type { Read } from './read.ts'

export type WaysIn = {
  /** The chat's text as plain text. */
  readonly plain: (text: string) => Promise<string>
  readonly userName: (user: string) => Promise<string | null>
  readonly channelName: (channel: string) => Promise<string | null>
  readonly groupName: (group: string) => Promise<string | null>
  /** Shows somebody their home. */
  readonly openHome: (user: string) => Promise<void>
  /** Whether this mention is new; an edited message is no new one. */
  readonly firstMention: (channel: string, ts: string) => Promise<boolean>
  /** What a mention asks for, done as what everybody in the channel may see. */
  readonly inPublic: Pick<Dispatch, 'type'>
  readonly answerInThread: (channel: string, thread: string, message: Message, marker: string) => Promise<void>
  /** The name of a product that wants incidents suggested for these words here and now, else null. */
  readonly suggest: (channel: string, text: string) => Promise<string | null>
}

type Working = {
  readonly dispatch: Dispatch
  readonly identity: () => { readonly botUserId: string; readonly botId: string } | null
  readonly person: (user: string, name: string) => Actor
  readonly tell: (channel: string, user: string, message: Message) => Promise<void>
  /** Gives what the work gives, or null when it takes longer than Slack waits. */
  readonly inTime: <T>(work: Promise<T>, ms?: number) => Promise<T | null>
  readonly safely: (work: () => Promise<Told>) => Promise<Told>
  /** A text as people read it, and whom it names. */
  readonly read: Read
  readonly show: (told: Extract<Told, { form: unknown }>, trigger: string) => Promise<Answer | null>
  readonly message: (parts: readonly Part[]) => Message
  /** An answer as Slack takes it with an acknowledgement or afterwards. */
  readonly body: (answer: Answer) => RespondArguments
  readonly log: { readonly warn: (fields: object, message: string) => void }
}

/** A trigger lives 3 s: names that are not known by then stay ids. */
const namesMs = 800

const hint = (product: string): Message => ({
  key: 'suggest',
  summary: 'Is this an incident?',
  parts: [
    {
      kind: 'text',
      spans: [
        { bold: 'Is this an incident?' },
        ` If something of ${product} is broken, declare it: a channel opens and whoever is on call is told.`,
      ],
    },
    { kind: 'buttons', buttons: [{ label: 'Declare an incident', action: 'new', value: 'suggested', style: 'danger' }] },
    { kind: 'context', spans: ['Only you see this; it is said at most once an hour here.'] },
  ],
})

const listenToShortcut = (app: App, { plain, dispatch, person, inTime, safely, show, body, log }: WaysIn & Working) => {
  app.shortcut('declare', async ({ ack, shortcut, respond }) => {
    if (shortcut.type !== 'message_action') return ack()
    const { user, channel } = shortcut
    const said = shortcut.message as { user?: string; text?: string }
    const quoted: Quoted = { channel: channel.id, ts: shortcut.message_ts, user: said.user ?? '', text: said.text ?? '' }
    const source = { by: person(user.id, user.name), channel: channel.id, canShowForm: true }
    const answered = safely(async () => {
      const words = await inTime(plain(quoted.text), namesMs).catch(() => null)
      return dispatch.quote(quoted, words ?? quoted.text, source)
    }).then(async (told) => ('form' in told ? show(told, shortcut.trigger_id) : told.answer))
    await inTime(answered)
    await ack()
    void answered
      .then((answer) => (answer === null ? undefined : respond(body(answer))))
      .catch((error: unknown) => log.warn({ err: error }, 'an answer to a shortcut did not arrive'))
    return undefined
  })
}

const listenToHome = (app: App, { openHome, inTime, log }: WaysIn & Working) => {
  app.event('app_home_opened', async ({ event }) => {
    if (event.tab !== 'home') return
    // Whoever opens it again asks again: nothing of it needs to survive.
    const shown = openHome(event.user).catch((error: unknown) => log.warn({ err: error }, 'a home could not be shown'))
    await inTime(shown)
  })
}

const listenToMentions = (app: App, options: WaysIn & Working) => {
  const { identity, person, inTime, safely, message, log } = options
  app.event('app_mention', async ({ event }) => {
    const { user, channel, ts, bot_id: bot } = event
    if (user === undefined || bot !== undefined || user === identity()?.botUserId) return
    // Recorded before it is done: like a typed command it is done once or, if the bot dies now, not at all, and asked again.
    if (!(await options.firstMention(channel, ts))) return
    const answered = (async () => {
      const { words, mentioned } = await options.read(wordsOfMention(event.text, identity()?.botUserId ?? ''))
      const source = {
        by: person(user, (await options.userName(user)) ?? 'somebody'),
        channel,
        canShowForm: false,
        mention: true as const,
        mentioned,
      }
      const told = await safely(() => options.inPublic.type('incident', words, source))
      if ('answer' in told) await options.answerInThread(channel, event.thread_ts ?? ts, message(told.answer.parts), `mention/${ts}`)
    })().catch((error: unknown) => log.warn({ err: error, channel }, 'a mention could not be answered'))
    await inTime(answered)
  })
}

const listenForWords = (app: App, { suggest, tell, identity, inTime, log }: WaysIn & Working) => {
  app.event('message', async ({ event }) => {
    if (event.subtype !== undefined && event.subtype !== 'file_share') return
    const { user, text = '', channel, bot_id: bot } = event as { user?: string; text?: string; channel: string; bot_id?: string }
    const me = identity()?.botUserId ?? ''
    if (user === undefined || bot !== undefined || user === me || text.includes(`<@${me}>`)) return
    // A hint that does not come is no harm; asking Slack to send every message again would be.
    const hinted = (async () => {
      const product = await suggest(channel, text)
      if (product !== null) await tell(channel, user, hint(product))
    })().catch((error: unknown) => log.warn({ err: error, channel }, 'an incident could not be suggested'))
    await inTime(hinted)
  })
}

/** Listens to all of them. */
export const listenToWaysIn = (app: App, options: WaysIn & Working): void => {
  listenToShortcut(app, options)
  listenToHome(app, options)
  listenToMentions(app, options)
  listenForWords(app, options)
}
