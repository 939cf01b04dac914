/** A private incident, asked for by somebody who is not in it, in every way that there is. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { firing, group, root, startTestBot, type TestBot } from '../bot.ts'
import { loadRegistry } from '../../src/registry.ts'
import { until } from '../until.ts'

let bot: TestBot
let channel: string
beforeAll(async () => {
  // Nothing else is of this product, so its name alone would tell.
  bot = await startTestBot({ files: { 'vault/service.yml': 'name: Strongroom\n' } })
  await bot.say('alice', 'general', '/incident new acme P4 Wrong colour')
  await bot.sees('incidents', 'Wrong colour')
  await bot.say('alice', 'general', '/incident new vault P1 Zebra heist --private')
  channel = await bot.opened('INC-2')
  await bot.say('alice', channel, '/incident note It was Mallory')
  await bot.say('alice', channel, '/incident suspect Mallory')
  await bot.say('alice', channel, '/incident todo Ask Mallory @alice')
  await bot.idle()
})
afterAll(() => bot[Symbol.asyncDispose]())

/** What only somebody who is in it may read. */
const secret = /Zebra|heist|Mallory|inc-2-vault|INC-2\W+P1|INC-2.*Strongroom/i
const examples: Readonly<Record<string, string>> = {
  note: 'x',
  page: '@bob',
  role: 'lead me',
  severity: 'P2',
  update: 'x',
  snooze: '1h',
  pause: 'x',
  reopen: 'x',
  todo: 'x',
  suspect: 'x',
  'ruled-out': '1 because x',
  merge: 'into INC-1',
  phase: 'x',
}

test('by every verb, in public and in private: only that it is private (faults 59)', async () => {
  const { verbs } = await loadRegistry(root)
  const before = (await bot.incident('INC-2')).version
  for (const { name, definition } of verbs.filter(({ command }) => command === 'incident')) {
    const words = definition.needs === 'nothing' ? '' : ` INC-2 ${examples[name] ?? ''}`
    const { text } = await bot.say('dave', 'general', `/incident ${name}${words}`)
    expect(text, `/incident ${name}${words}`).not.toMatch(secret)
    if (definition.needs !== 'nothing')
      expect(text, name).toBe('INC-2 is private. Only somebody who is in it can invite you; who that is is not told here.')
  }
  expect((await bot.incident('INC-2')).version).toBe(before)
})

test('by its count, its search, its errors and its numbers (faults 59)', async () => {
  for (const words of [
    'list',
    'metrics',
    'metrics vault',
    'metrics vault 1w',
    'status 2',
    'merge INC-1 into INC-2',
    'merge INC-2 into INC-1',
  ])
    expect((await bot.say('dave', 'general', `/incident ${words}`)).text, words).not.toMatch(secret)
  // How grave it is does not show by where it stands either.
  expect((await bot.say('dave', 'general', '/incident list')).text).toMatch(/INC-1 .*\n.*INC-2 private\s*$/)
  expect((await bot.say('dave', 'general', '/incident metrics vault')).text).toContain('no data, since nothing was declared')
  expect((await bot.say('dave', 'general', '/diag')).text).not.toMatch(/INC-2/)
  const numbers = await bot.metrics()
  expect(numbers).toMatch(/tocsin_incidents_open\{kind="private",severity="private"\} 1/)
  expect(JSON.stringify(await bot.health())).not.toMatch(secret)
  // Damaged or not: what goes wrong in it is told to nobody else.
  await bot.fault({ service: 'slack', method: 'chat.postMessage', channel, kind: 'error', error: 'restricted_action' })
  await bot.say('alice', channel, '/incident update We look for Mallory')
  await bot.sees(channel, 'We look for')
  expect(JSON.stringify(await bot.health())).not.toMatch(secret)
})

test('by the home, a mention, the announcements, and what is published of it when it is over (faults 59)', async () => {
  await bot.ask('POST', '/home', { as: 'dave' })
  const home = await until(async () => JSON.stringify((await bot.ask<{ view: unknown }>('GET', '/home/dave')).view ?? ''), 'the home')
  expect(home).toContain('Wrong colour')
  expect(home).not.toMatch(secret)
  await bot.ask('POST', '/invite', { in: await bot.opened('INC-1'), users: ['dave'] })
  const me = `<@${bot.workspace.bot.id}>`
  const other = await bot.opened('INC-1')
  for (const words of ['status INC-2', 'list', 'audit INC-2'])
    await bot.ask('POST', '/say', { as: 'alice', in: other, text: `${me} ${words}` })
  await until(async () => (await bot.texts(other)).filter((text) => text.includes('INC-2')).length >= 3, 'three answers')
  expect((await bot.texts(other)).join('\n')).not.toMatch(secret)

  await bot.say('alice', channel, '/incident resolve Mallory gave it back')
  await bot.sees(channel, 'resolved after')
  await bot.idle()
  const open = async (where: string) =>
    (await bot.messages(where)).filter(({ ephemeralTo }) => ephemeralTo === undefined || ephemeralTo === bot.user('dave'))
  for (const where of ['incidents', 'general', other])
    expect((await open(where)).map(({ shown }) => shown).join('\n'), where).not.toMatch(secret)
  expect((await bot.say('dave', 'general', '/incident postmortem INC-2')).text).toBe(
    'INC-2 is private. Only somebody who is in it can invite you; who that is is not told here.',
  )
})

test('by an alert that goes to it, or to its rule (faults 59)', async () => {
  const answer = await bot.alert(group(firing('KeysMissing', { labels: { product: 'vault', severity: 'warning' } })))
  expect(answer.status).toBe(202)
  expect(await answer.text()).not.toMatch(secret)
})
