/** Results of checks as a message: what says nothing about the product takes one line. */
import { describe, expect, test } from 'vitest'
import type { CheckResult, CheckStatus } from '../../src/incident/check.ts'
import { inFull, notConfigured } from '../../src/incident/check-groups.ts'
import { checkParts, compareParts } from '../../src/incident/check-report.ts'
import { sentenceOf } from '../../src/incident/check-words.ts'
import type { Part } from '../../src/incident/message.ts'
import { renderParts } from '../../src/slack/blocks.ts'
import { limits } from '../../src/slack/fit.ts'
import { start } from '../given.ts'

const result = (title: string, status: CheckStatus, text: string): CheckResult => ({
  check: title.toLowerCase(),
  kind: 'http',
  title,
  status,
  findings: [{ status, text }],
  measurements: [],
  startedAt: start,
  took: 5,
})
const unset = (title: string) => result(title, 'unknown', `${notConfigured} set ${title}_KEY in the bot’s environment.`)
const lines = (...results: readonly CheckResult[]): string[] =>
  checkParts({ heading: 'Checks', results, waiting: [], zone: 'UTC' }).map((part) =>
    'spans' in part ? part.spans.map((span) => (typeof span === 'string' ? span : 'bold' in span ? span.bold : '')).join('') : '',
  )

test('what cannot be asked before something is set is summed up behind what failed; what was asked in vain is not', () => {
  const [, first, second, third, ...rest] = lines(
    unset('A'),
    result('Slow', 'unknown', 'No answer within 10 s.'),
    unset('B'),
    result('Down', 'fail', 'Answered 503.'),
    unset('C'),
  )
  expect(first).toContain('🔴 Down Answered 503.')
  expect(second).toContain('⚪ Slow No answer within 10 s.')
  expect(third).toBe('⚪ 3 not configured yet: A, B, C. What to set: ')
  expect(rest).toHaveLength(1)
})

test('one or two of them say themselves what to set', () => {
  expect(lines(unset('A'), unset('B')).filter((line) => line.includes('set A_KEY') || line.includes('set B_KEY'))).toHaveLength(2)
})

const spread = (parts: readonly Part[]): string[] =>
  parts.map((part) => {
    if (part.kind === 'buttons') return part.buttons.map(({ label }) => `[${label}]`).join('')
    return 'spans' in part
      ? part.spans.map((span) => (typeof span === 'string' ? span : 'bold' in span ? span.bold : 'time' in span ? span.time : '')).join('')
      : ''
  })

const payments: CheckResult = {
  ...result('Payments', 'fail', 'failure rate is 30 %, above the limit of 5 %.'),
  findings: [
    { status: 'ok', text: '6 of 20 payments of the last hour failed: card_declined 6.' },
    { status: 'warn', text: 'The oldest waits for 12 min.' },
    { status: 'fail', text: 'failure rate is 30 %, above the limit of 5 %.' },
  ],
  measurements: [{ name: 'failure rate', value: 30, unit: '%', limit: 5 }],
}

test('what failed is told the worst first, with the figure against its limit, and what is behind it', () => {
  const sentence =
    '🔴 Payments failure rate is 30 %, above the limit of 5 %. The oldest waits for 12 min. 6 of 20 payments of the last hour failed: card_declined 6.'
  for (const more of [[], [result('Site', 'ok', 'Well.')]])
    expect(lines(payments, ...more)[1]).toBe(`${sentence}\nfailure rate 30 % (limit 5 %) · took 5 ms`)
})

test('of many findings those of the worst check that matter are told, and the others counted', () => {
  const services = ['db', 'cache', 'stripe', 'mail', 'cdn'].map((name) => ({ status: 'fail', text: `Service ${name} is "down".` }) as const)
  const health = { ...result('Health', 'fail', ''), findings: [{ status: 'warn', text: 'Slow.' } as const, ...services] }
  expect(lines(health, result('Site', 'ok', 'Well.'))[1]).toContain(
    'Health Service db is "down". Service cache is "down". Service stripe is "down". (and 3 more)',
  )
})

test('checks that say the same are told once, with their names', () => {
  const refused = 'Connection refused: 127.0.0.1:3 refuses the connection.'
  const [, first, second, ...rest] = lines(
    result('A', 'unknown', refused),
    result('Down', 'fail', 'Answered 503.'),
    result('B', 'unknown', refused),
    result('C', 'unknown', refused),
  )
  expect(first).toContain('🔴 Down Answered 503.')
  expect(second).toBe(`⚪ 3 checks ${refused}\nA, B, C`)
  expect(rest).toHaveLength(1)
})

test('where not all of them are named there is a button for all results', () => {
  const alike = Array.from({ length: 45 }, (_, index) => ({
    ...result(`A check with the number ${index}`, 'unknown', 'No answer.'),
    check: `c${index}`,
  }))
  const everything = { label: 'All results in full', action: 'lines', value: 'INC-7 1 all' }
  const shown = spread(checkParts({ heading: 'Diagnosis', results: alike, waiting: [], zone: 'UTC', everything }))
  expect(shown[1]).toMatch(/^⚪ 45 checks No answer\.\nA check with the number 0, .*, and \d+ more$/)
  expect(shown[2]).toBe('[All results in full]')
})

describe('more than a message holds (faults 18)', () => {
  const many = Array.from({ length: 65 }, (_, index): CheckResult => ({
    ...result(`Check number ${index}`, index % 3 === 0 ? 'fail' : 'unknown', ''),
    check: `c${index}`,
    findings: Array.from({ length: 3 }, (__, part) => ({
      status: index % 3 === 0 ? 'fail' : 'unknown',
      text: `Part ${part} of number ${index} does not answer. ${'It says "<no>" & more. '.repeat(20)}`,
    })),
    ...(index < 5 ? { detail: { title: 'Log', lines: 100 } } : {}),
  }))
  const fine = Array.from({ length: 5 }, (_, index) => result(`Fine ${index}`, 'ok', 'Well.'))
  const unsets = ['X', 'Y', 'Z'].map(unset)
  const report = {
    heading: 'Diagnosis',
    results: [...fine, ...many, ...unsets],
    waiting: [],
    zone: 'UTC',
    at: start,
    lines: ({ title }: CheckResult) => ({ label: `Log: ${title}`, action: 'lines', value: title }),
    everything: { label: 'All results in full', action: 'lines', value: 'all' },
  }

  test('the worst is told, the others are named, and what is fine, the buttons and the time stay', () => {
    const parts = checkParts(report)
    const shown = spread(parts)
    expect(shown[1]).toContain('🔴 Check number 0 Part 0 of number 0 does not answer.')
    expect(shown.find((line) => /^🔴 \d+ more: Check number \d+, /.test(line))).toBeDefined()
    expect(shown.find((line) => /^⚪ \d+ more: Check number \d+, .*, and \d+ more$/.test(line))).toBeDefined()
    expect(shown.slice(-4)).toEqual([
      '✅ 5 fine: Fine 0, Fine 1, Fine 2, Fine 3, Fine 4',
      '⚪ 3 not configured yet: X, Y, Z. What to set: ',
      `[All results in full]${[0, 3, 1, 2, 4].map((index) => `[Log: Check number ${index}]`).join('')}`,
      `asked ${start}`,
    ])
    // Slack takes it as it is.
    expect(JSON.stringify(renderParts(parts))).not.toContain(limits.notice)
  })

  test('where all have room there is no button for the rest', () => {
    expect(spread(checkParts({ ...report, results: [...fine, ...many.slice(0, 2)] })).join('')).not.toContain('in full')
  })

  test('a comparison names what it has no room for, too', () => {
    const before = many.map((one): CheckResult => ({ ...one, status: 'ok' }))
    const shown = spread(compareParts({ ...report, results: [...many, ...fine] }, [...before, ...fine]))
    expect(shown.at(-3)).toMatch(/^\d+ more are not as before: 🔴 Check number/)
    expect(shown[1]).toContain('🟢 → 🔴 Check number 0')
    expect(shown.at(-2)).toContain('As before: 🟢 Fine 0')
    expect(shown.at(-1)).toBe(`asked ${start}`)
  })

  test('the file has all of it', () => {
    const text = inFull(report.results)
    expect(text.startsWith('FAIL  Check number 0 (c0)\n  Part 0 of number 0 does not answer.')).toBe(true)
    for (const { title } of report.results) expect(text).toContain(title)
    expect(inFull([payments])).toContain('\n  failure rate 30 % (limit 5 %)')
  })

  test('the sentence of the timeline is the worst first, once what is alike, and bounded', () => {
    const sentence = sentenceOf('asked', report.results)
    expect(sentence.length).toBeLessThan(3000)
    expect(sentence).toMatch(
      /^Ran 73 checks on request: Check number 0 fail \(Part 0 of number 0 .*; and \d+ more that are not ok: Check number /,
    )
    expect(sentenceOf('opening', [...unsets, result('Down', 'fail', 'Answered 503.')])).toBe(
      'Ran 4 checks at opening: Down fail (Answered 503.); X, Y, Z not configured yet',
    )
  })
})
