/** Actions as the post-mortem shows them. */
import { expect, test } from 'vitest'
import { actionRows } from '../../../src/incident/acting/rows.ts'
import type { ActionRequest } from '../../../src/incident/acting/request.ts'
import type { Incident } from '../../../src/incident/incident.ts'
import { alice, at } from '../../given.ts'

const done = { outcome: 'done', text: 'Production serves dpl_1. Look at it.', at: at(2) } as const

const outcome = (more: Partial<ActionRequest>): string | undefined => {
  const request = { status: 'done', action: 1, title: 'Roll back', input: {}, asked: { by: alice, at: at(0) }, votes: [], findings: [] }
  const nothing = { reason: null, forced: null, startedAt: null, ran: null, ended: null, undoneBy: null, before: [], after: [] }
  const actions = [{ ...request, ...nothing, ...more }]
  return actionRows({ actions, kind: 'incident' } as unknown as Incident, 'Europe/Berlin')[0]?.outcome
}

test('what came of it, and that it was taken back, is one row of parts', () => {
  expect(outcome({ ran: done })).toBe('done: Production serves dpl_1. Look at it.')
  expect(outcome({ ran: done, undoneBy: 2 })).toBe('done: Production serves dpl_1. Look at it; taken back by action 2')
  expect(outcome({ status: 'refused', ended: { why: 'It is locked.', code: 'locked', at: at(1) } as never })).toBe('not run: It is locked.')
  expect(outcome({ status: 'denied', ended: { why: '', by: alice, at: at(1) } })).toBe('denied')
})
