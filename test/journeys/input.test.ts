/** What people and files get wrong: each has its answer, nothing breaks, nobody is mentioned by foreign words. */
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { firing, group, startTestBot, type TestBot } from '../bot.ts'
import { until } from '../until.ts'
import { recentIncidents } from '../../src/store/reads.ts'

let bot: TestBot
beforeAll(async () => {
  bot = await startTestBot({
    github: false,
    files: {
      'broken/service.yml': 'name: Broken\nseverities:\n  P1:\n    respnse: 15 min\n',
      'brew/service.yml': 'name: Brew\n',
    },
  })
})
afterAll(() => bot[Symbol.asyncDispose]())

const ask = async (text: string, where = 'general') => (await bot.say('alice', where, text)).text
const newest = async () => (await recentIncidents(bot.store.db, 1))[0]

test('a product whose file is broken is left out and named; the others work', async () => {
  expect(bot.bot.problems).toEqual([
    expect.stringMatching(/broken\/service\.yml:4:5 severities\.P1\.respnse: unknown key; did you mean `response`\?/),
  ])
  expect(await bot.health()).toMatchObject({ status: 'degraded', problems: bot.bot.problems })
  for (const text of ['/incident new broken P1 Nothing works', '/diag broken', '/diag broken health'])
    expect(await ask(text), text).toMatch(/^broken is left out: .*service\.yml.*\/incident new unassigned/)
  // In an incident's channel the name is not taken for one of its own product's checks.
  expect(await ask('/incident new unassigned P4 Nothing works')).toContain('INC-1 P4 for Unassigned')
  const channel = await bot.opened('INC-1')
  expect(await ask('/diag broken health', channel)).toMatch(/^broken is left out/)
  expect(await ask('/diag brew')).toContain('Brew')
})

test('an alert to a broken product is to be sent again, unless its sender is known anyway', async () => {
  const body = group(firing('Down'))
  const refused = await bot.alert(body, { path: 'alertmanager/broken', token: 'its-own-secret' })
  expect(refused.status).toBe(503)
  expect(await refused.json()).toMatchObject({ error: expect.stringContaining('until its service.yml is mended') as string })
  expect((await bot.alert(body, { path: 'alertmanager/brew', token: 'its-own-secret' })).status).toBe(401)
})

test('what a button does is recorded before Slack hears that it was taken', async () => {
  const id = (await newest())?.id ?? ''
  expect(await ask('/incident new acme P3 Pressed')).toContain('P3')
  const pressed = (await newest())?.id ?? ''
  expect(pressed).not.toBe(id)
  const channel = await bot.opened(pressed)
  await bot.sees(channel, 'Acknowledge')
  let release = () => {}
  const held = bot.store.transaction(async (trx) => {
    await trx.selectFrom('incident').select('id').where('id', '=', pressed).forUpdate().execute()
    await new Promise<void>((resolve) => (release = resolve))
  })
  let answered = false
  const acted = bot.ask<{ status: number }>('POST', '/press', { as: 'bob', in: channel, action: 'ack' }).then((answer) => {
    answered = true
    return answer
  })
  await new Promise((resolve) => {
    setTimeout(resolve, 300)
  })
  expect(answered).toBe(false)
  release()
  await held
  expect((await acted).status).toBe(200)
  expect((await bot.incident(pressed)).acknowledged).not.toBeNull()
})

test.each([
  ['/incident lst', /lst does not exist\. Did you mean \/incident list\? .*\/incident help/],
  ['/incident frobnicate', /frobnicate.*\/incident help/],
  ['/incident payments fail', /payments does not exist\. As a text: \/incident new payments fail\./],
  ['/incident ack 99', /Did you mean \/incident ack INC-99\?/],
  ['/incident ack #99', /There is no INC-99/],
  ['/incident ack inc 99', /There is no INC-99/],
  ['/incident ack', /not the channel of an incident.*\/incident ack INC-12/],
  ['/incident ack INC-99', /There is no INC-99/],
  ['/incident new', /^$/],
  ['/incident new acne P1 Payments fail', /acne.*Did you mean .*acme/i],
  ['/incident new acme P7 Payments fail', /P7 is not a severity.*P1/],
  ['/incident new acme P1', /title is missing/],
  ['/incident new Payments fail', /Which product\?.*\/incident new acme Payments fail/],
  // What to type instead keeps what was typed, and is of the same verb.
  ['/incident new acme', /title is missing\. For example \/incident new acme P1 Payments fail/],
  ['/incident new acme P2 --private', /For example \/incident new acme P2 --private Payments fail/],
  ['/incident change acme', /title is missing\. For example \/incident change acme Deploy v143/],
  ['/incident change Deploy `v143`', /For example \/incident change acme Deploy ˋv143ˋ/],
  ['/incident maintenance shop', /For example \/incident maintenance shop tomorrow 22:00 23:30 Move the database/],
  ['/incident maintenance acme tomorrow Move it', /^tomorrow Move is not from when to when.* \/incident maintenance acme tomorrow 22:00/],
  ['/incident maintenance acme tomorrow 22:00 2h', /For example \/incident maintenance acme tomorrow 22:00 2h Move the database/],
  ['/incident maintenance tomorrow 22:00 2h Move it', /For example \/incident maintenance acme tomorrow 22:00 2h Move it/],
  ['/incident metrics acme 7 weeks', /^Acme, last 7w: \d+ declared/],
  ['/incident metrics acme 7 moons', /^7 moons is not a period from 1h to 104w\. For example \/incident metrics acme 12w/],
  ['/incident new acme P1 Data breach --prvate', /nothing was opened\. Did you mean --private\?/],
  ['/incident change acme Deploy --private', /^--private is nothing that this verb knows/],
  ['/incident maintenance acme now 30m Restart --force', /^--force is nothing that this verb knows/],
  ['/diag acme helth', /no check helth.*Did you mean health/],
  ['/diag acne health', /acne is not a product.*Did you mean/],
  ['/incident help lst', /Did you mean \/incident list/],
] as const)('%s', async (text, answer) => {
  expect(await ask(text)).toMatch(answer)
})

test('an unknown severity of an incident names those that there are', async () => {
  await ask('/incident new acme P3 Bad words')
  const id = (await newest())?.id ?? ''
  expect(await ask(`/incident severity ${id} urgent`)).toMatch(/urgent is not a severity.*P1/)
  expect(await ask(`/incident severity ${id} P3`)).toContain('P3 already')
  expect(await ask(`/incident note ${id} something at 25:00`)).toContain('is not a time of day')
  expect(await ask(`/incident note ${id} something at 3:1`)).toContain('at 3:1 is not a time of day such as 14:05, 2pm or 14:05 UTC.')
  expect(await ask(`/incident update ${id} something next 99d`)).toContain('next 99d is not a time from 1m to 24h.')
  expect(await ask(`/incident update ${id} something next 0m`)).toMatch(/1m|minute/)
  expect(await ask(`/incident ack ${id.toLowerCase()}`)).toContain(`${id} acknowledged`)
})

test.each([
  ['three hundred characters', 'long '.repeat(60).trim(), /^inc-\d+-acme-(long-)+lo?n?g?$/],
  ['emoji', '🔥🧨 Payments 💳 fail', /^inc-\d+-acme-payments-fail$/],
  ['right to left', 'התשלומים נכשלים', /^inc-\d+-acme$/],
  ['accents', 'Zahlungen schlagen fehl: Größe', /^inc-\d+-acme-zahlungen-schlagen-fehl-gro/],
  ['only signs', '!!! ???', /^inc-\d+-acme$/],
])('a title of %s (field 4)', async (_, title, name) => {
  expect(await ask(`/incident new acme P4 ${title}`)).toContain('P4')
  const row = await newest()
  expect(row?.title).toBe(title)
  const channel = await bot.channel(await bot.opened(row?.id ?? ''))
  expect(channel.name).toMatch(name)
  expect(channel.name.length).toBeLessThanOrEqual(80)
})

/** Everything that Slack would make a mention, a channel or a link of. */
const mentions = (blocks: unknown): string[] => {
  const found: string[] = []
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const each of value) visit(each)
    else if (typeof value === 'object' && value !== null) {
      const { type, text } = value as { type?: string; text?: unknown }
      if (type === 'user' || type === 'usergroup' || type === 'broadcast' || type === 'channel') found.push(JSON.stringify(value))
      if (type === 'mrkdwn' && typeof text === 'string') found.push(...(text.match(/<[@!#][^>]*>/g) ?? []))
      for (const each of Object.values(value)) visit(each)
    }
  }
  visit(blocks)
  return found
}

const hostile = [
  '<!channel>',
  '<!here>',
  '<!everyone>',
  '<@U0000000001>',
  '<!subteam^S1>',
  '<https://evil.test|https://bank.test>',
  '@channel',
  '@here',
  '\u202Egnp',
  '\u200B',
  '&lt;!channel&gt;',
  '`',
  '*',
  '```',
  '\n> ',
]

test('55: foreign words mention nobody, wherever they are shown', async () => {
  const words = fc
    .sample(fc.array(fc.oneof(fc.constantFrom(...hostile), fc.string({ maxLength: 8 })), { minLength: 2, maxLength: 6 }), {
      numRuns: 12,
      seed: 55,
    })
    .map((parts) => `t ${parts.join(' ')}`)
  const titles = [...hostile.map((word) => `x ${word} y`), ...words].map((title) => title.replace(/--private/g, ''))
  const alerts = titles.map((title, index) =>
    firing(`rule ${index} ${title}`, { summary: title, labels: { severity: index < 3 ? 'P4' : 'warning', note: title } }),
  )
  expect((await bot.alert(group(...alerts))).status).toBe(202)
  const last = await until(async () => (await recentIncidents(bot.store.db, 1))[0], 'an incident')
  await bot.idle()
  const channel = await bot.opened(last.id)
  for (const text of titles.slice(0, 15)) {
    await ask(`/incident update ${last.id} ${text}`)
    await ask(`/incident note ${last.id} ${text}`)
  }
  const answers = []
  for (const text of titles.slice(0, 8))
    answers.push(
      await bot.ask<{ responses: { blocks: unknown }[] }>('POST', '/command', {
        as: 'alice',
        in: 'general',
        text: `/incident new acme P4 ${text}`,
      }),
    )
  await ask(`/incident mitigate ${last.id} ${titles.join(' ')}`)
  await ask(`/incident resolve ${last.id} ${titles.slice(0, 30).join(' ')}`)
  await bot.sees(channel, 'resolved after')
  await bot.idle()
  const people = new Set(bot.workspace.people.map(({ id }) => id))
  const known = (mention: string) =>
    mention.startsWith('<!date^') || [...people].some((id) => mention.includes(id)) || /"C[A-Z0-9]{8,}"|<#C[A-Z0-9]{8,}>/.test(mention)
  const all = [...(await bot.messages(channel)), ...(await bot.messages('incidents')), ...answers.flatMap(({ responses }) => responses)]
  expect(all.length).toBeGreaterThan(20)
  const wrong = all.flatMap((message) => mentions(message.blocks)).filter((mention) => !known(mention))
  expect(wrong).toEqual([])
  for (const { text } of [...(await bot.messages(channel)), ...(await bot.messages('incidents'))])
    expect(text).not.toMatch(/<!(channel|here|everyone|subteam)/)
})

test('a word that speaks for a severity stays in a title that would be one word without it', async () => {
  expect(await ask('/incident new acme High memory')).toContain('P2 for Acme: High memory')
  expect(await ask('/incident new acme high Payments are slow')).toContain('P2 for Acme: Payments are slow')
  expect(await ask('/incident new acme P3 typo')).toContain('P3 for Acme: typo')
})
