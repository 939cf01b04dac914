/** Records that somebody or something damaged in the database: each is named where it matters, and the others work on. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestBot, type TestBot } from '../bot.ts'

let bot: TestBot
let number = 0
beforeAll(async () => {
  bot = await startTestBot({ github: false })
})
afterAll(() => bot[Symbol.asyncDispose]())

const ask = async (text: string, where = 'general', as = 'alice') => (await bot.say(as, where, text)).text

/** Declares, waits for its channel, and damages it. */
const damaged = async (title: string, how: (id: string) => ReturnType<typeof sql>): Promise<{ id: string; channel: string }> => {
  number += 1
  const id = `INC-${number}`
  expect(await ask(`/incident new acme P3 ${title}`)).toContain(id)
  const channel = await bot.opened(id)
  await bot.idle()
  await how(id).execute(bot.store.db)
  return { id, channel }
}

test('a first event that is gone is named by the audit; other verbs say what to do', async () => {
  const { id, channel } = await damaged('First gone', (incident) => sql`delete from tocsin.event where incident = ${incident} and seq = 1`)
  expect(await ask('/incident audit', channel)).toMatch(new RegExp(`^🔴 ${id} is broken at event 1: event 1 is missing`))
  expect(await ask(`/incident audit ${id}`)).toContain('broken at event 1')
  expect(await ask('/incident note Still here', channel)).toMatch(new RegExp(`${id} cannot be read.*/incident audit ${id}`))
  expect(await ask(`/incident status ${id}`)).toContain('cannot be read')
  // What needs no incident works in its channel as elsewhere.
  expect(await ask('/incident list', channel)).toMatch(new RegExp(`${id} ⚠ cannot be read`))
})

test('text that is not JSON any more is named, and the list shows the others', async () => {
  const { id } = await damaged(
    'Not JSON',
    (incident) => sql`update tocsin.event set text = 'nothing' where incident = ${incident} and seq = 2`,
  )
  expect(await ask(`/incident audit ${id}`)).toContain(`${id} is broken at event 2: its text is not JSON any more`)
  number += 1
  expect(await ask('/incident new acme P3 This one is well')).toContain(`INC-${number}`)
  const list = await ask('/incident list')
  expect(list).toMatch(new RegExp(`${id} ⚠ cannot be read`))
  expect(list).toContain('This one is well')
})

test('a row without events, and events without a row, are damaged records and not missing ones', async () => {
  const empty = await damaged('Events gone', (incident) => sql`delete from tocsin.event where incident = ${incident}`)
  expect(await ask(`/incident audit ${empty.id}`)).toContain(`${empty.id} is broken at event 1: it is missing`)
  const lost = await damaged('Row gone', (incident) => sql`delete from tocsin.incident where id = ${incident}`)
  expect(await ask(`/incident audit ${lost.id}`)).toMatch(/broken at event \d+: the incident's row is missing/)
  expect(await ask(`/incident status ${lost.id}`)).toContain('cannot be read')
  expect(await ask('/incident audit INC-99')).toContain('There is no INC-99')
})

test('a private record that cannot be read stays private', async () => {
  const { id, channel } = await damaged('Secret', (incident) => sql`update tocsin.incident set private = true where id = ${incident}`)
  await sql`delete from tocsin.event where incident = ${id} and seq = 1`.execute(bot.store.db)
  expect(await ask(`/incident audit ${id}`, 'general', 'bob')).toContain(`${id} is private`)
  expect(await ask(`/incident audit ${id}`, channel, 'bob')).toContain('broken at event 1')
  expect(await ask(`/incident audit ${id}`, 'general', 'alice')).toContain('broken at event 1')
  expect(await ask('/incident list', 'general', 'bob')).toContain(`${id} private`)
})

test('a later version’s event is said to be one', async () => {
  const { id } = await damaged('From the future', (incident) => sql`select ${incident}`)
  const last = await bot.load(id)
  const seq = (last?.incident.version ?? 0) + 1
  const { canonicalText, chainHash } = await import('../../src/store/events.ts')
  const text = canonicalText({
    incident: id,
    seq,
    at: '2026-11-21T10:00:00.000Z',
    occurredAt: '2026-11-21T10:00:00.000Z',
    by: { kind: 'bot' },
    event: { type: 'teleported', v: 1 } as never,
  })
  const hash = chainHash(last?.head(seq - 1) ?? '', text)
  await sql`insert into tocsin.event (incident, seq, text, data, hash) values (${id}, ${seq}, ${text}, ${text}::jsonb, ${hash})`.execute(
    bot.store.db,
  )
  await sql`update tocsin.incident set version = ${seq}, head = ${hash} where id = ${id}`.execute(bot.store.db)
  expect(await ask(`/incident audit ${id}`)).toMatch(/this version of the bot cannot read it: event \d+ of .* type/)
})
