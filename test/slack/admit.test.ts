/** Who may ask the bot for anything. */
import { describe, expect, test } from 'vitest'
import { createMembers } from '../../src/members.ts'
import type { Member } from '../../src/ports.ts'
import { admission, visitorOf } from '../../src/slack/admit.ts'
import { recorder, silent } from '../silent.ts'

const mine = { teamId: 'T0MINE', botUserId: 'U0BOT' }
const member = (standing: Member['standing']): Member => ({ user: 'U0BEA', name: 'Bea', email: null, standing })
const ask = async (body: object, known: Member | null | 'unknown' = member('member'), identity: typeof mine | null = mine) => {
  const { log, lines } = recorder()
  const outcome = await admission(visitorOf(body), { identity: () => identity, glance: () => Promise.resolve(known), log })
  return { code: 'refused' in outcome ? outcome.refused.code : 'in', lines }
}

const command = { command: '/incident', team_id: 'T0MINE', user_id: 'U0BEA' }
const press = { type: 'block_actions', team: { id: 'T0MINE' }, user: { id: 'U0BEA', team_id: 'T0MINE' } }
const sent = { type: 'view_submission', team: { id: 'T0MINE' }, user: { id: 'U0BEA', team_id: 'T0MINE' } }
const event = (more: object, team = 'T0MINE') => ({ team_id: team, event: { type: 'reaction_added', user: 'U0BEA', ...more } })

describe('of every kind of request (faults 8)', () => {
  test.each([
    ['a command', command, { ...command, team_id: 'T0OTHER' }],
    ['a button', press, { ...press, user: { id: 'U0BEA', team_id: 'T0OTHER' } }],
    ['a form', sent, { ...sent, team: { id: 'T0OTHER' } }],
    ['an event', event({}), event({}, 'T0OTHER')],
  ])('%s: members are let in, others refused and logged', async (_, good, foreign) => {
    expect((await ask(good)).code).toBe('in')
    expect(await ask(foreign)).toMatchObject({ code: 'not_yours', lines: [{ level: 'warn', why: 'another workspace' }] })
    for (const standing of ['guest', 'stranger', 'bot', 'deactivated'] as const)
      expect(await ask(good, member(standing))).toMatchObject({ code: 'outsider', lines: [{ user: 'U0BEA', why: standing }] })
    expect((await ask(good, null)).code).toBe('outsider')
    expect((await ask(good, member('member'), null)).code).toBe('no_workspace')
  })

  test('somebody of a connected workspace, by what the event itself says', async () => {
    expect((await ask(event({ user_team: 'T0OTHER' }))).code).toBe('not_yours')
    expect((await ask(event({ source_team: 'T0OTHER' }))).code).toBe('not_yours')
  })

  test('a bot’s message, and one that was edited by a guest', async () => {
    expect((await ask(event({ type: 'message', user: undefined, bot_id: 'B0' }))).code).toBe('outsider')
    const edited = { type: 'message', subtype: 'message_changed', user: undefined, message: { user: 'U0BEA' } }
    expect((await ask(event(edited), member('guest'))).code).toBe('outsider')
  })

  test('what is so is taken from whoever it comes: a channel archived by a guest is archived', async () => {
    for (const type of ['channel_archive', 'group_deleted', 'tokens_revoked'])
      expect((await ask(event({ type, channel: 'C0' }), member('guest'))).code).toBe('in')
    expect((await ask(event({ type: 'user_change', user: { id: 'U0BEA', deleted: true } }), member('deactivated'))).code).toBe('in')
    expect((await ask(event({ type: 'channel_archive' }, 'T0OTHER'))).code).toBe('not_yours')
  })

  test('while Slack does not say who somebody is, nobody on call is locked out', async () => {
    expect((await ask(command, 'unknown')).code).toBe('in')
  })
})

describe('who somebody is', () => {
  const setting = () => {
    const state = { answer: member('member') as Member | null | Error | 'never', asked: 0, now: 0 }
    const chat = {
      member: () => {
        state.asked += 1
        if (state.answer === 'never') return new Promise<never>(() => {})
        return state.answer instanceof Error ? Promise.reject(state.answer) : Promise.resolve(state.answer)
      },
    }
    return { state, members: createMembers({ chat, elapsed: () => state.now, log: silent }) }
  }

  test('is asked once in five minutes, and at once for ten clicks', async () => {
    const { state, members } = setting()
    await Promise.all(Array.from({ length: 10 }, () => members.glance('U0BEA')))
    state.now = 299_000
    await members.find('U0BEA')
    expect(state.asked).toBe(1)
    state.now = 301_000
    await members.find('U0BEA')
    expect(state.asked).toBe(2)
  })

  test('is what it was while Slack does not answer, also when it was no member', async () => {
    const { state, members } = setting()
    state.answer = member('guest')
    await members.glance('U0BEA')
    state.now = 400_000
    state.answer = new Error('no answer')
    expect(await members.glance('U0BEA')).toMatchObject({ standing: 'guest' })
    expect(await members.glance('U0NEW')).toBe('unknown')
    await expect(members.find('U0BEA')).rejects.toThrow('no answer')
  })

  test('is not waited for longer than a command can wait', async () => {
    const { state, members } = setting()
    state.answer = 'never'
    const started = performance.now()
    expect(await members.glance('U0BEA')).toBe('unknown')
    expect(performance.now() - started).toBeLessThan(2_000)
  })

  test('is asked anew when Slack tells of a change', async () => {
    const { state, members } = setting()
    await members.find('U0BEA')
    state.answer = member('deactivated')
    members.forget('U0BEA')
    expect(await members.find('U0BEA')).toMatchObject({ standing: 'deactivated' })
  })
})
