/** Whatever people, timers and jobs do, in whatever order: no action starts without a valid approval, none twice, none after its end. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { noCounts, play, stories, told } from './acting-model.ts'

/** Long enough for something to be asked for, approved, run, taken back, and asked for anew. */
const longest = 400
const steps = 100_000
/** A story is half of the longest on the average. */
const numRuns = Math.ceil((steps / longest) * 2.3)

const playAll = (seed?: number) => {
  const counts = noCounts()
  let played = 0
  const property = fc.property(stories(longest), (story) => {
    played += story.length
    play(story, counts)
  })
  const details = fc.check(property, { numRuns, ...(seed === undefined ? {} : { seed }) })
  if (details.failed) throw new Error(`${String(details.errorInstance)}, seed ${details.seed}:\n${told(details.counterexample?.[0] ?? [])}`)
  return { counts, played }
}

test('no run without a valid approval and no double run, in 100 000 steps', () => {
  expect(playAll().played).toBeGreaterThanOrEqual(steps)
})

test('none of this is empty talk: each way to a start is gone, and each end reached', () => {
  // Always the same stories: how often something rare comes in others is chance.
  const { counts } = playAll(1)
  expect(counts.voted).toBeGreaterThan(100)
  expect(counts.forced).toBeGreaterThan(5)
  expect(counts.automatic).toBeGreaterThan(3)
  expect(counts.undone).toBeGreaterThan(3)
  expect(counts.ended).toBeGreaterThan(500)
})
