/** Somebody is called by hand, and the next where one cannot be reached. */
import { describe, expect, test } from 'vitest'
import type { PagingIntent } from '../../../src/incident/areas/paging.ts'
import { sameContact } from '../../../src/incident/areas/paging.ts'
import { conversation } from '../../../src/incident/conversation.ts'
import { replay } from '../../../src/incident/evolve.ts'
import type { Contact } from '../../../src/incident/policy.ts'
import { react } from '../../../src/incident/react.ts'
import { timeline } from '../../../src/incident/timeline.ts'
import { ack, after, at, bot, declared, given, happened, ladder, policy, resolve, type Step, step, tick } from '../../given.ts'

const [oncall, lead, head] = ladder as [Contact, Contact, Contact]
const dba: Contact = { name: 'Database team', slackGroup: 'S0DBA' }
const page = (minute: number, to: Contact | null = null, why: string | null = null): Step => step({ type: 'page', to, why }, minute)
const missed = (level: number, minute: number, reason = 'deactivated in Slack'): Step =>
  step({ type: 'call-missed', level, run: 1, reason }, minute, bot)
const p3 = { policy: policy('P3') }

const words = (key: string, ...steps: readonly Step[]): string => {
  const item = conversation(happened(...steps)).find((each) => each.key === key)
  const part = item?.step === 'message' ? item.message.parts[0] : undefined
  if (part?.kind !== 'text') throw new Error(`no message ${key}`)
  return part.spans
    .map((span) => (typeof span === 'string' ? span : 'mention' in span ? `@${span.mention.name}` : 'code' in span ? span.code : '·'))
    .join('')
}

describe('the next of the ladder', () => {
  test('is the first where nobody was called yet, and the one behind whoever was called last', () => {
    given(declared(p3)).when(page(1)).happens({ type: 'paged', to: oncall, level: 0 })
    given(declared()).when(page(6)).happens({ type: 'paged', to: lead, level: 1 })
    given(declared(), page(6), page(7))
      .when(page(13))
      .refused(
        'ladder_ends',
        'Everybody on the ladder of INC-7 was called: On-call, Team lead, Head of engineering. Name somebody: `/incident page @user`.',
      )
  })

  test('is not called by the clock again: it goes on behind them', () => {
    given(declared(), page(6))
      .when(tick('response', 1, 20))
      .happens({ type: 'clock-breached' }, { type: 'escalated', to: head, level: 2 })
  })

  test('called after the clock ran out, silence goes on with the one behind', () => {
    const events = happened(declared(), tick('response', 1, 20), page(22))
    const now = replay(events)!
    const jobs = react(replay(events.slice(0, -1)), events.at(-1)!, now)
    expect(now.escalation).toBe(2)
    // Nobody follows them: all are called together next.
    expect(jobs.filter(({ queue }) => queue === 'timer')).toMatchObject([{ data: { unanswered: 1 }, startAfter: at(32) }])
    const earlier = happened(declared({ policy: policy('P1', { ladder: [...ladder, dba] }) }), tick('response', 1, 20), page(22))
    const timers = react(replay(earlier.slice(0, -1)), earlier.at(-1)!, replay(earlier)!).filter(({ queue }) => queue === 'timer')
    expect(timers).toMatchObject([{ data: { escalation: 3, run: 1 }, startAfter: at(32) }])
  })

  test('nobody is on it', () => {
    given(declared({ policy: policy('P1', { ladder: [] }) }))
      .when(page(1))
      .refused('ladder_ends', 'INC-7 has no ladder, so there is nobody next. Name somebody: `/incident page @user`.')
  })
})

describe('somebody who is named', () => {
  test('is called, invited, and told why; the ladder stays where it is', () => {
    const steps = [declared(), page(3, dba, 'The primary is read-only')]
    expect(after(...steps).escalation).toBe(0)
    expect(words('paged:3', ...steps)).toBe('📟 @Database team you are needed in INC-7: The primary is read-only. Asked by @Alice Adler.')
    const keys = conversation(happened(...steps)).map(({ key }) => key)
    expect(keys.indexOf('call:3')).toBeLessThan(keys.indexOf('paged:3'))
    expect(timeline(happened(...steps), { zone: 'UTC' }).at(-1)).toMatchObject({
      who: 'Alice Adler',
      kind: 'escalation',
      text: 'Paged Database team: The primary is read-only',
    })
  })

  test('is the next of the ladder when they are', () => {
    given(declared())
      .when(page(6, { ...lead, name: 'Lea' }))
      .happens({ type: 'paged', level: 1 })
  })

  test('without any way in the chat: their number, and that the bot cannot telephone', () => {
    const phone: Contact = { name: 'Data centre', phone: '+41 44 123 45 67' }
    const steps = [declared(), page(3, phone, 'Power is out')]
    expect(words('paged:3', ...steps)).toBe(
      '⚠ @Data centre was not called: the bot cannot telephone. Please do.\nWhy: Power is out. Asked by @Alice Adler.',
    )
    expect(conversation(happened(...steps)).map(({ key }) => key)).not.toContain('call:3')
    expect(timeline(happened(...steps), { zone: 'UTC' }).at(-1)?.text).toContain('Named Data centre in the channel')
  })

  test('is not called twice within five minutes, whoever called them first', () => {
    given(declared(), page(1, dba))
      .when(page(5, dba))
      .refused(
        'already_paged',
        `Database team was called at ${at(1)} already. Give them 5 min from then, or call somebody else: \`/incident page @user\`.`,
      )
    given(declared()).when(page(4, oncall)).refused('already_paged', expect.stringContaining('On-call was called at'))
    given(declared(), page(1, dba)).when(page(6, dba)).happens({ type: 'paged' })
  })

  test('is not called to what is over', () => {
    given(declared(), resolve(2)).when(page(3, dba)).refused('already_resolved', expect.stringContaining('Already resolved'))
  })
})

describe('who cannot be reached is passed over', () => {
  test('the next is called at once, and told why', () => {
    given(declared())
      .when(missed(0, 1))
      .happens({ type: 'paged', to: lead, level: 1, why: 'On-call cannot be reached: deactivated in Slack' })
    expect(words('paged:3', declared(), missed(0, 1))).toBe(
      '📟 @Team lead you are needed in INC-7: On-call cannot be reached: deactivated in Slack. Acknowledge: /incident ack.',
    )
  })

  test('not when it is known already, somebody has answered, or nobody follows', () => {
    given(declared(), missed(0, 1)).when(missed(0, 2)).happens()
    given(declared(), ack(1)).when(missed(0, 2)).happens()
    given(declared(), missed(0, 1), missed(1, 2)).when(missed(2, 3)).happens()
  })

  test('also where they were called by hand', () => {
    given(declared(), ack(1), page(6)).when(missed(1, 7)).happens({ type: 'paged', to: head, level: 2 })
  })
})

test('the same person is known by any of their ways', () => {
  const bea: Contact = { name: 'Bea', slackUser: 'U0BEA', email: 'bea@acme.example' }
  expect(sameContact(bea, { name: 'On-call', email: 'BEA@acme.example' })).toBe(true)
  expect(sameContact(bea, { name: 'Bea', email: 'another@acme.example' })).toBe(false)
  expect(sameContact({ name: 'Desk' }, { name: 'desk' })).toBe(true)
  const nobody: PagingIntent = { type: 'page', to: null, why: null }
  expect(nobody.to).toBeNull()
})
