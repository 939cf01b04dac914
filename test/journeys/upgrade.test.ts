/** A newer version beside an older one, and in its place: nothing that was recorded is lost, nobody is in another's way. */
import { readFileSync } from 'node:fs'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import type { Recorded } from '../../src/incident/events.ts'
import { openStore } from '../../src/store/database.ts'
import { canonicalText, chainHash, genesis } from '../../src/store/events.ts'
import { migrate, ownMigrations } from '../../src/store/migrations.ts'
import { startTestBot } from '../bot.ts'
import { silent } from '../silent.ts'
import { freshDatabase } from '../stores.ts'
import { until } from '../until.ts'

/** An incident of the first release, acknowledged and not yet over. */
const stream = (JSON.parse(readFileSync(new URL('../incident/streams/v1.json', import.meta.url), 'utf8')) as Recorded[]).slice(0, 17)

/** The database as the first release left it. */
const firstRelease = async (): Promise<string> => {
  const url = await freshDatabase()
  const client = new Client(url)
  await client.connect()
  await client.query('drop schema tocsin cascade; create schema tocsin')
  await client.query('create table tocsin.migration (name text primary key, applied_at timestamptz not null default now())')
  const [first] = await ownMigrations()
  await client.query(first?.text ?? '')
  await client.query('insert into tocsin.migration (name) values ($1)', [first?.name])
  let head = genesis('INC-7')
  for (const recorded of stream) {
    const text = canonicalText(recorded)
    head = chainHash(head, text)
    await client.query('insert into tocsin.event (incident, seq, text, data, hash) values ($1, $2, $3::text, ($3::text)::jsonb, $4)', [
      'INC-7',
      recorded.seq,
      text,
      head,
    ])
  }
  const declared = stream[0]?.event
  if (declared?.type !== 'declared') throw new Error('it begins otherwise')
  const severity = stream.flatMap(({ event }) => (event.type === 'severity-changed' ? [event.policy.severity] : [])).at(-1)
  await client.query(
    `insert into tocsin.incident (id, number, kind, product, rule, severity, status, title, private, channel_id, declared_by, declared_at, version, head)
      values ('INC-7', 7, 'incident', $1, $2, $3, 'acknowledged', $4, false, $5, 'alice', $6, $7, $8)`,
    [
      declared.product.key,
      declared.rule,
      severity ?? declared.policy.severity,
      declared.title,
      stream.flatMap(({ event }) => (event.type === 'channel-opened' ? [event.channel] : [])).at(-1),
      stream[0]?.at,
      stream.length,
      head,
    ],
  )
  await client.query("update tocsin.counter set value = 7 where name = 'incident'")
  await client.query("insert into tocsin.setting (key, value) values ('kept', 'by the first release')")
  await client.end()
  return url
}

test('what the first release recorded is read, verified and worked on by this one (field 18)', async () => {
  const url = await firstRelease()
  await using bot = await startTestBot({ store: { url }, github: false })
  expect((await bot.say('alice', 'general', '/incident list')).text).toMatch(/INC-7 P\d 🟠 Acknowledged/)
  expect((await bot.say('alice', 'general', '/incident audit INC-7')).text).toContain('is whole')
  expect((await bot.load('INC-7'))?.events.slice(0, stream.length)).toEqual(stream)
  expect((await bot.store.db.selectFrom('setting').select('value').where('key', '=', 'kept').execute())[0]?.value).toBe(
    'by the first release',
  )
  expect((await bot.say('alice', 'general', '/incident note INC-7 after the upgrade')).text).toContain('Noted')
  expect((await bot.say('alice', 'general', '/incident suspect INC-7 the upgrade')).text).toMatch(/INC-7|suspicion|Suspected/i)
  expect((await bot.say('alice', 'general', '/incident new acme P4 The next one')).text).toContain('INC-8')
  expect((await bot.say('alice', 'general', '/incident audit INC-7')).text).toContain('is whole')
})

test('a newer version migrates while an older one works: the older goes on, and leaves alone what it does not know (faults 40)', async () => {
  const url = await freshDatabase()
  await using bot = await startTestBot({ store: { url }, github: false })
  await bot.say('alice', 'general', '/incident new acme P3 Worked on meanwhile')
  await bot.say('alice', 'general', '/incident new acme P3 Taken on by the newer')
  for (const id of ['INC-1', 'INC-2']) await bot.sees(await bot.opened(id), 'Checks at opening')
  await bot.idle()

  const newer = await openStore({ url, log: silent })
  const migrations = [
    ...(await ownMigrations()),
    {
      name: '998-more',
      text: "alter table tocsin.incident add column mood text not null default 'calm';\nalter table tocsin.event add column note text;\n",
    },
    { name: '999-another', text: 'create table tocsin.other (id text primary key);\n' },
  ]
  const said = Array.from({ length: 20 }, (_, index) => bot.say('alice', 'general', `/incident note INC-1 meanwhile ${index}`))
  await migrate(newer, silent, migrations)
  said.push(bot.say('alice', 'general', '/incident new acme P3 Declared after it'))
  for (const each of await Promise.all(said)) expect(each.text).toMatch(/Noted|INC-3 P3/)
  await bot.sees(await bot.opened('INC-3'), 'Checks at opening')

  // The newer one has words of its own.
  const before = await bot.load('INC-2')
  const seq = (before?.incident.version ?? 0) + 1
  const at = await newer.now()
  const event = { type: 'teleported', v: 1, to: 'Mars' } as never
  const text = canonicalText({ incident: 'INC-2', seq, at, occurredAt: at, by: { kind: 'bot' }, event })
  const hash = chainHash(before?.head(seq - 1) ?? '', text)
  const client = new Client(url)
  await client.connect()
  await client.query('begin')
  await client.query("insert into tocsin.event (incident, seq, text, data, hash) values ('INC-2', $1, $2::text, ($2::text)::jsonb, $3)", [
    seq,
    text,
    hash,
  ])
  await client.query("update tocsin.incident set version = $1, head = $2 where id = 'INC-2'", [seq, hash])
  await client.query('commit')
  const list = (await bot.say('alice', 'general', '/incident list')).text
  expect(list).toContain('3 open')
  expect(list).toContain('Worked on meanwhile')
  expect(list).toMatch(/INC-2 ⚠ cannot be read: damaged, or written by a later version of the bot/)
  for (const words of ['status INC-2', 'INC-2 note x', 'INC-2 resolve x', 'merge INC-2'])
    expect((await bot.say('alice', await bot.opened('INC-1'), `/incident ${words}`)).text, words).toContain('INC-2 cannot be read')
  expect((await bot.say('alice', 'general', '/incident metrics')).text).toContain('2 declared')
  await bot.ask('POST', '/home', { as: 'alice' })
  await until(
    async () => JSON.stringify(await bot.ask('GET', '/home/alice')).includes('Worked on meanwhile'),
    'the home with what can be read',
  )
  expect((await bot.say('bob', 'general', '/incident ack INC-1')).text).toContain('INC-1 acknowledged')
  const { rows } = await client.query("select version, head from tocsin.incident where id = 'INC-2'")
  expect(rows).toEqual([{ version: seq, head: hash }])
  await client.end()
  await newer.close()

  // And an older one that is started after it.
  await bot.restart()
  expect((await bot.say('alice', 'general', '/incident list')).text).toContain('3 open')
  expect((await bot.say('bob', 'general', '/incident resolve INC-1 done')).text).toContain('INC-1 resolved')
})
