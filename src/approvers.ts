/** Who somebody is for certain, and whether they may approve. Unlike elsewhere nobody is let in on the ground of what was known once: an
 *  approval of somebody who cannot be told is none (faults 48, 51). */
import type { Catalogue } from './catalogue.ts'
import type { Vote } from './incident/acting/request.ts'
import { type Identities, sameIdentity } from './incident/acting/request.ts'
import type { Actor } from './incident/events.ts'
import type { Contact } from './incident/policy.ts'
import { type Chat, type Member, PortFault, type Resolve } from './ports.ts'

export type Standing =
  /** `basis`: by what they may; null: they may not. */
  { readonly identities: Identities; readonly basis: string | null } | { readonly unknown: string }

export type Approvers = {
  /** Everything that somebody is known by; nothing when nobody can tell who they are. */
  readonly identify: (by: Actor) => Promise<Identities>
  /** Whether they may approve what these contacts approve, by what the chat says now. */
  readonly standing: (by: Actor, approvers: readonly Contact[]) => Promise<Standing>
  /** Who of those that approved could not any more, with the reason; null: all of them still could. */
  readonly lapsed: (votes: readonly Vote[], approvers: readonly Contact[]) => Promise<string | null>
}

const standingWord = { guest: 'a guest', stranger: 'of another workspace', bot: 'a bot', deactivated: 'deactivated' } as const

/** `chat` must answer from now, not from a cache. */
export const createApprovers = ({
  catalogue,
  chat,
  resolve,
}: {
  catalogue: Pick<Catalogue, 'people'>
  chat: Pick<Chat, 'member' | 'groupMembers'>
  resolve: Resolve
}): Approvers => {
  const emailsOf = (key: string): string[] => {
    const email = catalogue.people[key]?.email
    return email === undefined ? [] : [`email:${email.toLowerCase()}`]
  }
  /** Null: the chat knows nobody by this id. */
  const known = async (by: Actor): Promise<{ identities: Identities; member: Member | null }> => {
    if (by.kind !== 'person' || by.unverified === true) return { identities: [], member: null }
    const member = by.slack === undefined ? null : await chat.member(by.slack)
    const inFile = Object.hasOwn(catalogue.people, by.id)
    const email = member?.email == null ? [] : [`email:${member.email.toLowerCase()}`]
    const keys = Object.entries(catalogue.people)
      .filter(([key, person]) => key === by.id || (person.email !== undefined && email.includes(`email:${person.email.toLowerCase()}`)))
      .map(([key]) => key)
    // From a terminal somebody is known by their e-mail, which stands in their id.
    const own = by.id.includes('@') ? [`email:${by.id.toLowerCase()}`] : []
    const identities = [
      ...(inFile ? [`person:${by.id}`] : []),
      ...keys.map((key) => `person:${key}`),
      ...keys.flatMap(emailsOf),
      ...email,
      ...own,
    ]
    return { identities: [...new Set(identities)].toSorted(), member }
  }

  const basisOf = async (by: Actor, identities: Identities, approvers: readonly Contact[]): Promise<string | null> => {
    if (approvers.length === 0) return 'member of the workspace'
    const user = by.kind === 'person' ? by.slack : undefined
    for (const approver of approvers) {
      const { slackUser, slackGroup, email, name } = approver
      if (slackGroup !== undefined && user !== undefined && (await chat.groupMembers(slackGroup)).includes(user)) return name
      if (email !== undefined && sameIdentity(identities, [`email:${email.toLowerCase()}`])) return name
      const asUser = slackUser ?? (slackGroup === undefined ? (await resolve(approver)).slackUser : undefined)
      if (asUser !== undefined && asUser === user) return name
    }
    return null
  }

  const standing: Approvers['standing'] = async (by, approvers) => {
    try {
      const { identities, member } = await known(by)
      if (by.kind !== 'person' || by.slack === undefined || member === null || member.standing !== 'member') {
        const why = member === null || member.standing === 'member' ? 'unknown to Slack' : standingWord[member.standing]
        return member === null || member.standing === 'member' ? { unknown: why } : { identities, basis: null }
      }
      return { identities, basis: await basisOf(by, identities, approvers) }
    } catch (error) {
      if (error instanceof PortFault) return { unknown: error.message }
      throw error
    }
  }

  return {
    identify: async (by) => {
      try {
        return (await known(by)).identities
      } catch (error) {
        if (error instanceof PortFault) return []
        throw error
      }
    },
    standing,
    lapsed: async (votes, approvers) => {
      for (const { by } of votes) {
        const name = by.kind === 'person' ? by.name : 'Somebody'
        const now = await standing(by, approvers)
        if ('unknown' in now) return `Whether ${name} may still approve cannot be told: ${now.unknown}.`
        if (now.basis === null) return `${name}, who approved it, may not any more.`
      }
      return null
    },
  }
}
