/** Who tries to be somebody else, or two people, to approve an action (faults 48, 51). */
import { describe, expect, test } from 'vitest'
import { createApprovers } from '../src/approvers.ts'
import { memberOf } from '../src/adapters/slack/member.ts'
import { sameIdentity } from '../src/incident/acting/request.ts'
import type { Actor } from '../src/incident/events.ts'
import { type Member, PortFault } from '../src/ports.ts'

const emails: Readonly<Record<string, string>> = {
  U0DOT: 'be.a@gmail.com',
  U0PLUS: 'BEA+work@googlemail.com',
  U0BEA: 'bea@gmail.com',
  U0ACME: 'be.a@acme.example',
  U0ACME2: 'bea@acme.example',
  U0CARL: 'carl@acme.example',
}
const people = { mallory: { name: 'Mallory', slack: 'U0MALLORY' } }
const as = (user: string): Actor => ({
  kind: 'person',
  id: user === 'U0MALLORY' ? 'mallory' : `slack:${user}`,
  name: user,
  slack: user,
})
const mallory = memberOf('U0MALLORY', { team_id: 'T1', is_email_confirmed: false, profile: { email: 'carl@acme.example' } }, 'T1')
const approvers = createApprovers({
  catalogue: { people },
  chat: {
    member: (user) => {
      const member: Member = { user, name: user, email: emails[user] ?? null, standing: 'member' }
      return Promise.resolve(user === 'U0MALLORY' ? mallory : member)
    },
    groupMembers: (group) =>
      group === 'S0LEADS'
        ? Promise.resolve(['U0BEA'])
        : Promise.reject(new PortFault('invalid', 'usergroups.users.list', 'no_such_subteam')),
  },
  // Slack finds nobody by an e-mail that is not confirmed.
  resolve: (contact) => Promise.resolve(contact),
})

const identitiesOf = async (user: string) => {
  const known = await approvers.identify(as(user))
  if ('unknown' in known) throw new Error(known.unknown)
  return known.identities
}

describe('one person as two', () => {
  test.each([
    ['dots that Google does not read', 'U0BEA', 'U0DOT', true],
    ['the other name of Google’s', 'U0DOT', 'U0PLUS', true],
    ['dots that another server may read', 'U0ACME', 'U0ACME2', false],
  ])('%s', async (_, a, b, same) => {
    expect(sameIdentity(await identitiesOf(a), await identitiesOf(b))).toBe(same)
  })
})

describe('one person as another', () => {
  test('an e-mail of an approver that nobody has confirmed', async () => {
    const carl = { name: 'Carl', email: 'carl@acme.example' }
    expect(await approvers.standing(as('U0MALLORY'), [carl])).toEqual({ identities: ['person:mallory'], basis: null })
  })
})

describe('a group that cannot be read', () => {
  const gone = { name: 'Gone', slackGroup: 'S0GONE' }
  test('keeps nobody out who may without it', async () => {
    const carl = { name: 'Carl', email: 'carl@acme.example' }
    expect(await approvers.standing(as('U0CARL'), [gone, carl])).toMatchObject({ basis: 'Carl' })
    expect(await approvers.standing(as('U0BEA'), [gone, { name: 'Leads', slackGroup: 'S0LEADS' }])).toMatchObject({ basis: 'Leads' })
  })
  test('and lets nobody in', async () => {
    expect(await approvers.standing(as('U0ACME'), [gone])).toEqual({ unknown: 'no_such_subteam' })
    expect(await approvers.standing(as('U0ACME'), [{ name: 'Leads', slackGroup: 'S0LEADS' }, gone])).toEqual({ unknown: 'no_such_subteam' })
  })
})
