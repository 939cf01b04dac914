/** Who somebody is for certain: one person is one, however many accounts, addresses and names they have (faults 48). */
import { describe, expect, test } from 'vitest'
import { memberOf } from '../src/adapters/slack/member.ts'
import { createApprovers } from '../src/approvers.ts'
import { People } from '../src/catalogue/people.ts'
import { sameIdentity } from '../src/incident/acting/request.ts'
import type { Actor } from '../src/incident/events.ts'
import type { Contact } from '../src/incident/policy.ts'
import { createPerson } from '../src/people.ts'
import { type Member, PortFault } from '../src/ports.ts'

const people = {
  bea: { name: 'Bea Blum', email: 'Bea@Acme.example', slack: 'U0BEA', accounts: ['U0BEA2'] },
  carl: { name: 'Carl Cohn', email: 'carl@acme.example' },
}
const member = (user: string, email: string | null, standing: Member['standing'] = 'member'): Member => ({
  user,
  name: user,
  email,
  standing,
})
const members = new Map<string, Member>(
  [
    member('U0BEA', 'bea@acme.example'),
    member('U0BEA2', 'blum@home.example'),
    member('U0BEA3', 'bea+test@acme.example'),
    member('U0CARL', 'carl@acme.example'),
    member('U0DORA', 'dora@acme.example'),
    member('U0NOMAIL', null),
    member('U0GUEST', 'guest@acme.example', 'guest'),
    member('U0GONE', 'gone@acme.example', 'deactivated'),
  ].map((each) => [each.user, each]),
)
let away = false
const approvers = createApprovers({
  catalogue: { people },
  chat: {
    member: (user) =>
      away ? Promise.reject(new PortFault('unavailable', 'users.info', 'no answer')) : Promise.resolve(members.get(user) ?? null),
    groupMembers: (group) => Promise.resolve(group === 'S0LEADS' ? ['U0DORA'] : []),
  },
  resolve: (contact) => Promise.resolve(contact),
})
const as = (user: string): Actor => createPerson({ people } as never)(user, user)
const identitiesOf = async (by: Actor) => {
  const known = await approvers.identify(by)
  return 'unknown' in known ? known : known.identities
}
const who = async (user: string) => {
  const known = await identitiesOf(as(user))
  if ('unknown' in known) throw new Error(known.unknown)
  return known
}

describe('one person', () => {
  test.each([
    ['the account and another that people.yml names', 'U0BEA', 'U0BEA2', true],
    ['an address with something behind a plus', 'U0BEA', 'U0BEA3', true],
    ['two people', 'U0BEA', 'U0CARL', false],
    ['two people, one of them not in people.yml', 'U0CARL', 'U0DORA', false],
  ])('%s', async (_, a, b, same) => {
    expect(sameIdentity(await who(a), await who(b))).toBe(same)
  })

  test('at a terminal, by the name that people.yml has', async () => {
    const terminal: Actor = { kind: 'person', id: 'carl', name: 'Carl Cohn (terminal)', via: 'terminal' }
    expect(await identitiesOf(terminal)).toEqual(await who('U0CARL'))
  })

  test('of whom nothing is known for certain nothing is claimed', async () => {
    expect(await who('U0NOMAIL')).toEqual([])
    expect(await identitiesOf({ kind: 'person', id: 'terminal:root', name: 'root', via: 'terminal', unverified: true })).toEqual([])
    expect(await identitiesOf({ kind: 'bot' })).toEqual([])
  })

  test('an e-mail that Slack has not confirmed is nobody’s', () => {
    const user = { team_id: 'T1', name: 'mallory', profile: { email: 'head@acme.example' } }
    expect(memberOf('U0M', { ...user, is_email_confirmed: false }, 'T1').email).toBeNull()
    expect(memberOf('U0M', { ...user, is_email_confirmed: true }, 'T1').email).toBe('head@acme.example')
  })

  test('an account of two people is a mistake in people.yml', () => {
    const parsed = People.safeParse({ ...people, dora: { name: 'Dora', accounts: ['U0BEA2'] } })
    expect(parsed.error?.issues.map(({ message }) => message)).toEqual([
      'U0BEA2 is bea’s account: list everything of one person in one place',
    ])
  })
})

describe('who may', () => {
  const head = { name: 'Head', email: 'bea@acme.example' }
  const leads = { name: 'Leads', slackGroup: 'S0LEADS' }
  test.each([
    ['U0BEA', [head], 'Head'],
    ['U0BEA2', [head], 'Head'],
    // The same mailbox is the same person, but nobody gains a right by a plus.
    ['U0BEA3', [head], null],
    ['U0CARL', [head, leads], null],
    ['U0DORA', [head, leads], 'Leads'],
    ['U0CARL', [], 'member of the workspace'],
    ['U0GUEST', [], null],
    ['U0GONE', [], null],
  ])('%s', async (user, contacts, basis) => {
    expect(await approvers.standing(as(user), contacts)).toMatchObject({ basis })
  })

  test('nobody whom the chat does not know, or who types at a terminal', async () => {
    expect(await approvers.standing(as('U0NOBODY'), [])).toEqual({ identities: [], basis: null })
    const terminal: Actor = { kind: 'person', id: 'carl', name: 'Carl Cohn (terminal)', via: 'terminal' }
    expect(await approvers.standing(terminal, [])).toMatchObject({ basis: null })
  })

  test('nobody can tell while the chat is away, and that is said as what it is', async () => {
    away = true
    expect(await approvers.standing(as('U0BEA'), [])).toEqual({ unknown: 'no answer' })
    expect(await approvers.identify(as('U0BEA'))).toEqual({ unknown: 'no answer' })
    away = false
  })

  test('by the rule of now as by the one that it was asked for with; a looser one changes nothing', async () => {
    const vote = { by: as('U0DORA'), identities: await who('U0DORA'), at: '', basis: 'Leads' }
    const asked = { by: as('U0CARL'), identities: await who('U0CARL'), at: '' }
    const lapsed = (then: readonly Contact[], now: readonly Contact[]) =>
      approvers.lapsed(
        { asked, votes: [vote], forced: null, rule: { needed: 1, approvers: then, minutes: 10, breakGlassMinutes: null } },
        now,
      )
    expect(await lapsed([leads], [leads])).toBeNull()
    expect(await lapsed([leads], [])).toBeNull()
    expect(await lapsed([], [leads, head])).toBeNull()
    expect(await lapsed([], [head])).toContain('is not among those who may by now')
    expect(await lapsed([head], [leads])).toContain('may not any more')
  })

  test('two votes that turn out to be one person’s do not start anything', async () => {
    const vote = (user: string) => ({ by: as(user), identities: [`once:${user}`], at: '', basis: 'member of the workspace' })
    const rule = { needed: 2, approvers: [], minutes: 10, breakGlassMinutes: null }
    const asked = { by: as('U0DORA'), identities: await who('U0DORA'), at: '' }
    expect(await approvers.lapsed({ asked, votes: [vote('U0BEA'), vote('U0CARL')], forced: null, rule }, [])).toBeNull()
    expect(await approvers.lapsed({ asked, votes: [vote('U0BEA'), vote('U0BEA2')], forced: null, rule }, [])).toContain('another account')
    expect(await approvers.lapsed({ asked, votes: [vote('U0DORA')], forced: null, rule }, [])).toContain('another account')
    const forced = { identities: [], by: as('U0GONE'), at: '', why: 'Nobody answers' }
    expect(await approvers.lapsed({ asked, votes: [], forced, rule }, [])).toContain('may not any more')
  })
})
