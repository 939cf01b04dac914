/** Slack as the bot's chat: one call an effect, no retries of its own (the jobs retry), every error a PortFault. */
import type { Block, KnownBlock } from '@slack/types'
import { LogLevel, type Logger, WebAPIPlatformError, WebClient } from '@slack/web-api'
import { type Chat, type ChatReading, PortFault } from '../ports.ts'
import { type Answers, createAnswers } from './slack/answers.ts'
import { channelReading, eventType } from './slack/channels.ts'
import { faultOf, fetchWithLimits, refusedBlocks } from './slack/faults.ts'
import { memberOf, notShown } from './slack/member.ts'
import { membership } from './slack/members.ts'
import { createReading } from './slack/reading.ts'
import { createSending, type Sending } from './slack/sending.ts'

type Message = Parameters<Chat['post']>[1]

export type SlackLog = Record<'debug' | 'warn', (fields: object, message: string) => void>

export type SlackOptions = {
  readonly token: string
  /** Ends in `/api/`; Slack's own without it. */
  readonly apiUrl?: string
  /** `plain` stands in when Slack refuses the blocks: mrkdwn of at most 4000 characters. */
  readonly render: (message: Message) => { text: string; blocks: (KnownBlock | Block)[]; plain: string }
  readonly log: SlackLog
  /** Milliseconds for one call, the reading of its answer included. */
  readonly timeoutMs?: number
}

export type SlackIdentity = { readonly teamId: string; readonly botUserId: string; readonly botId: string }

export type SlackChat = Chat &
  Answers &
  Sending & {
    readonly reading: ChatReading
    /** Whose token this is. Asked once; a failure is not remembered. */
    identity(): Promise<SlackIdentity>
    /** Why Slack cannot be used at the moment, or null. */
    reachable(): Promise<PortFault | null>
    /** Adds a bookmark unless it is there. `first`: it cannot be there yet, so nobody looks. */
    bookmark(channel: string, title: string, url: string, first?: boolean): Promise<void>
  }

/** Nothing that a bot says is parsed by Slack: no names, addresses or channels become links. */
const literally = { parse: 'none', link_names: false } as const

/** The SDK's log lines name methods and addresses, at its debug level also texts: those are not passed on. */
const sdkLogger = (log: SlackLog): Logger => ({
  debug: () => undefined,
  info: (...details: unknown[]) => log.debug({ details }, 'slack client'),
  warn: (...details: unknown[]) => log.debug({ details }, 'slack client'),
  error: (...details: unknown[]) => log.warn({ details }, 'slack client'),
  setLevel: () => undefined,
  getLevel: () => LogLevel.INFO,
  setName: () => undefined,
})

/** Makes the chat. Every method throws PortFault and nothing else; `limited` has the channel as its scope when the call was about one. */
export const slackChat = ({ token, apiUrl, render, log, timeoutMs = 10_000 }: SlackOptions): SlackChat => {
  const client = new WebClient(token, {
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: timeoutMs,
    allowAbsoluteUrls: false,
    logger: sdkLogger(log),
    fetch: fetchWithLimits,
  })

  const call = async <T>(method: string, scope: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw faultOf(error, method, scope)
    }
  }

  let known: Promise<SlackIdentity> | null = null
  const identity = (): Promise<SlackIdentity> => {
    known ??= call('auth.test', '', () => client.auth.test()).then(
      (me) => ({ teamId: me.team_id ?? '', botUserId: me.user_id ?? '', botId: me.bot_id ?? '' }),
      (error: unknown) => {
        known = null
        throw error
      },
    )
    return known
  }

  /** Sends the blocks, and the same in plain text when Slack refuses them: shortened, never dropped (fault 18). */
  const send = async <T>(
    method: string,
    channel: string,
    message: Message,
    work: (body: { text: string; blocks: (KnownBlock | Block)[] }) => Promise<T>,
  ): Promise<T> => {
    const { text, blocks, plain } = render(message)
    try {
      return await call(method, channel, () => work({ text, blocks }))
    } catch (error) {
      if (!(error instanceof PortFault) || !refusedBlocks(error)) throw error
      log.warn({ err: error, channel, key: message.key }, 'Slack refused the blocks of a message, its text is sent instead')
      // Empty blocks, because an edit without the field may keep the old ones.
      return call(method, channel, () => work({ text: plain, blocks: [] }))
    }
  }

  return {
    identity,
    ...channelReading(client, call, identity),
    ...createAnswers({ client, call, send, eventType, literally }),
    ...createSending({ client, call, send, literally }),
    reading: createReading({ client, token, apiUrl, timeoutMs, identity, call }),

    async reachable() {
      try {
        await call('auth.test', '', () => client.auth.test())
        return null
      } catch (error) {
        if (error instanceof PortFault) return error
        throw error
      }
    },

    async createChannel(name, isPrivate) {
      const { channel } = await call('conversations.create', '', () => client.conversations.create({ name, is_private: isPrivate }))
      return { id: channel?.id ?? '', name: channel?.name ?? name }
    },

    async post(channel, message, marker) {
      const metadata = { event_type: eventType, event_payload: { marker } }
      const { ts } = await send('chat.postMessage', channel, message, (body) =>
        client.chat.postMessage({ channel, ...body, ...literally, unfurl_links: false, unfurl_media: false, metadata }),
      )
      return { ts: ts ?? '' }
    },

    async edit(channel, ts, message, marker) {
      const metadata = { event_type: eventType, event_payload: { marker } }
      await send('chat.update', channel, message, (body) => client.chat.update({ channel, ts, ...body, ...literally, metadata }))
    },

    async pin(channel, ts) {
      try {
        await client.pins.add({ channel, timestamp: ts })
      } catch (error) {
        if (error instanceof WebAPIPlatformError && error.data.error === 'already_pinned') return
        throw faultOf(error, 'pins.add', channel)
      }
    },

    async topic(channel, topic) {
      // A topic can hold mentions as messages do, and shows entities as they are written: so look-alikes, at most 250 characters.
      const text = topic
        .replaceAll('<', '‹')
        .replaceAll('>', '›')
        .slice(0, 250)
        .replace(/[\uD800-\uDBFF]$/, '')
      await call('conversations.setTopic', channel, () => client.conversations.setTopic({ channel, topic: text }))
    },

    ...membership(client, call),

    async direct(user, message, marker) {
      const metadata = { event_type: eventType, event_payload: { marker } }
      await send('chat.postMessage', user, message, (body) =>
        client.chat.postMessage({ channel: user, ...body, ...literally, unfurl_links: false, unfurl_media: false, metadata }),
      )
    },

    async bookmark(channel, title, url, first = false) {
      if (!first) {
        const { bookmarks = [] } = await call('bookmarks.list', channel, () => client.bookmarks.list({ channel_id: channel }))
        if (bookmarks.some((bookmark) => bookmark.title === title && bookmark.link === url)) return
      }
      await call('bookmarks.add', channel, () => client.bookmarks.add({ channel_id: channel, type: 'link', title, link: url }))
    },

    async userByEmail(email) {
      try {
        const { user } = await client.users.lookupByEmail({ email })
        if (user?.id === undefined || user.deleted === true || user.is_bot === true) return null
        // Anybody can write another's address where Slack has not asked for a proof.
        return user.is_email_confirmed === false ? null : user.id
      } catch (error) {
        if (error instanceof WebAPIPlatformError && error.data.error === 'users_not_found') return null
        throw faultOf(error, 'users.lookupByEmail', '')
      }
    },

    async groupMembers(group) {
      const { users = [] } = await call('usergroups.users.list', '', () => client.usergroups.users.list({ usergroup: group }))
      return users
    },

    async member(user) {
      const { teamId } = await identity()
      try {
        return memberOf(user, (await client.users.info({ user })).user ?? {}, teamId)
      } catch (error) {
        if (error instanceof WebAPIPlatformError && notShown.has(error.data.error)) return null
        throw faultOf(error, 'users.info', '')
      }
    },
  }
}
