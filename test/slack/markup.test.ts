import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { namedIn, plainText } from '../../src/adapters/slack/markup.ts'
import { viewOf } from '../../src/slack/forms.ts'
import { wordsOfMention } from '../../src/slack/mention.ts'
import { typed } from '../../src/slack/typed.ts'

const names = { users: new Map([['U1', 'bob']]), channels: new Map([['C1', 'general']]), groups: new Map([['S1', 'oncall']]) }

describe('what people write in Slack, as plain text', () => {
  test.each([
    ['<@U1> and <@U2|carol> and <@U9>', '@bob and @carol and @somebody'],
    ['<#C1> <#C1|> <#C2|ops> <#C3|>', '#general #general #ops #private-channel'],
    // field, defect 20: groups are shown by their names.
    ['<!here> <!subteam^S2|@dba> <!subteam^S1> <!subteam^S9>', '@here @dba @oncall @a-group'],
    ['<!date^1768381200^{date}|14 January>', '14 January'],
    ['<https://a.example/x?a=1&amp;b=2>', 'https://a.example/x?a=1&b=2'],
    ['<https://evil.example|https://bank.example>', 'https://bank.example (https://evil.example)'],
    ['<https://a.example/|a.example>', 'https://a.example/'],
    ['<mailto:a@b.example|a@b.example>', 'a@b.example'],
    ['1 &lt; 2 &amp;amp; &lt;!channel&gt;', '1 < 2 &amp; <!channel>'],
    ['a < b > c', 'a < b > c'],
  ])('%s', (text, plain) => expect(plainText(text, names)).toBe(plain))

  test('only names that Slack did not write beside are asked for', () => {
    expect(namedIn('<@U1> <@U1> <@U2|carol> <#C1|> <#C2|ops> <!here> <!subteam^S1> <!subteam^S2|@dba>')).toEqual({
      users: ['U1'],
      channels: ['C1'],
      groups: ['S1'],
    })
  })

  test('never fails', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'<>@#!|&;^aU1 '.split('')) }), (text) => typeof plainText(text, names) === 'string'),
    )
  })
})

test.each([
  ['<@UBOT> status', 'status'],
  ['<@UBOT|tocsin>  /incident ack INC-1', 'ack INC-1'],
  ['<@UBOT> todo Ask <@U1|bob> about <https://a.example|the site> &amp; more', 'todo Ask @bob about https://a.example & more'],
  ['hello <@UBOT>', 'hello'],
  ['<@UBOT> note &lt;@U1&gt; is literal', 'note <@U1> is literal'],
  ['<@UBOT>', ''],
])('behind a mention of the bot, %s is %s', (text, words) => expect(typed(wordsOfMention(text, 'UBOT')).words).toBe(words))

test('a form about a long message carries as much of it as fits', () => {
  const text = '"\\\n\u2028'.repeat(1000)
  const view = viewOf(
    { title: 'Declare', submit: 'new', fields: [] },
    { channel: 'C1', incident: null, from: { channel: 'C1', ts: '1.1', user: 'U1', text } },
  ) as { private_metadata: string }
  expect(view.private_metadata.length).toBeLessThanOrEqual(3000)
  const { from } = JSON.parse(view.private_metadata) as { from: { text: string } }
  expect(from.text.length).toBeGreaterThan(1000)
})
