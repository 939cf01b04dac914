/** Who asks from a terminal. Whoever has the server's account may call themselves anybody, so that it came from there is kept with them;
 *  and whom nobody knows is no second identity of somebody, but a name that says that it is not verified. */
import type { Catalogue } from './catalogue.ts'
import type { Person } from './incident/areas/area.ts'
import { atTerminal } from './incident/at-terminal.ts'
import { nearest } from './incident/nearest.ts'
import { refuse, sentence } from './incident/refusals.ts'
import { keepLine, shorten } from './incident/text.ts'
import type { ByEmail } from './people.ts'

const isEmail = (text: string): boolean => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)

const known = (person: Person): Person => ({ ...person, name: atTerminal(person.name), via: 'terminal' })

const unknown = (said: string): Person => {
  const name = shorten(keepLine(said), 100)
  return { kind: 'person', id: `terminal:${name}`, name: `${name} (terminal, not verified)`, via: 'terminal', unverified: true }
}

/** `as`: an e-mail or a key of `people.yml`; null: `account`, of the operating system. Gives why not where somebody is not found. */
export const createTerminalAuthor =
  ({ catalogue, byEmail }: { catalogue: Catalogue; byEmail: ByEmail }) =>
  async (as: string | null, account: string): Promise<Person | { readonly refused: string }> => {
    if (as === null) return unknown(account)
    const wanted = as.toLowerCase()
    const [key, entry] =
      Object.entries(catalogue.people).find(([each, { email }]) => each === wanted || email?.toLowerCase() === wanted) ?? []
    if (key !== undefined && entry?.slack !== undefined) return known({ kind: 'person', id: key, name: entry.name, slack: entry.slack })
    const email = entry?.email ?? (isEmail(wanted) ? wanted : null)
    const found = email === null ? null : await byEmail(email)
    if (found !== null && found !== 'unknown') {
      if (found.standing !== 'member' && found.standing !== 'unknown')
        return { refused: sentence(refuse('not_askable', { name: found.person.name, standing: found.standing })) }
      return known({ ...found.person, name: entry?.name ?? found.person.name })
    }
    // Nobody to mix them up with: the chat knows them by no other name.
    if (key !== undefined && entry !== undefined) return known({ kind: 'person', id: key, name: entry.name })
    const instead = 'Or leave --as out: your account here is recorded then, as not verified.'
    if (found === 'unknown') return unknown(wanted)
    if (isEmail(wanted))
      return { refused: `Nobody in Slack has the e-mail ${as}, and people.yml does not name it. Check how it is written. ${instead}` }
    const meant = nearest(wanted, Object.keys(catalogue.people))
    return {
      refused: `people.yml knows nobody called ${as}.${meant === null ? '' : ` Did you mean ${meant}?`} Give a key of it, or the e-mail that they have in Slack. ${instead}`,
    }
  }
