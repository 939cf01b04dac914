/** Runbooks in an incident: offered when it opens, opened as they were then, ticked off, told in the story. */
import { expect, test } from 'vitest'
import { conversation } from '../../../src/incident/conversation.ts'
import type { Recorded } from '../../../src/incident/events.ts'
import { partsOf } from '../../../src/incident/markdown.ts'
import type { Part } from '../../../src/incident/message.ts'
import { plainText } from '../../../src/incident/plain.ts'
import { parseRunbook } from '../../../src/incident/runbook.ts'
import { timeline } from '../../../src/incident/timeline.ts'
import { render } from '../../../src/slack/blocks.ts'
import { limits } from '../../../src/slack/fit.ts'
import { ack, after, at, bob, declared, given, happened, type Step, step } from '../../given.ts'

const body =
  'Read first.\n\n1. Look. `check: health`\n   - twice\n2. Ask **Stripe**\n\n## Fix\n\n3. Go back. `action: vercel.rollback`\n\nThen rest.'

const opens = (minute: number, text = body, slug = 'payments') => {
  const { steps, after: rest } = parseRunbook(text)
  return step(
    {
      type: 'open-runbook',
      slug,
      id: 'R10',
      title: 'Payments',
      url: 'https://wiki.test/',
      steps,
      after: rest,
    },
    minute,
  )
}
const marks = (number: number, state: 'open' | 'done' | 'skipped', minute: number, by = bob) =>
  step({ type: 'mark-step', slug: 'payments', step: number, state }, minute, by)

const messages = (events: readonly Recorded[]) => conversation(events).flatMap((item) => (item.step === 'message' ? [item] : []))
const plain = (parts: readonly Part[]) => plainText(parts, { typed: (code) => `\`${code}\`` })
const shown = (key: string, ...steps: readonly Step[]) =>
  messages(happened(...steps)).flatMap(({ message }) => (message.key === key ? [message] : []))[0]
const labels = (parts: readonly Part[] = []) =>
  parts.flatMap((part) =>
    part.kind === 'buttons'
      ? part.buttons.filter(({ action }) => action === 'runbook').map(({ label, value }) => `${label}: ${value}`)
      : [],
  )

const runbooks = [
  { slug: 'payments', title: 'Payments', first: 'Look. `check: health`', runs: true },
  { slug: 'database', title: 'Database' },
]

test('the opening offers the one that fits best with its first step, and names the others', () => {
  const opening = shown('opening', declared({ runbooks }))
  expect(plain(opening?.parts ?? [])).toContain(
    '📖 May help: Payments\n1. Look. `check: health`\nAlso: Database `/incident runbook database`',
  )
  expect(labels(opening?.parts)).toEqual(['Open runbook: INC-7 payments', 'Run its first step: INC-7 run payments 1'])
  expect(after(declared({ runbooks })).runbooks).toEqual(runbooks)
  expect(plain(shown('opening', declared())?.parts ?? [])).not.toContain('May help')
})

test('the offer stays when the page is answered, and says how far it is when it is opened', () => {
  const acknowledged = shown('opening', declared({ runbooks }), ack(2))
  expect(plain(acknowledged?.parts ?? [])).toContain('acknowledged at')
  expect(labels(acknowledged?.parts)).toContain('Open runbook: INC-7 payments')
  const opening = shown('opening', declared({ runbooks }), opens(3), marks(1, 'done', 4))
  expect(plain(opening?.parts ?? [])).toContain('📖 Payments\n1 of 3 steps done\nAlso')
  expect(labels(opening?.parts)).toEqual([])
})

test('without a severity’s checklist and anything else, the offer is the opening', () => {
  expect(
    plain(shown('opening', declared({ runbooks, policy: { ...after(declared()).policy, page: false, checklist: [] } }))?.parts ?? []),
  ).toMatch(/^📖 May help: Payments/)
})

test('is opened with its steps as they were, once', () => {
  given(declared()).when(opens(3)).happens({ type: 'runbook-opened', slug: 'payments', id: 'R10', after: 'Then rest.' })
  given(declared(), opens(3)).when(opens(4, '1. Another')).happens()
  const message = shown('runbook:payments', declared(), opens(3), marks(2, 'skipped', 5))
  expect(plain(message?.parts ?? [])).toBe(
    [
      '📖 R10 Payments',
      '0 of 3 steps done, 1 skipped · opened by Alice Adler · the whole runbook (https://wiki.test/)',
      'Read first.',
      '☐ 1. Look. `check: health`',
      '- twice',
      '⏭ 2. Ask Stripe',
      'skipped by Bob Berg · 2026-01-14 10:05 CET (09:05 UTC)',
      'Fix',
      '☐ 3. Go back. `action: vercel.rollback`',
      '🔒 `vercel.rollback` asks for approval: not there yet',
      'Then rest.',
      'Typed: `/incident runbook done <n>`, `skip <n>`, `run <n>`, `open <n>`',
    ].join('\n'),
  )
  expect(labels(message?.parts)).toEqual([
    'Run 1: INC-7 run payments 1',
    'Done 1: INC-7 done payments 1',
    'Skip 1: INC-7 skip payments 1',
    'Done 3: INC-7 done payments 3',
    'Skip 3: INC-7 skip payments 3',
  ])
})

test('each step is marked once; what is done is not skipped, and can be opened again', () => {
  const before = [declared(), opens(3), marks(1, 'done', 5)]
  given(declared())
    .when(marks(1, 'done', 5))
    .refused('runbook_not_open', 'The runbook `payments` is not open yet. First: `/incident runbook payments`.')
  given(...before)
    .when(marks(2, 'done', 6))
    .happens({ type: 'runbook-step', slug: 'payments', step: 2, state: 'done' })
  for (const state of ['done', 'skipped'] as const)
    given(...before)
      .when(marks(1, state, 6))
      .refused('step_is_marked', `Step 1 is done already, by Bob Berg at ${at(5)}. To open it again: \`/incident runbook open 1\`.`)
  given(...before)
    .when(marks(1, 'open', 6))
    .happens({ type: 'runbook-step', state: 'open' })
  given(...before, marks(2, 'skipped', 6))
    .when(marks(2, 'done', 7))
    .happens({ type: 'runbook-step', state: 'done' })
  given(...before)
    .when(marks(3, 'open', 6))
    .refused('step_is_marked', 'Step 3 is open. When it is done: `/incident runbook done 3`.')
  given(...before)
    .when(marks(4, 'done', 6))
    .refused('unknown_step', '“Payments” has no step 4: they are numbered 1 to 3.')
})

test('the story tells which step, by its words', () => {
  const events = happened(declared(), opens(3), marks(1, 'done', 5), marks(2, 'skipped', 6), marks(1, 'open', 7))
  expect(
    timeline(events, { zone: 'UTC' })
      .slice(-4)
      .map(({ who, text }) => `${who}: ${text}`),
  ).toEqual([
    'Alice Adler: Opened the runbook “R10 Payments”.',
    'Bob Berg: Did: step 1 of “Payments”, Look.',
    'Bob Berg: Skipped: step 2 of “Payments”, Ask Stripe',
    'Bob Berg: Opened again: step 1 of “Payments”, Look.',
  ])
})

test('the longest runbook fits: in several messages, of which none is shortened and none changes its steps', () => {
  const long = Array.from(
    { length: 60 },
    (_, index) =>
      `${index % 7 === 0 ? `## Group ${index}\n\n` : ''}${index + 1}. ${`Do \`this ${index}\` and look. `.repeat((index * 5) % 40)}\`check: health\` \`action: vercel.rollback\`\n   - one\n   - two [three](https://t.test/)\n`,
  ).join('\n')
  const pagesOf = (...steps: readonly Step[]) =>
    messages(happened(declared(), opens(3, long), ...steps)).flatMap(({ message }) => (message.key.startsWith('runbook:') ? [message] : []))
  const pages = pagesOf()
  expect(pages.length).toBeGreaterThan(3)
  for (const page of pages) {
    const { blocks } = render(page)
    expect(blocks.length).toBeLessThanOrEqual(limits.blocks)
    expect(JSON.stringify(blocks)).not.toContain(limits.notice)
  }
  const numbers = (parts: readonly Part[]) =>
    plain(parts)
      .match(/^\S+ \d+\. /gm)
      ?.map((line) => Number(/\d+/.exec(line)?.[0]))
  expect(pages.flatMap(({ parts }) => numbers(parts))).toEqual(Array.from({ length: 60 }, (_, index) => index + 1))
  const done = pagesOf(...Array.from({ length: 60 }, (_, index) => marks(index + 1, 'done', 5)))
  expect(done.map(({ parts }) => numbers(parts))).toEqual(pages.map(({ parts }) => numbers(parts)))
})

test('one that an earlier version showed is still there', () => {
  const [first] = happened(declared())
  const event = {
    type: 'runbook-shown',
    v: 1,
    slug: 'payments',
    title: 'Payments',
    text: '1. Look at `/diag health`\n2. Ask **Stripe**',
    cut: false,
    url: null,
  } as const
  const events = [first!, { ...first!, seq: 2, event }]
  expect(messages(events).at(-1)?.message.parts).toEqual([
    { kind: 'text', spans: ['📖 ', { bold: 'Payments' }] },
    expect.objectContaining({ kind: 'context' }),
    { kind: 'text', spans: ['1. Look at ', { code: '/diag health' }, '\n2. Ask ', { bold: 'Stripe' }] },
  ])
  expect(timeline(events, { zone: 'UTC' }).at(-1)?.text).toBe('Opened the runbook “Payments”.')
})

test('Markdown: headings, lists in lists, code, links; the rest is text', () => {
  expect(
    partsOf(
      '# Look `here`\nfirst\nsecond\n\n- [ ] one\n  goes on\n  - deeper\n- two [wiki](https://w.test/a)\n```sh\nls -l\n\npwd\n```\n<!channel> *x* [y](mailto:z)\n\n2. A\n   - B\n3. C <!-- hidden -->',
    ),
  ).toEqual([
    { kind: 'text', spans: [{ bold: 'Look here' }] },
    { kind: 'text', spans: ['first\nsecond'] },
    { kind: 'list', items: [['one\ngoes on'], ['  – deeper'], ['two ', { link: 'https://w.test/a', text: 'wiki' }]] },
    { kind: 'text', spans: [{ code: 'ls -l' }, '\n', { code: 'pwd' }] },
    { kind: 'text', spans: ['<!channel> *x* [y](mailto:z)'] },
    { kind: 'text', spans: ['2. A'] },
    { kind: 'list', items: [['B']] },
    { kind: 'text', spans: ['3. C '] },
  ])
})
