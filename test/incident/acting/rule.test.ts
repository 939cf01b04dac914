/** The rule of now against an action that was approved by an older one: a stricter one counts, a looser one changes nothing. */
import { expect, test } from 'vitest'
import { type ActionRequest, type ApprovalRule, stricterNow } from '../../../src/incident/acting/request.ts'
import type { Actor } from '../../../src/incident/events.ts'
import { after, bob, declared, step, type Step } from '../../given.ts'
import { approves, asks, carol, forces, previewed, rule } from './asked.ts'

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
