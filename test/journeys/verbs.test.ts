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
