/** Whom the words of a verb mean. */
import type { Ask, CommandContext } from './define.ts'
import type { Contact } from './incident/policy.ts'
import { type Refusal, refuse } from './incident/refusals.ts'
import { PortFault, type Who } from './ports.ts'

/** Refuses who cannot be asked to do anything. Whom the chat does not tell of at the moment is taken: the incident goes on. */
export const askable = (who: Who | null, word: string, example: string): Who | Refusal => {
  if (who === null) return refuse('unknown_person', { word, example })
  const { standing, person } = who
  return standing === 'member' || standing === 'unknown' ? who : refuse('not_askable', { name: person.name, standing })
}

/** The person whom the words name, taken out of them; `who` is null when they name nobody. Only what the chat made an id of is certain:
 *  without one, `@bea` is looked for among the keys of `people.yml`, and never guessed. */
export const takePerson = async (
  { words, mentioned = [] }: Pick<Ask, 'words' | 'mentioned'>,
  { who, catalogue }: Pick<CommandContext, 'who' | 'catalogue'>,
  example: string,
): Promise<{ readonly who: Who | null; readonly rest: string } | Refusal> => {
  const tokens = words.split(/\s+/).filter(Boolean)
  const user = mentioned.find(({ kind, word }) => kind === 'user' && tokens.includes(word))
  const word = user?.word ?? tokens.find((token) => /^@[\p{L}\p{N}]/u.test(token))
  if (word === undefined) return { who: null, rest: words.trim() }
  const id = user?.id ?? catalogue.people[word.slice(1).toLowerCase()]?.slack
  const found = askable(id === undefined ? null : await who(id, word), word, example)
  return 'code' in found ? found : { who: found, rest: words.replace(word, ' ').replace(/\s+/g, ' ').trim() }
}

/** Whoever has this e-mail in the chat, as somebody who can be called. While the chat does not say whether there is such a person, the
 *  e-mail itself is called. */
export const byEmail = async (
  email: string,
  { who, resolve }: Pick<CommandContext, 'who' | 'resolve'>,
  example: string,
): Promise<Contact | Refusal> => {
  const contact: Contact = { name: email, email }
  try {
    const { slackUser } = await resolve(contact)
    const found = askable(slackUser === undefined ? null : await who(slackUser, email), email, example)
    return 'code' in found ? found : found.contact
  } catch (error) {
    if (!(error instanceof PortFault)) throw error
    return contact
  }
}
