/** Slack cannot be used while an incident is open (faults 20): people are told by webhook and e-mail, once, and told that it is back. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startHttp } from '../adapters/server.ts'
import { startTestBot, type TestBot } from '../bot.ts'
import { startSmtp } from '../smtp.ts'
import { freshDatabase } from '../stores.ts'
import { until } from '../until.ts'

const rings = `name: Rings
contacts:
  first: { name: Bob, email: bob@example.test, phone: "+41 44 123 45 67" }
  second: { name: Carol, phone: "+41 44 765 43 21" }
ladder: [first, second]
severities:
  P1: { meaning: Nobody can pay, response: 24 h, update: 24 h, warnAt: [1] }
`

type Alarm = { id: string; kind: string; text: string; number?: number; incidents?: { id: string; toBeCalled?: { name: string }[] }[] }

const startReceiver = async () => {
  const alarms: Alarm[] = []
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    alarms.push(JSON.parse(await text(request)) as Alarm)
    response.writeHead(200).end()
  }
  const server = await startHttp((request, response) => void take(request, response))
  return Object.assign(server, { alarms, url: `http://${server.host}/` })
}

let receiver: Awaited<ReturnType<typeof startReceiver>>
let mail: Awaited<ReturnType<typeof startSmtp>>
let bot: TestBot
let resources: AsyncDisposableStack
beforeEach(async () => {
  resources = new AsyncDisposableStack()
  receiver = resources.use(await startReceiver())
  mail = resources.use(await startSmtp())
})
afterEach(() => resources.disposeAsync())

const begin = async ({
  alarm = 'both',
  ...given
}: { alarm?: 'both' | 'none' } & Pick<NonNullable<Parameters<typeof startTestBot>[0]>, 'store' | 'world'> = {}): Promise<TestBot> => {
  const both = {
    webhook: { url: receiver.url, secret: undefined },
    email: { smtpUrl: `smtp://127.0.0.1:${mail.port}`, to: ['team@example.test'], from: 'tocsin@example.test' },
  }
  return resources.use(
    await startTestBot({
      store: 'postgres',
      github: false,
      files: { 'rings/service.yml': rings },
      options: { alarm: alarm === 'both' ? both : { webhook: null, email: null } },
      ...given,
    }),
  )
}
const start = async (given: Parameters<typeof begin>[0] = {}): Promise<void> => {
  bot = await begin(given)
}
const revoke = () => bot.fault({ service: 'slack', kind: 'error', error: 'token_revoked', times: 0 })
const ids = () => receiver.alarms.map(({ id }) => id.replace(/\d{13}/, ''))
const told = (id: string) => until(() => ids().includes(id), id)
const unreachable = () => until(async () => (await bot.health()).services['slack']?.startsWith('unreachable') === true, 'Slack away')
const healthy = () => until(async () => (await bot.health()).services['slack'] === 'healthy', 'Slack back')
/** Moves what is stored of the outage into the past. */
const pass = (what: 'since' | 'toldAt', minutes: number) =>
  sql`update tocsin.setting set value = jsonb_set(value::jsonb, ${`{${what}}`}::text[], to_jsonb(to_char(
    ((value::jsonb ->> ${what}::text)::timestamptz - make_interval(mins => ${minutes}::int)) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))::text
    where key = 'chat-outage'`.execute(bot.store.db)
/** Two looks at Slack: whatever was to come of the state before has come. */
const looks = async () => {
  await bot.forgetCalls()
  await until(async () => (await bot.calls()).filter(({ method }) => method === 'auth.test').length >= 2, 'two looks at Slack')
}

describe('the token is revoked', () => {
  test('told at once on both ways, not again after a restart, again when somebody is called in vain, and told that it is back (faults 20)', async () => {
    await start()
    await bot.say('alice', 'general', '/incident new rings P1 Payments fail')
    await bot.sees(await bot.opened('INC-1'), 'please acknowledge')
    await bot.idle()
    await revoke()
    await bot.say('bob', 'general', '/incident update INC-1 looking at it')
    await unreachable()
    await until(() => receiver.alarms.length === 1 && mail.mails.length === 1, 'the first alarm')
    expect((await bot.health()).status).toBe('degraded')
    for (const shown of [receiver.alarms[0]?.text ?? '', mail.mails[0]?.text ?? ''])
      for (const part of [
        /Slack cannot be used since .*: Slack, auth\.test: token_revoked .*set SLACK_BOT_TOKEN/,
        /^- INC-1 P1 Rings: Payments fail – acknowledgement due /m,
        '- Bob: +41 44 123 45 67, bob@example.test',
        '- Carol: +41 44 765 43 21',
      ])
        expect(shown).toMatch(part)
    expect(receiver.alarms[0]?.text).not.toContain('To be called')
    expect(mail.mails[0]?.to).toEqual(['team@example.test'])

    await bot.restart()
    await unreachable()
    await looks()
    expect([receiver.alarms.length, mail.mails.length]).toEqual([1, 1])

    // Within two minutes of an alarm the next waits, and tells of everything since.
    await bot.say('alice', 'general', '/incident new rings P1 Refunds fail, too')
    await bot.say('alice', 'general', '/incident new rings P4 Wrong colour --private')
    await looks()
    expect(receiver.alarms).toHaveLength(1)
    await pass('toldAt', 3)
    await until(() => receiver.alarms.length === 2 && mail.mails.length === 2, 'the second alarm')
    expect(ids()[1]).toBe('slack-away--2')
    expect(receiver.alarms[1]?.incidents).toMatchObject([
      { id: 'INC-1', toBeCalled: [] },
      { id: 'INC-2', toBeCalled: [{ name: 'Bob' }] },
      { id: 'INC-3', private: true },
    ])
    expect(JSON.stringify(receiver.alarms[1])).not.toContain('colour')
    await pass('toldAt', 3)
    await looks()
    expect(receiver.alarms).toHaveLength(2)

    await bot.mend()
    await healthy()
    await until(() => receiver.alarms.length === 3 && mail.mails.length === 3, 'the message that Slack is back')
    expect(ids()[2]).toBe('slack-back-')
    expect(mail.mails[2]?.headers.get('subject')).toBe('Slack is back')
    await bot.sees(await bot.opened('INC-2'), 'please acknowledge')
    await bot.idle()
    expect([receiver.alarms.length, mail.mails.length]).toEqual([3, 3])
  })

  test('nothing is open: nobody is told until something is; what failed to go one way is sent again that way only (faults 20)', async () => {
    await start()
    await revoke()
    await bot.restart()
    await unreachable()
    await looks()
    expect(receiver.alarms).toEqual([])
    mail.refuse = { DATA: '451 4.3.2 later' }
    await bot.alert(
      {
        alerts: [
          {
            status: 'firing',
            labels: { alertname: 'Down', product: 'rings', severity: 'critical' },
            annotations: {},
            startsAt: new Date().toISOString(),
            fingerprint: 'f',
          },
        ],
      },
      { path: 'alertmanager' },
    )
    await until(() => receiver.alarms.length === 1, 'the alarm by webhook')
    await until(() => mail.heard.filter((line) => line === 'DATA').length > 1, 'a repetition by e-mail')
    mail.refuse = {}
    await until(() => mail.mails.length === 1, 'the alarm by e-mail')
    expect(receiver.alarms).toHaveLength(1)
  })

  test('without any way the log says so, once (faults 20)', async () => {
    await start({ alarm: 'none' })
    await bot.say('alice', 'general', '/incident new rings P2 Slow')
    await bot.sees(await bot.opened('INC-1'), 'Slow')
    await revoke()
    await bot.say('bob', 'general', '/incident update INC-1 looking at it')
    const said = () => bot.lines.filter(({ message }) => message === 'Slack cannot be used, and there is no other way to tell anybody')
    await until(() => said().length > 0, 'the line in the log')
    expect(said()).toMatchObject([{ level: 'error', incidents: ['INC-1'], ways: [] }])
    await looks()
    expect(said()).toHaveLength(1)
  })
})

describe('two bots on one database', () => {
  test('tell once', async () => {
    const store = { url: await freshDatabase() }
    await start({ store })
    const other = await begin({ store, world: bot.world })
    await bot.say('alice', 'general', '/incident new rings P1 Payments fail')
    await bot.sees(await bot.opened('INC-1'), 'please acknowledge')
    await revoke()
    for (const each of [bot, other]) await each.restart()
    for (const each of [bot, other])
      await until(async () => (await each.health()).services['slack']?.startsWith('unreachable') === true, 'Slack away for both')
    await until(() => receiver.alarms.length > 0 && mail.mails.length > 0, 'the alarm')
    await looks()
    await bot.mend()
    await until(() => ids().includes('slack-back-') && mail.mails.length > 1, 'the message that Slack is back')
    await bot.idle()
    expect(ids()).toEqual(['slack-away--1', 'slack-back-'])
    expect(mail.mails).toHaveLength(2)
  })
})

describe('Slack does not answer', () => {
  test('told after two minutes; a short outage is not worth a word', async () => {
    await start({ store: 'pglite' })
    await bot.say('alice', 'general', '/incident new rings P1 Payments fail')
    await bot.sees(await bot.opened('INC-1'), 'please acknowledge')
    await bot.fault({ service: 'slack', kind: 'down' })
    await bot.say('bob', 'general', '/incident update INC-1 looking at it')
    await unreachable()
    await looks()
    expect(receiver.alarms).toEqual([])
    await bot.mend()
    await healthy()

    await bot.fault({ service: 'slack', kind: 'down' })
    await bot.say('bob', 'general', '/incident update INC-1 still looking')
    await unreachable()
    await until(async () => (await pass('since', 3)).numAffectedRows === 1n, 'the outage')
    await told('slack-away--1')
    expect(receiver.alarms[0]?.text).toContain('status page of Slack')
    await bot.mend()
    await told('slack-back-')
    expect(ids()).toEqual(['slack-away--1', 'slack-back-'])
  })
})
