/** The rule of now against an action that was approved by an older one: a stricter one counts, a looser one changes nothing. */
import { describe, expect, test } from 'vitest'
import { type ActionRequest, type ApprovalRule, stricterNow } from '../../../src/incident/acting/request.ts'
import { conversation } from '../../../src/incident/conversation.ts'
import type { Actor } from '../../../src/incident/events.ts'
import { after, bob, bot, declared, given, happened, severity, step, type Step } from '../../given.ts'
import { approves, asks, cardAfter, carol, forces, previewed, rule } from './asked.ts'

const requested = (...steps: readonly Step[]): ActionRequest => after(declared(), asks(1), previewed(2), ...steps).actions[0]!
const against = (request: ActionRequest, now: Partial<ApprovalRule>) => stricterNow(request, { ...rule, ...now })

test.each<[string, ActionRequest, Partial<ApprovalRule>, string | null]>([
  ['the same', requested(approves(bob, 3)), {}, null],
  ['one more', requested(approves(bob, 3)), { needed: 2 }, 'It needs 2 approvals by now and has 1: '],
  [
    'fewer',
    after(declared(), asks(1, { rule: { ...rule, needed: 2 } }), previewed(2), approves(bob, 3), approves(carol, 3)).actions[0]!,
    {},
    null,
  ],
  ['no break-glass, where nobody used it', requested(approves(bob, 3)), { breakGlassMinutes: null }, null],
])('%s', (_, request, now, says) => {
  expect(request.status).toBe('approved')
  const found = against(request, now)
  expect(found?.code ?? null).toBe(says === null ? null : 'votes')
  expect(found?.why ?? '').toContain(says ?? '')
})

test('who runs it alone needs no votes, but that this may be', () => {
  const alone = requested(step({ type: 'take-role', role: 'lead', person: carol }, 3, carol), forces(carol, 8))
  expect(against(alone, { needed: 2 })).toBeNull()
  expect(against(alone, { breakGlassMinutes: null })?.why).toContain('nobody may run it without an approval')
})

test('asked for at a terminal it needs one more by this rule, too', () => {
  const request = requested(approves(bob, 3))
  const terminal: Actor = { kind: 'person', id: 'alice', name: 'Alice', via: 'terminal' }
  expect(against({ ...request, asked: { ...request.asked, by: terminal } }, {})?.why).toContain('It needs 2 approvals')
})

describe('another severity while it waits', () => {
  const leads: ApprovalRule = { ...rule, approvers: [{ name: 'Lead', slackUser: 'U0LEAD' }] }
  const now = (minute: number, more: Partial<ApprovalRule>): Step =>
    step({ type: 'change-action-rule', action: 1, rule: { ...rule, ...more } }, minute, bot)
  const raised = [declared(), asks(1), previewed(2), severity('P2', 3), now(3, leads)]

  test('a rule that asks more is on the card, with its people, and gone with the severity', () => {
    expect(cardAfter(declared(), asks(1), previewed(2))).toContain('any member of this workspace')
    expect(cardAfter(...raised)).toContain('Needs one person: Lead, but not Alice Adler')
    expect(cardAfter(...raised, now(4, {}))).toContain('any member of this workspace')
    expect(cardAfter(...raised, now(4, { needed: 2 }))).toContain('Needs 2 people')
    given(...raised)
      .when(now(4, leads))
      .happens()
    given(declared(), asks(1), previewed(2))
      .when(now(4, { needed: 0 }))
      .happens()
    given(declared(), asks(1), previewed(2), approves(bob, 3)).when(now(4, leads)).happens()
  })

  test('the rule that it was asked for with holds besides', () => {
    const asked = { ...rule, approvers: [{ name: 'Release', slackUser: 'U0REL' }] }
    expect(cardAfter(declared(), asks(1, { rule: asked }), previewed(2), now(3, leads))).toContain(
      'Lead (who are also of those who could when it was asked for: Release)',
    )
  })

  test('one approval is not enough where two are asked by now, and is once one is asked again', () => {
    const voted = after(...raised, now(4, { needed: 2 }), approves(bob, 5))
    expect(voted.actions[0]).toMatchObject({ status: 'waiting', votes: [{ by: bob }] })
    expect(after(...raised, now(4, { needed: 2 }), approves(bob, 5), now(6, {})).actions[0]?.status).toBe('approved')
  })

  test('it does not begin by itself while something keeps it, nor when its time is over', () => {
    const busy = { code: 'busy', why: 'Action 2 of INC-3 is changing it.', remedy: 'Wait.', command: null, thaws: false } as const
    const held = (minute: number, by: typeof busy | null) => step({ type: 'hold-action', action: 1, against: by }, minute, bot)
    const voted = [...raised, now(4, { needed: 2 }), approves(bob, 5)]
    const kept = [...voted, held(6, busy), now(7, {})]
    expect(after(...kept).actions[0]).toMatchObject({ status: 'waiting', votes: [{ by: bob }] })
    expect(after(...kept, held(8, null)).actions[0]?.status).toBe('approved')
    expect(after(...voted, now(12.5, {})).actions[0]?.status).toBe('waiting')
  })

  test('whoever may by now is rung when it can be approved again', () => {
    const locked = { code: 'locked', why: 'It is locked.', remedy: 'To open it:', command: null, thaws: false } as const
    const steps = [locked, null].map((by, index) => step({ type: 'hold-action', action: 1, against: by }, 4 + index, bot))
    const said = conversation(happened(...raised, ...steps)).flatMap((item) => (item.step === 'message' ? [item.message] : []))
    expect(JSON.stringify(said.findLast(({ key }) => key.startsWith('action-news:'))?.parts)).toContain(
      '"mention":{"name":"Lead","slackUser":"U0LEAD"}',
    )
  })

  test('a vote that cannot count by the rule of now is refused, and what is there stays', () => {
    const vote = (more: object): Step =>
      step({ type: 'approve-action', action: 1, hash: null, identities: ['person:bob'], basis: null, rule: leads, ...more }, 4, bob)
    given(declared(), asks(1), previewed(2)).when(vote({})).refused('may_not_approve', 'You may not approve action 1. These may: Lead.')
    given(declared(), asks(1, { rule: { ...rule, needed: 2 } }), previewed(2), approves(carol, 3))
      .when(vote({ basis: 'Lead', lapsed: 'Carol, who approved it, is not among those who may by now. Ask again.' }))
      .refused(
        'votes_lapsed',
        'Not recorded. Carol, who approved it, is not among those who may by now. Ask for it anew: `/incident deny 1`, then `/incident run again 1`.',
      )
    // The event that says so may not have come yet.
    given(declared(), asks(1), previewed(2))
      .when(vote({ basis: 'Lead', rule: { ...leads, needed: 2 } }))
      .happens({ type: 'action-rule-changed', rule: { ...leads, needed: 2 } }, { type: 'action-approved' })
  })
})
