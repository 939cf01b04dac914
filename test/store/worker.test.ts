import { expect, test, vi } from 'vitest'
import { PortFault } from '../../src/ports.ts'
import { pausedUntil } from '../../src/store/limits.ts'
import { startWorker } from '../../src/worker.ts'
import { recorder } from '../silent.ts'
import { eachStore } from '../stores.ts'
import { queueOf } from './sample.ts'

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
})
