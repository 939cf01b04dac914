/** Who the chat's users are: asked of the chat, kept five minutes, and what was last known while it does not answer. */
import type { Log } from './define.ts'
import type { Chat, Member } from './ports.ts'

/** How long an answer counts, in milliseconds. */
const freshMs = 300_000

/** How long somebody who has typed a command may wait for it, in milliseconds: Slack gives up after 3 s, and the command needs time. */
const patienceMs = 700

/** At most so many people are kept. */
const most = 20_000

export type Members = {
  /** What the chat says now, or at most five minutes ago. Throws PortFault when it does not answer. `null`: there is nobody by this id. */
  readonly find: (user: string) => Promise<Member | null>
  /** The same within a moment; when the chat does not answer, what it said last, or `unknown`. Never throws. */
  readonly glance: (user: string) => Promise<Member | null | 'unknown'>
  /** Somebody of whom the chat has said that they have this e-mail, however long ago; null when it was not asked yet. */
  readonly byEmail: (email: string) => Member | null
  /** The chat told of a change: what was known does not count any more. Without a user: changes may have been missed. */
  readonly forget: (user?: string) => void
}

/** `elapsed`: milliseconds on a clock that only runs forwards. */
export const createMembers = ({ chat, elapsed, log }: { chat: Pick<Chat, 'member'>; elapsed: () => number; log: Log }): Members => {
  const known = new Map<string, { member: Member | null; at: number }>()
  /** Many clicks of one person ask once. */
  const asking = new Map<string, Promise<Member | null>>()

  const ask = async (user: string): Promise<Member | null> => {
    const member = await chat.member(user)
    known.delete(user)
    known.set(user, { member, at: elapsed() })
    const oldest = known.keys().next().value
    if (known.size > most && oldest !== undefined) known.delete(oldest)
    return member
  }

  const find = async (user: string): Promise<Member | null> => {
    const kept = known.get(user)
    if (kept !== undefined && elapsed() - kept.at < freshMs) return kept.member
    const asked = asking.get(user) ?? ask(user).finally(() => asking.delete(user))
    asking.set(user, asked)
    return asked
  }

  return {
    find,
    glance: async (user) => {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs} ms`)), patienceMs)
      })
      try {
        return await Promise.race([find(user), late])
      } catch (error) {
        const kept = known.get(user)
        log.warn({ user, error: String(error), remembered: kept !== undefined }, 'Slack did not say who somebody is')
        return kept === undefined ? 'unknown' : kept.member
      } finally {
        clearTimeout(timer)
      }
    },
    byEmail: (email) => {
      for (const { member } of known.values()) if (member?.email?.toLowerCase() === email.toLowerCase()) return member
      return null
    },
    forget: (user) => {
      // Old, and not gone: it is better than nothing while the chat does not answer.
      for (const [id, kept] of known) if (user === undefined || id === user) known.set(id, { ...kept, at: Number.NEGATIVE_INFINITY })
    },
  }
}
