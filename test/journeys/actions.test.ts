/** Actions through Slack: asked for by one, approved by another, run once, verified, taken back. */
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { actionOf } from '../../src/incident/acting/request.ts'
import { startTestBot, type TestBot } from '../bot.ts'
import { startVersions, withVersions } from '../fixture-action.ts'
import { until } from '../until.ts'

/** Looks like no secret. */
const secret = 'Tulip-9-harbour'

let bot: TestBot
let server: Awaited<ReturnType<typeof startVersions>>
let number = 0
let id: string
let channel: string

beforeAll(async () => {
  server = await startVersions()
  const service = `name: Kiosk
privateHosts: [127.0.0.1]
contacts:
  carol: { name: Carol, email: carol@example.test }
approvals: { perHour: 100, severities: { P2: [carol] } }
actions:
  server.rollback: { kind: versions, title: Roll back the server, options: { url: "${server.url}" } }
  backup.restore:
    kind: manual
    title: Restore a backup
    options: { target: "database:kiosk", risk: low, steps: [Open the dashboard., Restore the backup.] }
  server.later: { kind: versions, title: Roll back for a time, options: { url: "${server.url}", name: later, returns: 60 } }
  keyed: { kind: versions, title: Has its key, options: { url: "${server.url}", name: keyed, secret: KIOSK_TOKEN } }
  lacking: { kind: versions, title: Lacks its key, options: { url: "${server.url}", secret: KIOSK_KEY } }
criteria:
  breach: { title: Somebody has the data, action: server.rollback }
`
  const runbook = '---\ntitle: Break-in\nwhen: [break-in]\n---\n1. Decide whether data is gone: `criterion: breach`\n'
  bot = await startTestBot({
    registry: withVersions,
    files: { 'kiosk/service.yml': service, 'kiosk/break-in.md': runbook },
    options: { environment: { ACME_ALERT_SECRET: 'acme-alert-secret-0123', KIOSK_TOKEN: secret } },
  })
  expect(bot.bot.problems).toEqual([])
})
afterAll(async () => {
  await bot[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})
beforeEach(async () => {
  server.posts.length = 0
  server.become('v142')
  number += 1
  id = `INC-${number}`
  await bot.say('alice', 'general', `/incident new kiosk P1 Orders fail ${number}`)
  channel = await bot.opened(id)
})

const statusOf = async (action: number) => actionOf(await bot.incident(id), action)?.status
const open = async (record: string) => (await bot.incident(record)).todos.filter(({ doneAt }) => doneAt === null).length
const becomes = (action: number, status: string) => until(async () => (await statusOf(action)) === status, `action ${action} ${status}`)
const waiting = async (words = 'server.rollback because payments fail', by = 'alice') => {
  const said = await bot.say(by, channel, `/incident run ${words}`)
  const action = (await bot.incident(id)).actions.length
  await becomes(action, 'waiting')
  return { said: said.text, action }
}

describe('from request to end', () => {
  test('asked for by one, approved by another, run once, verified, and told', async () => {
    const { said } = await waiting()
    expect(said).toContain('Asked for action 1: Roll back the server')
    const card = await bot.sees(channel, 'Needs one person')
    expect(card).toContain('The server goes from v142 to v141.')
    expect(card).toContain('POST')
    expect(card).toContain('payments fail')
    expect((await bot.say('alice', 'general', '/incident actions')).text).not.toContain('nobody')
    expect((await bot.say('bob', channel, '/incident approve 1')).text).toContain('Approved action 1')
    await becomes(1, 'done')
    expect(server.posts).toEqual(['v141'])
    const end = await bot.sees(channel, '– done\n')
    expect(end).toContain('The server answers as v141.')
    expect(end).toContain('Approved by')
  })

  test('undone again, by an approval of its own', async () => {
    await waiting()
    await bot.say('bob', channel, '/incident approve 1')
    await becomes(1, 'done')
    await bot.say('bob', channel, '/incident undo 1 it made it worse')
    await becomes(2, 'waiting')
    // Whoever asks for it now is not who approves it.
    expect((await bot.say('bob', channel, '/incident approve 2')).text).toContain('You asked for action 2')
    await bot.say('alice', channel, '/incident approve 2')
    await becomes(2, 'done')
    expect(server.version()).toBe('v142')
    expect((await bot.incident(id)).actions.map(({ undoneBy }) => undoneBy)).toEqual([2, null])
    expect((await bot.say('alice', channel, '/incident undo 1')).text).toContain('was taken back already, by action 2')
  })

  test('what no check can tell a person says, once, by the button of the list or of a runbook; it is suggested', async () => {
    expect((await bot.say('alice', 'general', '/incident actions')).text).not.toContain('Somebody has the data')
    expect((await bot.say('alice', channel, '/incident actions')).text).toContain('[This holds: Somebody has the data]')
    await bot.say('alice', channel, '/incident runbook break-in')
    await bot.sees(channel, '[This holds: Somebody has the data]')
    expect((await bot.press('bob', channel, 'actions')).text).toContain('consider server.rollback: Somebody has the data')
    expect(await bot.sees(channel, 'Consider server.rollback: Somebody has the data')).toContain('said by bob')
    expect((await bot.press('alice', channel, 'actions')).text).toContain('That was said already.')
    expect((await bot.say('alice', channel, '/incident actions')).text).not.toContain('This holds')
    expect((await bot.press('alice', channel, 'Ask for server.rollback')).text).toContain('Asked for action 1')
  })

  test('a procedure by hand is ticked off step by step', async () => {
    await waiting('backup.restore')
    await bot.say('bob', channel, '/incident approve 1')
    await bot.sees(channel, 'Step 1 of 2: Open the dashboard.')
    // Both have read the first step, and both type it.
    expect((await bot.say('alice', channel, '/incident tick')).text).toContain('waits for this:\n👉 Step 1 of 2: Open the dashboard.')
    expect((await bot.say('alice', channel, '/incident tick 1 1')).text).toContain(
      'Ticked off in action 1: Step 1 of 2: Open the dashboard.',
    )
    await bot.sees(channel, 'Step 2 of 2: Restore the backup.')
    expect((await bot.say('carol', channel, '/incident tick 1 1')).text).toContain('was ticked off already, by')
    const shown = (await bot.say('carol', channel, '/incident tick 1')).text
    expect(shown).toContain('👉 Step 2 of 2: Restore the backup.')
    expect(shown).toContain(`[Done]`)
    expect(actionOf(await bot.incident(id), 1)?.ticks).toHaveLength(1)
    await bot.say('carol', channel, `/incident tick ${id} 1 2`)
    await becomes(1, 'done')
    expect((await bot.say('carol', channel, '/incident tick 1')).text).toContain('waits to be ticked off')
  })

  test('a step that cannot be done is given up; its target is free again, also after a merge', async () => {
    await waiting('backup.restore')
    await bot.say('bob', channel, '/incident approve 1')
    await bot.sees(channel, 'Step 1 of 2: Open the dashboard.')
    expect((await bot.say('carol', channel, '/incident deny 1 the dashboard is down')).text).toContain('Action 1 was given up')
    await becomes(1, 'failed')
    await bot.sees(channel, /Given up by .* at: Step 1 of 2: Open the dashboard\. Why: the dashboard is down/)
    const ran = await waiting()
    await bot.say('bob', channel, `/incident approve ${ran.action}`)
    await becomes(ran.action, 'done')
    const second = await waiting('backup.restore')
    await bot.say('bob', channel, `/incident approve ${second.action}`)
    await becomes(second.action, 'running')
    await bot.sees(channel, 'Step 1 of 2: Open the dashboard.')
    number += 1
    await bot.say('alice', 'general', '/incident new kiosk P1 The other one')
    await bot.opened(`INC-${number}`)
    await waiting('server.rollback to=v9')
    const asks = (await bot.say('alice', channel, `/incident merge ${id} INC-${number}`)).text
    expect(asks).toContain(`Action ${second.action} of ${id}, “Restore a backup”, still runs: it goes on there`)
    const ahead = 'is called off before it ran. To ask for it'
    expect(asks).toContain(`${ahead} in INC-${number}: /incident run server.rollback to=v9.`)
    const merged = (await bot.say('alice', channel, `/incident merge ${id} INC-${number} --yes`)).text
    expect(merged).toContain(`${ahead} there: /incident run server.rollback to=v9.`)
    await bot.sees(channel, /Merged into .* is called off before it ran. To ask for it there/)
    const into = await bot.opened(`INC-${number}`)
    await bot.sees(into, `${ahead} here`)
    // Whoever goes on there is told what waits here.
    expect((await bot.say('carol', into, '/incident')).text).toContain(`/incident tick ${id} ${second.action}`)
    await until(async () => (await open(`INC-${number}`)) === 1 && (await open(id)) === 1, 'the to-do in both')
    await bot.say('carol', 'general', `/incident tick ${id} ${second.action} 1`)
    await until(async () => actionOf(await bot.incident(id), second.action)?.task?.text.startsWith('Step 2'), 'the second step')
    await bot.say('carol', 'general', `/incident tick ${id} ${second.action} 2`)
    await becomes(second.action, 'done')
    await until(async () => (await open(`INC-${number}`)) === 0 && (await open(id)) === 0, 'the to-do is done in both')
    // Nobody else knows how to take back what ran here.
    expect(asks).toContain(
      `Action ${ran.action} of ${id}, “Roll back the server”, can be taken back there only: /incident undo ${ran.action}.`,
    )
    await bot.say('alice', 'general', `/incident undo ${id} ${ran.action}`)
    const back = (await bot.incident(id)).actions.length
    await becomes(back, 'waiting')
    await bot.say('bob', channel, `/incident approve ${back}`)
    await becomes(back, 'done')
    expect(server.version()).toBe('v142')
  })

  test('what was approved for a time is taken back by itself', async () => {
    await waiting('server.later')
    await bot.say('bob', channel, '/incident approve 1')
    await becomes(1, 'done')
    await sql`update tocsin_jobs.job set start_after = now() where name = 'action' and state = 'created'`.execute(bot.store.db)
    await becomes(2, 'done')
    expect(server.version()).toBe('v142')
    expect(await bot.sees(channel, 'By itself, because its time is over')).toContain('Undo: Roll back for a time')
  })

  test('denied, and called off', async () => {
    await waiting()
    expect((await bot.say('bob', channel, '/incident deny 1 v143 is about to go out')).text).toContain('Denied action 1')
    await waiting()
    expect((await bot.say('alice', channel, '/incident deny 2')).text).toContain('Called off action 2')
    expect((await bot.say('bob', channel, '/incident approve 2')).text).toContain('is withdrawn; nothing changed')
    expect(server.posts).toEqual([])
  })
})

describe('who may not', () => {
  test('own request, a guest, somebody deactivated (faults 48)', async () => {
    await waiting()
    expect((await bot.say('alice', channel, '/incident approve 1')).text).toContain('You asked for action 1')
    await bot.change('dave', { is_restricted: true })
    expect((await bot.say('dave', channel, '/incident approve 1')).text).toContain('Guests of this workspace')
    await bot.change('dave', { is_restricted: false })
    expect(await statusOf(1)).toBe('waiting')
  })

  test('twice the same person counts once', async () => {
    await waiting('server.rollback to=v1')
    expect((await bot.say('bob', channel, '/incident approve 1')).text).toContain('It needs one more person.')
    // What can be done now begins with what waits.
    const now = (await bot.say('carol', channel, '/incident')).text
    expect(now).toMatch(
      /Action 1 Roll back the server waits for one more person – .*v1\. \/incident approve 1[^]*\[Approve 1\][^]*\[Acknowledge\]/,
    )
    expect((await bot.say('bob', channel, '/incident approve 1')).text).toContain('You approved action 1')
    expect(server.posts).toEqual([])
    await bot.say('carol', channel, '/incident approve 1')
    await becomes(1, 'done')
    expect(server.posts).toEqual(['v1'])
  })
})

describe('while nobody approves', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  test('the lead of a P1 runs it alone by a button, with a reason, and only the lead', async () => {
    expect((await bot.say('bob', channel, '/incident approve')).text).toContain('No action here waits for an approval.')
    expect((await bot.say('alice', channel, '/incident break-glass')).text).toContain('No action here waits for an approval.')
    await waiting()
    await bot.say('alice', channel, '/incident role lead')
    expect((await bot.say('alice', channel, '/incident break-glass')).text).toContain('Somebody may still approve action 1.')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 361_000 })
    await bot.sees(channel, 'Nobody has approved action 1 yet.')
    await until(async () => (await bot.texts(channel)).filter((text) => text.includes('[Run alone]')).length === 2, 'both buttons')
    expect((await bot.press('bob', channel, 'break-glass')).text).toContain('Only the lead may run action 1 alone')
    const forged = await bot.say('alice', channel, `/incident break-glass 1 ${'0'.repeat(64)} Everybody else is asleep`)
    expect(forged.text).toContain('This button is of something else')
    expect((await bot.press('alice', channel, 'break-glass')).form).toBe(true)
    const blank = await bot.submit('alice', { why: ' ' })
    expect([blank.closed, blank.body]).toEqual([false, expect.stringContaining('The reason is missing')])
    await bot.submit('alice', { why: 'Everybody else is asleep' })
    await becomes(1, 'done')
    expect(server.posts).toEqual(['v141'])
    expect(await bot.sees(channel, 'Break-glass: without an approval')).toContain('Everybody else is asleep')
  })
})

describe('what has moved', () => {
  test('the target: refused, and asked for anew as it is now (faults 51)', async () => {
    await waiting()
    server.become('v143')
    await bot.say('bob', channel, '/incident approve 1')
    await becomes(1, 'refused')
    await becomes(2, 'waiting')
    expect(await bot.sees(channel, 'The server goes from v143 to v141.')).toContain('anew for action 1')
    // Whoever types no number may have read another card: what waits is shown, with the button that is of it.
    const shown = (await bot.say('bob', channel, '/incident approve')).text
    expect(shown).toContain('Action 2 Roll back the server, waits for approval – The server goes from v143 to v141.')
    expect(await statusOf(2)).toBe('waiting')
    expect(server.posts).toEqual([])
  })

  test('the severity, and with it who may: the card says so, and a vote that cannot count is refused', async () => {
    await waiting()
    await bot.say('alice', channel, '/incident severity P2')
    expect((await bot.say('bob', channel, '/incident approve 1')).text).toContain('These may: Carol.')
    await bot.sees(channel, /Needs one person: (?!any member)/)
    expect(await statusOf(1)).toBe('waiting')
    await bot.say('carol', channel, '/incident approve 1')
    await becomes(1, 'done')
  })

  test('the record is closed', async () => {
    await waiting()
    await bot.say('alice', channel, '/incident resolve it was nothing')
    await becomes(1, 'closed')
    expect((await bot.say('bob', channel, '/incident approve 1')).text).toContain('Already resolved')
    expect(server.posts).toEqual([])
  })

  test('closed while a step by hand waits: that is to do, and can still be done', async () => {
    await waiting('backup.restore')
    await bot.say('bob', channel, '/incident approve 1')
    await bot.sees(channel, 'Step 1 of 2: Open the dashboard.')
    await bot.say('alice', channel, '/incident resolve enough')
    const { todos } = await bot.incident(id)
    expect(todos.map(({ text }) => text)).toEqual([
      `See action 1 of ${id}, Restore a backup, to its end: it still ran when that was closed`,
    ])
    expect((await bot.say('bob', channel, '/incident deny 1 not needed')).text).toContain('Action 1 was given up')
    await becomes(1, 'failed')
    await until(async () => (await open(id)) === 0, 'the to-do is done')
  })

  test('its target is locked, all are stopped: nobody can approve it before that is over, and what is there stays (faults 51)', async () => {
    await waiting()
    expect((await bot.say('carol', channel, '/incident lock server:shpo The disk is being moved')).text).toContain(
      'No action changes server:shpo. Did you mean server:shop? What can be locked: server:shop,',
    )
    expect((await bot.say('carol', channel, '/incident lock server:shop The disk is being moved')).text).toContain('Locked server:shop')
    await bot.sees(channel, 'It cannot run now')
    const held = (await bot.say('bob', channel, '/incident approve 1')).text
    expect(held).toMatch(/Not recorded: action 1 cannot run now\. server:shop is locked since .+: The disk is being moved\./)
    expect(held).toContain('/incident unlock server:shop')
    expect((await bot.say('alice', channel, '/incident run server.rollback')).text).toContain('is locked since')
    await bot.say('carol', channel, '/incident unlock server:shop')
    expect((await bot.say('carol', 'general', '/incident freeze Somebody has the account')).text).toContain(
      'What has started already goes on to its end, with all of its steps; one that waits for a person can be given up: /incident deny',
    )
    expect((await bot.say('alice', channel, '/incident run server.rollback')).text).toContain('All actions are stopped')
    expect((await bot.say('bob', channel, '/incident approve 1')).text).toContain(
      'Somebody has the account. To let them run: /incident unfreeze',
    )
    await bot.say('carol', 'general', '/incident unfreeze')
    expect(await bot.sees('incidents', 'All actions are stopped')).toContain('Somebody has the account')
    expect(server.posts).toEqual([])
    await bot.say('bob', channel, '/incident approve 1')
    await becomes(1, 'done')
  })

  test('another is at its target: who asks is told, and the card tells whoever would approve', async () => {
    await waiting('backup.restore')
    await bot.say('bob', channel, '/incident approve 1')
    await bot.sees(channel, 'Step 1 of 2: Open the dashboard.')
    number += 1
    await bot.say('alice', 'general', '/incident new kiosk P1 The disk is slow')
    const [first, there] = [{ id, channel }, await bot.opened(`INC-${number}`)]
    ;[id, channel] = [`INC-${number}`, there]
    const { said } = await waiting('backup.restore')
    expect(said).toContain(`Nobody can approve it now: Action 1 of ${first.id} is changing database:kiosk, since`)
    await bot.sees(channel, 'It cannot run now')
    expect((await bot.say('bob', channel, '/incident approve 1')).text).toContain(`Action 1 of ${first.id} is changing database:kiosk`)
    await bot.say('carol', first.channel, '/incident deny 1 not needed')
    await bot.sees(channel, 'can be approved now: what stood against it has passed.')
    expect((await bot.say('bob', channel, '/incident approve 1')).text).toContain('Approved action 1')
    await bot.sees(channel, 'Step 1 of 2: Open the dashboard.')
    await bot.say('carol', channel, '/incident deny 1 not needed')
    await becomes(1, 'failed')
  })

  test('a drill runs nothing, says so before anybody approves, and is not kept by a lock', async () => {
    number += 1
    await bot.say('alice', 'general', '/incident new kiosk P1 Practice --drill')
    channel = await bot.opened(`INC-${number}`)
    id = `INC-${number}`
    await bot.say('carol', channel, '/incident lock server:shop The disk is being moved')
    expect((await waiting()).said).toContain('in this drill nothing is run then')
    await bot.sees(channel, 'This is a drill: nothing is run, whoever approves it.')
    await bot.say('bob', channel, '/incident approve 1')
    await becomes(1, 'done')
    await bot.say('carol', channel, '/incident unlock server:shop')
    expect(server.posts).toEqual([])
  })

  test('two approvals at once, a double click: it runs once (faults 50)', async () => {
    await waiting()
    await Promise.all(['bob', 'carol', 'bob'].map((who) => bot.say(who, channel, '/incident approve 1')))
    await becomes(1, 'done')
    expect(server.posts).toEqual(['v141'])
  })
})

describe('bad input', () => {
  test.each([
    ['server.rolback', 'has no action server.rolback. Did you mean /incident run server.rollback?'],
    ['server.rollback to=latest', 'must be a version such as v141'],
    ['server.rollback speed=9', 'does not know speed'],
    ['lacking', 'set KIOSK_KEY'],
    ['server.rollback to=sk_live_51HabcDEFghiJKLmno', 'looks like a secret'],
  ])('%s', async (words, says) => {
    expect((await bot.say('alice', channel, `/incident run ${words}`)).text).toContain(says)
    expect((await bot.incident(id)).actions).toEqual([])
  })

  test('what can be done now offers a form where there is something to ask for', async () => {
    const now = (await bot.say('alice', channel, '/incident')).text
    expect(now).toContain('[Run an action]')
    expect(now).not.toContain('waits for')
    expect((await bot.press('alice', channel, 'Run an action')).form).toBe(true)
    await bot.say('alice', channel, '/incident resolve it was nothing')
    expect((await bot.say('alice', channel, '/incident')).text).not.toContain('[Run an action]')
  })

  test('a secret of the product that is typed is masked by its value, and is no argument (faults 58)', async () => {
    const said = [
      await bot.say('alice', channel, `/incident run keyed to=${secret}`),
      await bot.say('alice', channel, `/incident note the token is ${secret}`),
      await bot.say('alice', channel, `/incident ${secret}`),
    ].map(({ text }) => text)
    expect(said[0]).toContain('looks like a secret')
    await waiting(`keyed because ${secret} leaked`)
    await bot.sees(channel, ' leaked')
    await bot.say('bob', channel, `/incident deny 1 ${secret} is still good`)
    const kept = JSON.stringify((await bot.load(id))?.events)
    expect(kept).toContain('the token is ***')
    expect(kept).toContain('*** is still good')
    expect([...said, kept, ...(await bot.texts(channel))].join()).not.toContain(secret)
  })

  test('outside of a record it says how to open one', async () => {
    const said = (await bot.say('alice', 'general', '/incident run server.rollback')).text
    expect(said).toContain('Actions run in a record only. Open one first, /incident new or for planned work /incident change')
    expect(said).toContain('/incident run server.rollback')
  })

  test('what it cannot do it says before anybody is asked', async () => {
    await bot.say('alice', channel, '/incident run server.rollback to=v142')
    await becomes(1, 'refused')
    await bot.sees(channel, 'v142 is there already.')
  })
})
