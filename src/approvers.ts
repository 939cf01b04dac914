/** Who somebody is for certain, and whether they may approve. Unlike elsewhere nobody is let in on the ground of what was known once: an
 *  approval of somebody who cannot be told is none (faults 48, 51). */
import type { Catalogue } from './catalogue.ts'
import type { ActionRequest } from './incident/acting/request.ts'
import { type Identities, sameIdentity } from './incident/acting/request.ts'
import type { Actor } from './incident/events.ts'
import type { Contact } from './incident/policy.ts'
import { accountsOf } from './people.ts'
import { type Chat, type Member, PortFault, type Resolve } from './ports.ts'

/** Why the chat could not be asked just now. */
type Unasked = { readonly unknown: string }

/** `identities`: none when nobody can tell who they are. */
export type Known = { readonly identities: Identities } | Unasked

export type Standing =
  /** `basis`: by what they may; null: they may not. */
  { readonly identities: Identities; readonly basis: string | null } | Unasked

export type Approvers = {
  /** Everything that somebody is known by. */
  readonly identify: (by: Actor) => Promise<Known>
  /** Whether they may approve what these contacts approve, by what the chat says now. */
  readonly standing: (by: Actor, approvers: readonly Contact[]) => Promise<Standing>
  /** Who of those that approved, or that runs it alone, could not any more, with the reason; null: all of them still could. `now`: who may
   *  by the product's rule of now, for the record as it is now; nobody named: every member. */
  readonly lapsed: (request: Pick<ActionRequest, 'asked' | 'votes' | 'forced' | 'rule'>, now: readonly Contact[]) => Promise<string | null>
}

const nameOf = (by: Actor): string => (by.kind === 'person' ? by.name : 'Somebody')

/** `bea+ops@example.com` comes to who has `bea@example.com`, and so does `b.ea` at Google: a second account can be had with it, but no
 *  second person. */
const mailbox = (identity: string): string[] => {
  const [, name = '', host = ''] = /^email:([^+@]+)(?:\+[^@]*)?@(.+)$/.exec(identity) ?? []
  if (name === '') return []
  return [`mailbox:${/^g(?:oogle)?mail\.com$/.test(host) ? `${name.replaceAll('.', '')}@gmail.com` : `${name}@${host}`}`]
}

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
    const user = by.slack
    const keys = Object.entries(catalogue.people)
      .filter(
        ([key, person]) =>
          key === by.id ||
          accountsOf(person).some((account) => account === user) ||
          (person.email !== undefined && email.includes(`email:${person.email.toLowerCase()}`)),
      )
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
    return { identities: [...new Set([...identities, ...identities.flatMap(mailbox)])].toSorted(), member }
  }

  const basisOf = async (by: Actor, identities: Identities, member: Member, approvers: readonly Contact[]): Promise<string | null> => {
    if (approvers.length === 0) return 'member of the workspace'
    const user = by.kind === 'person' ? by.slack : undefined
    // What cannot be read keeps nobody out who may by something else.
    let unread: PortFault | null = null
    const inGroup = async (group: string): Promise<boolean> => {
      try {
        return user !== undefined && (await chat.groupMembers(group)).includes(user)
      } catch (error) {
        if (!(error instanceof PortFault)) throw error
        unread = error
        return false
      }
    }
    for (const approver of approvers) {
      const { slackUser, slackGroup, email, name } = approver
      if (slackGroup !== undefined && (await inGroup(slackGroup))) return name
      if (email !== undefined && sameIdentity(identities, [`email:${email.toLowerCase()}`])) return name
      // Where the chat tells everybody's e-mail, it has been compared: what was found by one is remembered for long.
      const byEmail = slackGroup === undefined && member.email === null
      const asUser = slackUser ?? (byEmail ? (await resolve(approver)).slackUser : undefined)
      if (asUser !== undefined && asUser === user) return name
    }
    if (unread !== null) throw unread
    return null
  }

  const standing: Approvers['standing'] = async (by, approvers) => {
    try {
      const { identities, member } = await known(by)
      // Who is no member of the workspace, or is not known to it at all, may nothing.
      const may = by.kind === 'person' && by.slack !== undefined && member?.standing === 'member'
      return { identities, basis: may ? await basisOf(by, identities, member, approvers) : null }
    } catch (error) {
      if (error instanceof PortFault) return { unknown: error.message }
      throw error
    }
  }

  return {
    identify: async (by) => {
      try {
        return { identities: (await known(by)).identities }
      } catch (error) {
        if (error instanceof PortFault) return { unknown: error.message }
        throw error
      }
    },
    standing,
    lapsed: async ({ asked, votes, forced, rule }, approvers) => {
      const seen = [asked.identities]
      // Whoever runs it alone goes by nobody's vote.
      for (const { by } of forced === null ? votes : []) {
        const name = nameOf(by)
        const now = await standing(by, rule.approvers)
        if ('unknown' in now) return `Whether ${name} may still approve cannot be told: ${now.unknown}.`
        if (now.basis === null) return `${name}, who approved it, may not any more.`
        if (approvers.length > 0) {
          const here = await standing(by, approvers)
          if ('unknown' in here) return `Whether ${name} may still approve cannot be told: ${here.unknown}.`
          if (here.basis === null) return `${name}, who approved it, is not among those who may by now. Ask again.`
        }
        // Two that were two people may have turned out to be one.
        if (seen.some((other) => sameIdentity(other, now.identities)))
          return `${name}, who approved it, is known here by another account, too.`
        seen.push(now.identities)
      }
      if (forced === null) return null
      const now = await standing(forced.by, [])
      if ('unknown' in now) return `Whether ${nameOf(forced.by)} may run it alone cannot be told: ${now.unknown}.`
      return now.basis === null ? `${nameOf(forced.by)}, who wanted to run it alone, may not any more.` : null
    },
  }
}
