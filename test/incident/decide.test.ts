/** Every command: accepted, refused (in the words that the person reads), repeated, stale. */
import { describe, expect, test } from 'vitest'
import { decide } from '../../src/incident/decide.ts'
import type { Event, Kind } from '../../src/incident/events.ts'
import { replay } from '../../src/incident/evolve.ts'
import { sentence } from '../../src/incident/refusals.ts'
import * as g from '../given.ts'
import {
  ack,
  after,
  alertOf,
  at,
  bob,
  bot,
  declared,
  given,
  happened,
  mitigate,
  note,
  pager,
  policy,
  resolve,
  review,
  severity,
  step,
  tick,
  update,
} from '../given.ts'

/** The one event that a step adds. */
const added = (...steps: readonly g.Step[]): Event => {
  const last = happened(...steps).at(-1)
  if (last === undefined) throw new Error('nothing happened')
  return last.event
}

const declaring = (title: string, more: Partial<g.Declare> = {}) =>
  decide(null, { intent: g.declareIntent({ title, ...more }), at: at(0), by: g.alice })

const titled = (title: string, more: Partial<g.Declare> = {}): string => {
  const decision = declaring(title, more)
  if ('refused' in decision) return `${decision.refused.code}: ${sentence(decision.refused)}`
  const [event] = decision.events
  return event?.type === 'declared' ? event.title : 'nothing'
}

describe('declare', () => {
  test('records all that it was decided with, and pages the first of the ladder at once', () => {
    const decision = declaring('Checkout fails')
    expect('events' in decision ? decision.events : null).toEqual([
      {
        ...g.declareIntent(),
        type: 'declared',
        v: 1,
        detectedAt: at(0),
        responseDue: at(20),
        updateDue: at(30),
      },
      { type: 'escalated', v: 1, run: 1, level: 0, to: g.ladder[0], why: 'page' },
    ])
  })

  test('a severity that does not page, and an empty ladder, page nobody', () => {
    expect(happened(declared({ policy: policy('P2') }))).toHaveLength(1)
    expect(happened(declared({ policy: policy('P1', { ladder: [] }) }))).toHaveLength(1)
  })

  test('a severity without a response clock can page all the same', () => {
    expect(happened(declared({ policy: policy('P1', { response: null }) })).map(({ event }) => event)).toMatchObject([
      { responseDue: null, updateDue: at(30) },
      { type: 'escalated', level: 0 },
    ])
  })

  test('P4 has no update clock', () => {
    expect(added(declared({ policy: policy('P4') }))).toMatchObject({ responseDue: at(480), updateDue: null })
  })

  test.each<[Kind, boolean]>([
    ['incident', true],
    ['disaster', true],
    ['drill', true],
    ['change', false],
    ['maintenance', false],
  ])('%s has clocks: %s', (kind, clocks) => {
    const events = happened(declared({ kind }))
    expect(events[0]?.event).toMatchObject(clocks ? { responseDue: at(20), updateDue: at(30) } : { responseDue: null, updateDue: null })
    expect(events).toHaveLength(clocks ? 2 : 1)
  })

  test('what an alert opens began with the alert, but not in the future', () => {
    const opened = (startsAt: string) => added(declared({ policy: policy('P2'), alert: alertOf({ startsAt }) }, pager))
    expect(opened(at(-12))).toMatchObject({ detectedAt: at(-12), responseDue: at(60) })
    expect(opened(at(3))).toMatchObject({ detectedAt: at(0) })
  })

  test('twice is refused', () => {
    given(declared())
      .when(declared())
      .refused('already_declared', 'You declared this already: INC-7. For another incident use another title.')
    given(declared(), step({ type: 'channel-opened', channel: 'C0ACME', name: 'inc-7' }, 1))
      .when(declared())
      .refused('already_declared', 'You declared this already: INC-7, in <#C0ACME>. For another incident use another title.')
  })

  test('is the only command that needs no incident', () => {
    expect(() => decide(null, { intent: { type: 'acknowledge' }, at: at(0), by: bob })).toThrow('acknowledge needs an incident')
  })
})

describe('titles', () => {
  const none = 'missing: The title is missing. For example `/incident new <product> P1 Payments fail`.'

  test.each(['', '   ', '\n\t', '\u200B\u200D\u2060', '\u202E', '\u0000', '\u3164\u2800', '\u0301'])(
    'nothing that can be seen is no title: %j',
    (title) => {
      expect(titled(title)).toBe(none)
    },
  )

  test('300 and 500 characters are kept whole, 501 are refused', () => {
    expect(titled('x'.repeat(300))).toHaveLength(300)
    expect(titled('x'.repeat(500))).toHaveLength(500)
    expect(titled('🔥'.repeat(500))).toBe('🔥'.repeat(500))
    expect(titled('x'.repeat(501))).toBe(
      'too_long: The title is too long: 501 characters, at most 500. Shorten it; `/incident note` takes the rest.',
    )
    expect(titled('🔥'.repeat(501))).toMatch(/^too_long: The title is too long: 501 characters/)
  })

  test.each([
    ['🔥 checkout 👩‍💻 down 🇩🇪 ❤️', '🔥 checkout 👩‍💻 down 🇩🇪 ❤️'],
    ['الدفع لا يعمل', 'الدفع لا يعمل'],
    ['התשלום נכשל in production', 'התשלום נכשל in production'],
    ['می‌خواهم', 'می‌خواهم'],
    ['a\u0000b', 'ab'],
    ['lone \uD83D surrogate \uDE00', 'lone \uFFFD surrogate \uFFFD'],
    ['invoice\u202Efdp.exe\u202C', 'invoicefdp.exe'],
    ['\u2066hidden\u2069 \u200Bzero\u200B', 'hidden zero'],
    ['two\nlines\r\nand\u2028more\rhere', 'two lines and more here'],
    ['  much   room\t', 'much room'],
    ['soft\u00ADhyphen', 'softhyphen'],
  ])('%j becomes %j', (title, kept) => {
    expect(titled(title)).toBe(kept)
  })

  test('an alert opens an incident whatever its words are (nothing is dropped)', () => {
    const alert = alertOf({ rule: 'CheckoutErrors' })
    expect(titled('\u200B', { alert })).toBe('CheckoutErrors')
    expect(titled('', { alert: alertOf({ rule: '\u0000' }) })).toBe('An alert without a name')
    expect(titled('x'.repeat(900), { alert })).toBe(`${'x'.repeat(499)}…`)
  })
})

describe('secrets are masked before anything is recorded (faults 58)', () => {
  const secret = 'sk_live_51HabcDEFghiJKLmno'
  const text = `key ${secret} leaked`

  test.each<[string, readonly g.Step[]]>([
    ['title', [declared({ title: text, policy: policy('P2') })]],
    ['description', [declared({ summary: text, policy: policy('P2') })]],
    ['title of an alert', [declared({ title: text, alert: alertOf({ rule: text, summary: text }), policy: policy('P2') })]],
    ['update', [declared(), update(text, 1)]],
    ['note', [declared(), note(text, 1)]],
    ['mitigation', [declared(), mitigate(1, text)]],
    ['summary', [declared(), resolve(1, text)]],
    ['reason', [declared(), severity('P2', 1, {}, text)]],
    ['reason of a step', [declared(), step({ type: 'step-failed', surface: 'record', step: 'record', reason: text }, 1)]],
    [
      'reason of a loss',
      [
        declared(),
        step({ type: 'channel-opened', channel: 'C1', name: 'x' }, 1),
        step({ type: 'channel-lost', channel: 'C1', why: text }, 2),
      ],
    ],
  ])('%s', (_, steps) => {
    const recorded = JSON.stringify(added(...steps))
    expect(recorded).not.toContain(secret)
    expect(recorded).toContain('sk_live_***')
  })

  test('labels and address of an alert, by value and by name', () => {
    const alert = alertOf({
      summary: text,
      url: 'https://p.acme.example/?token=abcdef123456&x=1',
      labels: { job: 'shop', note: text, db_password: 'hunter2', token: 'x' },
    })
    const kept = {
      summary: 'key sk_live_*** leaked',
      url: 'https://p.acme.example/?token=***&x=1',
      labels: { job: 'shop', note: 'key sk_live_*** leaked', db_password: '***', token: '***' },
    }
    expect(added(declared({ alert, policy: policy('P2') }))).toMatchObject({ alert: kept })
    expect(added(declared(), step({ type: 'join-alert', alert }, 1, pager))).toMatchObject({ alert: kept })
  })

  test('an alert is still known by what it came with', () => {
    const alert = alertOf({ fingerprint: 'token=abcdef123456' })
    given(declared(), step({ type: 'join-alert', alert }, 1, pager))
      .when(step({ type: 'join-alert', alert }, 2, pager))
      .happens()
  })
})

describe('acknowledge', () => {
  test('stops the response clock; who does it leads', () => {
    const incident = given(declared()).when(ack(3)).happens({ type: 'acknowledged' })
    expect(incident).toMatchObject({
      status: 'acknowledged',
      lead: g.alice,
      acknowledged: { at: at(3), by: g.alice },
      response: { metAt: at(3) },
    })
  })

  test('twice is said to be done already, with who did it (faults 2)', () => {
    given(declared(), ack(3))
      .when(ack(4, bob))
      .refused(
        'already_acknowledged',
        `Already acknowledged by Alice Adler at ${at(3)}: the response clock has stopped. \`/incident status\` shows the others.`,
      )
  })

  test('after it was mitigated there is nothing to acknowledge any more', () => {
    given(declared(), mitigate(3))
      .when(ack(4))
      .refused('already_mitigated', `Already mitigated at ${at(3)}. When the cause is fixed: \`/incident resolve <summary>\`.`)
  })

  test('after it was resolved', () => {
    given(declared(), resolve(5))
      .when(ack(6))
      .refused(
        'already_resolved',
        `Already resolved at ${at(5)}. \`/incident note <text>\` still works. If it is back: \`/incident reopen <why>\`.`,
      )
  })

  test('planned work has nothing to acknowledge', () => {
    given(declared({ kind: 'change' }))
      .when(ack(1))
      .refused(
        'no_response_clock',
        'A change has no response clock, so there is nothing to acknowledge. To say how it goes: `/incident update <text>`.',
      )
  })

  test('a severity without a response clock can be acknowledged', () => {
    given(declared({ policy: policy('P4', { response: null }) }))
      .when(ack(1))
      .happens({ type: 'acknowledged' })
  })
})

describe('change-severity', () => {
  test('graver: counts from the change and pages', () => {
    const incident = given(declared({ policy: policy('P3') }))
      .when(severity('P1', 30, {}, 'nobody can pay'))
      .happens(
        { type: 'severity-changed', from: 'P3', why: 'nobody can pay', responseFrom: at(30), responseDue: at(50), updateDue: at(60) },
        { type: 'escalated', run: 2, level: 0, why: 'page' },
      )
    expect(incident).toMatchObject({
      severity: 'P1',
      response: { run: 2, startedAt: at(30), due: at(50) },
      update: { run: 2, due: at(60) },
      escalation: 0,
    })
  })

  test('lighter: counts from the declaration, and pages nobody again', () => {
    given(declared())
      .when(severity('P2', 10, { page: true }))
      .happens({ type: 'severity-changed', from: 'P1', responseFrom: at(0), responseDue: at(60), updateDue: at(60) })
  })

  test('acknowledged already: the response clock does not start again; updates are counted from the declaration, too', () => {
    const incident = given(declared(), ack(3))
      .when(severity('P2', 10))
      .happens({ type: 'severity-changed', responseDue: null, updateDue: at(60), updateFrom: at(0) })
    expect(incident).toMatchObject({
      response: { run: 1, metAt: at(3) },
      update: { run: 2, startedAt: at(0), due: at(60), metAt: null },
      status: 'acknowledged',
    })
  })

  test('a clock that the first severity did not have starts with the one that does', () => {
    given(declared({ policy: policy('P4') }), ack(3))
      .when(severity('P1', 10))
      .happens({ type: 'severity-changed', responseDue: null, updateDue: at(40) })
  })

  test('a clock that the new severity does not have stops', () => {
    const incident = given(declared())
      .when(severity('P4', 10, { response: null }))
      .happens({ responseDue: null, updateDue: null })
    expect(incident).toMatchObject({ response: { run: 2, due: null }, update: { run: 2, due: null } })
    given(declared(), severity('P4', 10, { response: null }))
      .when(tick('response', 1, 25))
      .happens()
    given(declared(), severity('P4', 10, { response: null }))
      .when(tick('update', 1, 35))
      .happens()
  })

  test('planned work changes its severity without a clock', () => {
    given(declared({ kind: 'maintenance', policy: policy('P3') }))
      .when(severity('P1', 10))
      .happens({ type: 'severity-changed', responseDue: null, updateDue: null })
  })

  test('the same again is refused', () => {
    given(declared())
      .when(severity('P1', 10))
      .refused('same_severity', 'It is P1 already; nothing changed. To change it, name another of P1 to P4.')
  })

  test('a reason of nothing is none; one too long is refused', () => {
    given(declared())
      .when(severity('P2', 1, {}, ' \u200B '))
      .happens({ type: 'severity-changed', why: null })
    given(declared())
      .when(severity('P2', 1, {}, 'x'.repeat(1001)))
      .refused('too_long', 'The reason is too long: 1001 characters, at most 1000. Shorten it; `/incident note` takes the rest.')
  })

  test('after it was resolved it is refused', () => {
    given(declared(), resolve(5))
      .when(severity('P2', 6))
      .refused(
        'already_resolved',
        `Already resolved at ${at(5)}. \`/incident note <text>\` still works. If it is back: \`/incident reopen <why>\`.`,
      )
  })
})

describe('update', () => {
  test('restarts its clock as the severity asks, or as the person says', () => {
    given(declared())
      .when(update('Looking', 10))
      .happens({ type: 'updated', text: 'Looking', updateDue: at(40) })
    given(declared())
      .when(update('Looking', 10, 90))
      .happens({ updateDue: at(100) })
  })

  test('without an update clock none starts, unless somebody promises the next', () => {
    given(declared({ policy: policy('P4') }))
      .when(update('Looking', 10))
      .happens({ updateDue: null })
    given(declared({ policy: policy('P4') }))
      .when(update('Looking', 10, 30))
      .happens({ updateDue: at(40) })
    given(declared({ kind: 'change' }))
      .when(update('Half done', 10))
      .happens({ updateDue: null })
    given(declared({ kind: 'maintenance' }))
      .when(update('Half done', 10, 30))
      .happens({ updateDue: at(40) })
  })

  test('of nothing, and of too much', () => {
    given(declared())
      .when(update(' \u200B', 1))
      .refused('missing', 'The update is missing. For example `/incident update Rolled back, watching`.')
    given(declared())
      .when(update('x'.repeat(3001), 1))
      .refused('too_long', 'The update is too long: 3001 characters, at most 3000. Shorten it; `/incident note` takes the rest.')
    given(declared())
      .when(update('x'.repeat(3000), 1))
      .happens({ type: 'updated' })
  })

  test('the same words twice are one update, for ten minutes (faults 2)', () => {
    const twice = given(declared(), update('Looking', 1))
    twice.when(update('Looking', 2)).refused('already_said', `You posted exactly this already, at ${at(1)}. To say more, change the words.`)
    twice.when(update('Looking still', 2)).happens({ type: 'updated' })
    twice.when({ ...update('Looking', 2), by: bob }).happens({ type: 'updated' })
    twice.when(update('Looking', 11)).happens({ type: 'updated' })
  })
})

describe('note', () => {
  test('is recorded, also after the end', () => {
    given(declared()).when(note('Restarted', 5)).happens({ type: 'noted', text: 'Restarted' })
    given(declared(), resolve(5)).when(note('Restarted', 9)).happens({ type: 'noted' })
  })

  test('can be back-dated between the start and now', () => {
    const events = happened(declared({ alert: alertOf() }), note('Deployed', 9, -3))
    expect(events.at(-1)).toMatchObject({ at: at(9), occurredAt: at(-3) })
    given(declared({ alert: alertOf() }))
      .when(note('Deployed', 9, -5))
      .happens({ type: 'noted' })
    given(declared({ alert: alertOf() }))
      .when(note('Deployed', 9, -6))
      .refused('before_start', `${at(-6)} is before the start, ${at(-5)}. Give a time between the start and now.`)
    given(declared())
      .when(note('Deployed', 9, 10))
      .refused('in_future', `${at(10)} has not come yet. Give a time between the start and now.`)
  })

  test('of nothing is refused', () => {
    given(declared())
      .when(note('', 1))
      .refused('missing', 'The note is missing. For example `/incident note Restarted the worker at 14:05`.')
  })

  test('typed twice is one, but the same words of another time are another', () => {
    const once = given(declared(), note('Restarted', 1))
    once.when(note('Restarted', 2)).refused('already_said', `You posted exactly this already, at ${at(1)}. To say more, change the words.`)
    once.when(note('Restarted', 2, 0)).happens({ type: 'noted' })
    given(declared(), note('Restarted', 2, 1))
      .when(note('Restarted', 3, 1))
      .refused('already_said', `You posted exactly this already, at ${at(2)}. To say more, change the words.`)
  })
})

describe('mitigate, resolve, review', () => {
  test('mitigating without an acknowledgement stops the paging: somebody is at work', () => {
    const incident = given(declared()).when(mitigate(10, 'Traffic moved')).happens({ type: 'mitigated', text: 'Traffic moved' })
    expect(incident).toMatchObject({ status: 'mitigated', response: { metAt: at(10) }, stamps: { assess: null, mitigate: at(10) } })
    given(declared(), mitigate(10))
      .when(tick('response', 1, 20))
      .happens()
    given(declared(), mitigate(10, ' '))
      .when(tick('response', 1, 18))
      .happens()
    expect(added(declared(), mitigate(10, ' '))).toMatchObject({ text: null })
  })

  test('twice', () => {
    given(declared(), mitigate(1))
      .when(mitigate(2))
      .refused('already_mitigated', `Already mitigated at ${at(1)}. When the cause is fixed: \`/incident resolve <summary>\`.`)
    given(declared(), resolve(1))
      .when(resolve(2))
      .refused(
        'already_resolved',
        `Already resolved at ${at(1)}. \`/incident note <text>\` still works. If it is back: \`/incident reopen <why>\`.`,
      )
    given(declared(), resolve(1), review(2))
      .when(review(3))
      .refused('already_reviewed', `Already reviewed at ${at(2)}. \`/incident note <text>\` still works.`)
  })

  test('resolving stops both clocks; it needs a summary', () => {
    const incident = given(declared()).when(resolve(10)).happens({ type: 'resolved', summary: 'Rolled back to v141' })
    expect(incident).toMatchObject({
      status: 'resolved',
      resolution: 'Rolled back to v141',
      response: { metAt: at(10) },
      update: { metAt: at(10) },
    })
    given(declared())
      .when(resolve(1, ' '))
      .refused('missing', 'The summary is missing. For example `/incident resolve Rolled back to v141`.')
    for (const late of [tick('response', 1, 20), tick('update', 1, 30), g.silence(1, 40)])
      given(declared(), resolve(10)).when(late).happens()
  })

  test('only what is resolved is reviewed', () => {
    given(declared()).when(review(1)).refused('not_resolved', 'INC-7 is not resolved yet. First: `/incident resolve <summary>`.')
    expect(after(declared(), resolve(1), review(2))).toMatchObject({ status: 'reviewed', stamps: { review: at(2) } })
  })

  test('what is resolved takes no update and no mitigation', () => {
    for (const late of [update('x', 6), mitigate(6)])
      given(declared(), resolve(5))
        .when(late)
        .refused(
          'already_resolved',
          `Already resolved at ${at(5)}. \`/incident note <text>\` still works. If it is back: \`/incident reopen <why>\`.`,
        )
  })
})

describe('what jobs report', () => {
  test('a channel opens once, is lost once, and may open again', () => {
    const opened = step({ type: 'channel-opened', channel: 'C1', name: 'inc-7' }, 1, bot)
    const lost = step({ type: 'channel-lost', channel: 'C1', why: 'archived' }, 2, bot)
    expect(after(declared(), opened, opened, step({ type: 'channel-opened', channel: 'C2', name: 'other' }, 1, bot)).channel).toEqual({
      id: 'C1',
      name: 'inc-7',
    })
    expect(after(declared(), opened, lost, lost)).toMatchObject({ channel: null, lostChannels: ['C1'] })
    expect(after(declared(), lost)).toMatchObject({ channel: null, lostChannels: [] })
    expect(after(declared(), opened, lost, step({ type: 'channel-opened', channel: 'C2', name: 'x' }, 3, bot))).toMatchObject({
      channel: { id: 'C2' },
      lostChannels: ['C1'],
    })
  })

  test('an alert joins once, clears once; one that never joined clears nothing', () => {
    const alert = alertOf({ fingerprint: 'b0b' })
    const join = step({ type: 'join-alert', alert }, 1, pager)
    const clear = step(
      { type: 'resolve-alert', source: 'alertmanager', fingerprint: 'b0b', startsAt: alert.startsAt, endsAt: at(3) },
      4,
      pager,
    )
    given(declared()).when(clear).happens()
    given(declared()).when(join).happens({ type: 'alert-joined' })
    given(declared(), join).when(join).happens()
    given(declared(), join)
      .when(clear)
      .happens({ type: 'alert-resolved', endsAt: at(3) })
    given(declared(), join, clear).when(clear).happens()
    given(declared(), join, resolve(3)).when(clear).happens({ type: 'alert-resolved' })
  })

  test('a failed step is told once a reason, also when the reason had to be cleaned, and mended once', () => {
    const failed = (reason: string) => step({ type: 'step-failed', surface: 'record', step: 'record', reason }, 1, bot)
    const mended = step({ type: 'step-mended', surface: 'record', step: 'record' }, 2, bot)
    const odd = 'no  answer\nfrom postgres://bot:hunter22@db'
    given(declared(), failed(odd)).when(failed(odd)).happens()
    expect(added(declared(), failed(odd))).toMatchObject({ reason: 'no answer from postgres://bot:***@db' })
    expect(added(declared(), failed('x'.repeat(9000)))).toMatchObject({ reason: `${'x'.repeat(499)}…` })
    given(declared(), failed('a')).when(failed('b')).happens({ type: 'step-failed' })
    given(declared()).when(mended).happens()
    given(declared(), failed('a'), mended).when(mended).happens()
  })

  test('where it was published is told once an address', () => {
    const published = (url: string) => step({ type: 'published', where: 'pull-request', url, head: 'h' }, 6, bot)
    given(declared(), resolve(5), published('https://x/1')).when(published('https://x/1')).happens()
    given(declared(), resolve(5), published('https://x/1')).when(published('https://x/2')).happens({ type: 'published' })
  })
})

describe('a clock that is set back (faults 43)', () => {
  test('does not stop the work, only what is back-dated is held against it', () => {
    given(declared()).when(ack(-60)).happens({ type: 'acknowledged' })
    given(declared())
      .when(note('x', -60, -61))
      .refused('before_start', `${at(-61)} is before the start, ${at(0)}. Give a time between the start and now.`)
  })
})

test('a refusal changes nothing', () => {
  const events = happened(declared(), ack(1))
  const before = structuredClone(replay(events))
  given(declared(), ack(1))
    .when(ack(2))
    .refused('already_acknowledged', sentence({ code: 'already_acknowledged', params: { by: 'Alice Adler', at: at(1) } }))
  expect(replay(events)).toEqual(before)
})
