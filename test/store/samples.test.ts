/** Samples and digests as they are stored, and the chain of slots. */
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import type { AskableChecks } from '../../src/askable.ts'
import type { Catalogue } from '../../src/catalogue.ts'
import { digestOf } from '../../src/incident/digest.ts'
import type { CheckResult } from '../../src/incident/check.ts'
import { nextSlot, type Sample } from '../../src/incident/uptime.ts'
import { createSampling } from '../../src/sampling.ts'
import type { Store } from '../../src/store/database.ts'
import {
  digestBefore,
  digestOn,
  digestPosted,
  digestProblems,
  digestTrouble,
  forgetDigests,
  postedBefore,
  saveDigest,
} from '../../src/store/digests.ts'
import { closedAndOwed } from '../../src/store/reads.ts'
import { forgetSamples, samplesOf, saveSample } from '../../src/store/samples.ts'
import { eachStore } from '../stores.ts'
import { alice, append, declare, queueOf } from './sample.ts'

const sample = (slot: string, more: Partial<Sample> = {}): Sample => ({
  slot,
  minutes: 5,
  status: 'ok',
  ms: 12,
  finding: null,
  measurements: [{ name: 'latency', value: 11, unit: 'ms' }],
  ...more,
})

const result: CheckResult = {
  check: 'health',
  kind: 'http',
  title: 'Health',
  status: 'fail',
  findings: [{ status: 'fail', text: 'Answered 503.' }],
  measurements: [],
  startedAt: '2026-11-25T08:00:00.000Z',
  took: 7,
}

const digest = digestOf({
  product: { key: 'acme', name: 'Acme' },
  during: { from: '2026-11-24T08:00:00.000Z', to: '2026-11-25T08:00:00.000Z' },
  zone: 'UTC',
  sampled: [],
  unset: [],
  results: [],
  records: { open: [], over: [] },
  bot: { dead: 0, away: {} },
})

/** One product with a check that is asked every so many minutes, and `lacks` what it needs. */
const sampling = (
  store: Store,
  queue: Awaited<ReturnType<Parameters<Parameters<typeof eachStore>[0]>[0]['queue']>>,
  minutes: number,
  missing: string[] = [],
) => {
  const checks = new Map([['health', { key: 'health', sampleMinutes: minutes }]])
  const products = new Map([['acme', { key: 'acme', checks }]])
  return createSampling({
    store,
    queue,
    catalogue: { products, product: (key: string) => products.get(key) ?? null } as unknown as Catalogue,
    askable: (() => new Map([['health', { missing }]])) as unknown as AskableChecks,
  })
}

const planned = async (store: Store): Promise<unknown[]> => {
  const { rows } = await sql<{ data: unknown }>`select data from tocsin_jobs.job where name = 'sample' order by start_after`.execute(
    store.db,
  )
  return rows.map(({ data }) => data)
}

eachStore((open) => {
  test('a slot is kept once, the first answer counts; they are read by check, oldest first', async () => {
    const store = await open.store()
    const [nine, five] = ['2026-11-25T09:00:00.000Z', '2026-11-25T09:05:00.000Z']
    await store.transaction(async (trx) => {
      await saveSample(trx, 'acme', 'health', sample(five))
      await saveSample(trx, 'acme', 'health', sample(nine, { status: 'fail', finding: 'Down.' }))
      await saveSample(trx, 'acme', 'health', sample(nine))
      await saveSample(trx, 'acme', 'site', sample(nine))
      await saveSample(trx, 'other', 'health', sample(nine))
    })
    const found = await samplesOf(store.db, 'acme', nine, '2026-11-25T09:10:00.000Z')
    expect([...found.keys()].toSorted()).toEqual(['health', 'site'])
    expect(found.get('health')).toMatchObject([sample(nine, { status: 'fail', finding: 'Down.' }), sample(five)])
    expect([...(await samplesOf(store.db, 'acme', nine, five)).values()].map(({ length }) => length)).toEqual([1, 1])
  })

  test('they are forgotten after 35 days, digests after 400, each with what is known of its message', async () => {
    const store = await open.store()
    const days = (count: number) => new Date(Date.parse(now) - count * 86_400_000).toISOString()
    const now = await store.now()
    await store.transaction(async (trx) => {
      await saveSample(trx, 'acme', 'health', sample(days(36)))
      await saveSample(trx, 'acme', 'health', sample(days(34)))
    })
    expect(await forgetSamples(store.db)).toBe(1)
    expect((await samplesOf(store.db, 'acme', days(40), now)).get('health')).toHaveLength(1)
    await saveDigest(store.db, 'acme', '2025-01-01', digest)
    await saveDigest(store.db, 'acme', '2025-01-02', digest)
    await sql`update tocsin.digest set made_at = clock_timestamp() - interval '401 days' where date = '2025-01-01'`.execute(store.db)
    await forgetDigests(store.db)
    expect([await digestOn(store.db, 'acme', '2025-01-01'), (await digestOn(store.db, 'acme', '2025-01-02'))?.date]).toEqual([
      null,
      '2025-01-02',
    ])
  })

  test('a digest is made once, and known to be posted; another kind’s dates are its own (field 16)', async () => {
    const store = await open.store()
    await saveDigest(store.db, 'acme', '2026-11-24', digest)
    await saveDigest(store.db, 'acme', '2026-11-25', digest)
    await saveDigest(store.db, 'acme', '2026-11-25', { ...digest, zone: 'Europe/Berlin' })
    await store.db
      .insertInto('digest')
      .values({ kind: 'weekly', product: 'acme', date: '2026-11-26', data: JSON.stringify(digest) })
      .execute()
    await digestPosted(store.db, 'acme', '2026-11-24')
    expect((await digestOn(store.db, 'acme', '2026-11-25'))?.digest).toEqual(digest)
    expect((await digestBefore(store.db, 'acme', '2026-11-28'))?.date).toBe('2026-11-25')
    expect((await postedBefore(store.db, 'acme', '2026-11-28'))?.date).toBe('2026-11-24')
    expect(await digestOn(store.db, 'acme', '2026-11-26')).toBeNull()
    expect(await digestBefore(store.db, 'other', '2026-11-28')).toBeNull()
  })

  test('what keeps the newest one from being posted is known until it is posted, or a newer one is made', async () => {
    const store = await open.store()
    await saveDigest(store.db, 'acme', '2026-11-24', digest)
    await digestTrouble(store.db, 'acme', '2026-11-24', 'archived')
    expect(await digestProblems(store.db)).toEqual([{ product: 'acme', date: '2026-11-24', problem: 'archived' }])
    await saveDigest(store.db, 'acme', '2026-11-25', digest)
    expect(await digestProblems(store.db)).toEqual([])
    await digestTrouble(store.db, 'acme', '2026-11-25', 'archived')
    await digestPosted(store.db, 'acme', '2026-11-25')
    expect(await digestProblems(store.db)).toEqual([])
  })

  test('however often it is planned, and by whomever, the next slot is one job; its answer brings the one after it (faults 47)', async () => {
    const store = await open.store()
    const queue = await open.queue(store, [queueOf('sample')])
    // Hours long, so that no slot passes while the test runs.
    const [one, two] = [sampling(store, queue, 1440), sampling(store, queue, 1440)]
    const slot = nextSlot(await store.now(), 1440)
    const first = { product: 'acme', check: 'health', slot }
    await Promise.all([one.plan(), two.plan()])
    await one.plan()
    expect(await planned(store)).toEqual([first])
    // Too early: the clock was set back.
    expect(await one.turn('acme', 'health', slot)).toEqual({ again: slot })
    const past = new Date(Date.parse(slot) - 86_400_000).toISOString()
    expect(await one.turn('acme', 'health', past)).toBe('ask')
    expect(await one.turn('acme', 'health', new Date(Date.parse(past) - 86_400_000).toISOString())).toBe('over')
    await one.keep('acme', 'health', past, result)
    await two.keep('acme', 'health', past, { ...result, status: 'ok' })
    expect(await planned(store)).toEqual([first])
    expect((await samplesOf(store.db, 'acme', past, slot)).get('health')).toMatchObject([
      { status: 'fail', finding: 'Answered 503.', minutes: 1440, ms: 7 },
    ])
  })

  test('a check that is gone, or lacks a setting, ends its chain, and begins none', async () => {
    const store = await open.store()
    const queue = await open.queue(store, [queueOf('sample')])
    const lacking = sampling(store, queue, 1440, ['ACME_KEY'])
    const slot = await store.now()
    await lacking.plan()
    expect(await lacking.turn('acme', 'health', slot)).toBe('gone')
    expect(await sampling(store, queue, 1440).turn('acme', 'site', slot)).toBe('gone')
    expect(await sampling(store, queue, 1440).turn('other', 'health', slot)).toBe('gone')
    await lacking.keep('acme', 'health', slot, result)
    expect(await planned(store)).toEqual([])
    expect((await samplesOf(store.db, 'acme', slot, nextSlot(slot, 1440))).size).toBe(0)
  })

  test('records that are over and owed something: those not reviewed, of late, or with a to-do that had a day; never private ones', async () => {
    const store = await open.store()
    const titles = ['open', 'resolved', 'reviewed of late', 'reviewed long ago', 'reviewed, with a to-do', 'private', 'merged']
    for (const title of titles) await declare(store, { product: 'acme', title })
    await declare(store, { product: 'other', title: 'of another product' })
    const todo = { type: 'todo-added', v: 1, todo: 1, text: 'Look', owner: alice as never, due: '2026-11-20', source: null } as const
    await store.transaction(async (trx) => void (await append(store, trx, 'INC-5', [todo])))
    const long = sql<string>`clock_timestamp() - interval '40 days'`
    const set = (id: string, values: object) => store.db.updateTable('incident').set(values).where('id', '=', id).execute()
    for (const id of ['INC-2', 'INC-6', 'INC-7', 'INC-8']) await set(id, { status: 'resolved', resolved_at: long })
    for (const id of ['INC-4', 'INC-5']) await set(id, { status: 'reviewed', resolved_at: long })
    await set('INC-3', { status: 'reviewed', resolved_at: sql<string>`clock_timestamp()` })
    await set('INC-6', { private: true })
    await set('INC-7', { merged_into: 'INC-1' })
    const day = new Date(Date.parse(await store.now()) - 86_400_000).toISOString()
    expect(await closedAndOwed(store.db, 'acme', day, 10)).toEqual(['INC-5', 'INC-3', 'INC-2'])
    expect(await closedAndOwed(store.db, 'acme', day, 1)).toEqual(['INC-5'])
  })
})
