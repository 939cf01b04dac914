/** Who does what: the lead and those beside, and the asking for a lead while there is none. */
import { addMinutes } from 'date-fns/addMinutes'
import type { Incident } from '../incident.ts'
import { author, line, type Message, type Span, asking } from '../message.ts'
import { clocked } from '../clocks.ts'
import { contactOf } from '../contact.ts'
import { type Contact, mentionable } from '../policy.ts'
import type { Job } from '../react.ts'
import { refuse } from '../refusals.ts'
import type { Actor, Recorded } from '../events.ts'
import { type Area, type Person, samePerson } from './area.ts'
import { freed, type TodoEvent } from './todos.ts'

export const roles = ['lead', 'comms', 'scribe', 'ops'] as const
export type Role = (typeof roles)[number]

/** `gone`: the person cannot act any more, e.g. was deactivated. */
type Left = 'left' | 'gone'

export type RoleEvent =
  | { readonly type: 'role-taken'; readonly v: 1; readonly role: Role; readonly person: Person }
  | { readonly type: 'role-left'; readonly v: 1; readonly role: Role; readonly person: Person; readonly why: Left }
  /** Asked for the `count`-th time since the lead is missing. */
  | { readonly type: 'lead-wanted'; readonly v: 1; readonly search: number; readonly count: number }

export type RoleIntent =
  | { readonly type: 'take-role'; readonly role: Role; readonly person: Person }
  | { readonly type: 'leave-role'; readonly role: Role }
  | { readonly type: 'person-gone'; readonly id: string }
  | { readonly type: 'lead-due'; readonly search: number; readonly count: number }

export type RoleState = {
  readonly lead: Actor | null
  /** Those beside the lead. */
  readonly team: Readonly<Partial<Record<Exclude<Role, 'lead'>, Person>>>
  /** Each time that the lead goes, the search for one begins anew. */
  readonly search: number
  /** How often this search has asked. */
  readonly asked: number
}

export const noRoles: RoleState = { lead: null, team: {}, search: 1, asked: 0 }

/** How often at most somebody is asked to lead. */
const mostAsked = 5

export const roleWord: Readonly<Record<Role, string>> = {
  lead: 'Lead',
  comms: 'Communications',
  scribe: 'Scribe',
  ops: 'Operations',
}

/** What whoever takes a role is told, and nobody else. */
export const roleDuties: Readonly<Record<Role, readonly string[]>> = {
  lead: [
    'You decide, and you delegate: do not repair it yourself.',
    'Say what happens next, and who does it: /incident todo <text> @somebody.',
    'Confirm the severity, and change it when it is another one: /incident severity.',
    'Keep the updates coming, or give that to somebody: /incident role comms @somebody.',
    'When you have to go, hand over: /incident role lead @somebody.',
  ],
  comms: [
    'You tell everybody outside of this channel: what is affected, since when, when you will say more.',
    'Post updates before they are due: /incident update <text> [next 30m].',
    'Say what is known, and nothing that is only suspected.',
  ],
  scribe: [
    'You write down what is seen, tried and decided: /incident note <text> [at 14:05].',
    'Pin a message, or mark it with 📌, to put it into the timeline.',
    'Keep what is suspected and what is ruled out: /incident suspect, /incident ruled-out.',
  ],
  ops: [
    'You look and repair: /diag all, then one thing at a time, said before it is done.',
    'Say what you did and what came of it: /incident note.',
    'Ask the lead before anything that cannot be undone.',
  ],
}

/** Who has this role. */
export const holder = (incident: Incident, role: Role): Actor | null => (role === 'lead' ? incident.lead : (incident.team[role] ?? null))

/** The same of who leads planned work: nothing is broken yet. */
const plannedDuties: readonly string[] = [
  'You carry it out, or say who does.',
  'Say when it begins and how it goes: /incident update <text>. When it is done: /incident resolve <summary>.',
  'If something breaks, declare it: /incident new <title>.',
  'When you have to go, hand over: /incident role lead @somebody.',
]

/** What is whispered to one person in the channel. */
export type Whisper = { readonly to: Person; readonly message: Message }

const dutiesOf = ({ kind }: Incident, role: Role): readonly string[] =>
  role === 'lead' && !clocked(kind) ? plannedDuties : roleDuties[role]

/** Private instructions to who has just taken a role, by whatever event: who acknowledges first leads, too. */
export const instructions = (before: Incident | null, { seq }: Recorded, after: Incident): Whisper[] =>
  roles.flatMap((role): Whisper[] => {
    const person = holder(after, role)
    if (person?.kind !== 'person' || (before !== null && samePerson(holder(before, role), person))) return []
    const summary = role === 'lead' ? `You lead ${after.id}` : `${roleWord[role]} of ${after.id}: you`
    return [
      {
        to: person,
        message: line(
          `instructions:${seq}:${role}`,
          summary,
          ['🎯 ', { bold: summary }, '. Only you see this.'],
          [
            { kind: 'list', items: dutiesOf(after, role).map((duty) => [duty]) },
            { kind: 'context', spans: ['Give it back: ', { code: `/incident role ${role} leave` }] },
          ],
        ),
      },
    ]
  })

/** Those beside the lead, in one line; empty while there are none. */
export const teamLine = ({ team }: Pick<Incident, 'team'>): Span[] =>
  roles
    .flatMap((role) => {
      const person = role === 'lead' ? undefined : team[role]
      return person === undefined ? [] : [{ role, person }]
    })
    .flatMap(({ role, person }, index): Span[] => [`${index === 0 ? '' : ' · '}${roleWord[role]} `, author(person)])

/** The roles that this person has, the lead first. */
export const rolesOf = (incident: Incident, person: Actor): Role[] => roles.filter((role) => samePerson(holder(incident, role), person))

const given = (incident: Incident, role: Role, person: Person | null): Incident => {
  if (role === 'lead')
    return person === null ? { ...incident, lead: null, search: incident.search + 1, asked: 0 } : { ...incident, lead: person }
  const { [role]: _, ...others } = incident.team
  return { ...incident, team: person === null ? others : { ...others, [role]: person } }
}

const left = (incident: Incident, person: Person, which: readonly Role[], why: Left): RoleEvent[] =>
  rolesOf(incident, person)
    .filter((role) => which.includes(role))
    .map((role) => ({ type: 'role-left', v: 1, role, person, why }))

/** Asks for a lead at the pace of the severity (field.md: every two minutes, five times), while there is none. Who plans work leads it,
 *  so nobody is asked for then. */
const search = (incident: Incident, count: number, from: string): Job[] => {
  const { nagLead } = incident.policy
  if (nagLead === undefined || nagLead === null || incident.lead !== null || count > mostAsked || !clocked(incident.kind)) return []
  const at = addMinutes(from, nagLead).toISOString()
  return [
    {
      queue: 'timer',
      data: { incident: incident.id, search: incident.search, count, at },
      // One for each event that calls for it: after a change of severity two may wait, and which comes second is stale.
      once: `lead:${incident.id}:${incident.version}`,
      startAfter: at,
    },
  ]
}

/** The jobs that look for a lead from the beginning: at the declaration, and when the lead has gone. */
export const searchForLead = (incident: Incident, from: string): Job[] => search(incident, 1, from)

/** Whom the bot can ask: from the present step of the ladder on, then any of it, then who declared it. */
const askable = ({ policy: { ladder }, escalation, declaredBy }: Incident): Contact[] => {
  const from = Math.max(0, escalation)
  const able = [...ladder.slice(from), ...ladder.slice(0, from)].filter(mentionable)
  const declarer = contactOf(declaredBy)
  return able.length > 0 || declarer === null ? able : [declarer]
}

/** The asking for a lead: the first and the last time are messages of their own, which are noticed; those between edit the first. Says
 *  so once there is one. Empty while nobody was asked. */
export const leadWanted = (incident: Incident): Message[] => {
  const { search: of, asked, lead } = incident
  const take: Span[] = [' Take it: ', { code: '/incident role lead' }]
  const [first, second = first] = askable(incident)
  const message = (key: string, who: Contact | undefined): Message =>
    lead === null
      ? asking(
          { kind: 'lead' },
          line(key, `Nobody leads ${incident.id} yet`, [
            '🙋 ',
            ...(who === undefined ? [] : [{ mention: who }, ' ']),
            { bold: `Nobody leads ${incident.id} yet` },
            who === undefined ? ', and the bot could ask nobody: whoever reads this is asked.' : '.',
            ...take,
          ]),
        )
      : line(key, `Nobody leads ${incident.id} yet`, ['🙋 Nobody led for a while; now ', author(lead), ' does.'])
  return [
    ...(asked > 0 ? [message(`lead-wanted:${of}`, first)] : []),
    ...(asked >= mostAsked ? [message(`lead-wanted:${of}:last`, second)] : []),
  ]
}

export const roleArea: Area<RoleIntent, RoleEvent> = {
  whileOpen: ['take-role', 'leave-role', 'lead-due'],
  decide: {
    'take-role': (incident, { role, person }) =>
      samePerson(holder(incident, role), person)
        ? refuse('has_role', { name: person.name, role: roleWord[role] })
        : [{ type: 'role-taken', v: 1, role, person }],
    'leave-role': (incident, { role }, { by }) => {
      if (by.kind !== 'person' || !samePerson(holder(incident, role), by)) {
        const now = holder(incident, role)
        return refuse('not_your_role', { role: roleWord[role], name: now?.kind === 'person' ? now.name : null })
      }
      return [{ type: 'role-left', v: 1, role, person: by, why: 'left' }]
    },
    'person-gone': (incident, { id }) => {
      if (incident.stamps.resolve !== null) return []
      const known = roles.map((role) => holder(incident, role)).find((actor) => actor?.kind === 'person' && actor.id === id)
      const free: TodoEvent[] = freed(incident, id)
      return known?.kind === 'person' ? [...left(incident, known, roles, 'gone'), ...free] : free
    },
    'lead-due': (incident, { search: of, count }) =>
      incident.lead === null && incident.search === of && incident.asked + 1 === count && typeof incident.policy.nagLead === 'number'
        ? [{ type: 'lead-wanted', v: 1, search: of, count }]
        : [],
  },
  evolve: {
    'role-taken': (incident, { role, person }) => given(incident, role, person),
    'role-left': (incident, { role }) => given(incident, role, null),
    'lead-wanted': (incident, { count }) => ({ ...incident, asked: count }),
  },
  tell: {
    'role-taken': ({ role, person }, { events, seq }) => ({
      kind: 'role',
      text: samePerson(events[seq - 1]?.by, person)
        ? `Took the role ${roleWord[role]}.`
        : `Gave the role ${roleWord[role]} to ${person.name}.`,
    }),
    'role-left': ({ role, person, why }) => ({
      kind: 'role',
      text:
        why === 'left'
          ? `Gave the role ${roleWord[role]} back.`
          : `${person.name} is not in the workspace any more: ${roleWord[role]} is free.`,
    }),
    'lead-wanted': () => null,
  },
  posts: {
    'role-taken': (incident, { role, person }, { seq, by }) => [
      ...(role === 'lead' ? leadWanted(incident) : []),
      line(`role:${seq}`, `${roleWord[role]}: ${person.name}`, [
        ...(role === 'lead' ? ['🎯 ', author(person), ' leads.'] : ['🎯 ', { bold: roleWord[role] }, ': ', author(person), '.']),
        ...(samePerson(by, person) ? [] : [' Asked by ', author(by), '.']),
      ]),
    ],
    'role-left': (_, { role, person, why }, { seq }) => [
      line(`role:${seq}`, `${roleWord[role]} is free`, [
        '👋 ',
        ...(why === 'left' ? [author(person), ' has given '] : [`${person.name} is not in this workspace any more and leaves `]),
        { bold: roleWord[role] },
        why === 'left' ? ' back. Take it: ' : '. Take it: ',
        { code: `/incident role ${role}` },
      ]),
    ],
    'lead-wanted': (incident) => leadWanted(incident),
  },
  react: (before, { event, at }, after) => {
    if (event.type === 'role-left' && event.role === 'lead') return searchForLead(after, at)
    const again = event.type === 'lead-wanted' || (event.type === 'severity-changed' && before.policy.nagLead !== after.policy.nagLead)
    return again ? search(after, after.asked + 1, at) : []
  },
}
