/** Contacts by their keys, and who a list of keys stands for. */
import type { Contact as Reachable } from '../incident/policy.ts'
import { nearest, type Path, type Report } from './problems.ts'
import type { People } from './people.ts'
import type { Contact } from './schema.ts'
import { variablesIn } from './variables.ts'

/** With `handle`, a name in a social network. */
export type ProductContact = Reachable & { readonly handle?: string }

/** Words that stand for people of the ladder wherever contacts are listed. */
const wholeLadder = 'ladder'
const firstOfLadder = 'first-of-ladder'

type Written = {
  readonly contacts: Readonly<Record<string, Contact>>
  /** The file as it is written, before its variables were filled in. */
  readonly data: unknown
  /** Which values still contain a placeholder, by their paths. */
  readonly unset: ReadonlyMap<Path, readonly string[]>
}

/** Contacts as they can be told. One of whom only a placeholder is known keeps just its name and the variables that would tell
 *  more, and is reported as a warning. */
export const resolveContacts = (
  { contacts: written, data, unset }: Written,
  people: People,
  report: Report,
): ReadonlyMap<string, ProductContact> => {
  const contacts = new Map<string, ProductContact>()
  for (const [key, { person, placeholder, ...given }] of Object.entries(written)) {
    const path = ['contacts', key]
    const unknown = new Set([...unset.keys()].flatMap(([top, name, field]) => (top === 'contacts' && name === key ? [field] : [])))
    const own = Object.fromEntries(Object.entries(given).filter(([field]) => !unknown.has(field))) as typeof given
    if (key === wholeLadder || key === firstOfLadder)
      report(path, `\`${key}\` stands for people of the ladder: call the contact otherwise`, { key: true })
    const known = person === undefined ? undefined : people[person]
    if (person !== undefined && known === undefined)
      report([...path, 'person'], `nobody is called \`${person}\` in people.yml`, { suggestion: nearest(person, Object.keys(people)) })
    const merged = {
      ...(known && withoutEmpty({ name: known.name, email: known.email, phone: known.phone, slackUser: known.slack })),
      ...withoutEmpty(own),
    }
    const contact: ProductContact = { name: key, ...merged }
    if (Object.keys(contact).length > 1) {
      contacts.set(key, contact)
      continue
    }
    const names = variablesIn((data as { contacts?: Readonly<Record<string, unknown>> } | undefined)?.contacts?.[key])
    const remedy = names.length === 0 ? '' : `; set ${names.join(' or ')}`
    report(path, `nobody can be told: \`${placeholder ?? contact.name}\` is only a placeholder${remedy}`, { level: 'warning', key: true })
    contacts.set(key, names.length === 0 ? contact : { ...contact, unset: names })
  }
  return contacts
}

const withoutEmpty = <Value extends object>(value: Value): { [Key in keyof Value]: Exclude<Value[Key], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as never

/** The contacts that a list of keys names. `ladder` is who the ladder's own words stand for. */
export const findContacts = (
  keys: readonly string[],
  contacts: ReadonlyMap<string, ProductContact>,
  ladder: readonly Reachable[],
  path: Path,
  report: Report,
): ProductContact[] => {
  const found = keys.flatMap((key, index): readonly ProductContact[] => {
    if (keys.indexOf(key) < index) report([...path, index], `\`${key}\` stands twice`)
    const contact = contacts.get(key)
    if (contact !== undefined) return [contact]
    if (path.includes('ladder') || path[0] === 'fallback')
      report([...path, index], `no contact is called \`${key}\``, { suggestion: nearest(key, contacts.keys()) })
    else if (key === wholeLadder) return ladder
    else if (key === firstOfLadder) return ladder.slice(0, 1)
    else
      report([...path, index], `no contact is called \`${key}\``, {
        suggestion: nearest(key, [...contacts.keys(), wholeLadder, firstOfLadder]),
      })
    return []
  })
  return [...new Set(found)]
}
