import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { link, md, templates, yaml } from '../../src/adapters/templates.ts'
import { mergeGenerated } from '../../src/incident/merge.ts'
import { postmortem, published } from '../../src/incident/postmortem.ts'
import { after, alice, hostile, policy, record, story } from './story.ts'

const head = { seq: 18, hash: 'ab12cd' }
const model = postmortem(after(story), story, head)
const files = templates(fileURLToPath(new URL('../../templates', import.meta.url)))
const render = (name: string, values: object) => files.render(name, values)
const rendered = render('postmortem', model)

describe('model', () => {
  test('has the fields of the incident report (S7); durations are from detection', () => {
    expect(model).toMatchObject({
      id: 'INC-12',
      severity: 'P1',
      description: 'Payments fail for <everyone>',
      detected: '2026-11-20 23:55 CET (22:55 UTC)',
      responseTime: '32 min',
      resolutionTime: '2 d 03 h',
      lead: 'Alice Adler',
      auditHead: 'ab12cd',
      events: 18,
    })
  })

  test('stamps each step and shows a skipped one as skipped (S6)', () => {
    expect(model.steps.map(({ name, at, after: passed }) => [name, at.slice(0, 16), passed])).toEqual([
      ['Detect', '2026-11-20 23:55', ''],
      ['Assess', '2026-11-21 00:05', '10 min'],
      ['Communicate', '2026-11-21 00:33', '38 min'],
      ['Mitigate', '2026-11-21 01:02', '1 h 07 min'],
      ['Resolve', '2026-11-23 03:00', '2 d 03 h'],
      ['Review', 'pending', ''],
    ])
    const quiet = story.filter(({ event }) => event.type !== 'mitigated' && event.type !== 'updated')
    expect(postmortem(after(quiet), quiet, head).steps.map(({ at }) => at)).toContain('skipped')
  })

  test('holds every run of each clock against its target (S4)', () => {
    expect(model.clocks.map(({ clock, run, target, outcome, text, over }) => [clock, run, target, outcome, text, over])).toEqual([
      ['Response', 1, '1 h', 'replaced', 'replaced: the severity changed', null],
      ['Status update', 1, '1 h', 'replaced', 'replaced: the severity changed', null],
      ['Response', 2, '15 min', 'breached', 'breached by 7 min', '7 min'],
      ['Status update', 2, '30 min', 'met', 'met in 28 min', null],
      ['Status update', 3, '30 min', 'met', 'met in 28 min', null],
      ['Status update', 4, '30 min', 'breached', 'breached by 2 d 01 h', '2 d 01 h'],
    ])
    expect([model.clocksMet, model.clocksBreached]).toEqual([2, 2])
    expect(model.escalations.map(({ to, step, why }) => [to, step, why])).toEqual([
      ['On-call engineer', 1, 'at once'],
      ['Development team lead', 2, 'clock breached'],
    ])
  })

  test('compares the checks at opening and at resolution', () => {
    expect(model.checks).toEqual([
      {
        title: 'Health',
        before: 'fail',
        after: 'ok',
        measurements: [{ name: 'latency', text: '1.91 s → 180 ms (limit 500 ms)' }],
        findings: [{ when: 'opening', text: 'It answers 503 after 1.9 s' }],
      },
      {
        title: 'Website',
        before: 'ok',
        after: 'not run',
        measurements: [{ name: 'latency', text: '140 ms → – (limit 500 ms)' }],
        findings: [],
      },
    ])
  })

  test('names who did what', () => {
    expect(model.people).toEqual([
      { name: 'Bob | <b>Berg</b>', did: 'set the severity, took notes' },
      { name: 'Alice Adler', did: 'led, acknowledged, reported, mitigated, resolved' },
    ])
  })

  test('does not change by being published, nor by the review that merging it is', () => {
    const last = story.at(-1)
    const review = {
      incident: 'INC-12',
      seq: 20,
      at: '2026-11-24T09:00:00.000Z',
      occurredAt: '2026-11-24T09:00:00.000Z',
      by: alice,
      event: { type: 'reviewed', v: 1 },
    } as const
    expect(last?.event.type).toBe('published')
    expect(postmortem(after(story), story, head)).toEqual(postmortem(after(story.slice(0, -1)), story.slice(0, -1), head))
    expect(postmortem(after([...story, review]), [...story, review], head)).toEqual(model)
    expect(postmortem(after([...story, review]), [...story, review], { seq: 20, hash: 'x' })).toMatchObject({ status: 'reviewed' })
  })

  test('of an incident that nobody has touched says what is missing, and renders', () => {
    const events = story.slice(0, 1)
    const early = postmortem(after(events), events, { seq: 1, hash: 'x' })
    expect(early).toMatchObject({ resolved: null, responseTime: null, resolutionTime: null, people: [], checks: [] })
    expect(early.clocks.map(({ outcome }) => outcome)).toEqual(['running', 'running'])
    expect(render('postmortem', early)).toContain('| Response time | never acknowledged |')
  })

  test('counts the target in working hours where it is so', () => {
    const [opened] = story
    if (opened?.event.type !== 'declared') throw new Error('the story does not begin')
    const targets = [{ kind: 'duration', minutes: 240, hours: 'business' }, { kind: 'next-business-day' }] as const
    const said = targets.map((response) => {
      const events = record([[opened.at, alice, { ...opened.event, policy: { ...policy('P3', 0), response } } as typeof opened.event]])
      return postmortem(after(events), events, { seq: 1, hash: 'x' }).clocks.find(({ clock }) => clock === 'Response')?.target
    })
    expect(said).toEqual(['4 h of working hours', 'next business day'])
  })
})

test('the published row has the times, the story and the post-mortem', () => {
  const row = published(after(story), story, head, '# text')
  expect(row).toMatchObject({
    id: 'INC-12',
    product: 'invoice2e',
    status: 'resolved',
    acknowledgedAt: '2026-11-20T23:27:00.000Z',
    responseBreached: true,
    version: 19,
    auditHead: 'ab12cd',
    postmortem: { markdown: '# text', url: 'https://github.com/acme/incidents/pull/1' },
  })
  expect(row.timeline).toHaveLength(15)
  expect(published(after(story), story, head, null).postmortem).toBeNull()
})

describe('document', () => {
  test('has front matter for charts', () => {
    expect(parse(rendered.split('---\n')[1] ?? '')).toMatchObject({
      id: 'INC-12',
      minutes_to_acknowledge: 32,
      minutes_to_resolve: 3065,
      response_clock: 'breached',
      clocks_met: 2,
      clocks_breached: 2,
      audit_head: 'ab12cd',
    })
  })

  test('has a place for each thing that only people know', () => {
    for (const heading of ['Summary', 'Impact', 'Root cause', 'Prevention', 'What went well', 'Where we got lucky', 'What surprised us'])
      expect(rendered).toMatch(new RegExp(`\n## ${heading}\n\n_[^\n]+_\n`))
    expect(rendered).toContain('| Action | Type (prevent, mitigate, process) | Owner | Due |')
  })

  test('dates every row of the timeline, in the zone of the product and in UTC (field, defect 20)', () => {
    const rows = /## Timeline\n([^]*?)<!-- tocsin:end/.exec(rendered)?.[1]?.trim().split('\n').slice(2) ?? []
    expect(rows).toHaveLength(model.timeline.length)
    for (const row of rows) expect(row).toMatch(/^\| 2026-11-2\d \d\d:\d\d CET \((2026-11-2\d )?\d\d:\d\d UTC\) \| /)
    expect(rows[0]).toContain('_(recorded 10 h 20 min later)_')
  })

  test('holds foreign text literally (faults 55, 61)', () => {
    const body = rendered.slice(rendered.indexOf('<!-- tocsin:begin'))
    expect(body).not.toMatch(/<script|<b>|@everyone|@oncall|(?<!\\)\]\(javascript|[\u202E\u200B]|https:\/\/evil/)
    const tables = body.split('\n').filter((line) => line.startsWith('| '))
    expect(new Set(tables.filter((line) => line.includes('Noted:')).map((line) => line.match(/(?<!\\)\|/g)?.length))).toEqual(new Set([4]))
    // A marker in a note must not end the block that it stands in.
    expect(body.match(/<!-- tocsin:end timeline -->/g)).toHaveLength(1)
    expect(mergeGenerated(rendered, mergeGenerated(rendered, null))).toBe(mergeGenerated(rendered, null))
  })

  test('says which variable a template asks for that does not exist, and where', () => {
    expect(() => render('postmortem', { ...model, clocks: undefined })).toThrow(/postmortem\.md: undefined variable: clocks, line:\d+/)
    expect(() => render('../package', model)).toThrow('A template is named')
    expect(() => render('nothing', model)).toThrow('nothing')
  })
})

describe('filters', () => {
  test.each([
    ['a | b', 'a \\| b'],
    ['# 1. - heading', '\\# 1. - heading'],
    ['1. list', '1\\. list'],
    ['1.91 s', '1.91 s'],
    ['a\r\nb\u2028c', 'a b c'],
    ['@octo/team ops@acme.test', '@&#8203;octo/team ops@&#8203;acme.test'],
    ['fixes #42, GH-7', 'fixes #&#8203;42, GH-&#8203;7'],
    ['www.evil.example', 'www&#8203;.evil.example'],
    ['👩‍🚒', '👩‍🚒'],
    ['a\u202Eb\uFEFF\uD800', 'ab \uFFFD'],
  ])('md: %j', (text, escaped) => expect(md(text)).toBe(escaped))

  test('md leaves nothing that Markdown would act on, for any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from(hostile), ...Array.from('!{\u20661.w:/\\~$-')), maxLength: 60 }),
        (text) => {
          const plain = md(text).replace(/\\[^\w\s]|&(?:amp|lt|gt|#8203);/g, '·')
          expect(plain).not.toMatch(/[<>&`*_[\]|~$\\\n\r]|@[A-Za-z0-9]|#\d|:\/\/|[\u200B\u202A-\u202E\u2066-\u2069]/)
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('link goes to the web only', () => {
    expect(link('a]b', 'https://x.test/(1)|>"')).toBe('[a\\]b](<https://x.test/(1)%7C%3E%22>)')
    expect(link('a', 'javascript:alert(1)')).toBe('a')
    expect(link('a', null)).toBe('a')
  })

  test('yaml gives back what went in', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => parse(yaml(text)) === text.replace(/\s+/g, ' ')))
  })
})
