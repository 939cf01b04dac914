/** Who is meant by a mention that somebody typed: `<@U012|bob>` as Slack escapes it, or `@bob` as it was typed. */
import type { Person } from './areas/area.ts'
import type { Actor } from './events.ts'
import type { Incident } from './incident.ts'

/** The people whom the bot knows by name, by their key. */
export type KnownPeople = Readonly<Record<string, { readonly name: string; readonly slack?: string | undefined }>>

/** What a mention looks like, at the end of a text. */
export const mentionAtEnd = /(?:^|\s)(<@[UW][A-Z0-9]+(?:\|[^>]*)?>|@[\p{L}\p{N}][\p{L}\p{N}._-]*)$/u

/** Everybody who has done something in this incident, so far as it remembers them. */
const peopleOf = ({ declaredBy, lead, acknowledged, todos, messages, hypotheses }: Incident): Person[] =>
  [declaredBy, lead, acknowledged?.by, ...todos.map(({ owner }) => owner), ...[...messages, ...hypotheses].map(({ by }) => by)].filter(
    (actor: Actor | null | undefined): actor is Person => actor?.kind === 'person',
  )

const called = (word: string) => (name: string) => {
  const [wanted, given] = [word.toLowerCase(), name.toLowerCase()]
  return given === wanted || given.replaceAll(' ', '.') === wanted || given.split(' ')[0] === wanted
}

/** The person, or null when nobody known is called so. */
export const mentioned = (mention: string, people: KnownPeople, incident: Incident): Person | null => {
  const [, user, label] = /^<@([UW][A-Z0-9]+)(?:\|([^>]*))?>$/.exec(mention) ?? []
  const here = peopleOf(incident)
  if (user !== undefined) {
    const [key, person] = Object.entries(people).find(([, { slack }]) => slack === user) ?? []
    if (key !== undefined && person !== undefined) return { kind: 'person', id: key, name: person.name, slack: user }
    const name = here.find(({ slack }) => slack === user)?.name ?? (label === undefined || label === '' ? user : label)
    return { kind: 'person', id: `slack:${user}`, name, slack: user }
  }
  const word = mention.replace(/^@/, '')
  const is = called(word)
  const [key, person] = Object.entries(people).find(([each, { name }]) => is(each) || is(name)) ?? []
  if (key !== undefined && person !== undefined)
    return { kind: 'person', id: key, name: person.name, ...(person.slack === undefined ? {} : { slack: person.slack }) }
  return here.find(({ id, name }) => is(id) || is(name)) ?? null
}
