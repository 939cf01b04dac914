/** What the checks say of an incident in its post-mortem. */
import { expect, test } from 'vitest'
import type { CheckResult } from '../../src/incident/check.ts'
import { notConfigured } from '../../src/incident/check-groups.ts'
import { checkRows } from '../../src/incident/evidence.ts'
import { after, at, checked, declared, resolve } from '../given.ts'

const result = (check: string, more: Pick<CheckResult, 'status' | 'findings'>): CheckResult => ({
  check,
  kind: 'http',
  title: check.toUpperCase(),
  measurements: [],
  startedAt: at(1),
  took: 200,
  ...more,
})

test('what must be set is no finding; behind what failed stands what it is made of', () => {
  const unset = result('unset', { status: 'unknown', findings: [{ status: 'unknown', text: `${notConfigured} set SHOP_KEY.` }] })
  const made = { status: 'ok', text: '6 of 20 failed: card_declined 6.' } as const
  const payments = result('payments', {
    status: 'fail',
    findings: [made, { status: 'warn', text: 'The oldest waits.' }, { status: 'fail', text: 'failure rate is 30 %.' }],
  })
  const fine = result('payments', { status: 'ok', findings: [made] })
  const rows = checkRows(
    after(declared(), ...checked(1, 'opening', 1, unset, payments), resolve(5), ...checked(2, 'resolution', 6, unset, fine)),
  )
  expect(
    rows.map(({ title, before, after: then, findings }) => [title, before, then, findings.map(({ when, text }) => `${when}: ${text}`)]),
  ).toEqual([
    ['UNSET', 'not configured', 'not configured', []],
    [
      'PAYMENTS',
      'fail',
      'ok',
      ['opening: failure rate is 30 %.', 'opening: The oldest waits.', 'opening: 6 of 20 failed: card_declined 6.'],
    ],
  ])
})
