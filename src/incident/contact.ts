/** An author as somebody who can be called or invited. */
import type { Actor } from './events.ts'
import type { Contact } from './policy.ts'

const email = /^(?:terminal:)?([^\s@:]+@[^\s@]+\.[^\s@]+)$/

/** Null for what is no person, and for who is known by nothing that the chat knows. */
export const contactOf = (who: Actor): Contact | null => {
  if (who.kind !== 'person') return null
  if (who.slack !== undefined) return { name: who.name, slackUser: who.slack }
  const address = email.exec(who.id)?.[1]
  return address === undefined ? null : { name: who.name, email: address }
}
