/** What somebody typed as people read it: names in the place of ids, and whom it names. */
import type { Log } from '../define.ts'
import type { Mentioned } from '../ports.ts'
import type { AdmitOptions } from './admit.ts'
import { late, within } from './in-time.ts'
import { nameless, typed } from './typed.ts'

/** How long a name may take, in milliseconds: the command needs time, too. */
const nameMs = 700

export type Read = (text: string) => Promise<{ readonly words: string; readonly mentioned: readonly Mentioned[] }>

export type ReadOptions = {
  readonly glance: AdmitOptions['glance']
  readonly channelName: (channel: string) => Promise<string | null>
  readonly groupName: (group: string) => Promise<string | null>
  readonly log: Log
}

export const createRead = ({ glance, channelName, groupName, log }: ReadOptions): Read => {
  /** Undefined while Slack does not say. */
  const nameOf = async ({ kind, id }: ReturnType<typeof nameless>[number]): Promise<string | undefined> => {
    if (kind === 'user') {
      const member = await glance(id)
      return member === null || member === 'unknown' ? undefined : member.name
    }
    try {
      const name = await within(kind === 'group' ? groupName(id) : channelName(id), nameMs)
      // As Slack itself shows a channel to who is not in it.
      return name === late ? undefined : (name ?? (kind === 'group' ? 'a-group' : 'private-channel'))
    } catch (error) {
      log.info({ error: String(error), id }, 'Slack did not say what something is called')
      return undefined
    }
  }
  return async (text) => {
    const names = new Map(await Promise.all(nameless(text).map(async (each) => [each.id, await nameOf(each)] as const)))
    return typed(text, (id) => names.get(id))
  }
}
