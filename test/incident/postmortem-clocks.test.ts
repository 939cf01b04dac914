/** What a post-mortem tells of deadlines, pauses and reopenings. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { templates } from '../../src/adapters/templates.ts'
import { replay } from '../../src/incident/evolve.ts'
import { postmortem } from '../../src/incident/postmortem.ts'
import { ack, declared, happened, policy, resolve, type Step, step, update } from '../given.ts'

const clocks = [
  { key: 'customers', title: 'Customer communication', minutes: 30, from: 'declared', until: 'update' },
  { key: 'fix', title: 'Fix', minutes: 120, from: 'declared', until: 'resolved' },
] as const

const documentOf = (...steps: readonly Step[]) => {
  const events = happened(...steps)
  const incident = replay(events)
  if (incident === null) throw new Error('nothing happened')
  return postmortem(incident, events, { seq: events.length, hash: 'x' })
}

const story = [
  declared({ policy: policy('P1', { clocks }) }),
  ack(3),
  update('We tell everybody', 10),
  step({ type: 'pause', why: 'Waiting for the provider' }, 15),
  step({ type: 'resume' }, 35),
  resolve(40),
  step({ type: 'reopen', why: 'Payments fail again' }, 100),
  ack(105),
  resolve(130, 'The second index'),
] as const

test('deadlines, pauses and reopenings stand in it, and the times add up', () => {
  const document = documentOf(...story)
  expect(document.clocks.map(({ clock, from, text }) => `${clock} from ${from}: ${text}`)).toEqual([
    'Customer communication from the declaration: met in 10 min',
    'Fix from the declaration: met in 50 min',
    'Response from the declaration: met in 3 min',
    'Status update from the declaration: met in 10 min',
    'Response from the reopening: met in 5 min',
  ])
  // From 0 to 40 and from 100 to 130; what was paused counts.
  expect(document.resolutionTime).toBe('1 h 10 min')
  expect(document.front.find(({ key }) => key === 'minutes_to_resolve')?.value).toBe(70)
  expect(document).toMatchObject({ clocksMet: 5, clocksBreached: 0, pauses: [{ took: '20 min' }], reopenings: [{ after: '1 h' }] })
  const text = templates(fileURLToPath(new URL('../../templates', import.meta.url))).render('postmortem', document)
  expect(text).toContain('The clocks stood, and none counts that:\n\n- 20 min, from 2026-01-14 10:15 CET')
  expect(text).toContain('Waiting for the provider')
  expect(text).toContain('It was taken for resolved, and was not:')
  expect(text).toContain('Payments fail again')
  expect(text).toContain('without the time between a resolution and its reopening')
  expect(text).toContain('All clocks met.')
})

test('without any, nothing is said of them', () => {
  const text = templates(fileURLToPath(new URL('../../templates', import.meta.url))).render(
    'postmortem',
    documentOf(declared(), ack(1), resolve(5)),
  )
  expect(text).not.toMatch(/The clocks stood|taken for resolved|reopening/)
})
