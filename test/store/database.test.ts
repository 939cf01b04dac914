import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { openStore } from '../../src/store/database.ts'
import { migrate, ownMigrations } from '../../src/store/migrations.ts'
import { remember, recall } from '../../src/store/settings.ts'
import { recorder, silent } from '../silent.ts'
import { eachStore, freshDatabase } from '../stores.ts'

eachStore((open) => {
  test('the outer database inside a transaction throws instead of waiting for ever', async () => {
    const store = await open.store()
    await expect(store.transaction(async () => store.ping())).rejects.toThrow('outer database')
    await expect(store.transaction(async () => recall(store.db, 'x'))).rejects.toThrow('outer database')
    await expect(store.transaction(async () => store.transaction(async () => 1))).rejects.toThrow('outer database')
    await expect(store.transaction(async () => store.now())).rejects.toThrow('outer database')
    await store.ping()
  })

  test('what a transaction leaves running is outside of it', async () => {
    const store = await open.store()
    const later = await store.transaction(async () => ({
      later: new Promise((resolve) => setTimeout(resolve, 50)).then(() => store.now()),
    }))
    expect(await later.later).toMatch(/Z$/)
  })

  test('a failed statement that was caught inside a transaction fails it', async () => {
    const store = await open.store()
    await expect(
      store.transaction(async (trx) => {
        await remember(trx, 'k', 'v')
        await sql`select 1 / 0`.execute(trx).catch(() => undefined)
      }),
    ).rejects.toThrow('caught inside a transaction')
    expect(await recall(store.db, 'k')).toBeNull()
  })

  test('what is called after the commit is not called after a rollback', async () => {
    const store = await open.store()
    const called: string[] = []
    await store.transaction(async () => store.afterCommit(() => called.push('committed')))
    const refused = store.transaction(async () => {
      store.afterCommit(() => called.push('rolled back'))
      throw new Error('no')
    })
    await expect(refused).rejects.toThrow('no')
    store.afterCommit(() => called.push('outside'))
    expect(called).toEqual(['committed', 'outside'])
  })

  test('migrations run once; those of a newer version are left alone (faults 40)', async () => {
    const store = await open.store()
    const { log, lines } = recorder()
    await migrate(store, log)
    expect(lines).toEqual([])
    await migrate(store, log, [
      ...(await ownMigrations()).map(({ name }) => ({ name, text: 'select 1 / 0' })),
      { name: '999-more', text: 'alter table tocsin.setting add column note text;\nalter table tocsin.setting add column more text;\n' },
    ])
    expect(lines).toMatchObject([{ message: 'migration applied', migration: '999-more' }])
    // The older version starts beside it and works on.
    await migrate(store, log)
    expect(lines[1]).toMatchObject({ level: 'warn', migrations: ['999-more'] })
    await remember(store.db, 'k', 'v')
    expect(await recall(store.db, 'k')).toBe('v')
    await expect(migrate(store, log, [{ name: '999-wrong', text: 'create table tocsin.half (a int);\nselect 1 / 0;\n' }])).rejects.toThrow(
      'division by zero',
    )
    await expect(sql`select * from tocsin.half`.execute(store.db)).rejects.toMatchObject({ code: '42P01' })
  })

  test('serialisation failures and deadlocks are run again, at most three times (faults 42)', async () => {
    const store = await open.store()
    let runs = 0
    const fail = (code: string, times: number) => async () => {
      runs += 1
      if (runs <= times) throw Object.assign(new Error('try again'), { code })
      return runs
    }
    expect(await store.transaction(fail('40001', 3))).toBe(4)
    runs = 0
    await expect(store.transaction(fail('40P01', 9))).rejects.toThrow('try again')
    expect(runs).toBe(4)
    runs = 0
    await expect(store.transaction(fail('23505', 9))).rejects.toThrow('try again')
    expect(runs).toBe(1)
  })
})

describe('on postgres', () => {
  test('two processes that start at once migrate once (faults 40)', async () => {
    const url = await freshDatabase()
    const admin = await openStore({ url, log: silent })
    await sql`drop schema tocsin cascade`.execute(admin.db)
    await admin.close()
    const { log, lines } = recorder()
    const stores = await Promise.all(Array.from({ length: 4 }, () => openStore({ url, log })))
    expect(lines).toHaveLength((await ownMigrations()).length)
    for (const store of stores) await store.close()
  })

  test('a real deadlock is run again (faults 42)', async () => {
    const store = await openStore({ url: await freshDatabase(), log: silent })
    try {
      await remember(store.db, 'a', '0')
      await remember(store.db, 'b', '0')
      const add = (first: string, second: string) =>
        store.transaction(async (trx) => {
          for (const key of [first, second]) {
            await sql`update tocsin.setting set value = (value::int + 1)::text where key = ${key}`.execute(trx)
            await new Promise((resolve) => setTimeout(resolve, 100))
          }
        })
      await Promise.all([add('a', 'b'), add('b', 'a')])
      expect([await recall(store.db, 'a'), await recall(store.db, 'b')]).toEqual(['2', '2'])
    } finally {
      await store.close()
    }
  })

  test('a full pool gives an error in time, and recovers (faults 38)', async () => {
    const store = await openStore({ url: await freshDatabase(), log: silent, connections: 2 })
    try {
      const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
      const holders = [1, 2].map(() => store.transaction(async (trx) => sql`select 1`.execute(trx).then(() => held)))
      await expect(store.ping()).rejects.toThrow(/timeout/)
      letGo()
      await Promise.all(holders)
      await store.ping()
    } finally {
      await store.close()
    }
  })

  test('a statement that takes too long is ended (faults 36)', async () => {
    const store = await openStore({ url: await freshDatabase(), log: silent })
    try {
      await expect(sql`select pg_sleep(20)`.execute(store.db)).rejects.toMatchObject({ code: '57014' })
      await store.ping()
    } finally {
      await store.close()
    }
  })
})
