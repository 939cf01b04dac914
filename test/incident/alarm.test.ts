/** What people are told outside the chat: what stands in it, what never does, and which calls nobody has seen. */
import { describe, expect, test } from 'vitest'
import { awayAlarm, backAlarm, type OpenDuring, unseenCalls } from '../../src/incident/alarm.ts'
import { conversation } from '../../src/incident/conversation.ts'
import type { Recorded } from '../../src/incident/events.ts'
import { replay } from '../../src/incident/evolve.ts'
import { ack, at, declared, happened, policy, silence, tick } from '../given.ts'

const outage = { since: at(10), why: 'Slack, auth.test: token_revoked (the token was revoked: set SLACK_BOT_TOKEN)', final: true }
const open = (events: readonly Recorded[], more: Partial<OpenDuring> = {}): OpenDuring => ({
  id: 'INC-7',
  private: false,
  incident: replay(events),
  unseen: [],
  ...more,
})
const ladder = {
  product: 'Acme Shop',
  contacts: [
    { name: 'On-call', phone: '+41 44 123 45 67', email: 'oncall@acme.example' },
    { name: 'Team lead', slackUser: 'U0LEAD' },
  ],
}

describe('the message that Slack is away', () => {
  test('says why, since when, what is open until when, whom to call and what to do', () => {
    const events = happened(declared())
    const unseen = unseenCalls(replay(events)!, events, new Set())
    const { id, subject, text } = awayAlarm(outage, 1, { open: [open(events, { unseen })], more: 0, ladders: [ladder] })
    expect(id).toBe(`slack-away-${Date.parse(at(10))}-1`)
    expect(subject).toBe('Slack cannot be used: 1 open incident')
    expect(text)
      .toBe(`Slack cannot be used since 2026-01-14 09:10 UTC: Slack, auth.test: token_revoked (the token was revoked: set SLACK_BOT_TOKEN)
What the bot says there is read by nobody. It goes on taking alerts and running clocks, and posts everything when Slack is back.

Open
- INC-7 P1 Acme Shop: Checkout fails – acknowledgement due 2026-01-14 10:20 CET (09:20 UTC)
  To be called since 2026-01-14 10:00 CET (09:00 UTC), not shown in Slack: On-call

Whom to call for a P1
Acme Shop:
- On-call: +41 44 123 45 67, oncall@acme.example
- Team lead: no telephone number or e-mail is known

What to do
- Call the people above, and agree where to work together until then.
- Waiting does not mend it: do what the reason says, and start the bot again if you change its settings.`)
  })

  test('of a private incident only the number, in the text and in the data', () => {
    const message = awayAlarm({ ...outage, final: false }, 2, {
      open: [open(happened(declared()), { private: true })],
      more: 0,
      ladders: [],
    })
    expect(message.subject).toBe('Slack cannot be used: 1 open incident, message 2')
    expect(message.text).toContain('- INC-7 (private)')
    expect(JSON.stringify(message)).not.toMatch(/Checkout|P1 Acme|2026-01-14T09:20/)
    expect(message.data).toMatchObject({ incidents: [{ id: 'INC-7', private: true }] })
  })

  test('a damaged record is named', () => {
    expect(awayAlarm(outage, 1, { open: [open([], { incident: null })], more: 7, ladders: [] }).text).toContain(
      '- INC-7 (its record is damaged)\n- and 7 more\n',
    )
  })

  test('a clock that ran out, one that was met, and an update that is due', () => {
    const lineOf = (events: readonly Recorded[]) =>
      /- INC-7 .*/.exec(awayAlarm(outage, 1, { open: [open(events)], more: 0, ladders: [] }).text)?.[0]
    expect(lineOf(happened(declared(), tick('response', 1, 20)))).toContain('acknowledgement overdue since 2026-01-14 10:20 CET')
    expect(lineOf(happened(declared(), ack(5)))).toContain('status update due 2026-01-14 10:30 CET')
    expect(lineOf(happened(declared({ policy: policy('P4') }), ack(5)))).toContain('no clock runs')
  })

  test('foreign text mentions nobody, links nowhere and carries no secret', () => {
    const title = '<!channel> @everyone xoxb-1234567890-abcdef \u202Etxt.exe\nOpen\n- INC-2'
    const message = awayAlarm({ ...outage, why: `proxy said <b>no</b> ghp_${'a'.repeat(30)}` }, 1, {
      open: [open(happened(declared({ title })))],
      more: 0,
      ladders: [{ product: '<!here>', contacts: [{ name: '@all\r\nBcc: x', phone: '+41 44 1' }] }],
    })
    expect(message.text).not.toMatch(/[<>\u202E]|@everyone|@all|1234567890|aaaa/)
    expect(message.text.split('\n').filter((line) => line === '- INC-2')).toEqual([])
    expect(JSON.stringify(message.data)).not.toMatch(/1234567890|aaaa/)
  })
})

test('the message that Slack is back stands by itself', () => {
  const { id, text } = backAlarm({ since: at(10), why: outage.why, until: at(75) })
  expect(id).toBe(`slack-back-${Date.parse(at(10))}`)
  expect(text).toContain('Slack can be used again since 2026-01-14 10:15 UTC. It could not for 1 h 05 min: Slack, auth.test: token_revoked')
})

describe('calls that nobody has seen', () => {
  const events = happened(declared(), tick('response', 1, 20), silence(2, 30))
  const incident = replay(events)!
  const all = conversation(events).flatMap((item) => (item.step === 'message' ? [item.key] : []))
  const unseen = (without: string) =>
    unseenCalls(incident, events, new Set(all.filter((key) => !key.startsWith(without)))).map(({ event }) => event.type)

  test('none when the channel shows everything', () => expect(unseen('nothing')).toEqual([]))
  test('all when it shows nothing', () => expect(unseen('')).toEqual(['declared', 'escalated', 'escalated', 'escalated']))
  test('the opening and its page stand in one message', () => expect(unseen('opening')).toEqual(['declared', 'escalated']))
  test('a later step of the ladder in its own', () => expect(unseen('escalated:1:2')).toEqual(['escalated']))
})
