/** What somebody wrote to the bot, as people read it: who and which group it names is asked for where Slack did not say. */
import type { Log } from '../define.ts'
import type { Member } from '../ports.ts'
import { nameless, typed } from './typed.ts'

/** How long whoever wrote it may wait for the names, in milliseconds; what has none by then keeps its id. */
const patienceMs = 700

export type ReadOptions = {
  readonly glance: (user: string) => Promise<Member | null | 'unknown'>
  readonly groupName: (group: string) => Promise<string | null>
  /** Gives what the work gives, or null when it takes longer. */
  readonly inTime: <T>(work: Promise<T>, ms: number) => Promise<T | null>
  readonly log: Log
}

export const createRead =
  ({ glance, groupName, inTime, log }: ReadOptions) =>
  async (text: string): Promise<ReturnType<typeof typed>> => {
    const { users, groups } = nameless(text)
    const nameOfUser = async (user: string) => {
      const member = await glance(user)
      return member === 'unknown' ? undefined : member?.name
    }
    const nameOfGroup = async (group: string) => {
      const asked = groupName(group).catch((error: unknown) => {
        log.warn({ group, error: String(error) }, 'Slack did not say what a group is called')
        return null
      })
      return (await inTime(asked, patienceMs)) ?? undefined
    }
    const names = new Map(
      await Promise.all([
        ...users.map(async (user) => [user, await nameOfUser(user)] as const),
        ...groups.map(async (group) => [group, await nameOfGroup(group)] as const),
      ]),
    )
    return typed(text, (id) => names.get(id))
  }
