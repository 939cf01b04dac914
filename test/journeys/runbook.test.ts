/** A runbook, from the file to the channel. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { firing, group, startTestBot, type TestBot } from '../bot.ts'

let bot: TestBot
beforeAll(async () => {
  bot = await startTestBot({
    github: false,
    files: {
      'acme/payments.md': `---\ntitle: Payments fail\nwhen: [checkout fails]\nurl: https://wiki.example.test/payments\n---\n1. Ask \`/diag health\`\n2. ${'Read on. '.repeat(300)}\n${'3. And on\n'.repeat(400)}`,
      'acme/database.md': '---\ntitle: Database slow\nwhen: [connection pool]\n---\nLook at <!channel> the pool.\n',
    },
  })
})
afterAll(() => bot[Symbol.asyncDispose]())

test('suggested at the opening, listed, shown to everybody, shortened to fit', async () => {
  await bot.say('alice', 'general', '/incident new acme P2 The checkout fails')
  const channel = await bot.opened('INC-1')
  expect(await bot.sees(channel, 'May help')).toContain('Payments fail /incident runbook payments')
  const list = await bot.say('bob', channel, '/incident runbook')
  expect(list.text).toMatch(/Runbooks of Acme[\s\S]*payments[\s\S]*database/)
  expect((await bot.say('bob', channel, '/incident runbook payment')).text).toContain('is shown in the channel')
  const shown = await bot.sees(channel, 'hown by')
  expect(shown).toContain('Ask /diag health')
  expect(shown).toContain('Shortened, shown by')
  expect((await bot.say('bob', channel, '/incident runbook payments')).text).toContain('is in the channel since')
  expect((await bot.say('bob', channel, '/incident runbook databse')).text).toContain('Did you mean /incident runbook database?')
  await bot.say('bob', channel, '/incident runbook database')
  await bot.sees(channel, 'Look at <!channel> the pool.')
  expect((await bot.say('bob', channel, '/incident status')).text).toContain('Opened the runbook')
})

test('an alert finds it, too', async () => {
  await bot.alert(group(firing('PoolExhausted', { summary: 'The connection pool of the shop is full' })))
  expect(await bot.sees(await bot.opened('INC-2'), 'May help')).toContain('Database slow')
})
