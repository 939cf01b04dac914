/** Who a contact is in the chat, and who a chat user is to the bot. */
import type { Catalogue } from './catalogue.ts'
import type { Log } from './define.ts'
import type { Person } from './incident/areas/area.ts'
import type { Message, Part, Span } from './incident/message.ts'
import type { Contact } from './incident/policy.ts'
import type { Members } from './members.ts'
import { type Chat, PortFault, type Resolve, type Who } from './ports.ts'

/** An e-mail that was found stays found for a day; one that was not is asked for again after five minutes. */
const foundMs = 86_400_000
const missingMs = 300_000

/** Members of a group are asked for again after five minutes (design: people). */
const groupMs = 300_000

/** Finds the chat's users by their e-mail, and keeps them. `elapsed`: milliseconds on a clock that only runs forwards. */
export const createResolve = (chat: Pick<Chat, 'userByEmail'>, elapsed: () => number): Resolve => {
  const known = new Map<string, { user: string | null; at: number }>()
  return async (contact) => {
    if (contact.slackUser !== undefined || contact.slackGroup !== undefined || contact.email === undefined) return contact
    const email = contact.email.toLowerCase()
    const kept = known.get(email)
    const fresh = kept !== undefined && elapsed() - kept.at < (kept.user === null ? missingMs : foundMs)
    const user = fresh ? kept.user : await chat.userByEmail(email)
    if (!fresh) known.set(email, { user, at: elapsed() })
    return user === null ? contact : { ...contact, slackUser: user }
  }
}

const resolveSpans = (spans: readonly Span[], resolve: Resolve): Promise<Span[]> =>
  Promise.all(spans.map(async (span) => (typeof span === 'object' && 'mention' in span ? { mention: await resolve(span.mention) } : span)))

const resolvePart = async (part: Part, resolve: Resolve): Promise<Part> => {
  switch (part.kind) {
    case 'text':
    case 'context':
      return { ...part, spans: await resolveSpans(part.spans, resolve) }
    case 'list':
      return { ...part, items: await Promise.all(part.items.map((item) => resolveSpans(item, resolve))) }
    case 'fields':
      return {
        ...part,
        fields: await Promise.all(part.fields.map(async (field) => ({ ...field, value: await resolveSpans(field.value, resolve) }))),
      }
    default:
      return part
  }
}

/** The chat, with every mention in a message resolved just before it is sent: who is meant is decided by the event, how they are
 *  called in the chat is not. */
export const withPeople = <C extends Chat>(chat: C, resolve: Resolve, elapsed: () => number): C => {
  const groups = new Map<string, { members: string[]; at: number }>()
  const resolved = async (message: Message): Promise<Message> => ({
    ...message,
    parts: await Promise.all(message.parts.map((part) => resolvePart(part, resolve))),
  })
  return {
    ...chat,
    groupMembers: async (group) => {
      const kept = groups.get(group)
      if (kept !== undefined && elapsed() - kept.at < groupMs) return kept.members
      const members = await chat.groupMembers(group)
      groups.set(group, { members, at: elapsed() })
      return members
    },
    post: async (channel, message, marker) => chat.post(channel, await resolved(message), marker),
    direct: async (user, message, marker) => chat.direct(user, await resolved(message), marker),
    reply: async (channel, thread, message, marker, first) => chat.reply(channel, thread, await resolved(message), marker, first),
    edit: async (channel, ts, message, marker) => chat.edit(channel, ts, await resolved(message), marker),
    ephemeral: async (channel, user, message) => chat.ephemeral(channel, user, await resolved(message)),
  }
}

/** All accounts of the chat that somebody has. */
export const accountsOf = ({ slack, accounts = [] }: Catalogue['people'][string]): readonly string[] =>
  slack === undefined ? accounts : [slack, ...accounts]

/** A chat user as the author of what they do: their key in `people.yml`, or the chat's own id. */
export const createPerson = (catalogue: Catalogue) => {
  const byUser = new Map(
    Object.entries(catalogue.people).flatMap(([key, person]) =>
      accountsOf(person).map((account) => [account, { key, name: person.name }] as const),
    ),
  )
  return (user: string, name: string): Person => {
    const person = byUser.get(user)
    return { kind: 'person', id: person?.key ?? `slack:${user}`, name: person?.name ?? name, slack: user }
  }
}

/** Who is meant by a user of the chat. While the chat does not say, they are taken for who they were named as: an incident goes on. */
export const createWho =
  (members: Pick<Members, 'glance'>, person: (user: string, name: string) => Person) =>
  async (user: string, name: string): Promise<Who | null> => {
    const member = await members.glance(user)
    if (member === null) return null
    const known = member === 'unknown' ? null : member
    // What stands for the name is the id itself, where the chat never said more.
    const called = name.replace(/^@/, '')
    const somebody = person(user, known?.name ?? (called === user ? 'somebody' : called))
    return {
      person: somebody,
      contact: { name: somebody.name, slackUser: user, ...(known?.email == null ? {} : { email: known.email }) },
      standing: known?.standing ?? 'unknown',
    }
  }

/** Who has this verified e-mail in the chat, asked or remembered. `unknown`: the chat does not say. */
export type ByEmail = (email: string) => Promise<Who | null | 'unknown'>

export const createByEmail = (
  members: Pick<Members, 'glance' | 'byEmail'>,
  resolve: Resolve,
  person: (user: string, name: string) => Person,
): ByEmail => {
  const who = createWho(members, person)
  return async (email) => {
    const known = members.byEmail(email)
    if (known !== null) return who(known.user, known.name)
    try {
      const { slackUser } = await resolve({ name: email, email })
      return slackUser === undefined ? null : await who(slackUser, email)
    } catch (error) {
      if (error instanceof PortFault) return 'unknown'
      throw error
    }
  }
}

/** Looks up everybody whom the catalogue names, so that opening an incident does not have to. A failure is logged: it is tried
 *  again when somebody is needed. */
export const warm = async (catalogue: Catalogue, resolve: Resolve, log: Log): Promise<void> => {
  const contacts = [...catalogue.products.values()].flatMap((product) => [...product.contacts.values()] as Contact[])
  for (const contact of contacts) {
    try {
      await resolve(contact)
    } catch (error) {
      log.warn({ err: error, contact: contact.name }, 'a contact could not be looked up')
      return
    }
  }
}
