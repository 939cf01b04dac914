/** The model of `test/incident/acting-model.ts` for longer than a test may take: `npm run model -- [steps] [seed]`. Ends with 1, and the
 *  shortest story that fails, when an action ran that must not have. */
import * as fc from 'fast-check'
import { noCounts, play, stories, told } from './incident/acting-model.ts'

const wanted = Number(process.argv[2] ?? 10_000_000)
const first = Number(process.argv[3] ?? Math.floor(Math.random() * 1_000_000_000))
const longest = 400
/** Stories of one round, each round with a seed of its own. */
const numRuns = 500

console.log(`${wanted} steps, seed ${first}`)
const counts = noCounts()
const counter = { steps: 0 }
let seed = first
while (counter.steps < wanted) {
  const property = fc.property(stories(longest), (story) => {
    counter.steps += story.length
    play(story, counts)
  })
  const details = fc.check(property, { numRuns, seed })
  seed += 1
  if (!details.failed) continue
  console.error(`${String(details.errorInstance)}, seed ${details.seed}:\n${told(details.counterexample?.[0] ?? [])}`)
  process.exit(1)
}
console.log(`${counter.steps} steps: nothing ran that must not have. ${JSON.stringify(counts)}`)
