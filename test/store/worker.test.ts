import { expect, test, vi } from 'vitest'
import { PortFault } from '../../src/ports.ts'
import { pausedUntil } from '../../src/store/limits.ts'
import { items, lease, SurfaceTaken } from '../../src/store/surfaces.ts'
import { withSurface } from '../../src/surface.ts'
import { startWorker } from '../../src/worker.ts'
import { recorder } from '../silent.ts'
import { eachStore } from '../stores.ts'
import { declare, queueOf } from './sample.ts'

eachStore((open) => {
  test('a limit is a pause, not a failure (faults 12)', async () => {
    const store = await open.store()
    const { log, lines } = recorder()
    const queue = await open.queue(store, [queueOf('post', { retryLimit: 0 })])
    const runs: number[] = []
    const outcomes: string[] = []
    await startWorker({
      store,
      queue,
      log,
      onRun: ({ outcome }) => outcomes.push(outcome),
      handlers: {
        post: async () => {
          runs.push(Date.parse(await store.now()))
          if (runs.length < 3) throw new PortFault('limited', 'chat.postMessage', 'wait', { scope: 'C1', retryAfter: 0.5 })
        },
      },
    })
    await store.transaction((trx) => queue.enqueue(trx, [{ queue: 'post', data: {} }]))
    await vi.waitFor(() => expect(runs).toHaveLength(1))
    await vi.waitFor(async () => expect(await pausedUntil(store.db, 'chat.postMessage', 'C1')).not.toBeNull())
    await vi.waitFor(() => expect(outcomes).toEqual(['limited', 'limited', 'done']), { timeout: 5_000 })
    expect(runs[1]! - runs[0]!).toBeGreaterThanOrEqual(500)
    expect(await queue.dead()).toEqual([])
    expect(lines.map((line) => line['message'])).toEqual(['job limited', 'job limited', 'job done'])
  })

  test('a fault is a warning until its last run, a bug an error at once; both end as dead letters', async () => {
    const store = await open.store()
    const { log, lines } = recorder()
    const queue = await open.queue(store, [queueOf('a', { retryLimit: 1 }), queueOf('b', { retryLimit: 1 })])
    const dead: string[] = []
    await startWorker({
      store,
      queue,
      log,
      onDead: async (job) => void dead.push(`${job.queue}: ${job.error}`),
      handlers: {
        a: () => Promise.reject(new PortFault('unavailable', 'pages.get', 'down')),
        b: () => Promise.reject(new TypeError('bug')),
      },
    })
    await store.transaction((trx) =>
      queue.enqueue(trx, [
        { queue: 'a', data: {} },
        { queue: 'b', data: {} },
      ]),
    )
    await vi.waitFor(() => expect(dead.toSorted()).toEqual(['a: down', 'b: bug']), { timeout: 8_000 })
    const levels = (name: string) =>
      lines.filter((line) => line['queue'] === name && line['message'] === 'job failed').map((line) => line['level'])
    expect(levels('a')).toEqual(['warn', 'error'])
    expect(levels('b')).toEqual(['error', 'error'])
  })

  test('a run whose time is over lets its surface lapse, and records nothing more (faults 33)', async () => {
    const store = await open.store()
    const { log, lines } = recorder()
    const queue = await open.queue(store, [queueOf('sync', { coalesce: true, expireInSeconds: 1 })])
    await declare(store)
    const surface = withSurface(store)
    const { promise: gate, resolve: openGate } = Promise.withResolvers<void>()
    const ended: string[] = []
    await startWorker({
      store,
      queue,
      log,
      handlers: {
        sync: ({ retryCount, signal }) =>
          surface(signal)('channel', 'INC-1', retryCount > 0, async (session) => {
            const run = retryCount === 0 ? 'first' : 'second'
            if (run === 'first') await gate
            await session.done('k', run, 'h').catch((error: Error) => {
              ended.push(`${run}: ${error.name}`)
              throw error
            })
            ended.push(run)
          }),
      },
    })
    await store.transaction((trx) => queue.enqueue(trx, [{ queue: 'sync', key: 'INC-1', data: {} }]))
    await vi.waitFor(() => expect(ended).toEqual(['second']), { timeout: 20_000 })
    openGate()
    await vi.waitFor(() => expect(ended).toEqual(['second', 'first: LeaseLost']))
    expect(await items(store.db, 'channel', 'INC-1')).toMatchObject([{ ref: 'second' }])
    expect(lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([])
  })

  test('a surface that another run has is a hand-over, not a failure', async () => {
    const store = await open.store()
    const { log, lines } = recorder()
    const queue = await open.queue(store, [queueOf('sync', { coalesce: true, retryLimit: 0 })])
    await declare(store)
    const surface = withSurface(store)
    const outcomes: string[] = []
    expect(await lease(store.db, 'channel', 'INC-1', 'another', 1.5)).toBe(true)
    await startWorker({
      store,
      queue,
      log,
      onRun: ({ outcome }) => outcomes.push(outcome),
      handlers: { sync: ({ signal }) => surface(signal)('channel', 'INC-1', true, async (session) => session.done('k', 'mine', 'h')) },
    })
    await store.transaction((trx) => queue.enqueue(trx, [{ queue: 'sync', key: 'INC-1', data: {} }]))
    await vi.waitFor(() => expect(outcomes.at(-1)).toBe('done'), { timeout: 10_000 })
    expect(new Set(outcomes.slice(0, -1))).toEqual(new Set(['again']))
    expect(await queue.dead()).toEqual([])
    expect(lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([])
  })

  test('a dead job is a problem until the same work has succeeded, and is tried again when asked', async () => {
    const store = await open.store()
    const { log, lines } = recorder()
    const queue = await open.queue(store, [queueOf('a', { retryLimit: 0 }), queueOf('b', { retryLimit: 0, coalesce: true })])
    const runs: Record<string, unknown>[] = []
    const broken = new Set(['INC-1', 'INC-2'])
    const handler = async ({ data, retryCount }: { data: Record<string, unknown>; retryCount: number }) => {
      runs.push({ ...data, retryCount })
      if (data['taken'] === true) throw new SurfaceTaken({ surface: 'channel', incident: 'INC-1' })
      if (broken.has(String(data['incident'] ?? data['rule']))) throw new Error('broken')
    }
    await startWorker({ store, queue, log, handlers: { a: handler, b: handler } })
    const send = async (name: string, data: object) => {
      const before = runs.length
      await store.transaction((trx) => queue.enqueue(trx, [{ queue: name, data, key: JSON.stringify(data) }]))
      await vi.waitFor(() => expect(runs.length).toBe(before + 1), { timeout: 5_000 })
    }
    const unmended = async () =>
      (await queue.unmended()).map(({ queue: name, data }) => `${name} ${String(data['incident'] ?? data['rule'])}`)
    const settles = (expected: string[]) => vi.waitFor(async () => expect(await unmended()).toEqual(expected), { timeout: 5_000 })
    await send('a', { incident: 'INC-1', phase: 'opening' })
    await send('a', { incident: 'INC-1', phase: 'resolution' })
    await send('b', { rule: 'INC-2' })
    await settles(['a INC-1', 'b INC-2'])

    // Others' success, another queue's, and one that leaves the work to another run mend nothing.
    await send('a', { incident: 'INC-3' })
    await send('b', { incident: 'INC-1', x: 1, taken: true })
    await send('a', { incident: 'INC-1', taken: true })
    await vi.waitFor(() => expect(lines.filter(({ message }) => message === 'job left to another run')).toHaveLength(2))
    expect(await unmended()).toEqual(['a INC-1', 'b INC-2'])

    broken.delete('INC-1')
    await send('a', { incident: 'INC-1', phase: 'asked' })
    await settles(['b INC-2'])
    expect(lines.find(({ message }) => message === 'what dead jobs left undone is done')).toMatchObject({ queue: 'a', mended: 2 })
    expect(await queue.dead()).toHaveLength(3)

    broken.add('INC-1')
    await send('a', { incident: 'INC-1' })
    await settles(['a INC-1', 'b INC-2'])

    broken.clear()
    expect(await queue.revive()).toHaveLength(2)
    await settles([])
    expect(runs.slice(-2)).toEqual(
      expect.arrayContaining([
        { incident: 'INC-1', retryCount: 1 },
        { rule: 'INC-2', retryCount: 1 },
      ]),
    )
    expect(await queue.revive()).toEqual([])
  })
})
