import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { firstSeen, forgetOld, pause, pausedUntil } from '../../src/store/limits.ts'
import { recall, remember } from '../../src/store/settings.ts'
import { type Lease, type Write, items, lease, record, release } from '../../src/store/surfaces.ts'
import type { Store } from '../../src/store/database.ts'
import { readEvents } from '../../src/store/events.ts'
import { eachStore } from '../stores.ts'
import { append, declare, noted, queueOf } from './sample.ts'

/** Records one thing and lets the lease last `seconds` from then; false when it was lost. */
const wrote = async ({ db }: Store, held: Lease, write: Write | null, seconds = 0): Promise<boolean> =>
  (await record(db, held, write === null ? [] : [write], seconds)) !== null

eachStore((open) => {
  test('one holder a surface; a lease that was lost writes nothing more (faults 33)', async () => {
    const store = await open.store()
    const one: Lease = { surface: 'channel', incident: 'INC-1', token: 'one' }
    const two: Lease = { ...one, token: 'two' }
    expect(await lease(store.db, 'channel', 'INC-1', 'one', 0.3)).toBe(true)
    expect(await lease(store.db, 'channel', 'INC-1', 'one', 0.3)).toBe(true)
    expect(await lease(store.db, 'channel', 'INC-1', 'two', 5)).toBe(false)
    expect(await lease(store.db, 'record', 'INC-1', 'two', 5)).toBe(true)
    expect(await wrote(store, two, { key: 'k', state: 'intent' })).toBe(false)
    expect(await wrote(store, one, { key: 'k', state: 'intent' }, 0.3)).toBe(true)
    await sleep(350)
    // Its time is over, but nobody took the surface: what was done is still recorded.
    expect(await wrote(store, one, { key: 'k', state: 'done', ref: '1.1', hash: 'h1' })).toBe(true)
    expect(await lease(store.db, 'channel', 'INC-1', 'two', 5)).toBe(true)
    expect(await wrote(store, one, null, 5)).toBe(false)
    expect(await wrote(store, one, { key: 'k', state: 'intent' })).toBe(false)
    expect(await wrote(store, one, { key: 'k', state: 'done', ref: '9.9', hash: 'h9' })).toBe(false)
    expect(await wrote(store, one, { key: 'k', state: 'failed', error: 'no' })).toBe(false)
    expect(await release(store.db, one, { writes: [{ key: 'k', state: 'failed', error: 'no' }] })).toBe('lost')
    expect(await wrote(store, two, null, 5)).toBe(true)
    expect(await items(store.db, 'channel', 'INC-1')).toMatchObject([
      { key: 'k', ref: '1.1', hash: 'h1', state: 'done', attempts: 1, error: null },
    ])

    // An edit that was begun keeps what is there until it is done.
    expect(await wrote(store, two, { key: 'k', state: 'intent' }, 5)).toBe(true)
    expect(await items(store.db, 'channel', 'INC-1')).toMatchObject([{ ref: '1.1', hash: 'h1', state: 'intent', attempts: 2 }])
    expect(await wrote(store, two, { key: 'k', state: 'failed', error: 'gone' }, 5)).toBe(true)
    expect(await items(store.db, 'channel', 'INC-1')).toMatchObject([
      { ref: '1.1', hash: 'h1', state: 'failed', attempts: 2, error: 'gone' },
    ])
    // Somebody came and left: the holder looks once more before it lets go.
    expect(await lease(store.db, 'channel', 'INC-1', 'one', 5)).toBe(false)
    expect(await release(store.db, two)).toBe('again')
    expect(await release(store.db, two, { writes: [{ key: 'k', state: 'done', ref: null, hash: 'h2' }] })).toBe('released')
    expect(await items(store.db, 'channel', 'INC-1')).toMatchObject([{ ref: '1.1', hash: 'h2', state: 'done', attempts: 2, error: null }])
    expect(await lease(store.db, 'channel', 'INC-1', 'one', 5)).toBe(true)
  })

  test('the order within an incident is kept by four workers (faults 35)', async () => {
    const store = await open.store()
    const queue = await open.queue(store, [queueOf('sync', { coalesce: true, concurrency: 4 })])
    await declare(store)
    const shown: number[] = []
    await queue.work({
      sync: async ({ data }) => {
        const incident = data['incident'] as string
        const held: Lease = { surface: 'channel', incident, token: randomUUID() }
        if (!(await lease(store.db, held.surface, incident, held.token, 10))) return
        for (;;) {
          const made = new Set((await items(store.db, held.surface, incident)).map((item) => item.key))
          const missing = (await readEvents(store.db, incident)).filter((event) => !made.has(String(event.seq)))
          if (missing.length === 0) {
            if ((await release(store.db, held)) === 'released') return
            continue
          }
          for (const event of missing) {
            await sleep(Math.random() * 3)
            shown.push(event.seq)
            await record(store.db, held, [{ key: String(event.seq), state: 'done', ref: null, hash: 'x' }], 10)
          }
        }
      },
    })
    for (let i = 0; i < 40; i += 1) {
      await store.transaction(async (trx) => {
        await append(store, trx, 'INC-1', [noted(`${i}`)])
        await queue.enqueue(trx, [{ queue: 'sync', key: 'channel INC-1', data: { incident: 'INC-1' } }])
      })
    }
    await vi.waitFor(() => expect(shown).toHaveLength(41), { timeout: 10_000 })
    expect(shown).toEqual(Array.from({ length: 41 }, (_, i) => i + 1))
  })

  test('a pause holds for its method and scope, the longest counts', async () => {
    const store = await open.store()
    const now = Date.parse(await store.now())
    const at = (ms: number) => new Date(now + ms).toISOString()
    expect(await pausedUntil(store.db, 'chat.postMessage', 'C1')).toBeNull()
    expect(await pause(store.db, 'chat.postMessage', 'C1', at(30_000))).toBe(at(30_000))
    expect(await pause(store.db, 'chat.postMessage', 'C1', at(10_000))).toBe(at(30_000))
    expect(await pausedUntil(store.db, 'chat.postMessage', 'C1')).toBe(at(30_000))
    expect(await pausedUntil(store.db, 'chat.postMessage', 'C2')).toBeNull()
    expect(await pausedUntil(store.db, 'chat.update', 'C1')).toBeNull()
    await pause(store.db, 'chat.postMessage', '', at(40_000))
    expect(await pausedUntil(store.db, 'chat.postMessage', 'C2')).toBe(at(40_000))
    await pause(store.db, 'chat.update', 'C1', at(-1_000))
    expect(await pausedUntil(store.db, 'chat.update', 'C1')).toBeNull()
  })

  test('what came before is known (faults 1), and forgotten after a day', async () => {
    const store = await open.store()
    const seen = await Promise.all(Array.from({ length: 4 }, () => firstSeen(store.db, 'slack', 'Ev1')))
    expect(seen.filter((first) => first)).toHaveLength(1)
    expect(await firstSeen(store.db, 'github', 'Ev1')).toBe(true)
    await forgetOld(store.db)
    expect(await firstSeen(store.db, 'slack', 'Ev1')).toBe(false)
    await forgetOld(store.db, 0)
    expect(await firstSeen(store.db, 'slack', 'Ev1')).toBe(true)
  })

  test('settings are kept', async () => {
    const store = await open.store()
    expect(await recall(store.db, 'channel')).toBeNull()
    await remember(store.db, 'channel', 'C1')
    await remember(store.db, 'channel', 'C2')
    expect(await recall(store.db, 'channel')).toBe('C2')
  })
})
