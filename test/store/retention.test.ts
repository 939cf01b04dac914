import { sql } from 'kysely'
import { expect, test, vi } from 'vitest'
import type { ParsedAlert } from '../../src/define.ts'
import { createHandle } from '../../src/handle.ts'
import { createReconcile } from '../../src/reconcile.ts'
import { writeAlerts } from '../../src/store/alerts.ts'
import { forgetAlerts, forgetOld } from '../../src/store/limits.ts'
import { recorder } from '../silent.ts'
import { eachStore } from '../stores.ts'
import { append, declare, queueOf } from './sample.ts'

const alert = (fingerprint: string, state: 'firing' | 'resolved'): ParsedAlert => ({
  fingerprint,
  rule: fingerprint,
  product: 'invoice2e',
  summary: '',
  severity: null,
  labels: {},
  state,
  startsAt: '2026-01-01T00:00:00.000Z',
  startKnown: true,
  endsAt: null,
  cleaned: [],
})

eachStore((open) => {
  test('alerts are forgotten 90 days after they came and ended, unless their incident is open', async () => {
    const store = await open.store()
    const [past, present] = [await declare(store), await declare(store)]
    await store.transaction((trx) => append(store, trx, past.id, [{ type: 'resolved', v: 1, summary: 'Over' }]))
    const names = ['over', 'alone', 'ended lately', 'of an open one', 'pending', 'still firing']
    await writeAlerts(
      store.db,
      'generic',
      names.map((name) => alert(name, name === 'still firing' ? 'firing' : 'resolved')),
    )
    const set = (name: string, change: object) => store.db.updateTable('alert').set(change).where('fingerprint', '=', name).execute()
    await store.db
      .updateTable('alert')
      .set({
        received_at: sql`clock_timestamp() - interval '91 days'`,
        ends_at: sql`clock_timestamp() - interval '91 days'`,
        pending: false,
      })
      .execute()
    await set('over', { incident: past.id })
    await set('ended lately', { incident: past.id, ends_at: sql`clock_timestamp() - interval '89 days'` })
    await set('of an open one', { incident: present.id })
    await set('pending', { pending: true })
    await set('still firing', { ends_at: null, incident: past.id })
    expect(await forgetAlerts(store.db)).toBe(2)
    const left = await store.db.selectFrom('alert').select('fingerprint').orderBy('fingerprint').execute()
    expect(left.map(({ fingerprint }) => fingerprint)).toEqual(['ended lately', 'of an open one', 'pending', 'still firing'])
    expect(await forgetAlerts(store.db)).toBe(0)
  })

  test('what is forgotten goes in small steps', async () => {
    const store = await open.store()
    await sql`
      insert into tocsin.seen select 'slack', n::text, clock_timestamp() - make_interval(hours => case when n > 2500 then 1 else 25 end)
      from generate_series(1, 2600) n`.execute(store.db)
    await forgetOld(store.db)
    const { count } = await store.db
      .selectFrom('seen')
      .select((eb) => eb.fn.countAll().as('count'))
      .executeTakeFirstOrThrow()
    expect(Number(count)).toBe(100)
  })

  test('once an hour the bot forgets what is old and tries dead jobs again', async () => {
    const store = await open.store()
    const queue = await open.queue(store, [queueOf('a', { retryLimit: 0 })])
    const runs: number[] = []
    await queue.work({
      a: async ({ retryCount }) => {
        runs.push(retryCount)
        if (runs.length === 1) throw new Error('broken')
      },
    })
    await store.transaction((trx) => queue.enqueue(trx, [{ queue: 'a', data: { incident: 'INC-1' } }]))
    await vi.waitFor(async () => expect(await queue.dead()).toHaveLength(1), { timeout: 10_000 })
    await writeAlerts(store.db, 'generic', [alert('over', 'resolved')])
    await store.db
      .updateTable('alert')
      .set({ received_at: sql`clock_timestamp() - interval '91 days'` })
      .execute()
    const { log, lines } = recorder()
    await createReconcile({ plan: () => Promise.resolve(), store, queue, handle: createHandle({ store, queue }), log }).tidy()
    await vi.waitFor(() => expect(runs).toEqual([0, 1]), { timeout: 10_000 })
    expect(await store.db.selectFrom('alert').selectAll().execute()).toEqual([])
    expect(lines.map(({ message }) => message)).toEqual(['a dead job is tried once more', 'old alerts are forgotten'])
  })
})
