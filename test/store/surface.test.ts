/** A run under a surface's lease: what it costs, and what is recorded when it is disturbed. */
import type { KyselyPlugin } from 'kysely'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { SurfaceSession } from '../../src/define.ts'
import type { Store } from '../../src/store/database.ts'
import { items, lease, LeaseLost } from '../../src/store/surfaces.ts'
import { withSurface } from '../../src/surface.ts'
import { eachStore } from '../stores.ts'
import { append, declare, noted } from './sample.ts'

/** The store, and how many transactions it has run: a statement outside of one is one of its own. */
const counting = (store: Store) => {
  let count = 0
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => {
      count += 1
      return node
    },
    transformResult: ({ result }) => Promise.resolve(result),
  }
  const counted: Store = {
    ...store,
    db: store.db.withPlugin(plugin),
    transaction: (work) => {
      count += 1
      return store.transaction(work)
    },
  }
  return { store: counted, count: () => count }
}

const never = new AbortController().signal

eachStore((open) => {
  const post = async (session: SurfaceSession, key: string) => {
    await session.intend(key)
    session.showed(key, `ts of ${key}`, 'hash')
  }

  test('one new thing costs one transaction beside the lease’s two ends, an edit none', async () => {
    const store = await open.store()
    await declare(store)
    const { store: counted, count } = counting(store)
    // Renewals of a lease on a slow machine are not counted.
    vi.useFakeTimers({ toFake: ['setInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    const costs = async (apply: (session: SurfaceSession) => Promise<void>): Promise<number> => {
      const before = count()
      await withSurface(counted)(never)('channel', 'INC-1', false, apply)
      return count() - before
    }
    expect(await costs(() => Promise.resolve())).toBe(2)
    expect(await costs((session) => Promise.resolve(session.showed('header', 'ts', 'hash')))).toBe(2)
    expect(
      await costs(async (session) => {
        session.showed('header', 'ts', 'hash of another')
        await post(session, 'update')
      }),
    ).toBe(3)
    expect(
      await costs(async (session) => {
        for (const key of ['a', 'b', 'c']) await post(session, key)
      }),
    ).toBe(5)
  })

  test('what is shown is recorded with the next intention, and as the lease is given back', async () => {
    const store = await open.store()
    await declare(store)
    const states = async () =>
      Object.fromEntries((await items(store.db, 'channel', 'INC-1')).map(({ key, state, ref }) => [key, [state, ref]]))
    await withSurface(store)(never)('channel', 'INC-1', false, async (session) => {
      await post(session, 'a')
      expect(await states()).toEqual({ a: ['intent', null] })
      expect(session.items.get('a')).toMatchObject({ state: 'done', ref: 'ts of a' })
      await post(session, 'b')
      expect(await states()).toEqual({ a: ['done', 'ts of a'], b: ['intent', null] })
    })
    expect(await states()).toEqual({ a: ['done', 'ts of a'], b: ['done', 'ts of b'] })
    expect(await lease(store.db, 'channel', 'INC-1', 'another', 5)).toBe(true)
  })

  test('what was shown before a fault is recorded, too', async () => {
    const store = await open.store()
    await declare(store)
    const run = withSurface(store)(never)('channel', 'INC-1', false, async (session) => {
      await post(session, 'a')
      throw new Error('the outside is away')
    })
    await expect(run).rejects.toThrow('the outside is away')
    expect(await items(store.db, 'channel', 'INC-1')).toMatchObject([{ key: 'a', state: 'done', ref: 'ts of a' }])
  })

  test('who lost the lease stops before the next thing is made, and records nothing (faults 33)', async () => {
    const store = await open.store()
    await declare(store)
    const steal = async () => {
      await store.db.deleteFrom('lease').execute()
      expect(await lease(store.db, 'channel', 'INC-1', 'another', 5)).toBe(true)
    }
    for (const next of [
      (session: SurfaceSession) => session.settle(),
      (session: SurfaceSession) => session.intend('b'),
      () => Promise.resolve(),
    ]) {
      let went = false
      const run = withSurface(store)(never)('channel', 'INC-1', false, async (session) => {
        await post(session, 'a')
        await steal()
        await next(session)
        went = true
      })
      await expect(run).rejects.toThrow(LeaseLost)
      expect(await items(store.db, 'channel', 'INC-1')).toMatchObject([{ key: 'a', state: 'intent', ref: null }])
      // Only the end of the run finds it out by itself.
      expect(went).toBe(next.length === 0)
      await store.db.deleteFrom('lease').execute()
      await store.db.deleteFrom('item').execute()
    }
  })

  test('what happened meanwhile is looked at before the lease is given back, and only that is read', async () => {
    const store = await open.store()
    await declare(store)
    const seen: number[][] = []
    await withSurface(store)(never)('channel', 'INC-1', false, async (_, { incident, events, head }) => {
      seen.push([incident.version, ...events.map(({ seq }) => seq)])
      for (const { seq } of events) expect(head(seq)).toMatch(/^[0-9a-f]{64}$/)
      if (incident.version < 3) await store.transaction((trx) => append(store, trx, 'INC-1', [noted(`after ${incident.version}`)]))
    })
    expect(seen).toEqual([
      [1, 1],
      [2, 1, 2],
      [3, 1, 2, 3],
    ])
  })
})
