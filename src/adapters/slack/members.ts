/** Who is in a channel: invited, listed, and the bot itself. */
import { WebAPIPlatformError, type WebClient } from '@slack/web-api'
import type { Chat } from '../../ports.ts'
import { faultOf, harmlessInvite, userErrors } from './faults.ts'

/** Slack takes 1000 now, 100 earlier and in older documentation; the emulator keeps to 100. */
const inviteBatch = 100

/** How many members one answer names: Slack may give fewer than it is asked for, never reliably more than 200. */
const memberPage = 100

type Call = <T>(method: string, scope: string, work: () => Promise<T>) => Promise<T>

export const membership = (client: WebClient, call: Call): Pick<Chat, 'invite' | 'members' | 'join'> => {
  /** Invites all of them, splitting in halves where Slack refuses a whole batch for one of them without naming whom. */
  const inviteAll = async (channel: string, users: readonly string[]): Promise<{ user: string; reason: string }[]> => {
    if (users.length === 0) return []
    const named = (errors: readonly { user?: string; error?: string }[]) =>
      errors.flatMap(({ user, error }) =>
        user !== undefined && error !== undefined && users.includes(user) ? [{ user, reason: error }] : [],
      )
    try {
      const { errors = [] } = await client.conversations.invite({ channel, users: users.join(','), force: true })
      return named(errors)
    } catch (error) {
      if (!(error instanceof WebAPIPlatformError)) throw faultOf(error, 'conversations.invite', channel)
      const refused = named((error.data as { errors?: { user?: string; error?: string }[] }).errors ?? [])
      if (refused.length > 0) {
        // Whether `force` has let the others in differs; asking again is harmless.
        const names = new Set(refused.map(({ user }) => user))
        const others = users.filter((user) => !names.has(user))
        return [...refused, ...(await inviteAll(channel, others))]
      }
      const [only, second] = users
      if (!userErrors.has(error.data.error) || only === undefined) throw faultOf(error, 'conversations.invite', channel)
      if (second === undefined) return [{ user: only, reason: error.data.error }]
      const half = Math.ceil(users.length / 2)
      return [...(await inviteAll(channel, users.slice(0, half))), ...(await inviteAll(channel, users.slice(half)))]
    }
  }

  return {
    async invite(channel, users) {
      const all = [...new Set(users)]
      const refused: { user: string; reason: string }[] = []
      for (let start = 0; start < all.length; start += inviteBatch)
        refused.push(...(await inviteAll(channel, all.slice(start, start + inviteBatch))))
      return { refused: refused.filter(({ reason }) => !harmlessInvite.has(reason)) }
    },

    async members(channel) {
      const members: string[] = []
      let cursor = ''
      do {
        const page = await call('conversations.members', channel, () =>
          client.conversations.members({ channel, limit: memberPage, ...(cursor === '' ? {} : { cursor }) }),
        )
        members.push(...(page.members ?? []))
        cursor = page.response_metadata?.next_cursor ?? ''
      } while (cursor !== '')
      return members
    },

    async join(channel) {
      await call('conversations.join', channel, () => client.conversations.join({ channel }))
    },
  }
}
