/** Whatever people, timers and jobs do, in whatever order: no action starts without a valid approval, none twice, none after its end. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { noCounts, play, stories, told } from './acting-model.ts'

/** Long enough for something to be asked for, approved, run, taken back, and asked for anew. */
const longest = 400
const steps = 100_000

test('no run without a valid approval and no double run, in 100 000 steps', () => {
  const counts = noCounts()
  let played = 0
  const property = fc.property(stories(longest), (story) => {
    played += story.length
    play(story, counts)
  })
  // A story is half of the longest on the average.
  const details = fc.check(property, { numRuns: Math.ceil((steps / longest) * 2.3) })
  if (details.failed) throw new Error(`${String(details.errorInstance)}, seed ${details.seed}:\n${told(details.counterexample?.[0] ?? [])}`)
  expect(played).toBeGreaterThanOrEqual(steps)
  // None of this is empty talk: each way to a start was gone, and each end was reached.
  expect(counts.voted).toBeGreaterThan(100)
  expect(counts.forced).toBeGreaterThan(5)
  expect(counts.automatic).toBeGreaterThan(5)
  expect(counts.undone).toBeGreaterThan(3)
  expect(counts.ended).toBeGreaterThan(500)
})
