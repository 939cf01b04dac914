/** Runs of checks: started with what is asked, answered bit by bit, finished whatever happens. */
import { describe, expect, test } from 'vitest'
import { runOfChecks, unanswered } from '../../../src/incident/areas/checking.ts'
import type { CheckResult } from '../../../src/incident/check.ts'
import { conversation } from '../../../src/incident/conversation.ts'
import { changeRows, checkRows } from '../../../src/incident/evidence.ts'
import { evolve } from '../../../src/incident/evolve.ts'
import { plainText } from '../../../src/incident/plain.ts'
import { react } from '../../../src/incident/react.ts'
import { timeline } from '../../../src/incident/timeline.ts'
import { after, alice, at, bot, checked, declared, given, happened, resolve, severity, step, type Step } from '../../given.ts'

const asked = (check: string) => ({ check, kind: 'http', title: check.toUpperCase() })
const result = (check: string, status: CheckResult['status'] = 'ok', more: Partial<CheckResult> = {}): CheckResult => ({
  ...asked(check),
  status,
  findings: [{ status, text: `${check} is ${status}.` }],
  measurements: [],
  startedAt: at(1),
  took: 200,
  ...more,
})
const start = (minute: number, ...keys: string[]): Step =>
  step({ type: 'start-checks', phase: 'asked', which: 'all', checks: keys.map(asked) }, minute)
const answer = (minute: number, ...results: CheckResult[]): Step => step({ type: 'answer-checks', run: 1, results }, minute, bot)

const shown = (key: string, ...steps: readonly Step[]): string => {
  const item = conversation(happened(...steps)).find((each) => each.key === key)
  return item?.step === 'message' ? plainText(item.message.parts, { typed: (code) => code }) : '(none)'
}

describe('a run', () => {
  test('what the bot asks by itself is started once since its cause; what is asked for, each time', () => {
    const by = (phase: 'opening' | 'asked', since?: number) =>
      step(
        { type: 'start-checks', phase, which: 'auto', checks: [asked('a')], ...(since === undefined ? {} : { since: at(since) }) },
        7,
        bot,
      )
    given(declared(), ...checked(1, 'opening', 6))
      .when(by('opening', 0))
      .happens()
    given(declared(), ...checked(1, 'resolution', 6))
      .when(by('opening', 0))
      .happens({ type: 'checks-started', run: 2 })
    // Results of an earlier resolution do not stand for those of this one.
    given(declared(), ...checked(1, 'opening', 3))
      .when(by('opening', 6))
      .happens({ type: 'checks-started' })
    given(declared(), by('asked')).when(by('asked')).happens({ type: 'checks-started', run: 2 })
  })

  test('results are taken once, and only of what was asked', () => {
    given(declared(), start(1, 'a', 'b'), answer(2, result('a')))
      .when(answer(3, result('a', 'fail'), result('b'), result('c')))
      .happens({ type: 'checks-answered', results: [result('b')] })
    given(declared(), start(1, 'a'), answer(2, result('a')))
      .when(answer(3, result('a')))
      .happens()
    given(declared())
      .when(answer(3, result('a')))
      .happens()
  })

  test('what never answered is finished as unknown, and only that', () => {
    const finish = step({ type: 'finish-checks', run: 1, why: 'Not finished.' }, 11, bot)
    const incident = given(declared(), start(1, 'a', 'b'), answer(2, result('a')))
      .when(finish)
      .happens({
        type: 'checks-answered',
        results: [{ ...result('b', 'unknown'), findings: [{ status: 'unknown', text: 'Not finished.' }], took: 0 }],
      })
    expect(unanswered(runOfChecks(incident, 1)!)).toEqual([])
    given(declared(), start(1, 'a'), answer(2, result('a')))
      .when(finish)
      .happens()
  })

  test('is asked by a job, and finished by a timer when nobody does; nothing is enqueued for a run of nothing', () => {
    const jobs = (...steps: readonly Step[]) => {
      const events = happened(...steps)
      const before = after(...steps.slice(0, -1))
      const last = events.at(-1)!
      return react(before, last, evolve(before, last)).filter(({ queue }) => queue === 'check' || queue === 'timer')
    }
    expect(jobs(declared(), start(1, 'a'))).toEqual([
      { queue: 'check', data: { incident: 'INC-7', run: 1 }, once: 'checks:INC-7:1' },
      { queue: 'timer', data: { incident: 'INC-7', checks: 1, at: at(11) }, once: 'checks-due:INC-7:1', startAfter: at(11) },
    ])
    expect(jobs(declared(), start(1))).toEqual([])
    expect(jobs(declared(), severity('P2', 3)).filter(({ queue }) => queue === 'check')).toEqual([
      { queue: 'check', data: { incident: 'INC-7', phase: 'severity' }, once: 'check:INC-7:severity:3' },
    ])
  })

  test('the post-mortem waits for the last answer', () => {
    const resolved = [declared(), resolve(5)]
    const made = (...steps: readonly Step[]) => {
      const events = happened(...resolved, ...steps)
      const before = after(...resolved, ...steps.slice(0, -1))
      return react(before, events.at(-1)!, evolve(before, events.at(-1)!)).some(({ queue }) => queue === 'sync-pull-request')
    }
    expect(made(start(6, 'a', 'b'))).toBe(false)
    expect(made(start(6, 'a', 'b'), answer(7, result('a')))).toBe(false)
    expect(made(start(6, 'a', 'b'), answer(7, result('a')), answer(8, result('b')))).toBe(true)
  })
})

describe('in the channel', () => {
  test('one message, worst first, with what still runs', () => {
    const steps = [declared(), start(1, 'a', 'b', 'c', 'd')]
    expect(shown('checks:1', ...steps)).toBe(
      '🩺 Diagnosis · 0 of 4 have answered\n⏳ Still running: A, B, C, D\nasked 2026-01-14 10:01 CET (09:01 UTC)',
    )
    const some = [
      ...steps,
      answer(
        2,
        result('a'),
        result('b', 'fail', { measurements: [{ name: 'p95', value: 2100, unit: 'ms', limit: 500 }], link: 'https://dash.example/' }),
      ),
    ]
    const text = shown('checks:1', ...some)
    expect(text).toContain('2 of 4 have answered')
    expect(text).toContain('🔴 B b is fail.\np95 2.1 s (limit 500 ms) · dashboard')
    expect(text.indexOf('🔴 B')).toBeLessThan(text.indexOf('🟢 A'))
    expect(text).toContain('⏳ Still running: C, D')
    expect(shown('checks:1', ...some, answer(3, result('c'), result('d', 'warn')))).not.toMatch(/Still running|have answered/)
  })

  test('many that are fine are one line', () => {
    const keys = 'abcdefghijkl'.split('')
    const text = shown('checks:1', declared(), start(1, ...keys, 'z'), answer(2, ...keys.map((key) => result(key)), result('z', 'warn')))
    expect(text).toContain('🟡 Z z is warn.')
    expect(text).toContain('✅ 12 fine: A, B, C, D, E, F, G, H, I, J, K, L')
    expect(text).not.toContain('🟢')
  })

  test('what the bot asks by itself is shown with its first answers', () => {
    const run = checked(1, 'opening', 1, result('a'))
    expect(shown('checks:1', declared(), run[0]!)).toBe('(none)')
    expect(shown('checks:1', declared(), ...run)).toContain('Checks at opening')
  })

  test('all lines of a result come into its thread once', () => {
    const long = result('logs', 'fail', { detail: { title: 'Log', lines: 900 } })
    const steps = [declared(), start(1, 'logs', 'a'), answer(2, long, result('a'))]
    const buttons = conversation(happened(...steps)).flatMap((item) =>
      item.step === 'message' ? item.message.parts.flatMap((part) => (part.kind === 'buttons' ? part.buttons : [])) : [],
    )
    expect(buttons).toContainEqual({ label: 'Log', action: 'lines', value: 'INC-7 1 logs' })
    const show = step({ type: 'show-lines', run: 1, check: 'logs' }, 3)
    given(...steps)
      .when(show)
      .happens({ type: 'lines-shown', file: 'check:1:logs', name: 'inc-7-logs-1.txt' })
    expect(conversation(happened(...steps, show)).find(({ key }) => key === 'lines:1:logs')).toMatchObject({ step: 'file', of: 'checks:1' })
    given(...steps, show)
      .when(show)
      .refused('lines_are_shown', 'The lines of LOGS are in the thread of that diagnosis already.')
    given(...steps)
      .when(step({ type: 'show-lines', run: 1, check: 'a' }, 3))
      .refused('no_lines', 'No more lines of `a` were kept with that diagnosis. To ask anew: `/diag a`.')
  })
})

describe('what is asked for changes alone', () => {
  const opening = (minute: number, ...keys: string[]): Step =>
    step(
      {
        type: 'start-checks',
        phase: 'opening',
        which: 'auto',
        checks: keys.map((key) => ({ ...asked(key), ...(key.startsWith('x') ? { for: 'changes' as const } : {}) })),
      },
      minute,
      bot,
    )
  const deployed = { at: at(-5), kind: 'deployment' as const, title: 'v142', by: 'Bea', url: null }
  const unset = result('xb', 'unknown', {
    findings: [{ status: 'unknown', text: 'Not configured yet: set KEY in the bot’s environment.' }],
  })

  test('stands with the changes, not among the findings, nor in the story or the comparison', () => {
    const steps = [declared(), opening(1, 'a', 'xa', 'xb'), answer(2, result('xa', 'ok', { changes: [deployed] }))]
    expect(shown('checks:1', ...steps)).toBe('(none)')
    expect(shown('changes', ...steps)).toContain('deployment, 5 min before: v142, by Bea')
    const all = [...steps, answer(3, result('a', 'fail'), result('xb', 'ok', { changes: [] }))]
    expect(shown('checks:1', ...all)).toContain('🔴 A a is fail.')
    expect(shown('checks:1', ...all)).not.toMatch(/X[AB]|have answered/)
    const story = timeline(happened(...all), { zone: 'UTC' }).filter(({ kind }) => kind === 'check')
    expect(story).toMatchObject([{ text: 'Ran 1 check at opening: A fail (a is fail.)' }])
    expect(checkRows(after(...all)).map(({ title }) => title)).toEqual(['A'])
    expect(changeRows(after(...all))).toHaveLength(1)
  })

  test('what could not be asked is said; that nothing was changed is not', () => {
    const none = result('xa', 'ok', { changes: [] })
    const [before, fine] = [[declared(), opening(1, 'xa', 'xb')], answer(2, none, result('xb', 'ok', { changes: [] }))]
    expect(shown('changes', ...before, fine)).toContain('Nothing was changed in the 24 h before it began')
    expect(changeRows(after(...before, fine))).toEqual([])
    const refused = shown('changes', ...before, answer(2, none, result('xb', 'unknown')))
    expect(refused).toContain('is not known in full: nothing was found, but not all could be asked.\n⚪ Not seen: XB. xb is unknown.')
    expect(shown('changes', ...before, answer(2, none, unset))).toContain(
      '⚪ Not seen, as it is not configured yet: XB. What to set: /diag',
    )
    expect(changeRows(after(...before, answer(2, none, unset)))).toBeNull()
    const some = shown('changes', ...before, answer(2, { ...none, changes: [deployed] }, result('xb', 'unknown')))
    expect(some).toMatch(/v142[\s\S]*⚪ Not seen: XB\. xb is unknown\./)
    // Without another check there is no message of findings.
    expect(shown('checks:1', ...before, fine)).toBe('(none)')
  })
})

test('the story tells a run once, of who asked for it', () => {
  const events = happened(declared(), start(1, 'a', 'b'), answer(2, result('a', 'fail')), answer(3, result('b')))
  const told = timeline(events, { zone: 'UTC' }).filter(({ kind }) => kind === 'check')
  expect(told).toMatchObject([{ who: alice.kind === 'person' ? alice.name : '', text: 'Ran 2 checks on request: A fail (a is fail.)' }])
  const half = timeline(events.slice(0, -1), { zone: 'UTC' }).filter(({ kind }) => kind === 'check')
  expect(half).toMatchObject([{ text: 'Ran 1 check on request, 1 still without an answer: A fail (a is fail.)' }])
})

test('all results of a run are shown once it is over, once', () => {
  const show = step({ type: 'show-lines', run: 1, check: 'all' }, 5)
  const steps = [declared(), start(1, 'a', 'b'), answer(2, result('a', 'fail'))] as const
  given(...steps)
    .when(show)
    .refused('no_lines', 'No more lines of `all` were kept with that diagnosis. To ask anew: `/diag all`.')
  const over = [...steps, answer(3, result('b'))] as const
  given(...over)
    .when(show)
    .happens({ type: 'lines-shown', check: 'all', name: 'inc-7-all-1.txt' })
  given(...over, show)
    .when(show)
    .refused('lines_are_shown', 'The lines of All results in full are in the thread of that diagnosis already.')
  expect(conversation(happened(...over, show)).find(({ key }) => key === 'lines:1:all')).toMatchObject({ step: 'file', of: 'checks:1' })
})
