import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { link, md, templates, yaml } from '../../src/adapters/templates.ts'
import { mergeGenerated } from '../../src/incident/merge.ts'
import { postmortem } from '../../src/incident/postmortem.ts'
import { published } from '../../src/incident/record.ts'
import type { Recorded } from '../../src/incident/events.ts'
import * as g from '../given.ts'
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

  test('holds every run of each clock against its target, and says from when it counts (S4)', () => {
    expect(
      model.clocks.map(({ clock, severity, target, from, outcome, text, over }) => [clock, severity, target, from, outcome, text, over]),
    ).toEqual([
      ['Response', 'P2', '1 h', 'the declaration', 'replaced', 'replaced after 5 min: the severity became P1', null],
      ['Response', 'P1', '15 min', 'the change to P1', 'breached', 'breached by 7 min', '7 min'],
      ['Status update', 'P1', '30 min', 'the change to P1', 'met', 'met in 28 min', null],
      ['Status update', 'P1', '30 min', 'the previous update', 'met', 'met in 28 min', null],
      ['Status update', 'P1', '30 min', 'the previous update', 'breached', 'breached; resolved 2 d 01 h later', '2 d 01 h'],
    ])
    expect([model.clocksMet, model.clocksBreached, model.clocksUnacknowledged, model.clocksLeftOut]).toEqual([2, 2, 0, 1])
    expect(model.escalations.map(({ to, step, why, named }) => [to, step, why, named])).toEqual([
      ['On-call engineer', 1, 'at once', false],
      ['Development team lead', 2, 'clock breached', true],
    ])
  })

  test('compares the checks at opening and at resolution', () => {
    expect(model.checks).toEqual([
      {
        title: 'Health',
        before: 'fail',
        after: 'ok',
        measurements: [{ name: 'latency', before: '1.91 s', after: '180 ms', limit: '500 ms', text: '1.91 s → 180 ms (limit 500 ms)' }],
        findings: [{ when: 'opening', text: 'It answers 503 after 1.9 s' }],
      },
      {
        title: 'Website',
        before: 'ok',
        after: 'not run',
        measurements: [{ name: 'latency', before: '140 ms', after: '–', limit: '500 ms', text: '140 ms → – (limit 500 ms)' }],
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

describe('clocks', () => {
  const of = (...steps: readonly g.Step[]) => {
    const events = g.happened(...steps)
    return postmortem(after(events), events, { seq: events.length, hash: 'x' })
  }
  const rows = (...steps: readonly g.Step[]) =>
    of(...steps).clocks.map(({ clock, severity, target, from, text }) => `${clock}, ${severity}: ${target} from ${from}: ${text}`)
  const front = (document: ReturnType<typeof of>) => Object.fromEntries(document.front.map(({ key, value }) => [key, value]))

  test('one that nobody acknowledged is not met, but stopped', () => {
    const document = of(g.declared(), g.resolve(12))
    expect(document.clocks).toMatchObject([{ outcome: 'unacknowledged', text: 'not acknowledged; stopped by resolution after 12 min' }])
    expect(front(document)).toMatchObject({ response_clock: 'unacknowledged', clocks_met: 0, clocks_breached: 0 })
    const text = render('postmortem', document)
    expect(text).toContain(' Clocks: 0 met, **1 never acknowledged**.')
    expect(text).toContain('| **not acknowledged; stopped by resolution after 12 min** |')
    expect(text).toContain('| Response time | never acknowledged |')
    expect(rows(g.declared(), g.mitigate(5), g.resolve(12))[0]).toContain('not acknowledged; stopped by mitigation after 5 min')
    expect(front(of(g.declared(), g.tick('response', 1, 20), g.resolve(45)))).toMatchObject({ response_clock: 'breached' })
    expect(rows(g.declared(), g.tick('response', 1, 20), g.resolve(45))[0]).toMatch(
      /: breached and never acknowledged; resolved 25 min later$/,
    )
  })

  test('one that was acknowledged in time is met', () => {
    const document = of(g.declared(), g.ack(3), g.resolve(12))
    expect(front(document)).toMatchObject({ response_clock: 'met', clocks_met: 1 })
    expect(render('postmortem', document)).toContain(' All clocks met.')
  })

  test('runs with nothing to tell are left out, and counted', () => {
    const changed = [g.declared({ policy: g.policy('P2') }), g.severity('P1', 0.5), g.ack(4), g.severity('P2', 6), g.resolve(9)] as const
    expect(rows(...changed)).toEqual(['Response, P1: 20 min from the change to P1: met in 3 min'])
    expect(of(...changed).clocksLeftOut).toBe(4)
    expect(render('postmortem', of(...changed))).toContain(
      '\nLeft out: 4 runs that were not due yet when the severity changed or the incident was resolved.\n',
    )
    expect(render('postmortem', of(g.declared(), g.ack(3), g.update('x', 4), g.tick('update', 2, 34), g.resolve(36)))).not.toContain(
      'Left out',
    )
  })

  test('a lighter severity counts from the declaration: its row tells all', () => {
    expect(rows(g.declared(), g.severity('P2', 10), g.ack(30), g.resolve(31))).toEqual([
      'Response, P2: 1 h from the declaration: met in 30 min',
    ])
  })

  test('a severity without a response clock leaves the row of the one before', () => {
    expect(rows(g.declared(), g.severity('P4', 10, { response: null }), g.resolve(31))).toEqual([
      'Response, P1: 20 min from the declaration: replaced after 10 min: the severity became P4',
    ])
  })

  test('a breach before the severity changed stays one', () => {
    expect(rows(g.declared({ policy: g.policy('P2') }), g.tick('response', 1, 60), g.severity('P1', 70), g.ack(75), g.resolve(76))[0]).toBe(
      'Response, P2: 1 h from the declaration: breached; the severity became P1 10 min later',
    )
  })

  test('what was promised before is not given a new target by a change of severity', () => {
    const [opened] = g.happened(g.declared({ policy: g.policy('P2') }))
    const change = {
      type: 'severity-changed',
      v: 1,
      from: 'P2',
      policy: g.policy('P1'),
      why: null,
      responseFrom: g.at(0),
      responseDue: g.at(60),
      updateDue: null,
    } as const
    const events: Recorded[] = [{ at: 55, event: change } as const, { at: 58, event: { type: 'acknowledged', v: 1 } } as const].map(
      ({ at, event }, index) => ({ incident: 'INC-7', seq: index + 2, at: g.at(at), occurredAt: g.at(at), by: g.alice, event }),
    )
    const all = [opened as Recorded, ...events]
    expect(postmortem(after(all), all, { seq: 3, hash: 'x' }).clocks).toMatchObject([
      { severity: 'P2', target: '1 h', from: 'the declaration', text: 'met in 58 min' },
    ])
  })
})

test('without an alert it does not say who noticed', () => {
  const events = g.happened(g.declared(), g.resolve(5))
  const text = render('postmortem', postmortem(after(events), events, { seq: events.length, hash: 'x' }))
  expect(text).toContain('\n## Alerts\n\nNo alert is part of this incident.\n')
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

  test('names those of the ladder whom the bot could only name', () => {
    expect(rendered).toMatch(
      /\n1\. On-call engineer, .* \(at once\)\n2\. Development team lead, .* \(clock breached\): \*\*only named in the channel/,
    )
  })

  test('has a place for each thing that only people know', () => {
    for (const heading of ['Summary', 'Impact', 'Root cause', 'Prevention', 'What went well', 'Where we got lucky', 'What surprised us'])
      expect(rendered).toMatch(new RegExp(`\n## ${heading}\n\n_[^\n]+_\n`))
    expect(rendered).toContain('| Action | Type (prevent, mitigate, process) | Owner | Due |')
  })

  test('dates every row of the timeline, in the zone of the product and in UTC (field 20)', () => {
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
