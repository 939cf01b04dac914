import { type Ask, type CommandContext, defineCommand, given, say, tell } from '../../src/define.ts'
import type { Incident } from '../../src/incident/incident.ts'
import { notReached } from '../../src/incident/ladder.ts'
import { nearest } from '../../src/incident/nearest.ts'
import type { Contact } from '../../src/incident/policy.ts'
import { type Refusal, refuse } from '../../src/incident/refusals.ts'
import { takePerson } from '../../src/whom.ts'

const example = '/incident page @bea Payments fail'

/** A contact's key or name has at most so many words. */
const mostWords = 4

type Meant = { readonly to: Contact | null; readonly why: string }

/** A contact of the product's file, by its key or its name. What nearly is one is asked for: a typing error must not call somebody else. */
const takeContact = (words: string, incident: Incident, catalogue: CommandContext['catalogue']): Meant | Refusal => {
  const contacts = [...((catalogue.product(incident.product.key) ?? catalogue.unassigned).contacts ?? [])]
  const tokens = words.split(' ').filter(Boolean)
  for (let count = Math.min(mostWords, tokens.length); count > 0; count -= 1) {
    const word = tokens.slice(0, count).join(' ').toLowerCase()
    const found = contacts.find(([key, { name }]) => key.toLowerCase() === word || name.toLowerCase() === word)?.[1]
    if (found === undefined) continue
    const { handle: _, ...to } = found
    return { to, why: tokens.slice(count).join(' ') }
  }
  const near = nearest(
    tokens[0] ?? '',
    contacts.map(([key]) => key),
  )
  return near === null
    ? { to: null, why: words }
    : refuse('unreadable', { what: 'a contact of this product', word: tokens[0] ?? '', example: `/incident page ${near}` })
}

const meant = async (ask: Ask, incident: Incident, context: CommandContext): Promise<Meant | Refusal> => {
  const group = ask.mentioned?.find(({ kind, word }) => kind === 'group' && ask.words.split(/\s+/).includes(word))
  if (group !== undefined)
    return { to: { name: group.word, slackGroup: group.id }, why: ask.words.replace(group.word, ' ').replace(/\s+/g, ' ').trim() }
  const named = await takePerson(ask, context, example)
  if ('code' in named) return named
  return named.who === null ? takeContact(named.rest, incident, context.catalogue) : { to: named.who.contact, why: named.rest }
}

export default defineCommand({
  summary: 'Call somebody: the next of the ladder, a contact, a team or a person',
  usage: 'page [team or @user] [why]',
  examples: ['/incident page', example, '/incident page on-call-db The primary is read-only', '/incident page INC-12 @bea'],
  needs: 'incident',
  run: async (ask, context) => {
    const incident = given(ask)
    const whom = await meant(ask, incident, context)
    if ('code' in whom) return { refused: whom }
    const outcome = await context.handle(incident.id, { type: 'page', to: whom.to, why: whom.why === '' ? null : whom.why }, ask.by)
    return tell(outcome, (after) => {
      const to = after.calls.at(-1)?.to
      if (to === undefined) throw new Error('a page called nobody')
      return say(...(notReached(after, to) ?? ['📟 ', { mention: to }, ` is called to ${after.id}, in its channel.`]))
    })
  },
})
