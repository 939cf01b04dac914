/** Watches: what is posted of them, how many there may be, and how they end. */
import { describe, expect, test } from 'vitest'
import { isChange } from '../../../src/incident/areas/watching.ts'
import type { CheckResult, Measurement } from '../../../src/incident/check.ts'
import { conversation } from '../../../src/incident/conversation.ts'
import { plainText } from '../../../src/incident/plain.ts'
import { timeline } from '../../../src/incident/timeline.ts'
import { at, bot, declared, given, happened, resolve, step, type Step } from '../../given.ts'

const asked = (check: string) => ({ check, kind: 'http', title: check.toUpperCase() })
const watch = (check: string, minute = 1): Step => step({ type: 'start-watch', ...asked(check), minutes: 2, words: {} }, minute)
const result = (check: string, status: CheckResult['status'], p95?: number): CheckResult => ({
  ...asked(check),
  status,
  findings: [{ status, text: `It is ${status}.` }],
  measurements: p95 === undefined ? [] : [{ name: 'p95', value: p95, unit: 'ms', limit: 500 }],
  startedAt: at(2),
  took: 5,
})
const answer = (minute: number, status: CheckResult['status'], p95?: number): Step =>
  step({ type: 'answer-watch', watch: 1, result: result('a', status, p95) }, minute, bot)
const shown = (...steps: readonly Step[]): string[] =>
  conversation(happened(...steps)).flatMap((item) =>
    item.step === 'message' && item.key.startsWith('watch:') ? [plainText(item.message.parts, { typed: (code) => code })] : [],
  )

describe('a change', () => {
  const of = (measurements: readonly Measurement[], status: CheckResult['status'] = 'warn') => ({ ...result('a', status), measurements })
  const least: Measurement = { name: 'disk', value: 10, unit: '%', limit: 20, bound: 'least' }

  test('is another status, or another limit passed; another value alone is none', () => {
    expect(isChange(null, result('a', 'ok'))).toBe(true)
    expect(isChange(result('a', 'ok'), result('a', 'fail'))).toBe(true)
    expect(isChange(result('a', 'ok', 100), result('a', 'ok', 480))).toBe(false)
    expect(isChange(result('a', 'warn', 480), result('a', 'warn', 600))).toBe(true)
    expect(isChange(of([least]), of([{ ...least, value: 30 }]))).toBe(true)
    expect(isChange(of([least]), of([{ ...least, value: 5 }]))).toBe(false)
  })
})

test('the first answer stands with the watch; each change is a message, and nothing in between', () => {
  const steps = [declared(), watch('a'), answer(2, 'ok', 180)]
  expect(shown(...steps)).toEqual([
    expect.stringMatching(
      /^👁 @?Alice Adler watches A every 2 min, until .* or the resolution\. Each change is posted\.\nAt first: 🟢 It is ok\.$/,
    ),
  ])
  given(...steps)
    .when(answer(4, 'ok', 200))
    .happens()
  const changed = [...steps, answer(4, 'fail', 2100)]
  expect(shown(...changed)[1]).toBe('👁 🟢 → 🔴 A It is fail.\np95 180 ms → 2.1 s (limit 500 ms)')
  expect(timeline(happened(...changed), { zone: 'UTC' }).filter(({ kind }) => kind === 'check')).toMatchObject([
    { who: 'Alice Adler', text: 'Began to watch A, every 2 min.' },
    { who: 'Tocsin', text: 'A went from ok to fail: It is fail.' },
  ])
})

test('at most five, and none twice', () => {
  const five = ['a', 'b', 'c', 'd', 'e'].map((check) => watch(check))
  given(declared(), ...five)
    .when(watch('f', 2))
    .refused(
      'too_many_watches',
      '5 checks are watched already, and not more than that at a time: a, b, c, d, e. End one first: `/diag unwatch <check>`.',
    )
  given(declared(), watch('a'))
    .when(watch('a', 2))
    .refused('is_watched', '`a` is watched already, every 2 min. To end it: `/diag unwatch a`.')
  given(declared(), ...five, step({ type: 'stop-watch', check: 'b' }, 2))
    .when(watch('f', 2))
    .happens({ type: 'watch-started', watch: 6, until: at(2 + 24 * 60) })
})

describe('it ends', () => {
  const steps = [declared(), watch('a'), watch('b'), answer(2, 'ok')]

  test('with the resolution, before it', () => {
    given(...steps)
      .when(resolve(5))
      .happens({ type: 'watch-stopped', watches: [1, 2], why: 'resolved' }, { type: 'resolved' })
    expect(shown(...steps, resolve(5))[0]).toContain('watches A: over, with the record.\nAt first: 🟢 It is ok.')
    given(...steps, resolve(5))
      .when(answer(6, 'fail'))
      .happens()
    given(...steps, resolve(5))
      .when(watch('c', 6))
      .refused(
        'already_resolved',
        `Already resolved at ${at(5)}. \`/incident note <text>\` still works. If it is back: \`/incident reopen <why>\`.`,
      )
  })

  test('by word: one, or all', () => {
    const stop = (check: string | null) => step({ type: 'stop-watch', check }, 5)
    given(...steps)
      .when(stop('b'))
      .happens({ type: 'watch-stopped', watches: [2], why: 'asked' })
    given(...steps)
      .when(stop(null))
      .happens({ type: 'watch-stopped', watches: [1, 2] })
    given(...steps)
      .when(stop('x'))
      .refused('not_watched', '`x` is not watched. Watched: a, b.')
    given(declared()).when(stop(null)).refused('not_watched', 'Nothing is watched. To watch a check: `/diag watch <check>`.')
  })

  test('by time, once', () => {
    const end = step({ type: 'end-watch', watch: 1, why: 'time' }, 1500, bot)
    given(...steps)
      .when(end)
      .happens({ type: 'watch-stopped', watches: [1], why: 'time' })
    given(...steps, end)
      .when(end)
      .happens()
  })
})

test('a record that becomes a part of another watches nothing any more, and says so', () => {
  const merge = step({ type: 'merge', into: 'INC-8', channel: null }, 5)
  expect(happened(declared(), watch('a'), merge).map(({ event }) => event.type)).toContain('watch-stopped')
  expect(shown(declared(), watch('a'), merge)).toEqual([expect.stringContaining('watches A: over, with the record.')])
})
