/** The job that asks a product's checks: what it starts, what it asks, and what is left to ask by whoever takes over. */
import { expect, test } from 'vitest'
import type { Askable } from '../../src/askable.ts'
import type { RunChecks } from '../../src/checking.ts'
import type { JobContext } from '../../src/define.ts'
import type { Criterion } from '../../src/incident/acting/criteria.ts'
import { decide } from '../../src/incident/decide.ts'
import { replay } from '../../src/incident/evolve.ts'
import type { Intent } from '../../src/incident/commands.ts'
import check from '../../src/jobs/check.ts'
import { at, bot, checked, declared, happened, record, resolve, severity, step, type Step } from '../given.ts'

const askable = (key: string, auto: boolean, tellsChanges = false) =>
  [key, { key, kind: 'http', title: key, auto, tellsChanges } as Askable] as const
const asked = (key: string) => ({ check: key, kind: 'http', title: key })
const result = (key: string) => ({
  ...asked(key),
  status: 'ok' as const,
  findings: [],
  measurements: [],
  startedAt: at(9),
  took: 1,
})

/** Runs the job on a record with this past, and gives what it recorded and asked. */
const run = async (
  data: Record<string, string | number>,
  past: readonly Step[],
  answers: readonly string[] = ['a', 'b', 'c'],
  criteria: readonly Criterion[] = [],
) => {
  let events = happened(...past)
  const before = events.length
  const wanted: (readonly string[] | string)[] = []
  const files: [name: string, content: string, events: number][] = []
  const runChecks: RunChecks = async (_, which, request = {}) => {
    wanted.push(which)
    for (const key of answers)
      if (which.includes(key))
        request.onResult?.({ ...result(key), measurements: criteria.length === 0 ? [] : [{ name: 'p95', value: 14, unit: 'ms' }] })
    return []
  }
  const context = {
    load: () => Promise.resolve({ incident: replay(events)!, events, head: () => '' }),
    askable: () => new Map([askable('a', true), askable('b', true), askable('c', false), askable('d', false, true)]),
    runChecks,
    catalogue: { product: () => ({ acting: { criteria } }) } as unknown as JobContext['catalogue'],
    saveFile: async (_, { name }, content) => void files.push([name, content.toString(), events.length - before]),
    handle: async (_: string, intent: Intent) => {
      const decision = decide(replay(events), { intent, at: at(9), by: bot })
      events = [...events, ...record(events, { at: at(9), by: bot }, decision)]
      return { incident: replay(events)!, events: [] }
    },
  } satisfies Partial<JobContext>
  await check.run(
    { data: { incident: 'INC-7', ...data }, retryCount: 1, signal: AbortSignal.timeout(60_000) },
    context as unknown as JobContext,
  )
  return { wanted, recorded: events.slice(before).map(({ event }) => event), files }
}

test('told of a phase it starts a run of what is asked by itself, once since its cause; at the opening with what tells changes', async () => {
  const start = { type: 'checks-started', checks: [asked('a'), asked('b')] }
  const changes = { ...asked('d'), for: 'changes' }
  expect((await run({ phase: 'opening' }, [declared()])).recorded).toMatchObject([
    { ...start, checks: [...start.checks, changes], phase: 'opening' },
  ])
  expect((await run({ phase: 'opening' }, [declared(), ...checked(1, 'opening', 1)])).recorded).toEqual([])
  const worse = [declared(), ...checked(1, 'opening', 1), severity('P2', 3)]
  expect((await run({ phase: 'severity' }, worse)).recorded).toMatchObject([{ ...start, phase: 'severity' }])
  const resolved = [declared(), ...checked(1, 'resolution', 2), resolve(3)]
  expect((await run({ phase: 'resolution' }, resolved)).recorded).toMatchObject([{ ...start, phase: 'resolution' }])
})

test('whoever takes over asks what has not answered, and nothing twice', async () => {
  const past = [
    declared(),
    step({ type: 'start-checks', phase: 'asked', which: 'all', checks: ['a', 'b', 'c'].map(asked) }, 1),
    step({ type: 'answer-checks', run: 1, results: [result('b')] }, 2, bot),
  ]
  const { wanted, recorded, files } = await run({ run: 1 }, past)
  expect(wanted).toEqual([['a', 'c']])
  expect(recorded).toMatchObject([{ type: 'checks-answered', run: 1, results: [{ check: 'a' }, { check: 'c' }] }])
  // Kept before whoever reads of them could ask for it: with what was answered before.
  expect(files).toEqual([['inc-7-all-1.txt', 'OK  b (b)\n\nOK  a (a)\n\nOK  c (c)\n', 0]])
  const done = [...past, step({ type: 'answer-checks', run: 1, results: [result('a'), result('c')] }, 3, bot)]
  expect(await run({ run: 1 }, done)).toEqual({ wanted: [], recorded: [], files: [] })
})

test('a check that the product has no more is not waited for', async () => {
  const past = [declared(), step({ type: 'start-checks', phase: 'asked', which: 'all', checks: ['a', 'gone'].map(asked) }, 1)]
  expect((await run({ run: 1 }, past)).recorded).toMatchObject([
    { results: [{ check: 'a', status: 'ok' }] },
    { results: [{ check: 'gone', status: 'unknown', findings: [{ text: 'This product has no such check any more.' }] }] },
  ])
})

test('a criterion that an answer crosses is suggested; one that it does not cross, or was not measured, is not', async () => {
  const past = [declared(), step({ type: 'start-checks', phase: 'asked', which: 'a', checks: [asked('a')] }, 1)]
  const criterion = { key: 'slow', title: 'Slow', check: 'a', measurement: 'p95', above: 10, below: null, action: 'server.rollback' }
  const others = [
    { ...criterion, key: 'slower', above: 14 },
    { ...criterion, key: 'other', measurement: 'errors' },
    { ...criterion, key: 'elsewhere', check: 'b' },
  ]
  const { recorded } = await run({ run: 1 }, past, ['a'], [criterion, ...others])
  expect(recorded.filter(({ type }) => type === 'action-suggested')).toEqual([
    {
      type: 'action-suggested',
      v: 1,
      criterion: 'slow',
      title: 'Slow',
      measured: 'p95 14 ms > 10 ms',
      check: 'a',
      suggests: 'server.rollback',
    },
  ])
})
