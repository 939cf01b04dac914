/** The five products, pointed at stand-ins for their vendors: what whoever is woken by a payment outage finds in the channel. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestBot } from '../bot.ts'
import { ensurePostgres } from '../postgres.ts'
import { startProducts, startStandIns } from './payment-outage/stand-ins.ts'

const able = ensurePostgres()
let standIns: Awaited<ReturnType<typeof startStandIns>>
let bot: TestBot
beforeAll(async () => {
  if (!able) return
  standIns = await startStandIns()
  bot = await startProducts(standIns)
})
afterAll(async () => {
  await bot?.[Symbol.asyncDispose]()
  await standIns?.[Symbol.asyncDispose]()
})

test.skipIf(!able)('dump', async () => {
  for (const product of ['ttml', 'invoice2e', 'napoleon', 'schnittwerk', 'fair-edge']) {
    const said = await bot.say('alice', 'general', `/incident new ${product} P1 Payments fail`)
    console.log(said.text)
    const id = /INC-\d+/.exec(said.text)?.[0] ?? ''
    const channel = await bot.opened(id)
    await bot.idle()
    for (const text of await bot.texts(channel)) console.log('-----\n' + text)
  }
  expect(bot.bot.problems).toEqual([])
})
