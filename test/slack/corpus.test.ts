/** Fault 55 over a large random corpus of hostile strings, and every limit of Slack's with it. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Button, Message, Part, Span } from '../../src/incident/message.ts'
import { render } from '../../src/slack/blocks.ts'
import { limits } from '../../src/slack/fit.ts'
import { elementsIn, type Json, markup, mrkdwnIn, objectsIn } from './rendered.ts'

const piece = fc.constantFrom(
  '<!channel>',
  '<!here|x>',
  '<@U1>',
  '<!subteam^S1|@x>',
  '<#C1>',
  '@here',
  '<https://evil.example|https://good.example>',
  'https://evil.example',
  '*',
  '_',
  '~',
  '`',
  '```',
  '>',
  '\n',
  '&',
  '&lt;',
  '<',
  '|',
  '\u202E',
  '\u2066',
  '\u200B',
  '\u200D',
  '\uD800',
  '\u0000',
  ':fire:',
  ' ',
  'word',
  '👩‍🚒',
)
const hostileText = fc.oneof(
  { weight: 4, arbitrary: fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  {
    weight: 1,
    arbitrary: fc.tuple(piece, fc.integer({ min: 100, max: 20_000 })).map(([text, length]) => text.repeat(Math.ceil(length / text.length))),
  },
)
const id = (prefix: string) =>
  fc.oneof(
    fc.integer({ min: 1, max: 99 }).map((number) => `${prefix}ASKED${number}`),
    hostileText,
  )
const contact = fc.record(
  { name: hostileText, slackUser: id('U'), slackGroup: id('S'), slackChannel: id('C'), email: hostileText, phone: hostileText },
  { requiredKeys: ['name'] },
)
const span: fc.Arbitrary<Span> = fc.oneof(
  hostileText,
  fc.record({ bold: hostileText }),
  fc.record({ code: hostileText }),
  fc.record({
    link: fc.oneof(
      fc.webUrl().map((url) => `${url}?asked=1`),
      hostileText,
    ),
    text: hostileText,
  }),
  contact.map((mention) => ({ mention })),
  fc.record({ channel: id('C'), text: hostileText }),
  fc.constant({ time: '2026-11-21T13:20:00.000Z', zone: 'Asia/Kolkata' }),
)
const spans = fc.array(span, { maxLength: 5 })
const button: fc.Arbitrary<Button> = fc.record({
  label: hostileText,
  action: fc.constantFrom('ack', 'approve', 'deny'),
  value: fc.oneof(fc.constant('INC-1'), hostileText),
})
const part: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ kind: fc.constant('heading' as const), text: hostileText }),
  fc.record({ kind: fc.constant('text' as const), spans }),
  fc.record({ kind: fc.constant('fields' as const), fields: fc.array(fc.record({ label: hostileText, value: spans }), { maxLength: 12 }) }),
  fc.record({ kind: fc.constant('list' as const), items: fc.array(spans, { maxLength: 6 }) }),
  fc.record({ kind: fc.constant('quote' as const), text: hostileText }),
  fc.record({ kind: fc.constant('context' as const), spans }),
  fc.record({ kind: fc.constant('buttons' as const), buttons: fc.array(button, { maxLength: 30 }) }),
  fc.constant({ kind: 'divider' as const }),
)
const anyMessage: fc.Arbitrary<Message> = fc.record({
  key: fc.constant('k'),
  summary: hostileText,
  parts: fc.oneof({ weight: 9, arbitrary: fc.array(part, { maxLength: 8 }) }, { weight: 1, arbitrary: fc.array(part, { maxLength: 70 }) }),
})

const asked =
  /^(?:@UASKED\d+|!subteam\^SASKED\d+|#CASKED\d+|!date\^1795267200\^\{date_short_pretty\} \{time\}\|2026-11-21 18:50 GMT\+5:30)$/

/** The addresses of the model's `link` spans, as they may be shown: without a user part. */
const addressesIn = (message: Message): ReadonlySet<string> =>
  new Set(
    objectsIn(message).flatMap(({ link }) => {
      const url = typeof link === 'string' ? URL.parse(link) : null
      if (url === null) return []
      url.username = ''
      url.password = ''
      return [url.href.replaceAll('|', '%7C')]
    }),
  )
/** Asked for, and its text names no other address. */
const isAsked = (url: string, text: string, addresses: ReadonlySet<string>): boolean =>
  /^https?:/.test(url) && addresses.has(url) && (!/:\/\//.test(text) || URL.parse(text)?.host === URL.parse(url)?.host)
const isLink = (inner: string, addresses: ReadonlySet<string>): boolean => {
  const [url = '', text = '', ...more] = inner.replaceAll('&amp;', '&').split('|')
  return more.length === 0 && text !== '' && isAsked(url, text, addresses)
}

/** Everything about one rendered message that must hold whatever it was made of. */
const checkElement = (element: Json, addresses: ReadonlySet<string>): void => {
  switch (element['type']) {
    case 'broadcast':
    case 'team':
    case 'color':
    case 'emoji':
      throw new Error(`nobody asked for ${JSON.stringify(element)}`)
    case 'user':
      return expect(element['user_id']).toMatch(/^UASKED\d+$/)
    case 'usergroup':
      return expect(element['usergroup_id']).toMatch(/^SASKED\d+$/)
    case 'channel':
      return expect(element['channel_id']).toMatch(/^CASKED\d+$/)
    case 'link':
      return expect(isAsked(String(element['url']), String(element['text']), addresses)).toBe(true)
    case 'text':
      return expect(String(element['text']).length).toBeGreaterThan(0)
    case 'plain_text':
      return expect(String(element['text']).length).toBeGreaterThan(0)
    case 'mrkdwn':
      expect(element['verbatim']).toBe(true)
      return expect(String(element['text']).length).toBeGreaterThan(0)
    case 'header':
      return expect((element['text'] as Json)['text']).toSatisfy((text: string) => text.length <= limits.heading)
    case 'section': {
      const fields = element['fields'] as Json[]
      expect(fields.length).toBeLessThanOrEqual(limits.fields)
      return expect(fields.every(({ text }) => String(text).length <= limits.field)).toBe(true)
    }
    case 'context':
      return expect((element['elements'] as Json[]).every(({ text }) => String(text).length <= 3000)).toBe(true)
    case 'actions': {
      const elements = element['elements'] as Json[]
      expect(elements.length).toBeLessThanOrEqual(limits.buttons)
      return expect(new Set(elements.map((each) => each['action_id'])).size).toBe(elements.length)
    }
    case 'button':
      expect(String(element['value']).length).toBeLessThanOrEqual(limits.buttonValue)
      return expect(String((element['text'] as Json)['text']).length).toBeLessThanOrEqual(limits.buttonLabel)
    default:
      return undefined
  }
}

test('55: over a random corpus nothing is mentioned, linked or hidden that the model did not ask for, and every limit holds', () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      const { text, blocks, plain } = render(message)
      const addresses = addressesIn(message)
      for (const mrkdwn of [text, plain, ...mrkdwnIn(blocks)]) {
        for (const inner of markup(mrkdwn))
          if (!asked.test(inner) && !isLink(inner, addresses)) throw new Error(`nobody asked for <${inner}> in ${JSON.stringify(mrkdwn)}`)
        // Outside of what was asked for, no bracket is left that could open something.
        expect(mrkdwn.replace(/<[^<>]*>/g, '')).not.toContain('<')
      }
      expect(markup(text)).toEqual([])
      expect(text).not.toMatch(/[*~`]/)
      for (const element of elementsIn(blocks)) checkElement(element, addresses)
      expect(blocks.length).toBeLessThanOrEqual(50)
      expect(JSON.stringify(blocks).length).toBeLessThanOrEqual(limits.total)
      expect(text.length).toBeLessThanOrEqual(1500)
      expect(plain.length).toBeLessThanOrEqual(limits.plain)
      const everything = JSON.stringify([text, plain, elementsIn(blocks).map(({ text: shown }) => shown)])
      expect(everything).not.toMatch(/[\u202A-\u202E\u2066-\u2069\u200B\u200E\u200F\uFEFF]|\\ud[89a-f]|\\u0000/i)
    }),
    { numRuns: 800 },
  )
}, 120_000)
