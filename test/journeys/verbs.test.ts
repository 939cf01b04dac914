/** Verbs as people type and press them: which record is meant, what is asked in a form, what is said instead. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestBot, type TestBot } from '../bot.ts'

let bot: TestBot
let first: string
let second: string
beforeAll(async () => {
  bot = await startTestBot({ github: false })
  await bot.say('alice', 'general', '/incident new acme P2 Payments fail')
  await bot.say('alice', 'general', '/incident new acme P3 Search is slow')
  first = await bot.opened('INC-1')
  second = await bot.opened('INC-2')
  for (const channel of [first, second]) await bot.sees(channel, 'Checks at opening')
  await bot.idle()
})
afterAll(() => bot[Symbol.asyncDispose]())

const ask = async (where: string, text: string, as = 'alice') => (await bot.say(as, where, text)).text
const noted = async (id: string) =>
  ((await bot.load(id))?.events ?? []).flatMap(({ event }) => (event.type === 'noted' ? [event.text] : []))

describe('which record is meant', () => {
  test('the id may stand first, and alone', async () => {
    expect(await ask('general', '/incident INC-1 status')).toContain('Payments fail')
    expect(await ask('general', '/incident #1 statsu')).toContain('Did you mean /incident status?')
    expect(await ask('general', '/incident inc-1')).toMatch(/INC-1 P2[\s\S]*Payments fail[\s\S]*\[Acknowledge\]/)
    expect(await ask(second, '/incident INC-1')).toContain('Payments fail')
    expect(await ask('general', '/incident INC-9 status')).toContain('There is no INC-9')
    expect(await ask('general', '/incident INC-2 note Before the verb')).toBe('INC-2: ✅ Noted.')
    expect(await noted('INC-2')).toEqual(['Before the verb'])
  })

  test('what is said elsewhere than in its channel names it; in its channel it need not', async () => {
    expect(await ask('general', '/incident note INC-2 From elsewhere')).toBe('INC-2: ✅ Noted.')
    expect(await ask(second, '/incident note From here')).toBe('✅ Noted.')
    expect(await ask(second, '/incident severity INC-1 P2')).toMatch(/^INC-1: It is P2 already/)
    expect(await ask(second, '/incident INC-1 update Looking at it')).toMatch(/^INC-1: ✅ Update posted\./)
  })

  test('a text that begins with another record’s id is written nowhere before it is said for which', async () => {
    const before = [await bot.load('INC-1'), await bot.load('INC-2')].map((loaded) => loaded?.events.length)
    for (const text of ['note INC-1 was seen, too', 'resolve INC-1 was it', 'suspect INC-1', 'suspect INC-1 is it'])
      expect(await ask(second, `/incident ${text}`), text).toMatch(text === 'suspect INC-1' ? /INC-1/ : /^Nothing was recorded yet/)
    expect([await bot.load('INC-1'), await bot.load('INC-2')].map((loaded) => loaded?.events.length)).toEqual(before)

    await ask(second, '/incident note INC-1 was seen <here> & there, too')
    expect((await bot.press('alice', second, 'note in INC-2')).text).toBe('✅ Noted.')
    expect((await noted('INC-2')).at(-1)).toBe('INC-1 was seen <here> & there, too')
    await ask(second, '/incident todo INC-1 Look again @dave by 2030-12-01')
    expect((await bot.press('alice', second, 'todo in INC-1')).text).toContain('INC-1: ✅ To do 1 for @dave by 2030-12-01')
    expect((await bot.incident('INC-1')).todos).toMatchObject([{ text: 'Look again', owner: { slack: bot.user('dave') } }])
    // Its own id is no question.
    expect(await ask(second, '/incident note INC-2 is this one')).toBe('✅ Noted.')
  })
})

describe('what is typed without its words is asked in a form', () => {
  const id = 'INC-2'
  const form = async (text: string, values: Record<string, string>, as = 'bob') => {
    expect((await bot.say(as, second, `/incident ${text}`)).form, text).toBe(true)
    return bot.submit(as, values)
  }
  const last = async () => (await bot.load(id))?.events.at(-1)?.event

  test('note, with a time of day', async () => {
    expect(await form('note', { text: 'Restarted it', at: '00:00' })).toMatchObject({ closed: false })
    await bot.submit('bob', { text: 'Restarted it' })
    expect(await last()).toMatchObject({ type: 'noted', text: 'Restarted it' })
  })

  test('todo: its list has a button for the form', async () => {
    expect(await ask(second, '/incident todo', 'bob')).toContain('Nothing is to be done for INC-2 yet')
    expect((await bot.press('bob', second, 'Add…')).form).toBe(true)
    expect(await bot.submit('bob', { text: 'Tell the <customers>', owner: 'dave', due: '2030-12-01' })).toMatchObject({ closed: true })
    expect(await last()).toMatchObject({
      type: 'todo-added',
      text: 'Tell the <customers>',
      due: '2030-12-01',
      owner: { slack: bot.user('dave'), name: 'dave Example' },
    })
  })

  test('suspect and ruled-out: what is suspected is chosen from', async () => {
    expect(await ask(second, '/incident suspect', 'bob')).toContain('[Suspect…]')
    expect((await bot.press('bob', second, 'Suspect…')).form).toBe(true)
    await bot.submit('bob', { text: 'The index is gone' })
    expect(await last()).toMatchObject({ type: 'suspected', text: 'The index is gone' })
    expect(await form('ruled-out', { text: '1', because: 'it is there' })).toMatchObject({ closed: true })
    expect(await last()).toMatchObject({ type: 'ruled-out', suspect: 1, because: 'it is there' })
  })

  test('severity, mitigate, merge, change and maintenance', async () => {
    await form('severity', { severity: 'P2', why: 'Half of them' })
    expect((await bot.load(id))?.events.findLast(({ event }) => event.type === 'severity-changed')?.event).toMatchObject({
      from: 'P3',
      why: 'Half of them',
    })
    expect(await form('mitigate', {})).toMatchObject({ closed: true })
    expect(await last()).toMatchObject({ type: 'mitigated', text: null })
    expect((await bot.say('bob', second, '/incident mitigate')).text).toMatch(/^Already mitigated/)

    expect((await form('change', { product: 'acme', title: 'Deploy v143' })).closed).toBe(true)
    expect(await bot.incident('INC-3')).toMatchObject({ kind: 'change', title: 'Deploy v143' })
    const planned = { product: 'acme', from: 'tomorrow 22:00', to: '2h', title: 'Move it' }
    expect((await form('maintenance', { ...planned, from: 'soon' })).body).toContain('is not from when to when')
    expect((await bot.submit('bob', planned)).closed).toBe(true)
    expect(await bot.incident('INC-4')).toMatchObject({ kind: 'maintenance', title: 'Move it' })
  })

  test('page: alone it calls the next; a button asks whom', async () => {
    await ask(second, '/incident', 'bob')
    expect((await bot.press('bob', second, 'Call somebody')).form).toBe(true)
    await bot.submit('bob', { person: 'carol', why: 'urgent' })
    expect((await bot.load(id))?.events.findLast(({ event }) => event.type === 'paged')?.event).toMatchObject({
      to: { slackUser: bot.user('carol') },
      why: 'urgent',
    })
  })

  test('a form of another record says of which, and so does what comes of it', async () => {
    expect((await bot.say('carol', second, '/incident note INC-1')).form).toBe(true)
    const open = await bot.ask<{ open: boolean; view: unknown }[]>('GET', '/views')
    expect(JSON.stringify(open.at(-1))).toContain('INC-1')
    await bot.submit('carol', { text: 'From the other channel' })
    await bot.sees(second, 'INC-1: ✅ Noted.')
  })

  test('what cannot be done now is said before anything is filled in', async () => {
    const refused = async (text: string) => {
      const said = await bot.say('bob', second, `/incident ${text}`)
      expect(said.form, text).toBe(false)
      return said.text
    }
    expect(await refused('reopen')).toMatch(/INC-2 is open/)
    expect((await form('pause', { why: 'Waiting for the provider' })).closed).toBe(true)
    expect(await refused('pause')).toMatch(/^The clocks stand since/)
    await bot.until(
      async () => (await bot.texts(second)).some((text) => /paused: Waiting for the provider[\s\S]*\[Resume the clocks\]/.test(text)),
      'the reason and the button in the header',
    )
    expect((await bot.say('bob', second, '/incident')).text).toContain('[Resume the clocks]')
    expect((await bot.press('bob', second, 'Resume the clocks')).text).toContain('The clocks run again')
    expect((await form('resolve', { summary: 'Index rebuilt' })).closed).toBe(true)
    for (const text of ['update', 'resolve', 'pause', 'severity', 'page …', 'mitigate'])
      expect(await refused(text), text).toMatch(/^Already resolved/)
    const now = (await bot.say('bob', second, '/incident')).text
    expect(now).toMatch(/\[Reopen\]/)
    expect(now).not.toMatch(/\[Resolve\]|\[Post update\]/)
    expect((await form('reopen', { why: 'Slow again' })).closed).toBe(true)
    expect((await form('merge', { into: 'INC-1' })).closed).toBe(true)
    const merged = (await bot.say('bob', second, '/incident')).text
    expect(merged).toMatch(/Merged into INC-1[\s\S]*\[Where it stands\]/)
    expect(merged).not.toMatch(/\[(?:Note|Reopen|Resolve)\]/)
    expect(await refused('note')).toMatch(/was merged into INC-1/)
  })
})

test('who declares what may be open already is told of it, the same title first; of what is private nothing', async () => {
  await ask('general', '/incident new acme P1 Keys leaked --private', 'dave')
  await ask('general', '/incident new acme P4 Restore the backup --drill', 'dave')
  const known = /INC-\d+/.exec(await ask('general', '/incident new acme P4 Basket is slow', 'dave'))?.[0] ?? ''
  const answer = await ask('general', '/incident new acme P3  basket is  SLOW', 'carol')
  const id = /INC-\d+/.exec(answer)?.[0] ?? ''
  expect(answer).toMatch(new RegExp(`Also open for Acme:\\s+• ${known} P4 Basket is slow[^]*• INC-1 P2 Payments fail`))
  expect(answer).toContain(`/incident merge ${id} ${known}`)
  expect(answer).not.toMatch(/Keys leaked|Restore/)
  expect(await ask('general', '/incident new unassigned P4 Something else', 'carol')).not.toContain('Also open')
  // Practice and planned work are no incidents to whoever counts them, either.
  expect(await bot.metrics()).toContain('tocsin_incidents_open{kind="drill",severity="P4"} 1')
})
