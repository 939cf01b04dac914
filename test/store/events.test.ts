import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { type ChainReport, verifyChain } from '../../src/store/chain.ts'
import type { Store } from '../../src/store/database.ts'
import { appendEvents, lockIncident, nextNumber, openWithRule, readEvents, saveIncident } from '../../src/store/events.ts'
import { incidentByChannel, incidentRow, openIncidents, recentIncidents } from '../../src/store/reads.ts'
import { eachStore } from '../stores.ts'
import { append, declare, noted } from './sample.ts'

eachStore((open) => {
  const withEvents = async (): Promise<Store> => {
    const store = await open.store()
    await declare(store)
    for (const text of ['one', 'two', 'three']) await store.transaction((trx) => append(store, trx, 'INC-1', [noted(text)]))
    return store
  }

  test('an incident is read as it was written', async () => {
    const store = await withEvents()
    await store.transaction((trx) =>
      append(store, trx, 'INC-1', [
        { type: 'channel-opened', v: 1, channel: 'C1', name: 'inc-1' },
        { type: 'resolved', v: 1, summary: 'ok – ✓ \u{1F600}' },
      ]),
    )
    const events = await readEvents(store.db, 'INC-1')
    expect(events.map(({ seq, event }) => [seq, event.type])).toEqual([
      [1, 'declared'],
      [2, 'noted'],
      [3, 'noted'],
      [4, 'noted'],
      [5, 'channel-opened'],
      [6, 'resolved'],
    ])
    expect(await readEvents(store.db, 'INC-1', 5)).toEqual(events.slice(5))
    const row = await incidentByChannel(store.db, 'C1')
    expect(row).toMatchObject({ id: 'INC-1', status: 'resolved', version: 6, product: 'invoice2e', declaredBy: 'alice@example.com' })
    expect(row?.declaredAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(row?.resolvedAt).toBe(events[5]?.occurredAt)
    expect(await openIncidents(store.db)).toEqual([])
    expect(await recentIncidents(store.db, 10)).toEqual([row])
  })

  test('the clock in a transaction never goes behind what it waited for', async () => {
    const store = await withEvents()
    await Promise.all(Array.from({ length: 8 }, () => store.transaction((trx) => append(store, trx, 'INC-1', [noted('x')]))))
    const events = await readEvents(store.db, 'INC-1')
    expect(events).toHaveLength(12)
    expect(events.map((event) => event.at)).toEqual(events.map((event) => event.at).toSorted())
  })

  test('numbers have no gaps under concurrency and rollbacks', async () => {
    const store = await open.store()
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, (_, i) =>
        i % 3 === 0
          ? store.transaction(async (trx) => {
              await nextNumber(trx)
              throw new Error('refused')
            })
          : declare(store, { title: `t${i}` }),
      ),
    )
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(20)
    const rows = await recentIncidents(store.db, 100)
    expect(rows.map((row) => row.number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  })

  test('one open incident a product and rule, however many ask at once', async () => {
    const store = await open.store()
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => declare(store, { rule: 'Down' })))
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome.status === 'rejected').map((outcome) => (outcome.reason as Error).message)).toEqual(
      Array.from({ length: 5 }, () => 'taken by INC-1'),
    )
    await declare(store, { rule: 'Down', product: 'other' })
    expect(await store.transaction((trx) => openWithRule(trx, 'invoice2e', 'Down'))).toBe('INC-1')
    await store.transaction((trx) => append(store, trx, 'INC-1', [{ type: 'resolved', v: 1, summary: 'ok' }]))
    expect(await store.transaction((trx) => openWithRule(trx, 'invoice2e', 'Down'))).toBeNull()
    expect((await declare(store, { rule: 'Down' })).id).toBe('INC-3')
  })

  test('an append behind an old version is refused', async () => {
    const store = await withEvents()
    const [first] = await readEvents(store.db, 'INC-1')
    await expect(store.transaction((trx) => appendEvents(trx, 'x', [{ ...first!, seq: 4 }]))).rejects.toMatchObject({ code: '23505' })
    const row = await incidentRow(store.db, 'INC-1')
    await expect(
      store.transaction(async (trx) => {
        const incident = await append(store, trx, 'INC-1', [noted('x')])
        await saveIncident(trx, incident, 'x')
      }),
    ).rejects.toThrow('INC-1 has version 5 already')
    expect(await incidentRow(store.db, 'INC-1')).toEqual(row)
    expect(await store.transaction((trx) => lockIncident(trx, 'INC-99'))).toBeNull()
  })

  describe('the chain (faults 60)', () => {
    test('is whole when nothing was touched', async () => {
      const store = await withEvents()
      const row = await incidentRow(store.db, 'INC-1')
      expect(await verifyChain(store.db, 'INC-1')).toEqual({ whole: true, head: row?.head, events: 4 })
      expect(await verifyChain(store.db, 'INC-1', { seq: 4, head: row!.head })).toMatchObject({ whole: true })
      expect(await verifyChain(store.db, 'INC-9')).toMatchObject({ whole: false })
    })

    const tampered: [what: string, sql: string, report: Partial<ChainReport>][] = [
      ['a text', `update tocsin.event set text = replace(text, 'two', 'too') where seq = 3`, { whole: false, seq: 3 }],
      [
        'a text and its data',
        `update tocsin.event set text = replace(text, 'two', 'too'), data = replace(text, 'two', 'too')::jsonb where seq = 3`,
        { whole: false, seq: 3 },
      ],
      ['a data', `update tocsin.event set data = jsonb_set(data, '{event,text}', '"too"') where seq = 3`, { whole: false, seq: 3 }],
      ['a hash', `update tocsin.event set hash = md5('x') where seq = 2`, { whole: false, seq: 2 }],
      ['a text that is no JSON', `update tocsin.event set text = 'x' where seq = 2`, { whole: false, seq: 2 }],
      ['a row away', `delete from tocsin.event where seq = 2`, { whole: false, seq: 2 }],
      ['the first row away', `delete from tocsin.event where seq = 1`, { whole: false, seq: 1 }],
      ['all rows away', `delete from tocsin.event`, { whole: false, seq: 1 }],
      ['the tail away', `delete from tocsin.event where seq > 2`, { whole: false, seq: 3 }],
      [
        'a row more',
        `insert into tocsin.event select incident, 5, text, data, hash from tocsin.event where seq = 4`,
        { whole: false, seq: 5 },
      ],
      [
        'two rows about',
        `update tocsin.event set seq = case seq when 2 then 13 when 3 then 12 end where seq in (2, 3)`,
        { whole: false, seq: 2 },
      ],
      ['the head', `update tocsin.incident set head = md5('x')`, { whole: false, seq: 4 }],
      ['the version', `update tocsin.incident set version = 5`, { whole: false, seq: 5 }],
      [
        'what the row says',
        `update tocsin.incident set severity = 'P4'`,
        { whole: false, seq: 4, why: expect.stringContaining('its severity is P4') },
      ],
      ['that it is open', `update tocsin.incident set status = 'resolved'`, { whole: false, seq: 4 }],
      ['the row of the incident', `delete from tocsin.incident`, { whole: false, seq: 4 }],
    ]
    test('names the row that somebody changed', async () => {
      const store = await withEvents()
      for (const [what, statement, report] of tampered) {
        const undone = store.transaction(async (trx) => {
          await sql.raw(statement).execute(trx)
          expect(await verifyChain(trx, 'INC-1'), what).toMatchObject(report)
          throw new Error('undone')
        })
        await expect(undone).rejects.toThrow('undone')
      }
      expect(await verifyChain(store.db, 'INC-1')).toMatchObject({ whole: true })
    })

    test('a rewritten stream differs from a head that was published', async () => {
      const store = await withEvents()
      const published = { seq: 4, head: (await incidentRow(store.db, 'INC-1'))!.head }
      const events = await readEvents(store.db, 'INC-1')
      await store.transaction(async (trx) => {
        await sql`delete from tocsin.event`.execute(trx)
        const head = await appendEvents(
          trx,
          null,
          events.map((event) => (event.seq === 2 ? { ...event, event: noted('never') } : event)),
        )
        await sql`update tocsin.incident set head = ${head}`.execute(trx)
      })
      expect(await verifyChain(store.db, 'INC-1')).toMatchObject({ whole: true })
      expect(await verifyChain(store.db, 'INC-1', published)).toMatchObject({ whole: false, seq: 4 })
    })
  })
})
