/** One incident from its declaration to its post-mortem, as people see it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sql } from 'kysely'
import { startTestBot, type TestBot } from '../bot.ts'
import { until } from '../until.ts'

let bot: TestBot
let channel: string
beforeAll(async () => {
  bot = await startTestBot({ supabase: true })
})
afterAll(() => bot[Symbol.asyncDispose]())

const header = async () => (await bot.messages(channel)).find(({ shown }) => shown.startsWith('INC-1 ·'))?.shown ?? ''

describe('from declared to reviewed', () => {
  test('declared by a command: the channel is as it should be', async () => {
    const said = await bot.say('alice', 'general', '/incident new acme P1 Payments fail')
    expect(said.text).toContain('INC-1 P1')
    channel = await bot.opened('INC-1')
    await bot.sees(channel, 'Checks at opening')
    await bot.sees('incidents', 'Payments fail')
    await bot.idle()
    const there = await bot.channel(channel)
    expect(there).toMatchObject({
      name: 'inc-1-acme-payments-fail',
      isPrivate: false,
      topic: 'INC-1 · P1 · Acme · Payments fail',
      bookmarks: [{ title: 'Acme dashboard', link: `${bot.target.url}/dashboard` }],
    })
    expect([...there.members].sort()).toEqual([bot.workspace.bot.id, ...['alice', 'bob', 'carol'].map(bot.user)].sort())
    const messages = await bot.messages(channel)
    expect(there.pins).toEqual([messages[0]?.ts])
    expect(messages.map(({ shown }) => shown.split('\n')[0])).toEqual([
      'INC-1 · Payments fail',
      expect.stringContaining('set the channel topic'),
      expect.stringContaining('@bob please acknowledge by'),
      '🩺 Checks at opening',
    ])
    expect(messages[0]?.shown).toContain('Severity P1 Nobody can pay')
    expect(messages[0]?.shown).toContain('[Acknowledge] ack  [Post update] update  [Resolve]')
    expect(messages[2]?.shown).toContain('☐ Confirm the severity')
    expect(messages[3]?.shown).toContain('🟢 Health endpoint')
    expect(await bot.texts('incidents')).toEqual([expect.stringContaining('#inc-1-acme-payments-fail')])
  })

  test('outside and inside, /incident knows where it is', async () => {
    expect((await bot.say('alice', 'general', '/incident')).form).toBe(true)
    expect((await bot.say('alice', channel, '/incident')).text).toContain('resolve <summary>')
    expect((await bot.say('alice', 'general', '/incident list')).text).toContain(
      'INC-1 P1 🔴 Declared · Acme · Payments fail · #inc-1-acme-payments-fail',
    )
    expect((await bot.say('alice', 'general', '/incident status INC-1')).text).toContain('Lead nobody yet')
  })

  test('acknowledged by the button; a second press changes nothing (faults 4; field 12)', async () => {
    expect((await bot.press('bob', channel, 'ack')).text).toMatch(/^✅ INC-1 acknowledged/)
    expect((await bot.say('carol', channel, '/incident ack')).text).toContain('Already acknowledged by bob')
    await bot.sees(channel, '@bob acknowledged after')
    await until(async () => (await header()).includes('Lead @bob'), 'the lead in the header')
    expect(await header()).toMatch(/Ack ✅ \d+ .* of 15 min/)
    expect(await header()).not.toContain('[Acknowledge]')
  })

  test('a diagnosis, a note, an update, a change of severity', async () => {
    bot.target.status = 503
    expect((await bot.say('bob', channel, '/diag health')).text).toContain('its answer comes in INC-1’s channel')
    await bot.sees(channel, /🩺 Diagnosis\n🔴 Health endpoint Answered 503, which is critical/)
    expect((await bot.say('bob', channel, '/incident note Restarted the worker')).text).toBe('✅ Noted.')
    expect((await bot.say('bob', channel, '/incident update Rolling back next 30m')).text).toMatch(/^✅ Update posted\. The next is due/)
    await bot.sees(channel, /📣 Update Rolling back\nby @bob · next update by/)
    expect((await bot.say('bob', channel, '/incident severity P2 only cards')).text).toMatch(/^✅ Now P2/)
    await bot.sees(channel, '@bob changed the severity from P1 to P2')
    await until(async () => (await bot.channel(channel)).topic.includes('P2'), 'the topic')
  })

  test('the update form, sent', async () => {
    expect((await bot.press('bob', channel, 'update')).form).toBe(true)
    expect(await bot.submit('bob', { text: 'Cards work again', next: '10y' })).toMatchObject({
      closed: false,
      body: expect.stringContaining('"next":"10y is not') as string,
    })
    expect(await bot.submit('bob', { text: 'Cards work again', next: '2h' })).toMatchObject({ closed: true, status: 200 })
    await bot.sees(channel, '📣 Update Cards work again')
    await bot.sees(channel, '✅ Update posted. The next is due')
  })

  test('mitigated, then resolved by the form: checks, record, pull request', async () => {
    bot.target.status = 200
    expect((await bot.say('bob', channel, '/incident mitigate Traffic moved')).text).toContain('✅ Mitigated')
    expect((await bot.press('bob', channel, 'resolve')).form).toBe(true)
    expect(await bot.submit('bob', { summary: 'A migration locked the table; rolled back to v141' })).toMatchObject({ closed: true })
    await bot.sees(channel, '🟢 @bob resolved after')
    await bot.sees(channel, '🩺 Checks at resolution')
    await bot.sees(channel, '📄 The post-mortem is ready')
    await until(async () => (await bot.texts('incidents'))[0]?.includes('🟢 Resolved') === true, 'the announcement resolved')
    expect(await bot.texts('incidents')).toHaveLength(1)
  })

  test('the post-mortem has the fields of S7, on GitHub and in Supabase', async () => {
    await bot.idle()
    const { pullRequest } = await bot.incident('INC-1')
    expect(pullRequest).toContain('/acme/incidents/pull/')
    const api = `${bot.world.githubApiUrl}/repos/acme/incidents`
    const get = async <Answer>(path: string) =>
      (await (await fetch(`${api}${path}`, { headers: { authorization: 'Bearer ghp_test' } })).json()) as Answer
    const pulls = await get<{ title: string; head: { ref: string } }[]>('/pulls?state=open')
    expect(pulls).toMatchObject([{ title: 'Post-mortem INC-1: Payments fail' }])
    const path = `postmortems/${new Date().getUTCFullYear()}/INC-1-payments-fail.md`
    const file = await get<{ content: string }>(`/contents/${path}?ref=${pulls[0]?.head.ref}`)
    const text = Buffer.from(file.content, 'base64').toString()
    for (const field of [
      'ID',
      'Severity',
      'Description',
      'Impact',
      'Detection time',
      'Response time',
      'Resolution time',
      'Root cause',
      'Prevention',
    ])
      expect(text).toContain(`| ${field} |`)
    expect(text).toMatch(/^---\n/)
    expect(text).toContain('A migration locked the table; rolled back to v141')
    expect(text).toContain('Restarted the worker')
    const supabase = bot.world.supabase
    if (supabase === null) throw new Error('no Supabase')
    const [row] = await until(async () => {
      const rows = await supabase.query<{ status: string; severity: string; summary: string }>(
        "select * from public.incidents where id = 'INC-1'",
      )
      return rows[0]?.status === 'resolved' ? rows : null
    }, 'the record')
    expect(row).toMatchObject({ severity: 'P2', summary: 'A migration locked the table; rolled back to v141' })
  })

  test('reviewed; what is over says so', async () => {
    expect((await bot.say('bob', channel, '/incident postmortem')).text).toContain('Post-mortem')
    expect((await bot.say('bob', channel, '/incident resolve again')).text).toContain('Already resolved')
    expect((await bot.say('bob', channel, '/incident postmortem done')).text).toContain('INC-1 is reviewed')
    await bot.sees(channel, 'marked the post-mortem as reviewed')
    expect((await bot.say('alice', 'general', '/incident list')).text).toContain('Nothing is open')
  })

  test('60: the record is whole until a row is changed by hand, and then it is named', async () => {
    expect((await bot.say('alice', channel, '/incident audit')).text).toMatch(/^✅ INC-1 is whole: \d+ events/)
    await sql`update tocsin.event set text = replace(text, 'Restarted the worker', 'Restarted nothing') where text like '%Restarted the worker%'`.execute(
      bot.store.db,
    )
    const seq = (await bot.load('INC-1'))?.events.find(({ event }) => event.type === 'noted')?.seq
    expect((await bot.say('alice', channel, '/incident audit')).text).toContain(`🔴 INC-1 is broken at event ${seq}`)
  })
})

test('declared by the form', async () => {
  expect((await bot.say('carol', 'general', '/incident new')).form).toBe(true)
  // The bot is not in #general and cannot whisper there, so the form's own window answers.
  const { status, body } = await bot.submit('carol', { title: 'Exports hang', product: 'Acme', severity: 'P3', summary: 'Since noon' })
  expect([status, body]).toEqual([200, expect.stringMatching(/"response_action":"update".*INC-2 P3/)])
  const id = await bot.opened('INC-2')
  await bot.sees(id, 'Since noon')
  expect(await bot.incident('INC-2')).toMatchObject({ severity: 'P3', title: 'Exports hang' })
})

test('2: the same command typed twice opens one', async () => {
  await bot.say('dave', 'general', '/incident new acme P3 Twice typed')
  expect((await bot.say('dave', 'general', '/incident new acme P3 Twice typed')).text).toContain('You declared this already: INC-3')
})

test('every verb has its help, and every command answers, wherever it is typed', async () => {
  const registry = bot.options.registry
  for (const { command, name } of registry.verbs) {
    if (command === 'incident') {
      const help = await bot.say('alice', 'general', `/incident help ${name}`)
      expect(help.text, name).toContain(`/incident ${name}`)
      for (const where of ['general', channel]) {
        const bare = await bot.say('alice', where, `/incident ${name}`)
        expect([bare.status, bare.text !== '' || bare.form], `${name} in ${where}`).toEqual([200, true])
      }
    }
  }
  for (const text of [
    '/diag',
    '/diag acme',
    '/diag acme health',
    '/diag acme all',
    '/diag nothing',
    '/diag help',
    '/incident help nothing',
  ]) {
    const said = await bot.say('alice', 'general', text)
    expect([said.status, said.text !== ''], text).toEqual([200, true])
  }
})
