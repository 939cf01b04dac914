/** What messages look like in Block Kit; faults 18 and 55 case by case. */
import { describe, expect, test } from 'vitest'
import type { Button, Message, Part, Span } from '../../src/incident/message.ts'
import { actionOf, render, renderParts, renderText } from '../../src/slack/blocks.ts'
import { fit, limits } from '../../src/slack/fit.ts'
import { literal } from '../../src/slack/literal.ts'
import { elementsIn, mrkdwnIn } from './rendered.ts'

const of = (...parts: Part[]): Message => ({ key: 'k', summary: 'summary', parts })
const textPart = (...spans: Span[]): Part => ({ kind: 'text', spans })

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
    expect(block).toEqual({
      type: 'rich_text',
      elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: literal(text) }] }],
    })
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
    expect(renderParts([textPart({ code: 'a `b`' })])).toEqual([
      { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: 'a `b`', style: { code: true } }] }] },
    ])
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
    expect(contacts.map((span) => renderText([span]))).toEqual([
      '<@U02>',
      '<!subteam^S01>',
      '<#C01>',
      '&lt;!here&gt; Ann (ann@example.com, +49 30 1)',
      'CTO',
    ])
    const elements = elementsIn(renderParts(contacts.map((span) => textPart(span)))).map(
      (each) => each['user_id'] ?? each['usergroup_id'] ?? each['channel_id'] ?? each['text'],
    )
    expect(elements.filter((each) => each !== undefined)).toEqual(['U02', 'S01', 'C01', '<!here> Ann (ann@example.com, +49 30 1)', 'CTO'])
  })

  test('times fall back to the zone of the product', () => {
    const time: Span = { time: '2026-11-21T13:20:00.000Z', zone: 'Europe/Berlin' }
    expect(renderText([time])).toBe('<!date^1795267200^{date_short_pretty} {time}|2026-11-21 14:20 CET>')
    expect(elementsIn(renderParts([textPart(time)])).at(-1)).toEqual({
      type: 'date',
      timestamp: 1795267200,
      format: '{date_short_pretty} {time}',
      fallback: '2026-11-21 14:20 CET',
    })
  })

  test('links lead where they say', () => {
    const shown = (link: string, text: string) => renderText([{ link, text }])
    expect(shown('https://grafana.example/d?a=1&b=|2', 'Dashboard')).toBe('<https://grafana.example/d?a=1&amp;b=%7C2|Dashboard>')
    expect(shown('https://evil.example/x', 'https://good.example')).toBe('<https://evil.example/x|https://evil.example/x>')
    expect(shown('https://evil.example/x', 'good.example/login')).toBe('<https://evil.example/x|https://evil.example/x>')
    expect(shown('https://good.example/x', 'good.example')).toBe('<https://good.example/x|good.example>')
    expect(shown('https://good.example:pw@evil.example/', 'a|b>')).toBe('<https://evil.example/|a¦b&gt;>')
    // What only looks like the address would be another one.
    expect(shown('https://evil.example`', '')).toBe('<https://evil.example`/|https://evil.example%60/>')
    expect(shown('https://good.example/~a/_b_', 'good.example/~a/_b_')).toBe('<https://good.example/~a/_b_|good.example/%7Ea/%5Fb%5F>')
    expect(shown('https://good.example/~a', 'the *~ page')).toBe('<https://good.example/~a|the ∗∼ page>')
    expect(shown('javascript:alert(1)', 'press')).toBe('press')
    expect(shown('https://x.example/\n> <!here>', 'x')).not.toContain('<!')
  })

  test('an action repeated in one part is numbered, and known by its name', () => {
    const button = (value: string): Button => ({ label: 'Approve', action: 'approve', value })
    expect(
      renderParts([{ kind: 'buttons', buttons: [button('A-1'), button('A-2'), { label: 'Deny', action: 'deny', value: 'A-2' }] }]),
    ).toMatchObject([
      { elements: [{ action_id: 'approve', value: 'A-1' }, { action_id: 'approve.2', value: 'A-2' }, { action_id: 'deny' }] },
    ])
    expect(['approve', 'approve.2', 'ruled-out.12'].map(actionOf)).toEqual(['approve', 'approve', 'ruled-out'])
  })

  test('a late message says so', () => {
    const { blocks } = render(of(textPart('x')), { late: { at: '2026-11-21T13:20:00.000Z' } })
    expect(mrkdwnIn(blocks)[0]).toContain('Late: this happened <!date^1795267200^')
  })

  test('empty parts make no blocks, and there is always a text', () => {
    expect(
      render({ key: 'k', summary: ' ', parts: [textPart('', { bold: '' }), { kind: 'list', items: [[]] }, { kind: 'quote', text: '' }] }),
    ).toEqual({ text: '…', blocks: [], plain: '…' })
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
  test('what is firm stays as well, in its place below the line that says so', () => {
    const firm: Part[] = [{ kind: 'text', spans: ['sum'], firm: true }, buttons, { kind: 'context', spans: ['time'], firm: true }]
    for (const long of [[textPart('word '.repeat(20_000))], Array.from({ length: 80 }, (_, index) => textPart(`line ${index}`))]) {
      const blocks = renderParts([...long, textPart('never seen'), ...firm])
      expect(blocks.slice(-4).map(({ type }) => type)).toEqual(['context', 'rich_text', 'actions', 'context'])
      expect(JSON.stringify(blocks.slice(-4))).toMatch(/…shortened.*sum.*Acknowledge.*time/)
      expect(blocks.length).toBeLessThanOrEqual(50)
      expect(JSON.stringify(blocks).length).toBeLessThanOrEqual(limits.total)
    }
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
    const blocks = renderParts([
      {
        kind: 'buttons',
        buttons: [
          { label: 'A', action: 'a', value: 'x'.repeat(2001) },
          { label: 'B', action: 'b', value: '1' },
        ],
      },
    ])
    expect(elementsIn(blocks).filter(({ type }) => type === 'button')).toMatchObject([{ action_id: 'b' }])
    expect(shortened(blocks)).toBe(true)
  })
  test('what fits is left alone, and shortening twice changes nothing', () => {
    const measures = {
      blocks: (part: Part) => renderParts([part]),
      text: renderText,
      field: (label: string, value: readonly Span[]) => `${label}${renderText(value)}`,
    }
    const parts = [textPart('fine'), buttons]
    expect(fit(parts, measures)).toBe(parts)
    const once = fit([textPart('y'.repeat(50_000)), buttons], measures)
    expect(fit(once, measures)).toBe(once)
  })
  test('the plain text keeps whole lines', () => {
    const { plain } = render(
      of({ kind: 'heading', text: 'INC-1' }, { kind: 'list', items: Array.from({ length: 200 }, () => ['&'.repeat(50)]) }, buttons),
    )
    expect(plain.length).toBeLessThanOrEqual(limits.plain)
    expect(plain.endsWith(limits.notice)).toBe(true)
    expect(plain.replaceAll('&amp;', '')).not.toContain('&')
  })
})
