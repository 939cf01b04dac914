/** Who can be called or invited, and how they are reached without the chat. */
import type { Actor } from './events.ts'
import type { Contact } from './policy.ts'
import { cleanLine } from './text.ts'

const email = /^(?:terminal:)?([^\s@:]+@[^\s@]+\.[^\s@]+)$/

/** An author as a contact. Null for what is no person, and for who is known by nothing that the chat knows. */
export const contactOf = (who: Actor): Contact | null => {
  if (who.kind !== 'person') return null
  if (who.slack !== undefined) return { name: who.name, slackUser: who.slack }
  const address = email.exec(who.id)?.[1]
  return address === undefined ? null : { name: who.name, email: address }
}

/** The ways that lead to them without the chat, in one line. */
export const waysTo = ({ phone, email: address }: Contact): string => {
  const ways = [phone, address].filter((way) => way !== undefined)
  return ways.length === 0 ? 'no telephone number or e-mail is known' : ways.map((way) => cleanLine(way)).join(', ')
}
