/** Fault 55 and the sizes of fault 18: what is rendered holds no mention or link that the model did not ask for, and every limit. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Button, Message, Part, Span } from '../../src/incident/message.ts'
import { render, renderParts, renderText } from '../../src/slack/blocks.ts'
import { fit, limits } from '../../src/slack/fit.ts'
import { literal } from '../../src/slack/literal.ts'

type Json = Record<string, unknown>
const of = (...parts: Part[]): Message => ({ key: 'k', summary: 'summary', parts })
const textPart = (...spans: Span[]): Part => ({ kind: 'text', spans })

/** Every object in a tree. */
const objectsIn = (value: unknown): Json[] => {
  if (Array.isArray(value)) return value.flatMap(objectsIn)
  if (typeof value !== 'object' || value === null) return []
  return [value as Json, ...Object.values(value).flatMap(objectsIn)]
}
const elementsIn = (value: unknown) => objectsIn(value).filter((each) => typeof each['type'] === 'string')
const mrkdwnIn = (value: unknown) => elementsIn(value).filter((each) => each['type'] === 'mrkdwn').map((each) => String(each['text']))
/** What Slack would act on in mrkdwn. */
const markup = (text: string) => [...text.matchAll(/<([^>]*)>/g)].map((match) => match[1] ?? '')

describe('literal text', () => {
  const hostile = [
    '<!channel> @here <!everyone|x>',
    '<@U1> and <#C1|secret> and <!subteam^S1>',
    '<https://evil.example|https://good.example>',
    '*bold* _italic_ ~gone~ `code` ```block```',
    '> quoted\n>>> all',
    '&lt;!channel&gt; &amp;lt;@U1&amp;gt;',
    '\u202Egnp.exe\u202C \u200Bpay\u200Dpal\u2066x\u2069 \u{E0041}\uFEFF',
  ]
  test.each(hostile)('%j is one text element in running text', (text) => {
    const [block] = renderParts([textPart(text)])
    expect(block).toEqual({ type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: literal(text) }] }] })
  })

  test.each(hostile)('%j means nothing in mrkdwn', (text) => {
    const shown = renderText([text])
    expect(shown).not.toMatch(/[<>*~`\u202A-\u202E\u2066-\u2069\u200B-\u200F\uFEFF]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|^\s*&gt;/mu)
  })

  test('in words, underscores stay, and entities are not doubled into markup', () => {
    expect(renderText(['high_error_rate & <x>'])).toBe('high_error_rate &amp; &lt;x&gt;')
  })

  test('joiners of emoji and scripts stay, beside Latin letters they go', () => {
    expect(literal('👩‍🚒 pay\u200Dpal می‌خواهم')).toBe('👩‍🚒 paypal می‌خواهم')
  })

  test('code with backticks stays one piece of code', () => {
    expect(renderText([{ code: 'a ``` *b* <!here>' }])).toBe('`a ˋˋˋ *b* &lt;!here&gt;`')
    expect(renderParts([textPart({ code: 'a `b`' })])).toEqual([{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: 'a `b`', style: { code: true } }] }] }])
  })

  test('the fallback text and headings are literal', () => {
    const { text, blocks } = render({ key: 'k', summary: '<!channel> *x*', parts: [{ kind: 'heading', text: '<!channel>\n:fire:' }] })
    expect(text).toBe('&lt;!channel&gt; ∗x∗')
    expect(blocks).toEqual([{ type: 'header', text: { type: 'plain_text', text: '<!channel> :fire:', emoji: false } }])
  })
})

describe('spans with a meaning', () => {
  test('mentions', () => {
    const contacts = [
      { name: 'Bea', slackUser: 'U02', slackGroup: 'S1' },
      { name: 'On call', slackGroup: 'S01' },
      { name: 'Room', slackChannel: 'C01' },
      { name: '<!here> Ann', email: 'ann@example.com', phone: '+49 30 1' },
      { name: 'CTO', slackUser: '@cto> <!channel' },
    ].map((mention): Span => ({ mention }))
    expect(contacts.map((span) => renderText([span]))).toEqual(['<@U02>', '<!subteam^S01>', '<#C01>', '&lt;!here&gt; Ann (ann@example.com, +49 30 1)', 'CTO'])
    const elements = elementsIn(renderParts(contacts.map((span) => textPart(span)))).map((each) => each['user_id'] ?? each['usergroup_id'] ?? each['channel_id'] ?? each['text'])
    expect(elements.filter((each) => each !== undefined)).toEqual(['U02', 'S01', 'C01', '<!here> Ann (ann@example.com, +49 30 1)', 'CTO'])
  })

  test('times fall back to the zone of the product', () => {
    const time: Span = { time: '2026-11-21T13:20:00.000Z', zone: 'Europe/Berlin' }
    expect(renderText([time])).toBe('<!date^1795267200^{date_short_pretty} {time}|2026-11-21 14:20 CET>')
    expect(elementsIn(renderParts([textPart(time)])).at(-1)).toEqual({ type: 'date', timestamp: 1795267200, format: '{date_short_pretty} {time}', fallback: '2026-11-21 14:20 CET' })
  })

  test('links lead where they say', () => {
    const shown = (link: string, text: string) => renderText([{ link, text }])
    expect(shown('https://grafana.example/d?a=1&b=|2', 'Dashboard')).toBe('<https://grafana.example/d?a=1&amp;b=%7C2|Dashboard>')
    expect(shown('https://evil.example/x', 'https://good.example')).toBe('<https://evil.example/x|https://evil.example/x>')
    expect(shown('https://evil.example/x', 'good.example/login')).toBe('<https://evil.example/x|https://evil.example/x>')
    expect(shown('https://good.example/x', 'good.example')).toBe('<https://good.example/x|good.example>')
    expect(shown('https://good.example:pw@evil.example/', 'a|b>')).toBe('<https://evil.example/|a¦b&gt;>')
    expect(shown('javascript:alert(1)', 'press')).toBe('press')
    expect(shown('https://x.example/\n> <!here>', 'x')).not.toContain('<!')
  })

  test('an action repeated in one part stands in blocks of its own', () => {
    const button = (value: string): Button => ({ label: 'Approve', action: 'approve', value })
    expect(renderParts([{ kind: 'buttons', buttons: [button('A-1'), button('A-2'), { label: 'Deny', action: 'deny', value: 'A-2' }] }])).toMatchObject([
      { elements: [{ action_id: 'approve', value: 'A-1' }] },
      { elements: [{ action_id: 'approve', value: 'A-2' }, { action_id: 'deny' }] },
    ])
  })

  test('a late message says so', () => {
    const { blocks } = render(of(textPart('x')), { late: { at: '2026-11-21T13:20:00.000Z' } })
    expect(mrkdwnIn(blocks)[0]).toContain('Late: this happened <!date^1795267200^')
  })

  test('empty parts make no blocks, and there is always a text', () => {
    expect(render({ key: 'k', summary: ' ', parts: [textPart('', { bold: '' }), { kind: 'list', items: [[]] }, { kind: 'quote', text: '' }] })).toEqual({ text: '…', blocks: [], plain: '…' })
  })
})

const shortened = (blocks: readonly object[]) => mrkdwnIn(blocks).includes(limits.notice)

describe('18: too long is shortened, never dropped', () => {
  const buttons: Part = { kind: 'buttons', buttons: [{ label: 'Acknowledge', action: 'ack', value: 'INC-1' }] }
  test('the text is cut at its end and says so, the buttons stay', () => {
    const blocks = renderParts([{ kind: 'heading', text: 'INC-1' }, textPart('word '.repeat(20_000)), textPart('never seen'), buttons])
    expect(blocks.map(({ type }) => type)).toEqual(['header', 'rich_text', 'context', 'actions'])
    expect(shortened(blocks)).toBe(true)
    expect(JSON.stringify(blocks[1]).length).toBeGreaterThan(10_000)
  })
  test('more than 50 parts', () => {
    const blocks = renderParts([...Array.from({ length: 80 }, (_, index) => textPart(`line ${index}`)), buttons])
    expect(blocks).toHaveLength(50)
    expect(blocks.slice(-2).map(({ type }) => type)).toEqual(['context', 'actions'])
  })
  test('a long list, field or heading', () => {
    const long = 'x'.repeat(5000)
    for (const part of [
      { kind: 'list', items: Array.from({ length: 500 }, () => [long]) },
      { kind: 'fields', fields: [{ label: 'F', value: [long, { bold: long }] }] },
      { kind: 'heading', text: long },
      { kind: 'context', spans: [long] },
    ] satisfies Part[])
      expect(shortened(renderParts([part, textPart('after')]))).toBe(true)
  })
  test('a button whose value would have to be cut is not shown', () => {
    const blocks = renderParts([{ kind: 'buttons', buttons: [{ label: 'A', action: 'a', value: 'x'.repeat(2001) }, { label: 'B', action: 'b', value: '1' }] }])
    expect(elementsIn(blocks).filter(({ type }) => type === 'button')).toMatchObject([{ action_id: 'b' }])
    expect(shortened(blocks)).toBe(true)
  })
  test('what fits is left alone, and shortening twice changes nothing', () => {
    const measures = { blocks: (part: Part) => renderParts([part]), text: renderText, field: (label: string, value: readonly Span[]) => `${label}${renderText(value)}` }
    const parts = [textPart('fine'), buttons]
    expect(fit(parts, measures)).toBe(parts)
    const once = fit([textPart('y'.repeat(50_000)), buttons], measures)
    expect(fit(once, measures)).toBe(once)
  })
  test('the plain text keeps whole lines', () => {
    const { plain } = render(of({ kind: 'heading', text: 'INC-1' }, { kind: 'list', items: Array.from({ length: 200 }, () => ['&'.repeat(50)]) }, buttons))
    expect(plain.length).toBeLessThanOrEqual(limits.plain)
    expect(plain.endsWith(limits.notice)).toBe(true)
    expect(plain.replaceAll('&amp;', '')).not.toContain('&')
  })
})

const piece = fc.constantFrom('<!channel>', '<!here|x>', '<@U1>', '<!subteam^S1|@x>', '<#C1>', '@here', '<https://evil.example|https://good.example>', 'https://evil.example', '*', '_', '~', '`', '```', '>', '\n', '&', '&lt;', '<', '|', '\u202E', '\u2066', '\u200B', '\u200D', '\uD800', '\u0000', ':fire:', ' ', 'word', '👩‍🚒')
const hostileText = fc.oneof(
  { weight: 4, arbitrary: fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.tuple(piece, fc.integer({ min: 100, max: 20_000 })).map(([text, length]) => text.repeat(Math.ceil(length / text.length))) },
)
const id = (prefix: string) => fc.oneof(fc.integer({ min: 1, max: 99 }).map((number) => `${prefix}ASKED${number}`), hostileText)
const contact = fc.record(
  { name: hostileText, slackUser: id('U'), slackGroup: id('S'), slackChannel: id('C'), email: hostileText, phone: hostileText },
  { requiredKeys: ['name'] },
)
const span: fc.Arbitrary<Span> = fc.oneof(
  hostileText,
  fc.record({ bold: hostileText }),
  fc.record({ code: hostileText }),
  fc.record({ link: fc.oneof(fc.webUrl().map((url) => `${url}?asked=1`), hostileText), text: hostileText }),
  contact.map((mention) => ({ mention })),
  fc.record({ channel: id('C'), text: hostileText }),
  fc.constant({ time: '2026-11-21T13:20:00.000Z', zone: 'Asia/Kolkata' }),
)
const spans = fc.array(span, { maxLength: 5 })
const button: fc.Arbitrary<Button> = fc.record({ label: hostileText, action: fc.constantFrom('ack', 'approve', 'deny'), value: fc.oneof(fc.constant('INC-1'), hostileText) })
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
const anyMessage: fc.Arbitrary<Message> = fc.record({ key: fc.constant('k'), summary: hostileText, parts: fc.oneof({ weight: 9, arbitrary: fc.array(part, { maxLength: 8 }) }, { weight: 1, arbitrary: fc.array(part, { maxLength: 70 }) }) })

const asked = /^(?:@UASKED\d+|!subteam\^SASKED\d+|#CASKED\d+|!date\^1795267200\^\{date_short_pretty\} \{time\}\|2026-11-21 18:50 GMT\+5:30)$/

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
        for (const inner of markup(mrkdwn)) if (!asked.test(inner) && !isLink(inner, addresses)) throw new Error(`nobody asked for <${inner}> in ${JSON.stringify(mrkdwn)}`)
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
    { numRuns: 1500 },
  )
}, 120_000)
