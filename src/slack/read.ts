/** What somebody wrote to the bot, as people read it: whom and what it names is asked for where Slack did not say. */
import type { Log } from '../define.ts'
import type { Member } from '../ports.ts'
import { nameless, typed } from './typed.ts'

/** How long whoever wrote it may wait for the names, in milliseconds; what has none by then keeps its id. */
const patienceMs = 700

export type ReadOptions = {
  readonly glance: (user: string) => Promise<Member | null | 'unknown'>
  readonly groupName: (group: string) => Promise<string | null>
  readonly channelName: (channel: string) => Promise<string | null>
  /** Gives what the work gives, or null when it takes longer. */
  readonly inTime: <T>(work: Promise<T>, ms: number) => Promise<T | null>
  readonly log: Log
}

export const createRead =
  ({ glance, groupName, channelName, inTime, log }: ReadOptions) =>
  async (text: string): Promise<ReturnType<typeof typed>> => {
    const { users, groups, channels } = nameless(text)
    const nameOfUser = async (user: string) => {
      const member = await glance(user)
      return member === 'unknown' ? undefined : member?.name
    }
    const nameOf = async (id: string, ask: (id: string) => Promise<string | null>, unknown: string) => {
      const asked = ask(id)
        .then((name) => name ?? unknown)
        .catch((error: unknown) => {
          log.warn({ id, error: String(error) }, 'Slack did not say what a group or a channel is called')
          return null
        })
      return (await inTime(asked, patienceMs)) ?? undefined
    }
    const names = new Map(
      await Promise.all([
        ...users.map(async (user) => [user, await nameOfUser(user)] as const),
        ...groups.map(async (group) => [group, await nameOf(group, groupName, 'a-group')] as const),
        // As Slack itself shows a channel to who is not in it.
        ...channels.map(async (channel) => [channel, await nameOf(channel, channelName, 'private-channel')] as const),
      ]),
    )
    return typed(text, (id) => names.get(id))
  }
