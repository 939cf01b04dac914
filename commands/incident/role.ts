import { type CommandContext, defineCommand, type Form, given, type Place, type Reply, say, tell } from '../../src/define.ts'
import { holder, type Role, roles, roleWord } from '../../src/incident/areas/roles.ts'
import type { Person } from '../../src/incident/areas/area.ts'
import type { Incident } from '../../src/incident/incident.ts'
import { author, type Button } from '../../src/incident/message.ts'
import { refuse } from '../../src/incident/refusals.ts'
import { askable, takePerson } from '../../src/whom.ts'

const example = '/incident role lead @bea'

const words: Readonly<Record<Role, readonly string[]>> = {
  lead: ['leader', 'commander', 'ic'],
  comms: ['communications', 'communication', 'comm'],
  scribe: ['notes', 'writer'],
  ops: ['operations', 'operation', 'op'],
}

const roleOf = (word: string): Role | undefined => {
  const typed = word.toLowerCase()
  return roles.find((role) => role === typed || words[role].includes(typed))
}

const form = (incident: Incident): Form => ({
  title: 'Give a role',
  submit: 'role',
  fields: [
    {
      key: 'role',
      label: 'Role',
      kind: 'choice',
      optional: false,
      options: roles.map((role) => {
        const now = holder(incident, role)
        return { value: role, label: roleWord[role], hint: now?.kind === 'person' ? `now ${now.name}` : 'nobody yet' }
      }),
    },
    { key: 'person', label: 'Who', kind: 'person', optional: false },
  ],
})

/** Who does what, with a button for each role that is free. */
const overview = (incident: Incident): Reply => {
  const open = incident.stamps.resolve === null
  const free = roles.filter((role) => holder(incident, role) === null)
  const buttons: Button[] = [
    ...free.map((role) => ({ label: `Take ${roleWord[role]}`, action: 'role', value: `${incident.id} ${role}` })),
    { label: 'Give a role…', action: 'role', value: `${incident.id} give` },
  ]
  return {
    parts: [
      {
        kind: 'fields',
        fields: roles.map((role) => {
          const now = holder(incident, role)
          return { label: roleWord[role], value: [now === null ? 'nobody yet' : author(now)] }
        }),
      },
      ...(open ? [{ kind: 'buttons' as const, buttons }] : []),
    ],
  }
}

const take = async (role: Role, person: Person, place: Place, { handle }: CommandContext): Promise<Reply> =>
  tell(await handle(given(place).id, { type: 'take-role', role, person }, place.by), (incident) =>
    say(
      `✅ ${roleWord[role]} of ${incident.id}: `,
      author(person),
      '. ',
      place.by.kind === 'person' && place.by.id === person.id
        ? 'What it asks of you is in the channel, for you alone.'
        : 'They are told what to do.',
    ),
  )

export default defineCommand({
  summary: 'Take a role or give it: lead, comms, scribe, ops',
  usage: 'role [lead|comms|scribe|ops] [@user | leave]',
  examples: ['/incident role', '/incident role lead', example, '/incident role scribe leave', '/incident role INC-12 comms @bea'],
  needs: 'incident',
  run: async (ask, context) => {
    const incident = given(ask)
    if (ask.words === '') return overview(incident)
    if (ask.words === 'give' && ask.canShowForm) return { form: form(incident) }
    const named = await takePerson(ask, context, example)
    if ('code' in named) return { refused: named }
    const [first = '', second = '', ...more] = named.rest.split(' ')
    const role = roleOf(first)
    const unreadable = (word: string, what: string) => ({ refused: refuse('unreadable', { what, word, example }) })
    if (role === undefined)
      return first === ''
        ? { refused: refuse('missing', { what: 'The role', example }) }
        : unreadable(first, `a role: there are ${roles.join(', ')}`)
    if (more.length > 0 || (second !== '' && (named.who !== null || !/^(?:leave|drop|free|me)$/i.test(second))))
      return { refused: refuse('unknown_person', { word: [second, ...more].join(' '), example: `/incident role ${role} @bea` }) }
    if (second !== '' && second.toLowerCase() !== 'me')
      return tell(await context.handle(incident.id, { type: 'leave-role', role }, ask.by), () =>
        say(`✅ You are not ${roleWord[role]} any more.`),
      )
    const person = named.who?.person ?? ask.by
    return person.kind === 'person' ? take(role, person, ask, context) : { refused: refuse('missing', { what: 'Who', example }) }
  },
  submit: async (values, place, context) => {
    const role = roleOf(values['role'] ?? '')
    const user = values['person'] ?? ''
    if (role === undefined) return { refused: refuse('missing', { what: 'The role', example }) }
    const who = askable(user === '' ? null : await context.who(user, user), user, example)
    return 'code' in who ? { refused: who } : take(role, who.person, place, context)
  },
})
