/** One incident from its declaration to its post-mortem, as people see it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestBot, type TestBot, until } from '../bot.ts'

let bot: TestBot
beforeAll(async () => {
  bot = await startTestBot({ supabase: true })
})
afterAll(() => bot[Symbol.asyncDispose]())

test('declared by a command: the channel is as it should be', async () => {
  const said = await bot.say('alice', 'general', '/incident new acme P1 Payments fail')
  expect(said.text).toContain('INC-1 P1')
  expect(said.took).toBeLessThan(2_500)
  const id = await bot.opened('INC-1')
  await bot.idle()
  await bot.idle()
  const channel = await bot.channel(id)
  console.log(JSON.stringify(channel), '\n' + (await bot.texts(id)).join('\n-----\n'))
  console.log((await bot.texts('incidents')).join('\n-----\n'))
})
test('x', async () => { console.log(JSON.stringify((await bot.load('INC-1'))?.events.map((e) => e.event).slice(1), null, 1), bot.bot.problems) 
console.log((await bot.say('alice','general','/diag acme all')).text)
console.log((await bot.say('alice','general','/diag acme')).text)})
test('y', async () => { console.log(JSON.stringify((await bot.store.db.selectFrom('item').selectAll().where('surface','=','channel').orderBy('at').execute()).map(i=>[i.key,i.state,i.at])),
 (await bot.calls()).map(c=>`${new Date(c.at).toISOString().slice(17)} ${c.method} ${c.status} ${c.error??''} ${c.took}`),
 (await bot.load('INC-1'))?.events.map(e=>[e.seq,e.at,e.event.type]), JSON.stringify(bot.lines.filter(l=>l.message==='job done')))
})
