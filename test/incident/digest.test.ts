/** The words of a digest. */
import { describe, expect, test } from 'vitest'
import type { CheckResult } from '../../src/incident/check.ts'
import { type Digest, type DigestFacts, digestOf, isQuiet } from '../../src/incident/digest.ts'
import type { Person } from '../../src/incident/areas/area.ts'
import { digestMessage, type DigestNotes, digestParts } from '../../src/incident/digest-message.ts'
import { limits } from '../../src/slack/fit.ts'
import { renderParts } from '../../src/slack/blocks.ts'
import type { Sample } from '../../src/incident/uptime.ts'
import { plainText } from '../../src/incident/plain.ts'
import { ack, after, alice, declared, resolve, start, step, tick } from '../given.ts'

const start8 = Date.parse('2026-01-13T08:00:00.000Z')
const hour = 3_600_000
const at = (hours: number): string => new Date(start8 + hours * hour).toISOString()

/** The day to 09:00 in Berlin. */
const during = { from: at(0), to: at(24) }

const samples = (change: (hours: number) => Partial<Sample> | null = () => ({})): Sample[] =>
  Array.from({ length: 24 }, (_, hours) => hours).flatMap((hours) => {
    const more = change(hours)
    return more === null ? [] : [{ slot: at(hours), minutes: 60, status: 'ok' as const, ms: 120, finding: null, measurements: [], ...more }]
  })

const revenue = (value: number, more: Partial<CheckResult> = {}): CheckResult => ({
  check: 'revenue',
  kind: 'stripe',
  title: 'Revenue',
  status: 'ok',
  findings: [{ status: 'ok', text: 'It came in.' }],
  measurements: [{ name: 'revenue USD', value, unit: 'USD' }],
  startedAt: at(24),
  took: 10,
  ...more,
})

const facts = (more: Partial<DigestFacts> = {}): DigestFacts => ({
  product: { key: 'acme', name: 'Acme Shop' },
  during,
  zone: 'Europe/Berlin',
  sampled: [{ title: 'Health', minutes: 60, samples: samples() }],
  unset: [],
  results: [revenue(412)],
  records: { open: [], over: [] },
  bot: { dead: 0, away: {} },
  ...more,
})

const notes = (more: Partial<DigestNotes> = {}): DigestNotes => ({ before: null, missed: [], late: null, ...more })
const lines = (digest: Digest, more: Partial<DigestNotes> = {}): string[] =>
  plainText(digestParts(digest, notes(more)), { typed: (code) => code }).split('\n')
const said = (more: Partial<DigestFacts> = {}, around: Partial<DigestNotes> = {}): string[] => lines(digestOf(facts(more)), around)

describe('when all is quiet', () => {
  test('it is one line, with the numbers', () =>
    expect(said()).toEqual([
      '🟢 Acme Shop, the 24 h to 09:00 Europe/Berlin: all quiet. Health 100 % (24 samples, 120 ms) · Revenue: revenue USD 412 USD · nothing open or overdue',
    ]))

  test('yesterday’s number stands beside today’s; of another day with its date; the same one is not repeated', () => {
    const before = (date: string, value: number) => ({ before: { date, digest: digestOf(facts({ results: [revenue(value)] })) } })
    expect(said({}, before('2026-01-13', 380))[0]).toContain('revenue USD 412 USD (yesterday 380 USD)')
    expect(said({}, before('2026-01-10', 380))[0]).toContain('revenue USD 412 USD (2026-01-10 380 USD)')
    expect(said({}, before('2026-01-13', 412))[0]).toContain('revenue USD 412 USD ·')
  })

  test('a number is compared with what the same check said of the same words, whatever its title', () => {
    const eur = (value: number) => ({ ...revenue(value, { check: 'revenue-eur' }), words: 'since=24h' })
    const week = (value: number) => ({ ...revenue(value), words: 'since=7d' })
    const before = { date: '2026-01-13', digest: digestOf(facts({ results: [eur(1), week(2), revenue(3)] })) }
    const now = digestOf(facts({ results: [revenue(30), week(20), eur(10)] }))
    expect(lines(now, { before })[0]).toContain(
      'Revenue: revenue USD 30 USD (yesterday 3 USD) · Revenue since=7d: revenue USD 20 USD (yesterday 2 USD)' +
        ' · Revenue since=24h: revenue USD 10 USD (yesterday 1 USD)',
    )
    expect(lines({ ...now, checks: [] }, { before }).slice(2)).toEqual([
      '- 🟢 Revenue revenue USD 30 USD (yesterday 3 USD)',
      '- 🟢 Revenue since=7d revenue USD 20 USD (yesterday 2 USD)',
      '- 🟢 Revenue since=24h revenue USD 10 USD (yesterday 1 USD)',
    ])
    const old = {
      ...before,
      digest: {
        ...before.digest,
        asked: before.digest.asked.map(({ title, status, finding, measurements }) => ({ title, status, finding, measurements })),
      },
    }
    expect(lines(now, { before: old })[0]).not.toContain('yesterday')
  })

  test.each<[what: string, more: Partial<DigestFacts>]>([
    [
      'a failure',
      { sampled: [{ title: 'Health', minutes: 60, samples: samples((hours) => (hours === 3 ? { status: 'fail', finding: 'x' } : {})) }] },
    ],
    ['a gap', { sampled: [{ title: 'Health', minutes: 60, samples: samples((hours) => (hours === 3 ? null : {})) }] }],
    ['no sample', { sampled: [{ title: 'Health', minutes: 60, samples: [] }] }],
    ['no sampled check', { sampled: [] }],
    ['an unknown number', { results: [revenue(1, { status: 'unknown' })] }],
    ['an open record', { records: { open: [{ id: 'INC-7', hidden: true, incident: null }], over: [] } }],
    ['a dead job', { bot: { dead: 1, away: {} } }],
    ['a service that is away', { bot: { dead: 0, away: { supabase: 'unreachable' } } }],
  ])('%s is not quiet', (_, more) => {
    expect(isQuiet(digestOf(facts()))).toBe(true)
    expect(isQuiet(digestOf(facts(more)))).toBe(false)
  })
})

describe('otherwise', () => {
  test('uptime, errors and speed; when it was not well and when nobody looked, in the product’s zone', () => {
    const bad = samples((hours) => {
      if (hours === 5 || hours === 6) return { status: 'fail', finding: 'Answered 503.' }
      if (hours === 16 || hours === 17) return null
      return hours === 20 ? { status: 'warn', finding: 'Took 6 s.' } : {}
    })
    expect(said({ sampled: [{ title: 'Health', minutes: 60, samples: bad }] })).toEqual([
      '📊 Acme Shop, the 24 h to 09:00 Europe/Berlin',
      '🔴 Health 90.9 % of 22 samples healthy, 2 failed (9.1 %) · 120 ms on average, 95 % within 120 ms',
      '🔴 yesterday 14:00–16:00: Answered 503.',
      '🟡 05:00–06:00: Took 6 s.',
      '⚪ not measured 01:00–03:00',
      '- 🟢 Revenue revenue USD 412 USD',
    ])
  })

  test('what was never measured is said in words, without a number', () =>
    expect(said({ sampled: [{ title: 'Health', minutes: 60, samples: [] }], results: [] })).toEqual([
      '📊 Acme Shop, the 24 h to 09:00 Europe/Berlin',
      '⚪ Health was not measured at all',
    ]))

  test('why it could never be told is said', () =>
    expect(
      said({
        sampled: [{ title: 'Health', minutes: 60, samples: samples(() => ({ status: 'unknown', finding: 'No such host.' })) }],
        results: [],
      })[1],
    ).toBe('⚪ Health was not measured at all: No such host.'))

  test('a number that is not known says why', () =>
    expect(
      said({
        results: [revenue(0, { status: 'unknown', findings: [{ status: 'unknown', text: 'Stripe refused the key.' }], measurements: [] })],
      }),
    ).toContain('- ⚪ Revenue Stripe refused the key.'))

  test('what is not configured takes one line', () => {
    const unset = [
      { title: 'Revenue', missing: ['ACME_STRIPE_KEY'] },
      { title: 'Payments', missing: ['ACME_STRIPE_KEY'] },
    ]
    expect(said({ unset, results: [] })).toEqual([
      '🟢 Acme Shop, the 24 h to 09:00 Europe/Berlin: all quiet. Health 100 % (24 samples, 120 ms) · nothing open or overdue',
      '⚪ Not configured yet, so not in here: Revenue, Payments. What to set: /diag acme',
    ])
    expect(said({ unset, sampled: [], results: [] }).slice(1)).toEqual([
      '⚪ No check was asked on a schedule, so nothing is known of its uptime.',
      '⚪ Not configured yet, so not in here: Revenue, Payments. What to set: /diag acme',
    ])
  })

  test('that it is late, and which dates had none', () => {
    expect(said({}, { late: at(24), missed: ['2026-01-12'] })[1]).toBe(
      '⏰ Late: it was due at 09:00, and could not be posted then. There was no digest for 2026-01-12.',
    )
    expect(said({}, { missed: ['2026-01-10', '2026-01-11', '2026-01-12'] })[1]).toBe('There was no digest from 2026-01-10 to 2026-01-12.')
  })

  test('the bot’s own health', () =>
    expect(said({ bot: { dead: 2, away: { supabase: 'unreachable: no answer' } } }).slice(-3)).toEqual([
      '🤖 The bot itself',
      '- 2 jobs were given up, and nobody has done the work since',
      '- supabase is unreachable: no answer',
    ]))

  test('long lists are cut', () => {
    const flapping = samples((hours) => (hours % 2 === 0 ? { status: 'fail', finding: 'Down.' } : {}))
    expect(said({ sampled: [{ title: 'Health', minutes: 60, samples: flapping }] })).toContain('and 7 more')
  })

  test('of many times of trouble the failures and the longest are named, in the order in which they were', () => {
    const bad = samples((hours) => {
      if (hours === 22 || hours === 19) return { status: 'fail', finding: 'Down.' }
      return hours % 2 === 0 || hours === 9 ? { status: 'warn', finding: 'Slow.' } : {}
    })
    expect(said({ sampled: [{ title: 'Health', minutes: 60, samples: bad }] }).slice(2, 8)).toEqual([
      '🟡 yesterday 09:00–10:00: Slow.',
      '🟡 yesterday 11:00–12:00: Slow.',
      '🟡 yesterday 17:00–20:00: Slow.',
      '🔴 03:00–06:00: Down.',
      '🔴 07:00–08:00: Down.',
      'and 5 more',
    ])
  })

  test('a time that began yesterday and ends today says both', () => {
    const night = samples((hours) => {
      if (hours === 14) return { status: 'warn', finding: 'Slow.' }
      return hours >= 1 && hours < 24 ? { status: 'fail', finding: 'Down.' } : {}
    })
    const whole = samples(() => ({ status: 'fail', finding: 'Down.' }))
    const evening = samples((hours) => (hours === 14 ? { status: 'fail', finding: 'Down.' } : {}))
    const told = (all: Sample[]) => said({ sampled: [{ title: 'Health', minutes: 60, samples: all }] })[2]
    expect(told(night)).toBe('🔴 yesterday 10:00–today 09:00: Down.')
    expect(told(whole)).toBe('🔴 yesterday 09:00–today 09:00: Down.')
    expect(told(evening)).toBe('🔴 yesterday 23:00–today 00:00: Down.')
  })

  test('of gaps the longest are named', () => {
    const holes = samples((hours) => (hours % 2 === 0 || hours === 21 ? null : {}))
    expect(said({ sampled: [{ title: 'Health', minutes: 60, samples: holes }], results: [] }).slice(2)).toEqual([
      '⚪ not measured yesterday 09:00–10:00',
      '⚪ not measured yesterday 11:00–12:00',
      '⚪ not measured yesterday 13:00–14:00',
      '⚪ not measured yesterday 15:00–16:00',
      '⚪ not measured 05:00–08:00',
      'and 6 more',
    ])
  })

  test('of many that were asked, and of many that are sampled, the worst come first', () => {
    const results = Array.from({ length: 20 }, (_, index) => revenue(index, { title: `Number ${index}` }))
    const failing = revenue(0, { title: 'Payments', status: 'fail', findings: [{ status: 'fail', text: 'No payment came in.' }] })
    expect(said({ results: [...results, failing] })[2]).toMatch(/^- 🔴 Payments No payment came in\./)
    const down = { title: 'Shop', minutes: 60, samples: samples(() => ({ status: 'fail', finding: 'Down.' })) }
    const fine = Array.from({ length: 20 }, (_, index) => ({ title: `Page ${index}`, minutes: 60, samples: samples() }))
    expect(said({ sampled: [...fine, down] })[1]).toMatch(/^🔴 Shop 0 % of 24 samples healthy/)
  })

  describe('on a bad day nothing is pushed out of the message', () => {
    const long = (text: string) => `${text} ${'and so on '.repeat(100)}`
    const flapping = (title: string) => ({
      title,
      minutes: 60,
      samples: samples((hours) => {
        const slot = at(24 + hours)
        if (hours % 2 === 0) return { slot, status: 'fail', finding: long('Answered 503') }
        return hours % 3 === 0 ? { slot, status: 'unknown', finding: long('No such host') } : { slot }
      }),
    })
    const failing = (title: string) => revenue(0, { title, status: 'fail', findings: [{ status: 'fail', text: long('Nothing came in') }] })
    const times = <Item>(count: number, item: (number: number) => Item): Item[] => Array.from({ length: count }, (_, index) => item(index))
    const open = after(declared({ title: long('Checkout').slice(0, 150) }), tick('response', 1, 20))
    const late = after(
      declared({ id: 'INC-8' }),
      ...times(30, (number) =>
        step({ type: 'add-todo', text: long(`Alert ${number}`).slice(0, 400), owner: alice as Person, due: '2026-01-14', source: null }, 5),
      ),
      resolve(15),
    )
    const bad = (sampled: number, asked: number): Partial<DigestFacts> => ({
      during: { from: at(24), to: at(48) },
      sampled: times(sampled, (number) => flapping(`Check ${number}`)),
      results: times(asked, (number) => failing(`Number ${number}`)),
      records: { open: times(30, (number) => ({ id: `INC-${number}`, hidden: false, incident: open })), over: [late] },
      bot: { dead: 3, away: { supabase: long('unreachable'), github: long('unreachable') } },
      unset: times(30, (number) => ({ title: `Not there ${number}`, missing: ['KEY'] })),
    })

    test.each([
      [6, 1],
      [1, 20],
      [15, 20],
      [30, 40],
    ])('%i checks that flap and %i that were asked fail', (sampled, asked) => {
      const digest = digestOf(facts(bad(sampled, asked)))
      const shown = JSON.stringify(renderParts(digestParts(digest, notes({ late: at(48), missed: ['2026-01-10'] }))))
      expect(shown).not.toContain(limits.notice)
      const text = lines(digest).join('\n')
      for (let number = 0; number < Math.min(sampled, 20); number += 1) expect(text).toContain(`🔴 Check ${number}`)
      for (let number = 0; number < Math.min(asked, 20); number += 1) expect(text).toContain(`🔴 Number ${number}`)
      expect(text).toContain('🔴 Check 0 40 % of 20 samples')
      expect(text).toMatch(/🔴 yesterday 09:00–10:00: Answered 503/)
      for (const part of ['Open: 30', 'Not kept in this time: 30', 'Overdue: 30', 'The bot itself', 'Not configured yet'])
        expect(text).toContain(part)
    })
  })

  test('a day in which a clock is put forward has 23 h', () =>
    expect(said({ during: { from: '2026-03-28T08:00:00.000Z', to: '2026-03-29T07:00:00.000Z' } })[0]).toContain('the 23 h to 09:00'))

  test('the line of a notification says the worst', () => {
    expect(digestMessage('k', digestOf(facts()), notes()).summary).toBe('Acme Shop: all quiet')
    expect(digestMessage('k', digestOf(facts({ sampled: [{ title: 'Health', minutes: 60, samples: [] }] })), notes()).summary).toBe(
      'Acme Shop: Health was not measured at all, 0 open',
    )
  })
})

test('the line of a notification names what failed before what is well, and counts what was not kept and is overdue, however long it is', () => {
  const failing = (title: string) => revenue(0, { title, status: 'fail', findings: [{ status: 'fail', text: 'None.' }] })
  const digest = digestOf(facts({ results: [revenue(1), revenue(1, { title: 'Stock', status: 'warn' }), failing('Payments')] }))
  const records = { open: [['INC-7']], missed: [['INC-7'], ['INC-8']], overdue: [['INC-8']] }
  const summary = (told: Digest) => digestMessage('k', told, notes()).summary
  expect(summary({ ...digest, records })).toBe(
    'Acme Shop: Payments fail, Stock warn, Health 100 % of 24 samples healthy, 1 open, 2 not kept, 1 overdue',
  )
  const many = summary({ ...digestOf(facts({ results: Array.from({ length: 30 }, (_, index) => failing(`Number ${index}`)) })), records })
  expect(many).toMatch(/^Acme Shop: Number 0 fail, Number 1 fail, .*…, 1 open, 2 not kept, 1 overdue$/)
  expect(many.length).toBeLessThanOrEqual(150)
})

describe('records', () => {
  /** From two hours before the declaration to 22 h after it. */
  const around = { from: '2026-01-14T07:00:00.000Z', to: '2026-01-15T07:00:00.000Z' }
  const open = after(declared(), tick('response', 1, 20))
  const todo = { type: 'add-todo', text: 'Add an alert', owner: alice as Person, due: '2026-01-14', source: null } as const
  const over = after(declared({ id: 'INC-7' }), step(todo, 5), resolve(15))

  const told = (more: Partial<DigestFacts>) => said({ during: around, sampled: [], results: [], ...more }).slice(2)

  test('open ones with their clocks, and promises that were not kept in this time', () => {
    expect(start).toBe('2026-01-14T09:00:00.000Z')
    expect(told({ records: { open: [{ id: 'INC-7', hidden: false, incident: open }], over: [] } })).toEqual([
      'Open: 1',
      expect.stringMatching(/^- INC-7 P1 🔴 Declared · Acme Shop · Checkout fails · Ack ⏰ overdue since .*Update due/),
      'Not kept in this time: 1',
      expect.stringMatching(/^- INC-7 P1 Acknowledgement was due .*, not met yet$/),
    ])
  })

  test('one that was kept late says by how much, also of a record that is over', () =>
    expect(told({ records: { open: [], over: [after(declared(), tick('response', 1, 20), ack(25), resolve(26))] } })).toEqual([
      'Not kept in this time: 1',
      '- INC-7 P1 Acknowledgement was due 2026-01-14 10:20 CET (09:20 UTC), late by 5 min',
    ]))

  test('a promise of the day before is not told again', () =>
    expect(
      told({
        during: { from: '2026-01-15T07:00:00.000Z', to: '2026-01-16T07:00:00.000Z' },
        records: { open: [{ id: 'INC-7', hidden: false, incident: open }], over: [] },
      }),
    ).toHaveLength(2))

  test('a to-do whose day has passed, also of a record that is over', () =>
    expect(told({ records: { open: [], over: [over] } })).toEqual([
      'Overdue: 1',
      '- INC-7 P1 to do 1: Add an alert · by 2026-01-14 · Alice Adler',
    ]))

  test('of a private one there is nothing but the number (faults 59)', () => {
    const secret = after(declared({ private: true, title: 'Data leak at Initech' }), step(todo, 5), tick('response', 1, 20))
    const digest = digestOf(facts({ during: around, records: { open: [{ id: 'INC-7', hidden: true, incident: secret }], over: [] } }))
    expect(JSON.stringify(digest)).not.toMatch(/Initech|leak|alert|Acknowledgement/i)
    expect(lines(digest).slice(-2)).toEqual(['Open: 1', '- INC-7 private'])
  })
})
