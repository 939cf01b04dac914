import { type Ask, type CommandContext, defineCommand, given, say, tell } from '../../src/define.ts'
import { sameContact } from '../../src/incident/areas/paging.ts'
import type { Incident } from '../../src/incident/incident.ts'
import { calledLater, notReached } from '../../src/incident/ladder.ts'
import { nearest } from '../../src/incident/nearest.ts'
import type { Contact } from '../../src/incident/policy.ts'
import { ellipsis, refusalNow } from '../../src/incident/possible.ts'
import { type Refusal, refuse } from '../../src/incident/refusals.ts'
import { askable, byEmail, takePerson } from '../../src/whom.ts'

const example = '/incident page @bea Payments fail'

/** A contact's key or name has at most so many words. */
const mostWords = 4

/** What a reason may begin with, where it could be taken for a name. */
const reason = /^because\s+/i

type Meant = { readonly to: Contact | null; readonly why: string }

type Named = { readonly names: readonly string[]; readonly to: Contact }

/** Whom the first words name, and what is behind them: the longest name counts. */
const take = (words: string, from: readonly Named[]): { readonly to: readonly Contact[]; readonly word: string; readonly why: string } => {
  const tokens = words.split(' ').filter(Boolean)
  for (let count = Math.min(mostWords, tokens.length); count > 0; count -= 1) {
    const word = tokens.slice(0, count).join(' ').replace(/[:,]$/, '')
    const found = from.filter(({ names }) => names.some((name) => name.toLowerCase() === word.toLowerCase())).map(({ to }) => to)
    const several = found.filter((to, index) => found.findIndex((other) => sameContact(to, other)) === index)
    if (several.length > 0) return { to: several, word, why: tokens.slice(count).join(' ') }
  }
  return { to: [], word: tokens[0] ?? '', why: words }
}

/** The contacts of the product's file. */
const contactsOf = (incident: Incident, catalogue: CommandContext['catalogue']): Named[] =>
  [...((catalogue.product(incident.product.key) ?? catalogue.unassigned).contacts ?? [])].map(([key, contact]) => {
    const { handle: _, ...to } = contact
    return { names: [key, to.name], to }
  })

/** The people of `people.yml`, and those who have a part in this record; by their first names, too. */
const peopleOf = ({ lead, team, declaredBy, acknowledged }: Incident, { people }: CommandContext['catalogue']): Named[] => [
  ...Object.entries(people).map(([key, { name, email, slack }]) => ({
    names: [key, name, name.split(' ')[0] ?? '', ...(email === undefined ? [] : [email])],
    to: { name, ...(slack === undefined ? {} : { slackUser: slack }), ...(email === undefined ? {} : { email }) },
  })),
  ...[lead, declaredBy, acknowledged?.by, ...Object.values(team)].flatMap((actor) =>
    actor?.kind === 'person' && actor.slack !== undefined
      ? [{ names: [actor.name, actor.name.split(' ')[0] ?? ''], to: { name: actor.name, slackUser: actor.slack } }]
      : [],
  ),
]

/** Whoever is named without an @. What nearly is a name, a lone word and an e-mail mean somebody, so they are never taken for a reason:
 *  a slip must not call somebody else. */
const takeNamed = async (words: string, incident: Incident, context: CommandContext): Promise<Meant | Refusal> => {
  if (words === '' || reason.test(words)) return { to: null, why: words }
  const contacts = contactsOf(incident, context.catalogue)
  const people = peopleOf(incident, context.catalogue)
  const contact = take(words, contacts)
  const { to, word, why } = contact.to.length > 0 ? contact : take(words, people)
  if (to.length > 1) return refuse('unreadable', { what: 'the name of one person only', word, example })
  if (to[0] !== undefined) {
    const user = to[0].slackUser
    const found = user === undefined ? null : askable(await context.who(user, to[0].name), word, example)
    return found !== null && 'code' in found ? found : { to: to[0], why }
  }
  const [first = '', ...more] = words.split(' ')
  if (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(first)) {
    const found = await byEmail(first, context, example)
    return 'code' in found ? found : { to: found, why: more.join(' ') }
  }
  const near = nearest(
    first,
    [...contacts, ...(more.length === 0 ? people : [])].flatMap(({ names }) => names.slice(0, 1)),
  )
  if (near !== null) return refuse('unreadable', { what: 'a contact of this product', word: first, example: `/incident page ${near}` })
  return more.length === 0 ? refuse('unknown_person', { word: first, example }) : { to: null, why: words }
}

const meant = async (ask: Ask, incident: Incident, context: CommandContext): Promise<Meant | Refusal> => {
  const group = ask.mentioned?.find(({ kind, word }) => kind === 'group' && ask.words.split(/\s+/).includes(word))
  if (group !== undefined)
    return { to: { name: group.word, slackGroup: group.id }, why: ask.words.replace(group.word, ' ').replace(/\s+/g, ' ').trim() }
  const named = await takePerson(ask, context, example)
  if ('code' in named) return named
  const contact = take(ask.words, contactsOf(incident, context.catalogue))
  if (named.who !== null && contact.to.length > 0)
    return refuse('unreadable', { what: 'one to be called: name the other in a call of their own', word: ask.words, example })
  return named.who === null ? takeNamed(named.rest, incident, context) : { to: named.who.contact, why: named.rest }
}

export default defineCommand({
  summary: 'Call somebody: the next of the ladder, a contact, a team or a person',
  usage: 'page [team or @user] [why]',
  examples: ['/incident page', example, '/incident page <contact> The primary is read-only', '/incident page INC-12 @bea'],
  needs: 'incident',
  bare: true,
  form: async (place, { catalogue, now }) => {
    const incident = given(place)
    const next = incident.policy.ladder[incident.escalation + 1]
    const contacts = contactsOf(incident, catalogue).map(({ names, to }) => ({ value: names[0] ?? to.name, label: to.name }))
    const nobody = next === undefined ? 'Nobody is left on the ladder' : `Nobody: ${next.name}, the next of the ladder`
    return (
      refusalNow(incident, { type: 'page', to: { name: ellipsis }, why: null }, place.by, await now()) ?? {
        title: 'Call somebody',
        submit: 'page',
        fields: [
          ...(contacts.length === 0
            ? []
            : [
                {
                  key: 'contact',
                  label: 'A contact of the product',
                  kind: 'choice' as const,
                  optional: true,
                  options: contacts,
                  hint: nobody,
                },
              ]),
          { key: 'person', label: 'Or anybody else', kind: 'person', optional: true },
          { key: 'why', label: 'Why', kind: 'text', multiline: false, optional: true, most: 1000, before: 'because' },
        ],
      }
    )
  },
  run: async (ask, context) => {
    const incident = given(ask)
    const whom = await meant(ask, incident, context)
    if ('code' in whom) return { refused: whom }
    const why = whom.why.replace(reason, '')
    const outcome = await context.handle(incident.id, { type: 'page', to: whom.to, why: why === '' ? null : why }, ask.by)
    const away = await context.away()
    return tell(outcome, (after) => {
      const to = after.calls.at(-1)?.to
      if (to === undefined) throw new Error('a page called nobody')
      if (away !== null) return { parts: calledLater(after, away, [to]) }
      // Whom nobody named is said to be the next: a reason must not be taken for a name.
      const next = whom.to === null ? ', the next of the ladder,' : ''
      return say(...(notReached(after, to) ?? ['📟 ', { mention: to }, `${next} is called to ${after.id}, in its channel.`]))
    })
  },
})
