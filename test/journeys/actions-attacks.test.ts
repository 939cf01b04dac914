/** Forged buttons and words around an approval: they come from Slack, with its signature, and say what no card has shown. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { actionOf } from '../../src/incident/acting/request.ts'
import { deliver, startTestBot, type TestBot } from '../bot.ts'
import { startVersions, withVersions } from '../fixture-action.ts'
import { until } from '../until.ts'

let bot: TestBot
let server: Awaited<ReturnType<typeof startVersions>>

beforeAll(async () => {
  server = await startVersions()
  const service = (name: string, action: string) => `name: ${name}
privateHosts: [127.0.0.1]
approvals: { perHour: 100 }
actions:
  ${action}: { kind: versions, title: Roll back, options: { url: "${server.url}", name: ${name.toLowerCase()} } }
`
  const files = { 'kiosk/service.yml': service('Kiosk', 'kiosk.back'), 'vault/service.yml': service('Vault', 'vault.back') }
  bot = await startTestBot({ registry: withVersions, github: false, files })
  expect(bot.bot.problems).toEqual([])
})
afterAll(async () => {
  await bot[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const request = async (id: string, action = 1) => actionOf(await bot.incident(id), action)
const becomes = (id: string, action: number, status: string) =>
  until(async () => (await request(id, action))?.status === status, `action ${action} of ${id} ${status}`)

/** A button as Slack sends it, with a value that no message has. */
const press = async (as: string, channel: string, verb: string, value: string, user: object = {}) => {
  const payload = {
    type: 'block_actions',
    team: { id: bot.workspace.team.id },
    user: { id: bot.user(as), username: as, team_id: bot.workspace.team.id, ...user },
    channel: { id: channel },
    container: { type: 'message', message_ts: '1.1', channel_id: channel },
    actions: [{ type: 'button', action_id: verb, value, block_id: 'b', action_ts: '1.1' }],
  }
  const { status } = await deliver(bot.url, new URLSearchParams({ payload: JSON.stringify(payload) }).toString(), {
    type: 'application/x-www-form-urlencoded',
  })
  expect(status).toBe(200)
}

test('forged values, and people who are none, approve nothing (faults 4, 8, 50, 52)', async () => {
  await bot.say('alice', 'general', '/incident new kiosk P1 Orders fail')
  await bot.say('alice', 'general', '/incident new vault P1 Gold is gone --private')
  const [kiosk, vault] = [await bot.opened('INC-1'), await bot.opened('INC-2')]
  expect((await bot.say('alice', kiosk, '/incident run vault.back')).text).toContain('has no action vault.back')
  await bot.say('alice', kiosk, '/incident run kiosk.back')
  await bot.say('alice', vault, '/incident run vault.back')
  await becomes('INC-1', 1, 'waiting')
  await becomes('INC-2', 1, 'waiting')
  const [mine, other] = [(await request('INC-1'))?.hash ?? '', (await request('INC-2'))?.hash ?? '']
  expect(mine).not.toBe(other)
  const versions = async () => [(await bot.incident('INC-1')).version, (await bot.incident('INC-2')).version]
  const before = await versions()

  // The hash of another record’s request, and of none.
  await press('bob', kiosk, 'approve', `INC-1 1 ${other}`)
  await press('bob', kiosk, 'approve', `INC-1 1 ${'0'.repeat(64)}`)
  await press('bob', kiosk, 'approve', `INC-1 1 ${mine.toUpperCase()}`)
  await press('bob', kiosk, 'approve', `INC-1 1 ${mine.slice(1)}`)
  // A private record, from outside of it.
  for (const verb of ['approve', 'deny', 'break-glass', 'tick', 'undo']) await press('bob', kiosk, verb, `INC-2 1 ${other}`)
  // No such action, no such record, no such verb. A record alone is what somebody types who means the only one that waits.
  for (const value of ['INC-1 2', 'INC-9 1', 'INC-1 1e0', 'INC-1 -1', 'INC-1 ', 'INC-1 all', ''])
    await press('bob', kiosk, 'approve', value)
  await press('bob', kiosk, 'approve:constructor', `INC-1 1 ${mine}`)
  // Of another workspace; a bot; whoever asked.
  await press('bob', kiosk, 'approve', `INC-1 1 ${mine}`, { team_id: 'T0OTHER' })
  await bot.change('dave', { is_bot: true })
  await press('dave', kiosk, 'approve', `INC-1 1 ${mine}`)
  await press('alice', kiosk, 'approve', `INC-1 1 ${mine}`)
  // An app that writes with somebody’s token.
  const text = `<@${bot.workspace.bot.id}> approve 1`
  await bot.event({ type: 'app_mention', user: bot.user('bob'), bot_id: 'B0APP', app_id: 'A0APP', text, channel: kiosk, ts: '2.2' })
  expect(await versions()).toEqual(before)
  expect(server.posts).toEqual([])

  await press('bob', kiosk, 'approve', `INC-1 1 ${mine}`)
  await becomes('INC-1', 1, 'done')
  expect((await request('INC-1'))?.votes).toHaveLength(1)
})
