/** The story of an incident as people tell it in its channel: pins, reactions, edits, deletions, files, to-dos. */
import { WebClient } from '@slack/web-api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { timeline } from '../../src/incident/timeline.ts'
import { filesOf } from '../../src/store/files.ts'
import { startTestBot, type TestBot } from '../bot.ts'

type Done = { ts: string; file: string; event: { status: number; event_id: string } | null }

let bot: TestBot
let channel: string
beforeAll(async () => {
  bot = await startTestBot({ github: false })
  await bot.say('alice', 'general', '/incident new acme P3 Payments fail')
  channel = await bot.opened('INC-1')
  await bot.sees(channel, 'Checks at opening')
  await bot.ask('POST', '/invite', { in: channel, users: ['bob', 'carol', 'dave'] })
  await bot.idle()
})
afterAll(() => bot[Symbol.asyncDispose]())

const act = (what: string, order: object): Promise<Done> => bot.ask<Done>('POST', `/${what}`, { in: channel, ...order })
const messages = async () => (await bot.incident('INC-1')).messages
const story = async (id = 'INC-1') => {
  const loaded = await bot.load(id)
  return timeline(loaded?.events ?? [], { zone: 'UTC' })
}
const kept = async () => (await story()).filter(({ kind }) => kind === 'message').map(({ text }) => text)
/** Files at messages: the results of checks are beside them. */
const keptOf = async (id: string) => (await filesOf(bot.store.db, id)).filter((file) => !file.id.startsWith('check:'))
const version = async () => (await bot.incident('INC-1')).version
const instantOf = (ts: string) => new Date(Math.floor(Number(ts) * 1000)).toISOString()

describe('the timeline from the conversation', () => {
  test('a pinned message stands in the story with its own time, its author and a link; unpinned, it is gone (field 3, 20)', async () => {
    const { ts } = await act('say', { as: 'bob', text: 'Deploy of v142 went out' })
    await bot.say('alice', channel, '/incident note Looked at the logs')
    const { event } = await act('pin', { as: 'carol', ts })
    expect(event?.status).toBe(200)
    await bot.until(async () => (await kept()).length === 1, 'the message in the story')
    expect((await story()).find(({ kind }) => kind === 'message')).toMatchObject({
      who: 'bob Example',
      text: 'Wrote: Deploy of v142 went out',
      occurredAt: instantOf(ts),
    })
    const [message] = await messages()
    expect(message).toMatchObject({ ts, how: 'pin', by: { slack: bot.user('bob') } })
    expect(message?.link).toContain(`/archives/${channel}/p${ts.replace('.', '')}`)
    await act('unpin', { as: 'dave', ts })
    await bot.until(async () => (await kept()).length === 0, 'the message out of the story')
  })

  test('reactions are de-duplicated: 📌 by three people is one entry, gone with the last', async () => {
    const { ts } = await act('say', { as: 'bob', text: 'Queue is at 95%' })
    for (const as of ['alice', 'carol', 'dave']) await act('react', { as, ts, name: 'pushpin' })
    await bot.until(async () => (await kept()).includes('Wrote: Queue is at 95%'), 'the message in the story')
    await bot.idle()
    expect(await kept()).toEqual(['Wrote: Queue is at 95%'])
    await act('unreact', { as: 'alice', ts, name: 'pushpin' })
    await act('unreact', { as: 'carol', ts, name: 'pushpin' })
    await bot.idle()
    expect(await kept()).toHaveLength(1)
    await act('unreact', { as: 'dave', ts, name: 'pushpin' })
    await bot.until(async () => (await kept()).length === 0, 'the message out of the story')
  })

  test('edits and deletions are followed, in threads, too, and delete nothing that was recorded (field 8)', async () => {
    const root = await act('say', { as: 'alice', text: 'What do we know?' })
    const { ts } = await act('say', { as: 'bob', text: 'Pool is empty', thread_ts: root.ts })
    await act('react', { as: 'alice', ts, name: 'pushpin' })
    await bot.until(async () => (await kept()).includes('Wrote: Pool is empty'), 'the reply in the story')
    await act('edit', { as: 'bob', ts, text: 'Pool is empty since 14:05' })
    await bot.until(async () => (await kept()).includes('Wrote: Pool is empty since 14:05'), 'what it says now')
    await act('remove', { as: 'bob', ts })
    await bot.until(async () => (await kept()).includes('Wrote: Pool is empty since 14:05 (deleted since)'), 'that it was deleted')
    const recorded = (await bot.load('INC-1'))?.events ?? []
    expect(recorded.filter(({ event }) => event.type === 'message-kept' && event.text === 'Pool is empty')).toHaveLength(1)
    expect((await bot.say('dave', channel, '/incident audit')).text).toContain('is whole')
  })

  test('fault 1: the same event four times has one effect', async () => {
    const { ts } = await act('say', { as: 'dave', text: 'Restarted the worker' })
    await act('react', { as: 'dave', ts, name: 'pushpin', silent: true })
    await act('react', { as: 'dave', ts, name: 'memo', silent: true })
    const item = { type: 'message', channel, ts }
    for (const [reaction, event_id] of [
      ['pushpin', 'EvPIN'],
      ['memo', 'EvMEMO'],
    ] as const) {
      const answers = []
      for (let retry = 0; retry < 4; retry += 1) {
        const event = { type: 'reaction_added', user: bot.user('dave'), reaction, item, event_ts: '1.0' }
        answers.push((await bot.event(event, { event_id, ...(retry === 0 ? {} : { retry }) })).status)
      }
      expect(answers).toEqual([200, 200, 200, 200])
    }
    await bot.until(async () => (await bot.incident('INC-1')).todos.length === 1, 'the to-do')
    await bot.idle()
    expect((await kept()).filter((text) => text.includes('Restarted the worker'))).toHaveLength(1)
    expect((await bot.incident('INC-1')).todos).toMatchObject([{ text: 'Restarted the worker', source: { ts } }])
  })

  test('what was pinned while Slack answered nothing is in the story once it answers again', async () => {
    const { ts } = await act('say', { as: 'bob', text: 'Failover done' })
    await bot.fault({ service: 'slack', method: 'conversations.history', kind: 'status', status: 503, times: 2 })
    await bot.fault({ service: 'slack', method: 'chat.getPermalink', kind: 'drop-after', times: 1 })
    await act('pin', { as: 'bob', ts })
    await bot.until(async () => (await kept()).includes('Wrote: Failover done'), 'the message in the story', 60_000)
    await bot.mend()
    expect((await kept()).filter((text) => text.includes('Failover'))).toHaveLength(1)
  })

  test('the bot’s own messages are not taken: it pins its own header', async () => {
    await bot.idle()
    const before = await version()
    const header = (await bot.messages(channel)).find(({ shown }) => shown.includes('INC-1 · Payments fail'))
    if (header === undefined) throw new Error('no header')
    const item = { type: 'message', channel, created_by: bot.workspace.bot.id, message: header.raw }
    await bot.event({ type: 'pin_added', user: bot.workspace.bot.id, channel_id: channel, item, event_ts: '1.0' })
    await act('react', { as: 'alice', ts: header.ts, name: 'pushpin' })
    await act('react', { as: 'alice', ts: header.ts, name: 'memo' })
    await bot.idle()
    expect(await version()).toBe(before)
  })

  test('fault 55: foreign words mention nobody, people and channels are called by their names', async () => {
    const text = `<!channel> <@${bot.user('carol')}> see <#C000000001> &lt;!here&gt; <https://evil.example|https://bank.example> \u202Etxt.exe`
    const { ts } = await act('say', { as: 'bob', text })
    await act('pin', { as: 'alice', ts })
    await act('react', { as: 'alice', ts, name: 'memo' })
    await bot.until(async () => (await bot.incident('INC-1')).todos.length === 2, 'the to-do')
    await bot.until(async () => (await messages()).some((message) => message.ts === ts), 'the message')
    const message = (await messages()).find((each) => each.ts === ts)
    expect(message?.text).toBe('@channel @carol see #general <!here> https://bank.example (https://evil.example) txt.exe')
    const shown = await bot.until(
      async () => (await bot.messages(channel)).find((each) => each.shown.includes('To do: 2 open'))?.raw,
      'the list of to-dos',
    )
    // The text stands in elements of plain text, where nothing is markup.
    expect(JSON.stringify(shown?.['blocks'])).not.toMatch(/"type":"(?:broadcast|usergroup|user|link|channel)"/)
    expect(shown?.['text']).toBe('2 to do')
  })
})

describe('files', () => {
  test('files of a kept message are kept where only the bot reads them, and never made public (field 8)', async () => {
    await bot.forgetCalls()
    const content = `queue depth\n${'x'.repeat(1000)}`
    const { ts, file } = await act('upload', { as: 'carol', name: 'depth.csv', content, text: 'The queue' })
    await act('pin', { as: 'carol', ts })
    const files = await bot.until(async () => {
      const all = await keptOf('INC-1')
      return all.length > 0 ? all : null
    }, 'the file')
    expect(files).toMatchObject([{ id: file, name: 'depth.csv', bytes: content.length }])
    expect(files[0]?.content.toString()).toBe(content)
    expect(await kept()).toContainEqual('Wrote: The queue [depth.csv]')
    const methods = (await bot.calls()).map(({ method }) => method)
    expect(methods.filter((method) => /sharedPublicURL|files\.remote/.test(method))).toEqual([])
  })

  test('a file that cannot be fetched is named all the same', async () => {
    await bot.fault({ service: 'slack', method: 'GET /files-pri/*', kind: 'status', status: 403, times: 0 })
    const { ts } = await act('upload', { as: 'carol', name: 'secret.log', content: 'x', text: 'The log' })
    await act('pin', { as: 'carol', ts })
    await bot.until(async () => (await kept()).includes('Wrote: The log [secret.log]'), 'the message')
    await bot.until(() => bot.lines.some(({ message }) => message === 'a file cannot be fetched: it is only named'), 'a line in the log')
    await bot.mend()
    expect(await keptOf('INC-1')).toHaveLength(1)
  })
})

describe('who may read the incident gets its files, and nobody else', () => {
  const slack = (as: string) => new WebClient(`xoxp-${as}`, { slackApiUrl: bot.world.slackApiUrl, retryConfig: { retries: 0 } })
  type File = { id: string; name: string; url_private: string }
  /** The files in somebody's messages with the bot, the newest first. */
  const received = async (as: string): Promise<File[]> => {
    const { channels = [] } = await slack(as).conversations.list({ types: 'im' })
    const pages = await Promise.all(channels.map(({ id }) => slack(as).conversations.history({ channel: id ?? '' })))
    return pages.flatMap(({ messages: all = [] }) => all.flatMap(({ files = [] }) => files as File[]))
  }
  const fetched = (as: string, { url_private: url }: File) => fetch(url, { headers: { authorization: `Bearer xoxp-${as}` } })

  test('listed with their messages; one that Slack did not give is only named', async () => {
    const { text } = await bot.say('dave', channel, '/incident files')
    expect(text).toMatch(
      /^Files of INC-1\n.*1 depth\.csv · .*1 kB · @?carol, .* · message \S+\n.*2 secret\.log · .* · only named, its content was not kept\n/,
    )
    expect(text).toContain('/incident files INC-1 1')
    expect((await bot.say('dave', channel, '/incident files 2')).text).toContain('The content of secret.log was not kept')
    expect((await bot.say('dave', channel, '/incident files 3')).text).toContain('There is no file 3: they are numbered 1 to 2')
    expect(await received('dave')).toEqual([])
  })

  test('after Slack has removed it: it comes to who asked, alone, in no channel and under no public address', async () => {
    await bot.fault({ service: 'slack', method: 'files.info', kind: 'error', error: 'file_deleted', times: 0 })
    await bot.fault({ service: 'slack', method: 'GET /files-pri/*', kind: 'status', status: 404, times: 0 })
    const before = await bot.texts(channel)
    await bot.forgetCalls()
    const said = await bot.say('dave', 'general', '/incident files INC-1 1')
    await bot.mend()
    expect(said.text).toMatch(/^📎 INC-1 1 depth\.csv[\s\S]*It is in your messages with the bot, where only you see it\.$/)
    const [file] = await received('dave')
    if (file === undefined) throw new Error('no file came')
    expect(file.name).toBe('depth.csv')
    expect(await (await fetched('dave', file)).text()).toMatch(/^queue depth\nx{1000}$/)
    for (const other of ['alice', 'carol']) {
      expect(await received(other)).toEqual([])
      expect((await fetched(other, file)).ok).toBe(false)
      await expect(slack(other).files.info({ file: file.id })).rejects.toThrow()
    }
    expect(await bot.texts(channel)).toEqual(before)
    expect((await bot.calls()).map(({ method }) => method).filter((method) => /sharedPublicURL|remote/.test(method))).toEqual([])
  })

  test('a mention sends it, too, and shows nothing of it to the others', async () => {
    const { ts } = await act('say', { as: 'bob', text: `<@${bot.workspace.bot.id}> files 1` })
    await bot.until(async () => (await received('bob')).length === 1, 'the file')
    const answer = await bot.until(
      async () => (await bot.messages(channel)).find(({ thread_ts: thread, ts: own }) => thread === ts && own !== ts),
      'an answer',
    )
    expect(answer.shown).toContain('depth.csv')
    expect(answer.raw['files']).toBeUndefined()
  })

  test('when Slack refuses it, the answer says so, and it is kept', async () => {
    await bot.fault({ service: 'slack', method: 'files.getUploadURLExternal', kind: 'error', error: 'missing_scope', times: 0 })
    const { text } = await bot.say('carol', channel, '/incident files 1')
    await bot.mend()
    expect(text).toMatch(/^depth\.csv could not be sent to you: the app lacks a scope.* It is kept: try again/)
    expect(await received('carol')).toEqual([])
    expect((await bot.say('carol', channel, '/incident files 1')).text).toContain('where only you see it')
  })

  test('of a private incident only to who is in it', async () => {
    await bot.say('alice', 'general', '/incident new acme P2 Breach suspected --private')
    const secret = await bot.opened('INC-2')
    await bot.ask('POST', '/invite', { in: secret, users: ['carol'] })
    const { ts } = await bot.ask<Done>('POST', '/upload', { in: secret, as: 'carol', name: 'dump.txt', content: 'names', text: 'Dump' })
    await bot.ask('POST', '/pin', { in: secret, as: 'carol', ts })
    await bot.until(async () => (await keptOf('INC-2')).length === 1, 'the file')
    const before = (await received('dave')).length
    expect((await bot.say('dave', 'general', '/incident files INC-2')).text).toContain('INC-2 is private')
    expect((await bot.say('dave', 'general', '/incident files INC-2 1')).text).toContain('INC-2 is private')
    expect(await received('dave')).toHaveLength(before)
    expect((await bot.say('carol', secret, '/incident files 1')).text).toContain('where only you see it')
    expect((await received('carol')).map(({ name }) => name)).toContain('dump.txt')
  })
})

describe('to-dos and suspicions', () => {
  test('📝 makes a to-do of a message, ✅ ticks it off, and taking ✅ back opens it again', async () => {
    const { ts } = await act('say', { as: 'bob', text: 'Somebody must raise the pool size' })
    await act('react', { as: 'carol', ts, name: 'white_check_mark' })
    await act('react', { as: 'carol', ts, name: 'memo' })
    const find = async () => (await bot.incident('INC-1')).todos.find(({ source }) => source?.ts === ts)
    await bot.until(find, 'the to-do')
    await act('edit', { as: 'bob', ts, text: 'Somebody must raise the pool size to 40' })
    await bot.sees(channel, 'Somebody must raise the pool size to 40\n')
    await bot.until(async () => (await find())?.text === 'Somebody must raise the pool size to 40', 'what the message says now')
    await act('react', { as: 'dave', ts, name: 'white_check_mark' })
    await bot.until(async () => (await find())?.doneAt, 'that it is done')
    await act('unreact', { as: 'carol', ts, name: 'white_check_mark' })
    await bot.idle()
    expect((await find())?.doneAt).not.toBeNull()
    await act('unreact', { as: 'dave', ts, name: 'white_check_mark' })
    await bot.until(async () => (await find())?.doneAt === null, 'that it is open')
  })

  test('typed: added with owner and day, listed, ticked off; refused with what to do', async () => {
    const say = async (text: string) => (await bot.say('bob', channel, `/incident ${text}`)).text
    const added = await say(`todo Alert on the pool @carol by 2999-12-01`)
    const number = /To do (\d+)/.exec(added)?.[1] ?? ''
    expect(added).toBe(`✅ To do ${number} for @carol by 2999-12-01. When it is done: /incident todo done ${number}`)
    expect(await say('todo')).toContain(`${number} Alert on the pool · @carol · by 2999-12-01`)
    expect(await say('todo Late by 2001-01-01')).toMatch(/^2001-01-01 is past: today is \d{4}-\d{2}-\d{2}\. Give today or a later day\.$/)
    expect(await say('todo Odd by 2026-02-30')).toContain('2026-02-30 is not a day such as friday, tomorrow, in 3d or 2026-12-01')
    expect(await say('todo Ask @nobody')).toContain('@nobody is nobody whom Slack knows here')
    expect(await say('todo done')).toContain('The number is missing')
    expect(await say(`todo done ${number}`)).toBe(`✅ To do ${number} is done.`)
    expect(await say(`todo open ${number}`)).toBe(`✅ To do ${number} is open.`)
    await bot.sees(channel, 'Alert on the pool · @carol')

    expect(await say('suspect')).toContain('Nothing is suspected for INC-1 yet')
    expect(await say('suspect The migration holds a lock')).toContain('✅ Suspicion 1.')
    expect(await say('ruled-out 1')).toContain('The reason is missing')
    expect(await say('ruled-out 1 because the lock was gone, because I looked')).toBe(
      '✅ Suspicion 1 is ruled out: The migration holds a lock',
    )
    expect(await say('suspect')).toContain('ruled out by @bob: the lock was gone, because I looked')
    await bot.sees(channel, 'Nothing is suspected at the moment')
  })
})
