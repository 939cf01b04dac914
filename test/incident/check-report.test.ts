/** Results of checks as a message: what says nothing about the product takes one line. */
import { expect, test } from 'vitest'
import type { CheckResult, CheckStatus } from '../../src/incident/check.ts'
import { checkParts, notConfigured } from '../../src/incident/check-report.ts'
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
