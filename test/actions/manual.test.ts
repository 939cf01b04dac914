import { expect, test } from 'vitest'
import manual from '../../src/actions/manual.ts'
import { hand } from './acting.ts'

const options = { target: 'supabase:shop', steps: ['Open the dashboard.', 'Restore the backup of 02:00.'], undo: 'Restore the one before.' }

test('the preview lists every step, and says how it is taken back', async () => {
  const seen = await hand(manual, options, { note: 'backup of 02:00' }).plan()
  expect(seen.summary).toBe('People do by hand 2 steps: backup of 02:00.')
  expect(seen.effects).toEqual(['Open the dashboard.', 'Restore the backup of 02:00.'])
  expect(seen.reversible).toBe('people, by hand: Restore the one before.')
})

test('each step waits for somebody to tick it off; after the last it is done', async () => {
  const at = hand(manual, options, {})
  const { plan } = await at.plan()
  expect(await at.run(plan)).toEqual({ outcome: 'waits', task: 'Step 1 of 2: Open the dashboard.' })
  expect(await at.run(plan)).toEqual({ outcome: 'waits', task: 'Step 1 of 2: Open the dashboard.' })
  at.tick()
  expect(await at.run(plan)).toEqual({ outcome: 'waits', task: 'Step 2 of 2: Restore the backup of 02:00.' })
  at.tick()
  expect(await at.run(plan)).toEqual({ outcome: 'done', text: 'All 2 steps were done by hand.' })
})

test('one step is not all of several', async () => {
  const at = hand(manual, { ...options, steps: ['Open the dashboard.'] }, {})
  const { plan } = await at.plan()
  at.tick()
  expect(await at.run(plan)).toEqual({ outcome: 'done', text: 'The step was done by hand.' })
})

test('after a crash it goes on with the step that was not ticked off', async () => {
  const at = hand(manual, options, {})
  const { plan } = await at.plan()
  expect(await at.recover(plan)).toEqual({ outcome: 'resume' })
})
