/** What the doctor asks of Slack. Reads only. Throws PortFault. */
import { LogLevel, type Logger, WebAPIPlatformError, WebClient } from '@slack/web-api'
import { faultOf, fetchWithLimits } from './faults.ts'

const nothing = () => undefined
const silent: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  setLevel: nothing,
  getLevel: () => LogLevel.ERROR,
  setName: nothing,
}

/** `conversations.list` takes about 20 calls a minute. */
const pace = { pagesAtOnce: 5, everyMs: 4_000 }

export const inspectSlack = ({ token, apiUrl, timeoutMs = 10_000 }: { token: string; apiUrl: string | undefined; timeoutMs?: number }) => {
  let date: string | null = null
  const client = new WebClient(token, {
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: timeoutMs,
    allowAbsoluteUrls: false,
    logger: silent,
    fetch: async (input, init) => {
      const response = await fetchWithLimits(input, init)
      date = response.headers.get('date')
      return response
    },
  })
  const call = async <T>(method: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw faultOf(error, method, '')
    }
  }
  /** Null for somebody whom Slack does not know. */
  const known = async <T>(method: string, work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work()
    } catch (error) {
      if (error instanceof WebAPIPlatformError && ['users_not_found', 'user_not_found'].includes(error.data.error)) return null
      throw faultOf(error, method, '')
    }
  }

  return {
    /** `scopes`, `at`: null when Slack did not say. `at`: its clock, in milliseconds since 1970. */
    identity: async () => {
      const me = await call('auth.test', () => client.auth.test())
      const at = date === null ? Number.NaN : Date.parse(date)
      return {
        team: me.team ?? '',
        user: me.user ?? '',
        scopes: me.response_metadata?.scopes ?? null,
        at: Number.isNaN(at) ? null : at,
      }
    },

    /** Every channel that the bot can see. A workspace with thousands of them is read slowly, so that the bot’s own calls go on. */
    channels: async (wait: (ms: number) => Promise<unknown>) => {
      const found: { id: string; name: string; private: boolean; archived: boolean; member: boolean }[] = []
      let cursor = ''
      for (let pages = 0; pages === 0 || cursor !== ''; pages += 1) {
        if (pages >= pace.pagesAtOnce) await wait(pace.everyMs)
        const page = await call('conversations.list', () =>
          client.conversations.list({
            types: 'public_channel,private_channel',
            exclude_archived: false,
            limit: 999,
            ...(cursor === '' ? {} : { cursor }),
          }),
        )
        for (const channel of page.channels ?? [])
          found.push({
            id: channel.id ?? '',
            name: channel.name ?? '',
            private: channel.is_private === true,
            archived: channel.is_archived === true,
            member: channel.is_member === true,
          })
        cursor = page.response_metadata?.next_cursor ?? ''
      }
      return found
    },

    groups: async () => {
      const { usergroups = [] } = await call('usergroups.list', () =>
        client.usergroups.list({ include_disabled: true, include_users: true }),
      )
      return usergroups.map((group) => ({
        id: group.id ?? '',
        handle: group.handle ?? '',
        enabled: (group.date_delete ?? 0) === 0,
        members: group.users?.length ?? 0,
      }))
    },

    userByEmail: async (email: string): Promise<string | null> => {
      const user = (await known('users.lookupByEmail', () => client.users.lookupByEmail({ email })))?.user
      return user?.deleted === true || user?.is_bot === true ? null : (user?.id ?? null)
    },

    isActive: async (user: string): Promise<boolean> =>
      (await known('users.info', () => client.users.info({ user })))?.user?.deleted === false,

    /** Whether Slack gives an address for Socket Mode; it is not opened. */
    socket: async (appToken: string): Promise<void> => {
      await call('apps.connections.open', () => client.apps.connections.open({ token: appToken }))
    },
  }
}
