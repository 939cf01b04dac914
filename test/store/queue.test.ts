import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { expect, test, vi } from 'vitest'
import type { Store } from '../../src/store/database.ts'
import { type Job, type JobSpec, type Queue, timerId } from '../../src/store/queue.ts'
import { eachStore } from '../stores.ts'
import { queueOf } from './sample.ts'

const send = (store: Store, queue: Queue, ...specs: JobSpec[]) => store.transaction((trx) => queue.enqueue(trx, specs))
const until = (check: () => void | Promise<void>, timeout = 10_000) => vi.waitFor(check, { timeout, interval: 20 })
const later = async (store: Store, ms: number) => new Date(Date.parse(await store.now()) + ms).toISOString()

eachStore((open) => {
  test('jobs run after the commit, at once and each once, with two processes (faults 33)', async () => {
    const store = await open.store()
    const definitions = [queueOf('a')]
    const one = await open.queue(store, definitions)
    const two = await open.queue(store, definitions)
    const ran: number[] = []
    const handler = async ({ data }: Job) => {
      ran.push(data['n'] as number)
      await sleep(5)
    }
    await one.work({ a: handler })
    await two.work({ a: handler })
    await send(store, one, ...Array.from({ length: 40 }, (_, n) => ({ queue: 'a', data: { n } })))
    await until(() => expect(ran).toHaveLength(40))
    await sleep(700)
    expect(ran.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n))
  })

  test('two processes that start at once on an empty database both work (faults 40)', async () => {
    const store = await open.store()
    await sql`drop schema tocsin_jobs cascade`.execute(store.db)
    const queues = await Promise.all(
      (open.kind === 'pglite' ? [1] : [1, 2, 3]).map(() => open.queue(store, [queueOf('a'), queueOf('b', { coalesce: true })])),
    )
    const ran: number[] = []
    for (const queue of queues) await queue.work({ a: async ({ data }) => void ran.push(data['n'] as number) })
    for (const [n, queue] of queues.entries()) await send(store, queue, { queue: 'a', data: { n } })
    await until(() => expect(ran.toSorted((a, b) => a - b)).toEqual([...queues.keys()]))
    await expect(open.queue(store, [queueOf('a', { coalesce: true })])).rejects.toThrow('another policy')
  })

  test('a job of a transaction that is rolled back does not exist', async () => {
    const store = await open.store()
    const queue = await open.queue(store, [queueOf('a')])
    const ran: unknown[] = []
    await queue.work({ a: async ({ data }) => void ran.push(data) })
    const refused = store.transaction(async (trx) => {
      await queue.enqueue(trx, [{ queue: 'a', data: { n: 1 } }])
      throw new Error('no')
    })
    await expect(refused).rejects.toThrow('no')
    await send(store, queue, { queue: 'a', data: { n: 2 } })
    await until(() => expect(ran).toEqual([{ n: 2 }]))
    await expect(send(store, queue, { queue: 'b', data: {} })).rejects.toThrow('no queue b')
  })

  test('the same id runs only once, the same key again after it has started', async () => {
    const store = await open.store()
    const queue = await open.queue(store, [queueOf('timer'), queueOf('sync', { coalesce: true, concurrency: 2 })])
    const ran: string[] = []
    const { promise: gate, resolve: openGate } = Promise.withResolvers<void>()
    const timer = { queue: 'timer', id: timerId('clock:INC-1:response:80'), data: { name: 'timer' } }
    const sync = { queue: 'sync', key: 'channel INC-1', data: { name: 'sync' } }
    await send(store, queue, timer, timer, sync, sync, { ...sync, key: 'channel INC-2' })
    await send(store, queue, timer, sync)
    await queue.work({
      timer: async ({ data }) => void ran.push(data['name'] as string),
      sync: async ({ data }) => {
        ran.push(data['name'] as string)
        await gate
      },
    })
    await until(() => expect(ran.toSorted((a, b) => a.localeCompare(b))).toEqual(['sync', 'sync', 'timer']))
    // Both run: one more of each key is taken, the timer is not.
    await send(store, queue, sync, sync, timer)
    await send(store, queue, sync, timer)
    openGate()
    await until(() => expect(ran).toHaveLength(4))
    await sleep(800)
    expect(ran.toSorted((a, b) => a.localeCompare(b))).toEqual(['sync', 'sync', 'sync', 'timer'])
    expect(timerId('clock:INC-1:response:80')).toBe(timer.id)
  })

  test('a job that was queued before is held back until what coalesced into it is committed', async () => {
    if (open.kind === 'pglite') return
    const store = await open.store()
    const queue = await open.queue(store, [queueOf('sync', { coalesce: true })])
    const seen: (string | undefined)[] = []
    await send(store, queue, { queue: 'sync', key: 'k', data: {} })
    await store.transaction(async (trx) => {
      await queue.enqueue(trx, [{ queue: 'sync', key: 'k', data: {} }])
      await queue.work({
        sync: async () => {
          const { rows } = await sql<{ value: string }>`select value from tocsin.setting`.execute(store.db)
          seen.push(rows[0]?.value)
        },
      })
      await sleep(700)
      await sql`insert into tocsin.setting values ('k', 'committed')`.execute(trx)
    })
    await until(() => expect(seen).toEqual(['committed']))
  })

  test('again runs the same job later, and keeps that it ran before', async () => {
    const store = await open.store()
    const queue = await open.queue(store, [queueOf('a'), queueOf('sync', { coalesce: true })])
    const runs: [string, number, number][] = []
    const at = await later(store, 600)
    const handler = (name: string) => async (job: Job) => {
      expect(job.data).toEqual({ n: 1 })
      runs.push([name, job.retryCount, Date.parse(await store.now())])
      const count = runs.filter(([ran]) => ran === name).length
      if (count === 1) throw new Error('first')
      return count === 2 ? { again: await later(store, 600) } : undefined
    }
    await send(store, queue, { queue: 'a', data: { n: 1 }, startAfter: at }, { queue: 'sync', key: 'k', data: { n: 1 } })
    await queue.work({ a: handler('a'), sync: handler('sync') })
    await until(() => expect(runs).toHaveLength(6), 12_000)
    for (const name of ['a', 'sync']) {
      const mine = runs.filter(([ran]) => ran === name)
      expect(mine.map(([, retryCount]) => retryCount)).toEqual([0, 1, 1])
      expect(mine[2]![2] - mine[1]![2]).toBeGreaterThanOrEqual(590)
    }
    expect(runs.find(([name]) => name === 'a')![2]).toBeGreaterThanOrEqual(Date.parse(at))
    expect(await queue.dead()).toEqual([])
  })

  test('a delayed job swallows none that can run now', async () => {
    const store = await open.store()
    const queue = await open.queue(store, [queueOf('sync', { coalesce: true })])
    const ran: unknown[] = []
    const startAfter = await later(store, 60_000)
    await send(
      store,
      queue,
      { queue: 'sync', key: 'k', data: { n: 1 }, startAfter },
      { queue: 'sync', key: 'k', data: { n: 2 }, startAfter },
    )
    await send(store, queue, { queue: 'sync', key: 'k', data: { n: 3 } })
    await queue.work({ sync: async ({ data }) => void ran.push(data['n']) })
    await until(() => expect(ran).toEqual([3]))
    await until(async () => expect(await queue.stats()).toMatchObject([{ queue: 'sync', delayed: 1 }]))
  })

  test('a poison job backs off and ends among the dead, others flow, people are told (faults 34)', async () => {
    const store = await open.store()
    const queue = await open.queue(store, [queueOf('a', { retryLimit: 2, concurrency: 2 })])
    const tries: { at: number; last: boolean }[] = []
    const told: unknown[] = []
    let good = 0
    await queue.work(
      {
        a: async ({ data, isLast }) => {
          if (data['poison'] !== true) return void (good += 1)
          tries.push({ at: performance.now(), last: isLast })
          throw new Error('poison')
        },
      },
      async (dead) => {
        told.push(dead)
        if (told.length === 1) throw new Error('could not be told')
      },
    )
    await send(store, queue, { queue: 'a', data: { poison: true } }, ...Array.from({ length: 20 }, () => ({ queue: 'a', data: {} })))
    await until(() => expect(good).toBe(20))
    expect(tries.length).toBeLessThanOrEqual(2)
    await until(() => expect(told.length).toBeGreaterThan(0))
    expect(tries.map((tried) => tried.last)).toEqual([false, false, true])
    expect(tries[1]!.at - tries[0]!.at).toBeGreaterThan(900)
    expect(await queue.dead()).toMatchObject([{ queue: 'a', data: { poison: true }, error: 'poison' }])
    expect(told[0]).toMatchObject({ queue: 'a', data: { poison: true }, error: 'poison' })
    expect(await queue.stats()).toMatchObject([{ queue: 'a', queued: 0, dead: 1, oldestSeconds: 0 }])
  })

  // How late they are at most is measured in bench/clocks.ts: a test on a busy machine cannot say.
  test('timers run once and never early, also those of another process (field 1)', async () => {
    const store = await open.store()
    const queue = await open.queue(store, [queueOf('timer')])
    const other = await open.queue(store, [queueOf('timer')])
    const late: number[] = []
    await queue.work({ timer: async ({ data }) => void late.push(Date.parse(await store.now()) - Date.parse(data['due'] as string)) })
    await sleep(300)
    for (let i = 0; i < 10; i += 1) {
      const due = await later(store, 1_200 + i * 37)
      await send(store, i % 2 === 0 ? queue : other, { queue: 'timer', data: { due }, startAfter: due })
    }
    await until(() => expect(late).toHaveLength(10))
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0)
  })

  test('idle workers leave the database alone, and a job that nobody told of is found within a second or so', async () => {
    const store = await open.store()
    const queue = await open.queue(store, [queueOf('a', { concurrency: 8 })])
    const other = await open.queue(store, [queueOf('a')])
    const ran: unknown[] = []
    await queue.work({ a: async ({ data }) => void ran.push(data['n']) })
    await sleep(1_000)
    // Of PGlite every statement can be seen; what a worker asks with begins so.
    let asked = 0
    if (store.source.kind === 'pglite') {
      const { pglite } = store.source
      const [query, exec] = [pglite.query.bind(pglite), pglite.exec.bind(pglite)]
      const count = (text: string) => void (asked += /^\s*with\s+next\s/i.test(text) ? 1 : 0)
      pglite.query = (text, ...rest) => (count(text), query(text, ...rest)) as never
      pglite.exec = (text, ...rest) => (count(text), exec(text, ...rest))
    }
    await sleep(3_000)
    expect(asked).toBeLessThanOrEqual(8)
    // One that is due now tells no other process.
    await send(store, other, { queue: 'a', data: { n: 1 }, startAfter: await store.now() })
    await until(() => expect(ran).toEqual([1]), 4_000)
  })

  test('overdue timers fire once each (faults 44)', async () => {
    const store = await open.store()
    const queue = await open.queue(store, [queueOf('timer')])
    const hours = await later(store, -7_200_000)
    await send(
      store,
      queue,
      ...Array.from({ length: 20 }, (_, n) => ({ queue: 'timer', id: timerId(`t${n}`), data: { n }, startAfter: hours })),
    )
    const ran: unknown[] = []
    await queue.work({ timer: async ({ data }) => void ran.push(data['n']) })
    await until(() => expect(ran).toHaveLength(20))
    await send(
      store,
      queue,
      ...Array.from({ length: 20 }, (_, n) => ({ queue: 'timer', id: timerId(`t${n}`), data: { n }, startAfter: hours })),
    )
    await sleep(800)
    expect(ran).toHaveLength(20)
  })

  test('stopping lets a job end, and gives back what does not end', async () => {
    const store = await open.store()
    const queue = await open.queue(store, [queueOf('a')])
    const next = await open.queue(store, [queueOf('a')])
    const ended: unknown[] = []
    let started = 0
    await queue.work({
      a: async ({ data }) => {
        started += 1
        await sleep(data['ms'] as number, undefined, { ref: false })
        if (data['ms'] === 300) ended.push('short')
      },
    })
    await send(store, queue, { queue: 'a', data: { ms: 300 } }, { queue: 'a', data: { ms: 60_000 } })
    await until(() => expect(started).toBe(2))
    await queue.stop(1_000)
    expect(ended).toEqual(['short'])
    await next.work({ a: async (job) => void ended.push(job.data['ms'], job.retryCount) })
    await until(() => expect(ended).toEqual(['short', 60_000, 1]))
  })
})
