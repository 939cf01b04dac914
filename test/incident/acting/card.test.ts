/** What the channel shows of an action: the way to run it alone once that may be, and what to do about what ended badly. */
import { describe, expect, test } from 'vitest'
import { crossed, type Criterion, holds, sayable } from '../../../src/incident/acting/criteria.ts'
import type { ActingIntent } from '../../../src/incident/acting/events.ts'
import type { Wanted } from '../../../src/incident/acting/request.ts'
import { conversation } from '../../../src/incident/conversation.ts'
import { author } from '../../../src/incident/message.ts'
import { plainText } from '../../../src/incident/plain.ts'
import { parseRunbook } from '../../../src/incident/runbook.ts'
import { runbookParts } from '../../../src/incident/runbook-posts.ts'
import { after, alice, bot, declared, given, happened, policy, resolve, step, type Step, writer } from '../../given.ts'

const hash = 'a'.repeat(64)
const wanted: Wanted = {
  key: 'shop.rollback',
  kind: 'vercel.rollback',
  title: 'Roll back the shop',
  input: {},
  risk: 'low',
  target: 'vercel:shop',
  rule: { needed: 1, approvers: [], minutes: 10, breakGlassMinutes: 5 },
  checks: [],
  watchMinutes: 0,
  link: null,
}
const preview = { summary: 'Back to v141.', calls: [], effects: [], reversible: null, warnings: [], plan: null, state: null }
const by = (who: Step['by'], minute: number, intent: ActingIntent): Step => step(intent, minute, who)
const asked = by(alice, 1, { type: 'ask-action', wanted, reason: null, identities: ['person:alice'] })
const previewed = by(bot, 1, { type: 'preview-action', action: 1, preview, hash, before: [] })
const unanswered = by(bot, 6, { type: 'unanswered-action', action: 1 })
const leads = step({ type: 'take-role', role: 'lead', person: { kind: 'person', id: 'alice', name: 'Alice Adler', slack: 'U0ALICE' } }, 2)
const waiting = [declared(), asked, previewed]
const approved = by(writer, 2, { type: 'approve-action', action: 1, hash, identities: ['email:wanda@acme.example'], basis: 'member' })
const started = by(bot, 2, { type: 'start-action', action: 1, hash, hindrance: null })
const ended = (outcome: 'failed' | 'unclear', text: string) => by(bot, 3, { type: 'end-action', action: 1, ran: { outcome, text } })

const shown = (...steps: Step[]) => conversation(happened(...steps)).flatMap((item) => (item.step === 'message' ? [item.message] : []))
const card = (...steps: Step[]) => JSON.stringify(shown(...steps).find(({ key }) => key === 'action:1')?.parts)
const bell = (...steps: Step[]) => JSON.stringify(shown(...steps).findLast(({ key }) => key.startsWith('action-news:'))?.parts)
const alone = JSON.stringify({ label: 'Run alone', action: 'break-glass', value: `INC-7 1 ${hash}`, style: 'danger' })

describe('break-glass', () => {
  test('is a button once somebody was told that nobody approves, on the card and on what rings', () => {
    expect(card(...waiting)).toContain('Approve')
    expect(card(...waiting)).not.toContain('Run alone')
    expect(card(...waiting, unanswered)).toContain(alone)
    expect(bell(...waiting, unanswered)).toContain(alone)
    expect(bell(...waiting, unanswered)).toContain('/incident role lead')
    expect(bell(...waiting, leads, unanswered)).not.toContain('/incident role lead')
    // Alice, who asked and leads, is called once.
    const called = JSON.stringify({ mention: { name: 'Alice Adler', slackUser: 'U0ALICE' } })
    for (const steps of [waiting, [...waiting, leads]]) expect(bell(...steps, unanswered).split(called)).toHaveLength(2)
  })

  test('is gone with the approval, and in what is no P1 it never comes', () => {
    expect(card(...waiting, unanswered, by(writer, 7, { ...approved.intent } as ActingIntent))).not.toContain('Run alone')
    expect(card(declared({ policy: policy('P2') }), asked, previewed, unanswered)).not.toContain('Run alone')
  })

  test('rings in a message of its own: who, why, and what it does', () => {
    const carol = { kind: 'person', id: 'carol', name: 'Carol Celik' } as const
    const forced = by(carol, 6, { type: 'force-action', action: 1, why: 'Nobody answers', identities: ['person:carol'] })
    const message = shown(...waiting, step({ type: 'take-role', role: 'lead', person: carol }, 2, carol), forced).findLast(({ key }) =>
      key.startsWith('action-news:'),
    )
    expect(message?.summary).toBe('🔴 Action 1, “Roll back the shop”, goes on without an approval.')
    expect(plainText(message?.parts ?? [], { typed: (code) => code })).toBe(
      'Alice Adler 🔴 Action 1, “Roll back the shop”, goes on without an approval. Break-glass by Carol Celik, who leads: Nobody answers. What it does: Back to v141. Somebody else is to review it.',
    )
  })

  test('a button of another request than what the action is now runs nothing (faults 51)', () => {
    const force = (of: string) =>
      ({ type: 'force-action', action: 1, hash: of, why: 'Nobody answers', identities: ['person:alice'] }) as const
    const now = given(...waiting, leads, unanswered)
    now
      .when(step(force('b'.repeat(64)), 7))
      .refused('other_request', 'This button is of something else than what action 1 is now. Read the card of action 1, and press there.')
    now.when(step(force(hash), 7)).happens({ type: 'action-forced', hash })
  })
})

describe('what no check can tell', () => {
  const criterion = { key: 'breach', title: 'Somebody has the data', check: null, measurement: null, above: null, below: null }
  const breach: Criterion = { ...criterion, action: 'shop.rollback' }
  const said = (minute: number) => step({ type: 'suggest-action', ...holds(breach, 'Alice Adler') }, minute)

  test('is told once, with the way to ask for it, when a person says so', () => {
    const [message] = shown(declared(), said(1)).filter(({ key }) => key === 'suggestion:breach')
    expect(JSON.stringify(message?.parts)).toContain('Consider shop.rollback: Somebody has the data')
    expect(JSON.stringify(message?.parts)).toContain('said by Alice Adler.')
    expect(JSON.stringify(message?.parts)).toContain('"value":"INC-7 shop.rollback"')
    given(declared(), said(1)).when(said(2)).happens()
    given(declared(), resolve(1)).when(said(2)).happens()
  })

  test('is never crossed by what is measured', () => {
    expect(crossed([breach], [{ check: 'breach', measurements: [{ name: 'breach', value: 100, unit: '%' }] }])).toEqual([])
    expect(sayable([breach, { ...breach, check: 'health', measurement: 'response time', above: 1 }])).toEqual([breach])
  })

  test('is a button at the step of a runbook that names it', () => {
    const [step1] = parseRunbook('1. Decide: `criterion: breach`, or `check: health`').steps
    expect(step1).toMatchObject({ criteria: ['breach'], checks: [{ check: 'health' }], actions: [] })
    const steps = [{ ...step1!, sayable: [{ key: 'breach', title: 'Somebody has the data' }] }]
    const open = step({ type: 'open-runbook', slug: 'rollback', id: null, title: 'Rollback', url: null, steps, after: '' }, 1)
    const runbook = after(declared(), open).openedRunbooks[0]!
    expect(JSON.stringify(runbookParts(after(declared(), open), runbook))).toContain(
      JSON.stringify({ label: 'This holds: Somebody has the data', action: 'actions', value: 'INC-7 holds breach' }),
    )
  })
})

test('to ask anew is offered where it can be asked', () => {
  const failed = by(bot, 5, { type: 'end-action', action: 1, ran: { outcome: 'failed', text: 'It broke.' } })
  const run = [...waiting, approved, started]
  const merged = bell(...run, step({ type: 'merge', into: 'INC-9', channel: { id: 'C0NINE', name: 'inc-9' } }, 4), failed)
  expect(merged).toContain('To ask for it anew, in ",{"bold":"INC-9"}')
  expect(merged).toContain('{"code":"/incident run shop.rollback"}')
  const resolved = [...run, resolve(4), failed]
  for (const text of [merged, bell(...resolved)]) expect(text).not.toContain('run again')
  given(...resolved)
    .when(by(alice, 6, { type: 'deny-action', action: 1, why: null, identities: ['person:alice'] }))
    .refused('action_not_waiting', 'Action 1, “Roll back the shop”, is failed; nothing changed.')
})

test('the steps that were ticked off stay on the card, with who did them, whatever comes of it', () => {
  const waits = (minute: number, task: string) => by(bot, minute, { type: 'wait-action', action: 1, task, link: null })
  const tick = by(writer, 4, { type: 'tick-action', action: 1, tick: 1 })
  const run = [...waiting, approved, started, waits(3, 'Step 1 of 2: Close the valve'), tick, waits(5, 'Step 2 of 2: Open the other')]
  const done = JSON.stringify(['✅ ', 'Step 1 of 2: Close the valve', ' – ', author(writer)])
  expect(card(...run)).toContain(done)
  expect(card(...run, by(alice, 6, { type: 'abandon-action', action: 1, why: 'It is stuck' }))).toContain(done)
  expect(card(...run, by(bot, 6, { type: 'end-action', action: 1, ran: { outcome: 'done', text: 'All done.' } }))).toContain(done)
})

describe('what rings says what to do', () => {
  const run = [...waiting, approved, started]
  test.each([
    [
      ended('failed', 'Vercel answered 500'),
      'Action 1, “Roll back the shop”, failed.',
      'Vercel answered 500. It is not tried again by itself.',
    ],
    [
      ended('unclear', 'The bot stopped while it ran.'),
      'Nobody can tell whether action 1, “Roll back the shop”, was done.',
      'It is not repeated: look at vercel:shop first.',
    ],
  ])('%#', (end, summary, text) => {
    expect(bell(...run, end)).toContain(summary)
    expect(bell(...run, end)).toContain(text)
    expect(bell(...run, end)).toContain('/incident run again 1')
  })

  test('what was not run: anew by hand, or by the bot where the target has moved', () => {
    const refused = (more: Partial<Extract<ActingIntent, { type: 'start-action' }>>) =>
      by(bot, 2, { type: 'start-action', action: 1, hash, hindrance: null, ...more })
    const locked = refused({ hindrance: { code: 'locked', why: 'vercel:shop is locked' } })
    expect(bell(...waiting, approved, locked)).toContain('was not run.')
    expect(bell(...waiting, approved, locked)).toContain('/incident run again 1')
    const votes = refused({ hindrance: { code: 'votes', why: 'Bob may not by now. Ask again.' } })
    expect(bell(...waiting, approved, votes)).toContain('Bob may not by now. ","To ask for it anew: "')
    const moved = bell(...waiting, approved, refused({ hash: 'b'.repeat(64) }))
    expect(moved).toContain('The bot asks for it anew')
    expect(moved).not.toContain('run again')
  })

  test('what did not settle: how it is taken back', () => {
    const done = by(bot, 3, { type: 'end-action', action: 1, ran: { outcome: 'done', text: 'Rolled back.', undo: 'v142' } })
    const looked = by(bot, 4, {
      type: 'verify-action',
      action: 1,
      findings: [{ status: 'fail', text: 'Production serves v142' }],
      results: [],
      last: true,
    })
    expect(bell(...run, done, looked)).toContain('Production serves v142. ')
    expect(bell(...run, done, looked)).toContain('/incident undo 1')
  })
})
