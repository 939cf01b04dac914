/** People: who takes a role, who is called, who comes, who goes, and who may not ask. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sql } from 'kysely'
import { createHandle } from '../../src/handle.ts'
import { policy } from '../given.ts'
import { startTestBot, type TestBot } from '../bot.ts'
import { until } from '../until.ts'

let bot: TestBot
let channel: string
beforeAll(async () => {
  const files = {
    'brew/service.yml': `name: Brew
contacts:
  first: { name: Erin, email: erin@example.test }
  second: { name: Carol, email: carol@example.test }
  third: { name: Data centre, phone: "+41 44 123 45 67" }
ladder: [first, second, third]
severities:
  P1: { invite: [] }
`,
  }
  bot = await startTestBot({ github: false, files })
  await bot.say('alice', 'general', '/incident new acme P1 Payments fail')
  channel = await bot.opened('INC-1')
  await bot.sees(channel, 'Checks at opening')
  await bot.idle()
})
afterAll(() => bot[Symbol.asyncDispose]())

const header = async () => (await bot.messages(channel)).find(({ shown }) => shown.startsWith('INC-1 ·'))?.shown ?? ''
const whispered = async (name: string) =>
  (await bot.messages(channel)).filter(({ ephemeralTo }) => ephemeralTo === bot.user(name)).map(({ shown }) => shown)

describe('roles', () => {
  test('the lead is taken by the button while nobody leads, and only they are told what it asks of them', async () => {
    expect(await header()).toContain('[Take the lead] role')
    expect((await bot.press('bob', channel, 'role')).text).toContain('✅ Lead of INC-1: @bob.')
    await bot.sees(channel, '🎯 @bob leads.')
    await until(async () => (await header()).includes('Lead @bob'), 'the lead in the header')
    expect(await header()).not.toContain('[Take the lead]')
    expect((await whispered('bob')).filter((text) => text.includes('You lead INC-1'))).toHaveLength(1)
    expect((await whispered('alice')).join()).not.toContain('You lead')
  })

  test('a role is given to somebody who is not there yet: invited, then told', async () => {
    expect((await bot.channel(channel)).members).not.toContain(bot.user('dave'))
    expect((await bot.say('bob', channel, '/incident role scribe @dave')).text).toBe('✅ Scribe of INC-1: @dave. They are told what to do.')
    await bot.sees(channel, '🎯 Scribe: @dave. Asked by @bob.')
    await until(async () => (await whispered('dave')).some((text) => text.includes('Scribe of INC-1: you')), 'instructions for dave')
    expect((await bot.channel(channel)).members).toContain(bot.user('dave'))
    await until(async () => (await header()).includes('Roles Scribe @dave'), 'the scribe in the header')
  })

  test('who does what, and a form for the rest', async () => {
    const said = await bot.say('alice', channel, '/incident role')
    expect(said.text).toMatch(/Lead @bob\s+Communications nobody yet\s+Scribe @dave\s+Operations nobody yet/)
    expect(said.text).toContain('[Take Communications] role')
    expect((await bot.press('alice', channel, 'Give a role…')).form).toBe(true)
    expect(await bot.submit('alice', { role: 'ops', person: 'carol' })).toMatchObject({ closed: true })
    await bot.sees(channel, '🎯 Operations: @carol. Asked by @alice.')
  })

  test('given back, taken over, refused with what to do', async () => {
    expect((await bot.say('carol', channel, '/incident role ops leave')).text).toBe('✅ You are not Operations any more.')
    await bot.sees(channel, '👋 @carol has given Operations back. Take it: /incident role ops')
    expect((await bot.say('carol', channel, '/incident role ops dave')).text).toMatch(
      /^dave is nobody whom Slack knows here\. .* \/incident role ops @bea\.$/,
    )
    expect((await bot.say('carol', channel, '/incident role lead leave')).text).toContain('Lead is bob Example, not you.')
    expect((await bot.say('carol', channel, '/incident role lead me')).text).toContain('Lead of INC-1: @carol')
    expect((await bot.say('carol', channel, '/incident role captain')).text).toContain('captain is not a role: there are lead')
    expect((await bot.say('carol', channel, '/incident role lead @nobody')).text).toContain('@nobody is nobody whom Slack knows here')
  })

  test('a note that names somebody keeps their name', async () => {
    await bot.say('carol', channel, '/incident note @dave restarts <the worker> & the queue')
    const { events } = (await bot.load('INC-1'))!
    expect(events.at(-1)?.event).toMatchObject({ type: 'noted', text: '@dave restarts <the worker> & the queue' })
  })
})

describe('who may not ask (faults 8)', () => {
  test.each([
    ['a guest', { is_restricted: true }, 'Guests of this workspace cannot work with incidents'],
    [
      'somebody of a connected workspace',
      { is_restricted: false, is_stranger: true, team_id: 'T0OTHER' },
      'This is the bot of another workspace',
    ],
    ['a bot', { is_stranger: false, team_id: 'T000000001', is_bot: true }, 'Bots cannot work with incidents'],
    ['somebody deactivated', { is_bot: false, deleted: true }, 'This account is deactivated'],
  ])('%s: by command, button and form; and can take no role', async (_, flags, words) => {
    await bot.change('dave', {})
    await bot.change('dave', { is_restricted: false, is_stranger: false, team_id: 'T000000001', is_bot: false, deleted: false })
    await bot.press('dave', channel, 'update')
    await bot.change('dave', flags)
    const before = (await bot.incident('INC-1')).version
    expect((await bot.say('dave', channel, '/incident note Let me in')).text).toContain(words)
    expect((await bot.press('dave', channel, 'ack')).text).toContain(words)
    expect((await bot.submit('dave', { text: 'Let me in', next: '' })).body).toContain(words.slice(0, 20))
    expect((await bot.say('bob', channel, '/incident role comms @dave')).text).toContain('Name another member of this workspace.')
    expect(bot.lines.some((line) => line['message'] === 'refused: nobody who may ask' && line['user'] === bot.user('dave'))).toBe(true)
    await bot.idle()
    expect((await bot.incident('INC-1')).version - before).toBeLessThan(3)
  })
})

test('while Slack does not say who somebody is, who is on call is let in, and who was refused is not', async () => {
  await bot.change('dave', { is_restricted: true, is_bot: false, deleted: false })
  expect((await bot.say('dave', channel, '/incident status')).text).toContain('Guests of this workspace')
  await bot.fault({ service: 'slack', method: 'users.info', kind: 'down' })
  await bot.event({ type: 'user_change', user: { id: bot.user('dave') } })
  await bot.event({ type: 'user_change', user: { id: bot.user('bob') } })
  expect((await bot.say('bob', channel, '/incident status')).text).toContain('INC-1')
  expect((await bot.say('dave', channel, '/incident status')).text).toContain('Guests of this workspace')
  await bot.mend()
})

describe('who comes and who goes', () => {
  /** As if so many minutes had passed since the channel opened: the events are what time is measured by. */
  const earlier = (id: string, minutes: number) =>
    sql`update tocsin.event set text = replace(text, data ->> 'at', to_char((data ->> 'at')::timestamptz at time zone 'UTC' - make_interval(mins => ${minutes}::int), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) where incident = ${id} and data -> 'event' ->> 'type' = 'channel-opened'`.execute(
      bot.store.db,
    )
  const welcomed = async (name: string) => (await whispered(name)).filter((text) => text.includes('Welcome to INC-1'))

  test('who joins in the first minute sees it all anyway; who joins later is told where it stands', async () => {
    await bot.change('dave', { is_restricted: false, is_stranger: false, is_bot: false, deleted: false })
    const join = () => bot.join('dave', channel)
    await join()
    await bot.idle()
    expect(await welcomed('dave')).toEqual([])
    await earlier('INC-1', 5)
    const { event_id } = await join()
    const event = { type: 'member_joined_channel', user: bot.user('dave'), channel, team: bot.workspace.team.id }
    expect((await bot.event(event, { event_id, retry: 1 })).status).toBe(200)
    await until(async () => (await welcomed('dave')).length > 0, 'a welcome')
    await bot.idle()
    const [text, ...more] = await welcomed('dave')
    expect(more).toEqual([])
    expect(text).toMatch(/INC-1 P1 .* · Payments fail/)
    expect(text).toMatch(/Lead @carol\nAck .* · Update due/)
    expect(text).toMatch(/Last events\n(?:.+\n){5}/)
  })

  test('the bot’s own coming, a channel that is none of ours, and a guest are welcomed by nobody', async () => {
    const joined = (user: string, where: string) => ({ type: 'member_joined_channel', user, channel: where, team: bot.workspace.team.id })
    await bot.event(joined(bot.workspace.bot.id, channel))
    await bot.event(joined(bot.user('alice'), 'C000000001'))
    await bot.change('alice', { is_ultra_restricted: true })
    await bot.event(joined(bot.user('alice'), channel))
    await bot.change('alice', { is_ultra_restricted: false })
    await bot.idle()
    expect(await welcomed('alice')).toEqual([])
    expect((await bot.texts(channel)).filter((text) => text.includes('Welcome to'))).toHaveLength(1)
  })

  test('who is deactivated loses their roles, and a lead is looked for anew', async () => {
    const { search } = await bot.incident('INC-1')
    await bot.change('carol', { deleted: true })
    await bot.sees(channel, 'carol Example is not in this workspace any more and leaves Lead. Take it: /incident role lead')
    await until(async () => (await header()).includes('[Take the lead]'), 'a header without a lead')
    expect(await bot.incident('INC-1')).toMatchObject({ lead: null, search: search + 1 })
    await bot.change('carol', { deleted: false })
  })
})

describe('who is called', () => {
  test('somebody who was deactivated is passed over, although the ladder still names them', async () => {
    await bot.change('bob', { deleted: true })
    await bot.say('alice', 'general', '/incident new acme P1 Nobody answers')
    const other = await bot.opened('INC-2')
    await bot.sees(other, '📟 @carol you are needed in INC-2: Bob cannot be reached: deactivated in Slack. Acknowledge')
    await bot.sees(other, '⚠ Somebody who was called cannot be reached: Bob (deactivated in Slack)')
    await bot.change('bob', { deleted: false })
  })

  let brew: string
  test('the first of the ladder is not in the workspace: the header says so, and the next is called at once and let in', async () => {
    expect((await bot.say('alice', 'general', '/incident new brew P1 Beer is out')).text).toContain('INC-3')
    brew = await bot.opened('INC-3')
    await bot.sees(brew, '📟 @carol you are needed in INC-3: Erin cannot be reached: not in this workspace. Acknowledge')
    await bot.sees(brew, '⚠ Somebody who was called cannot be reached: Erin (not in this workspace)')
    expect((await bot.channel(brew)).members).toContain(bot.user('carol'))
    await bot.idle()
    expect(await bot.incident('INC-3')).toMatchObject({ escalation: 1 })
  })

  test('the next by hand: who has only a telephone is named with their number', async () => {
    const said = await bot.say('alice', brew, '/incident page')
    expect(said.text).toBe('⚠ Data centre (+41 44 123 45 67) was not called: the bot cannot telephone. Please do.')
    await bot.sees(brew, '⚠ Data centre (+41 44 123 45 67) was not called: the bot cannot telephone. Please do. Asked by @alice.')
    expect((await bot.say('alice', brew, '/incident page')).text).toContain(
      'Everybody on the ladder of INC-3 was called: Erin, Carol, Data centre.',
    )
  })

  test('a person, with why; not again within five minutes; nobody who cannot come', async () => {
    expect((await bot.channel(brew)).members).not.toContain(bot.user('bob'))
    expect((await bot.say('alice', brew, '/incident page @bob The taps drip')).text).toBe('📟 @bob is called to INC-3, in its channel.')
    await bot.sees(brew, '📟 @bob you are needed in INC-3: The taps drip. Asked by @alice.')
    expect((await bot.channel(brew)).members).toContain(bot.user('bob'))
    expect((await bot.say('carol', brew, '/incident page @bob')).text).toMatch(/^bob Example was called at .* already\. Give them 5 min/)
    await bot.change('bob', { is_ultra_restricted: true })
    expect((await bot.say('carol', brew, '/incident page @bob')).text).toContain('bob Example is a guest of this workspace.')
    await bot.change('bob', { is_ultra_restricted: false })
  })

  test('a contact by its key; a typing error calls nobody; a call is part of the story', async () => {
    expect((await bot.say('alice', brew, '/incident page secnd Come')).text).toContain('For example /incident page second')
    expect((await bot.say('alice', brew, '/incident page third Power is out')).text).toContain('Data centre was called at')
    const { events } = (await bot.load('INC-3'))!
    expect(events.filter(({ event }) => event.type === 'paged')).toHaveLength(3)
    expect((await bot.say('alice', brew, '/incident status')).text).toContain('Paged bob Example: The taps drip')
  })

  test('a name without an @ calls whoever is meant, or nobody', async () => {
    const calls = async () => (await bot.load('INC-3'))?.events.filter(({ event }) => event.type === 'paged').length
    const before = await calls()
    for (const words of ['dave', 'dvae@example.test', 'dvae@example.test Look at this', 'urgent', 'second @bob'])
      expect((await bot.say('alice', brew, `/incident page ${words}`)).text, words).toMatch(
        /nobody whom Slack knows|is not one to be called/,
      )
    expect(await calls()).toBe(before)
    expect((await bot.say('alice', brew, '/incident page dave@example.test Look at this')).text).toBe(
      '📟 @dave is called to INC-3, in its channel.',
    )
    // Whoever has a part in it is known by name; who was just called is not called again.
    expect((await bot.say('bob', brew, '/incident page Alice')).text).toBe('📟 @alice is called to INC-3, in its channel.')
    expect((await bot.say('bob', brew, '/incident page dave example')).text).toContain('Everybody on the ladder of INC-3 was called')
    const { events } = (await bot.load('INC-3'))!
    expect(events.flatMap(({ event }) => (event.type === 'paged' ? [event.why] : [])).slice(-2)).toEqual(['Look at this', null])
  })

  test('the bot asks for a lead at the pace of the severity: the first and the last time aloud', async () => {
    const { store, queue } = bot.bot
    // 300 ms between two times, so that the five are over soon.
    await createHandle({ store, queue }).declare(
      {
        kind: 'incident',
        product: { key: 'acme', name: 'Acme', links: [], hash: '' },
        title: 'Nobody leads',
        summary: null,
        policy: { ...policy('P2'), page: false, invite: [], ladder: [{ name: 'Bob', email: 'bob@example.test' }], nagLead: 0.005 },
        private: false,
        rule: null,
        alert: null,
      },
      { kind: 'person', id: 'alice', name: 'alice', slack: bot.user('alice') },
    )
    const quiet = await bot.opened('INC-4')
    await until(async () => (await bot.incident('INC-4')).asked === 5, 'five times')
    await bot.idle()
    const asking = (await bot.texts(quiet)).filter((text) => text.includes('Nobody leads INC-4 yet'))
    expect(asking).toEqual(Array(2).fill('🙋 @bob Nobody leads INC-4 yet. Take it: /incident role lead'))
    await bot.say('bob', quiet, '/incident role lead')
    await bot.sees(quiet, '🙋 Nobody led for a while; now @bob does.')
  })
})

describe('/incident alone', () => {
  test('inside: what can be done now, which is another thing when it is over', async () => {
    const open = await bot.say('alice', channel, '/incident')
    expect(open.text).toContain('[Acknowledge] ack')
    expect(open.text).toContain('/incident resolve <summary>')
    expect(open.text).not.toContain('/incident postmortem')
    // This product has no actions.
    expect(open.text).not.toContain('Run an action')
    expect((await bot.press('alice', channel, 'Who does what')).text).toContain('Communications')
    const other = await bot.opened('INC-4')
    await bot.say('bob', other, '/incident resolve Bob leads')
    const over = await bot.say('alice', other, '/incident')
    expect(over.text).toContain('[Post-mortem] postmortem')
    expect(over.text).not.toContain('[Resolve]')
  })

  test('outside: the form, with what the severities mean, for the product that is chosen, and which one the title speaks for', async () => {
    const form = async () =>
      JSON.stringify((await bot.ask<{ open: boolean; view: object }[]>('GET', '/views')).findLast(({ open }) => open)?.view)
    expect((await bot.say('bob', 'general', '/incident')).form).toBe(true)
    expect(await form()).toContain('Service down, payments failing, or data at risk')
    expect(await form()).not.toContain('Nobody can pay')
    await bot.choose('bob', 'product', 'acme', { title: 'Checkout is slow' })
    expect(await form()).toContain('Nobody can pay')
    expect(await form()).toContain('answer within 15 min, pages')
    expect(await form()).toContain('“slow”. Left empty, it is that.')
    expect((await bot.submit('bob', {})).body).toContain('INC-5')
    await until(async () => (await bot.incident('INC-5')).title === 'Checkout is slow', 'INC-5')
    expect(await bot.incident('INC-5')).toMatchObject({ severity: 'P2', product: { key: 'acme' } })
  })
})
