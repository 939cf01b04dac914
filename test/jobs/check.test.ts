/** The job that runs a product's checks: when it has something to do, and when that is done already. */
import { expect, test } from 'vitest'
import type { JobContext } from '../../src/define.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { CheckPhase } from '../../src/incident/events.ts'
import check from '../../src/jobs/check.ts'
import { after, at, declared, resolve } from '../given.ts'

/** What a run records for an incident in this state. */
const recorded = async (incident: Incident, phase: CheckPhase): Promise<string[]> => {
  const done: string[] = []
  const context = {
    load: () => Promise.resolve({ incident, events: [], head: () => '' }),
    runChecks: () => Promise.resolve([]),
    handle: (id: string, intent: { type: string }) => {
      done.push(`${id} ${intent.type}`)
      return Promise.resolve({ incident, events: [] })
    },
  } satisfies Partial<JobContext>
  await check.run(
    { data: { incident: incident.id, phase }, retryCount: 1, signal: AbortSignal.timeout(60_000) },
    context as unknown as JobContext,
  )
  return done
}

const withChecks = (incident: Incident, phase: CheckPhase, minute: number): Incident => ({
  ...incident,
  checks: [{ phase, at: at(minute), results: [] }],
})

test('a run that was interrupted after its results were recorded does not ask again', async () => {
  expect(await recorded(withChecks(after(declared()), 'opening', 0), 'opening')).toEqual([])
  expect(await recorded(withChecks(after(declared(), resolve(50)), 'resolution', 51), 'resolution')).toEqual([])
})

test('results of an earlier resolution do not stand for those of this one', async () => {
  expect(await recorded(withChecks(after(declared(), resolve(50)), 'resolution', 20), 'resolution')).toEqual(['INC-7 record-checks'])
})

test('what was asked for is asked each time', async () => {
  expect(await recorded(withChecks(after(declared()), 'asked', 0), 'asked')).toEqual(['INC-7 record-checks'])
})
