/** The channel as it should be, computed from the events. */
import { describe, expect, test } from 'vitest'
import { announcement, conversation, type Item, topicOf } from '../../src/incident/conversation.ts'
import type { CheckResult } from '../../src/incident/check.ts'
import type { Recorded } from '../../src/incident/events.ts'
import { replay } from '../../src/incident/evolve.ts'
import type { Message, Part, Span } from '../../src/incident/message.ts'
import type { Contact } from '../../src/incident/policy.ts'
import * as g from '../given.ts'
import {
  ack,
  after,
  alertOf,
  at,
  bob,
  bot,
  declared,
  happened,
  mitigate,
  note,
  pager,
  policy,
  resolve,
  review,
  severity,
  silence,
  step,
  tick,
  update,
} from '../given.ts'

/** A span as one reads it: code and links in their marks, times by the minutes since the start. */
const spanText = (span: Span): string => {
  if (typeof span === 'string') return span
  if ('bold' in span) return `*${span.bold}*`
  if ('code' in span) return `\`${span.code}\``
  if ('link' in span) return `[${span.text}](${span.link})`
  if ('mention' in span) return `@${span.mention.name}`
  if ('channel' in span) return `#${span.text}`
  return `+${(Date.parse(span.time) - Date.parse(g.start)) / 60_000}`
}

const line = (spans: readonly Span[]) => spans.map(spanText).join('')

const partText = (part: Part): string => {
  switch (part.kind) {
    case 'heading':
      return `# ${part.text}`
    case 'text':
      return line(part.spans)
    case 'fields':
      return part.fields.map(({ label, value }) => `${label}: ${line(value)}`).join('\n')
    case 'list':
      return part.items.map((item) => `- ${line(item)}`).join('\n')
    case 'quote':
      return `> ${part.text}`
    case 'context':
      return `(${line(part.spans)})`
    case 'buttons':
      return part.buttons.map(({ label, action }) => `[${label}=${action}]`).join(' ')
    default:
      return '---'
  }
}

const textOf = (message: Message) => message.parts.map(partText).join('\n')

const itemText = (item: Item): string => {
  switch (item.step) {
    case 'message':
      return `${item.key}: ${textOf(item.message)}`
    case 'pin':
      return `${item.key}: ${item.of}`
    case 'topic':
      return `${item.key}: ${item.topic}`
    case 'invite':
      return `${item.key}: ${item.contacts.map(({ name }) => name).join(', ')}`
    case 'gather':
      return `${item.key}: ${item.channel}`
    case 'call':
      return `${item.key}: ${item.to.name}${item.invite ? ', invited' : ''}`
    case 'whisper':
      return `${item.key}: ${item.to.name} alone: ${textOf(item.message)}`
    default:
      return `${item.key}: ${item.title} ${item.url}`
  }
}

const shown = (...steps: readonly g.Step[]) => conversation(happened(...steps))
const keys = (...steps: readonly g.Step[]) => shown(...steps).map(({ key }) => key)
const messageOf = (items: readonly Item[], key: string): Message => {
  const found = items.find((item) => item.key === key)
  if (found?.step !== 'message') throw new Error(`no message ${key} among ${items.map((item) => item.key).join(', ')}`)
  return found.message
}
const read = (key: string, ...steps: readonly g.Step[]) => textOf(messageOf(shown(...steps), key))

const opened = step({ type: 'channel-opened', channel: 'C0ACME', name: 'inc-7-acme-checkout-fails' }, 0.1, bot)
const published = step({ type: 'published', where: 'pull-request', url: 'https://github.com/acme/incidents/pull/1', head: 'h' }, 62, bot)

const check = (more: Partial<CheckResult> = {}): CheckResult => ({
  check: 'health',
  kind: 'http',
  title: 'Health',
  status: 'fail',
  findings: [{ status: 'fail', text: 'It answers 503.' }],
  measurements: [{ name: 'latency', value: 1912.345, unit: 'ms', limit: 500 }],
  startedAt: at(0),
  took: 1912,
  ...more,
})

describe('a whole story', () => {
  const checks = (phase: 'opening' | 'resolution', minute: number, results: readonly CheckResult[]) =>
    step({ type: 'record-checks', phase, results }, minute, bot)

  test('reads like this', () => {
    const items = shown(
      declared({ policy: policy('P2'), summary: 'Since the deploy', alert: alertOf() }, pager),
      opened,
      checks('opening', 0.2, [
        check(),
        check({ title: 'Site', status: 'ok', findings: [{ status: 'ok', text: 'It answers 200.' }], measurements: [] }),
      ]),
      severity('P1', 5, {}, 'nobody can pay'),
      tick('response', 2, 15),
      tick('response', 2, 20),
      tick('response', 2, 23),
      tick('response', 2, 25),
      silence(2, 35, 2),
      ack(36, bob),
      note('a note posts nothing', 37),
      step({ type: 'join-alert', alert: alertOf({ fingerprint: 'b0b', rule: 'SlowCheckout', summary: 'p95 4 s' }) }, 38, pager),
      tick('update', 2, 32.5),
      update('Rolling back', 40, 20),
      mitigate(50, 'traffic moved'),
      step({ type: 'resolve-alert', source: 'alertmanager', fingerprint: 'c0ffee', startsAt: at(-5), endsAt: at(52) }, 52, pager),
      tick('update', 3, 60),
      resolve(61),
      checks('resolution', 61.5, [check({ status: 'ok', findings: [{ status: 'ok', text: 'It answers 200.' }], measurements: [] })]),
      published,
      review(90),
    )
    expect(items.map(itemText).join('\n\n')).toMatchInlineSnapshot(`
      "header: # INC-7 · Checkout fails
      Severity: *P1* Service down
      Status: 📘 Reviewed
      Lead: *Bob Berg*
      Product: Acme Shop
      Started: +-5
      Clocks: Ack ⏰ 31 min of 20 min
      ([Dashboard](https://dash.acme.example/) · [Status page](https://status.acme.example/))
      📄 [Post-mortem](https://github.com/acme/incidents/pull/1)

      pin: header

      topic: INC-7 · P1 · resolved · Acme Shop · Checkout fails

      invite:P2: P2 responders

      bookmark:product: Dashboard https://dash.acme.example/

      bookmark:post-mortem: Post-mortem https://github.com/acme/incidents/pull/1

      opening: > Since the deploy
      (Opened by alertmanager: \`CheckoutErrors\` · [source](https://prometheus.acme.example/graph))
      *P1 checklist*
      - ✅ Page on-call · +5
      - ☐ Tell the customers within 30 min
      [✓ Tell the customers within 30 min=checklist]

      check:3: 🩺 *Checks at opening*
      🔴 *Health* It answers 503.
      latency 1912.35 ms (limit 500 ms)
      🟢 *Site* It answers 200.
      (measured +0)

      severity:4: 🔺 @Alice Adler changed the severity from P2 to *P1* (Service down). Acknowledge by +25: \`/incident ack\`
      Why: nobody can pay

      invite:P1: P1 responders

      call:5: On-call, invited

      escalated:2:0: 📟 @On-call please acknowledge: \`/incident ack\`
      (✅ *Bob Berg* acknowledged at +36.)

      clock:response:2: ⏳ Acknowledgement due +25 (5 min left): \`/incident ack\`

      clock:response:2:last: @On-call ⏳ Acknowledgement due +25 (2 min left): \`/incident ack\`
      (✅ *Bob Berg* acknowledged at +36.)

      breach:response:2: ⏰ *Acknowledgement overdue* since +25: \`/incident ack\`
      (✅ *Bob Berg* acknowledged at +36.)

      call:10: Team lead, invited

      escalated:2:1: 📟 @Team lead nobody has acknowledged INC-7 yet: \`/incident ack\`
      (✅ *Bob Berg* acknowledged at +36.)

      call:11: Head of engineering, invited

      escalated:2:2: 📟 @Head of engineering nobody has acknowledged INC-7 yet: \`/incident ack\`. Nobody is left on the ladder: if nobody answers, call somebody yourself.
      (✅ *Bob Berg* acknowledged at +36.)

      ack:12: ✅ *Bob Berg* acknowledged after 31 min and leads.

      instructions:12:lead: Bob Berg alone: 🎯 *You lead INC-7*. Only you see this.
      - You decide, and you delegate: do not repair it yourself.
      - Say what happens next, and who does it: /incident todo <text> @somebody.
      - Confirm the severity, and change it when it is another one: /incident severity.
      - Keep the updates coming, or give that to somebody: /incident role comms @somebody.
      - When you have to go, hand over: /incident role lead @somebody.
      (Give it back: \`/incident role lead leave\`)

      alerts: 🔔 1 of 2 alerts firing.
      - 🔴 \`SlowCheckout\` p95 4 s
      - 🟢 \`CheckoutErrors\` 7 % of checkouts fail cleared +52

      clock:update:2:last: @Bob Berg ⏳ Status update due +35 (2 min left): \`/incident update <text>\`
      (✅ @Alice Adler posted an update at +40.)

      update:16: 📣 *Update* Rolling back
      (by @Alice Adler · next update by +60)

      mitigated:17: 🩹 @Alice Adler mitigated the impact: traffic moved

      breach:update:3: @Bob Berg ⏰ *Status update overdue* since +60: \`/incident update <text>\`
      (✅ @Alice Adler resolved INC-7 at +61.)

      resolved:20: 🟢 @Alice Adler resolved after 1 h 06 min: Rolled back to v141

      check:21: 🩺 *Checks at resolution*
      🟢 *Health* It answers 200.
      (measured +0)

      post-mortem: 📄 The post-mortem is ready: [pull request](https://github.com/acme/incidents/pull/1). Fill in impact, root cause and prevention there.

      reviewed:23: 📘 @Alice Adler marked the post-mortem as reviewed."
    `)
  })

  test('is in this order', () => {
    expect(keys(declared(), opened, ack(1), resolve(2), published)).toEqual([
      'header',
      'pin',
      'topic',
      'invite:P1',
      'bookmark:product',
      'bookmark:post-mortem',
      'opening',
      'call:2',
      'ack:4',
      'instructions:4:lead',
      'resolved:5',
      'post-mortem',
    ])
  })

  test('nothing happened, nothing is shown', () => {
    expect(conversation([])).toEqual([])
  })
})

describe('the opening', () => {
  test('asks the one who is paged, says by when, and lists what to do', () => {
    expect(read('opening', declared())).toBe(
      '📟 @On-call please acknowledge by +20: `/incident ack`\n*P1 checklist*\n- ✅ Page on-call · +0\n- ☐ Tell the customers within 30 min\n[✓ Tell the customers within 30 min=checklist]',
    )
  })

  test('pages also where no response clock runs', () => {
    expect(read('opening', declared({ policy: policy('P1', { response: null, checklist: [] }) }))).toBe(
      '📟 @On-call please acknowledge: `/incident ack`',
    )
  })

  test('never is empty', () => {
    expect(read('opening', declared({ policy: policy('P3') }))).toBe('Type `/incident help` for what can be done here.')
  })

  test('keeps its words when the severity changes', () => {
    expect(read('opening', declared(), severity('P3', 1))).toBe(
      '📟 @On-call please acknowledge by +20: `/incident ack`\n(↪ It is P3 now: other times count.)',
    )
  })

  test('a page that comes with a later severity is a message, also where no clock ran before', () => {
    const steps = [declared({ policy: policy('P4', { response: null }) }), severity('P1', 5)] as const
    expect(keys(...steps).slice(-4)).toEqual(['severity:2', 'invite:P1', 'call:3', 'escalated:2:0'])
    expect(read('escalated:2:0', ...steps)).toBe('📟 @On-call please acknowledge: `/incident ack`')
    expect(read('opening', ...steps)).not.toContain('📟')
  })

  test('invites who declared and who the severity names; a further severity invites its own, once', () => {
    const items = shown(declared(), severity('P2', 1), severity('P1', 2), severity('P2', 3))
    expect(items.filter(({ step: kind }) => kind === 'invite').map(itemText)).toEqual([
      'invite:P1: Alice Adler, P1 responders',
      'invite:P2: P2 responders',
    ])
  })
})

describe('the header', () => {
  const header = (...steps: readonly g.Step[]) => read('header', ...steps)
  const buttons = (...steps: readonly g.Step[]) => header(...steps).match(/\[\w[^\]]*=\w+\]/g) ?? []

  test('says what one has to know', () => {
    expect(header(declared())).toMatchInlineSnapshot(`
      "# INC-7 · Checkout fails
      Severity: *P1* Service down
      Status: 🔴 Declared
      Lead: nobody yet
      Product: Acme Shop
      Started: +0
      Clocks: Ack due +20 · Update due +30
      ([Dashboard](https://dash.acme.example/) · [Status page](https://status.acme.example/))
      [Acknowledge=ack] [Post update=update] [Resolve=resolve] [Take the lead=role]"
    `)
  })

  test('has the buttons for what can be done now, none when it is resolved', () => {
    expect(buttons(declared())).toEqual(['[Acknowledge=ack]', '[Post update=update]', '[Resolve=resolve]', '[Take the lead=role]'])
    expect(buttons(declared(), ack(1))).toEqual(['[Post update=update]', '[Resolve=resolve]'])
    expect(buttons(declared({ kind: 'change' }))).toEqual(['[Post update=update]', '[Done=resolve]'])
    expect(buttons(declared({ policy: policy('P4', { response: null }) }))[0]).toBe('[Acknowledge=ack]')
    expect(buttons(declared(), mitigate(1))).toEqual(['[Post update=update]', '[Resolve=resolve]', '[Take the lead=role]'])
    expect(buttons(declared(), resolve(1))).toEqual([])
    expect(buttons(declared(), resolve(1), review(2))).toEqual([])
    expect(header(declared(), resolve(1), published)).toContain('📄 [Post-mortem](https://github.com/acme/incidents/pull/1)')
  })

  const working = { kind: 'duration', minutes: 120, hours: 'business' } as const
  test.each<[string, readonly g.Step[]]>([
    ['Ack due +20 · Update due +30', []],
    ['Ack ✅ 3 min of 20 min · Update due +30', [ack(3)]],
    ['Ack ⏰ overdue since +20 · Update due +30', [tick('response', 1, 20)]],
    ['Ack ⏰ 25 min of 20 min · Update due +30', [ack(25)]],
    ['Ack ✅ 3 min of 20 min · Update ⏰ overdue since +30', [ack(3), tick('update', 1, 30)]],
    ['Ack ✅ 3 min of 20 min', [ack(3), resolve(9)]],
    ['Ack none: resolved after 12 min of 20 min', [resolve(12)]],
    ['Ack none: mitigated after 5 min of 20 min · Update due +30', [mitigate(5)]],
    ['Ack none: mitigated after 5 min of 20 min', [mitigate(5), resolve(12)]],
    ['Ack ⏰ none: resolved after 25 min of 20 min', [tick('response', 1, 20), resolve(25)]],
    ['no clock runs', [severity('P4', 1, { response: null })]],
    ['Ack due +480', [severity('P4', 1)]],
    ['Ack ✅ 3 min, promised: 2 h of working hours', [severity('P4', 1, { response: working }), ack(3)]],
    ['Ack ✅ 3 min, promised: next business day', [severity('P4', 1, { response: { kind: 'next-business-day' } }), ack(3)]],
    ['Ack none: resolved after 9 min, promised: 2 h of working hours', [severity('P4', 1, { response: working }), resolve(9)]],
  ])('clocks: %s', (clocks, steps) => {
    expect(header(declared(), ...steps)).toContain(`\nClocks: ${clocks}\n`)
  })

  test('shows a step that failed, in words, until it is mended', () => {
    const failed = (name: string, reason: string) => step({ type: 'step-failed', surface: 'channel', step: name, reason }, 1, bot)
    const steps = [
      declared(),
      failed('invite:P1', 'Slack, conversations.invite: not_in_channel (the bot is not in the channel: invite it)'),
      failed('topic', 'Slack, conversations.setTopic: restricted_action'),
      failed('new-thing', 'odd'),
    ] as const
    expect(header(...steps)).toContain(
      '(⚠ Not everybody could be invited: the bot is not in the channel: invite it (not_in_channel))\n(⚠ The topic could not be set: a setting of the workspace forbids it (restricted_action))\n(⚠ The job new-thing failed: odd)',
    )
    expect(header(...steps, step({ type: 'step-mended', surface: 'channel', step: 'invite:P1' }, 2, bot))).not.toContain('invited')
  })

  test('a long title is whole in the text, short in the heading, the topic and the summary', () => {
    const title = '🔥'.repeat(500)
    const items = shown(declared({ title }))
    const message = messageOf(items, 'header')
    expect(message.parts[0]).toEqual({ kind: 'heading', text: `INC-7 · ${'🔥'.repeat(141)}…` })
    expect(message.parts[1]).toEqual({ kind: 'text', spans: [title] })
    expect(Array.from(message.summary)).toHaveLength(150)
    expect(Array.from(topicOf(after(declared({ title }))))).toHaveLength(250)
  })
})

describe('alerts', () => {
  const flap = (count: number): Recorded[] => {
    const first = happened(declared({ policy: policy('P2'), alert: alertOf() }, pager))
    let incident = replay(first)
    const events = [...first]
    for (let index = 1; index <= count; index += 1) {
      const startsAt = at(index / 60)
      const join = { type: 'alert-joined', v: 1, alert: alertOf({ startsAt }) } as const
      const clear = { type: 'alert-resolved', v: 1, source: 'alertmanager', fingerprint: 'c0ffee', startsAt, endsAt: startsAt } as const
      for (const event of [join, clear])
        events.push({ incident: 'INC-7', seq: events.length + 1, at: startsAt, occurredAt: startsAt, by: pager, event })
    }
    incident = replay(events)
    expect(incident?.alerts).toHaveLength(count + 1)
    return events
  }

  test('one that flaps 600 times is one message, short, and quick to compute (faults 24)', () => {
    const events = flap(600)
    const began = process.cpuUsage()
    const items = conversation(events)
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(3000)
    expect(items.map(({ key }) => key)).toEqual(['header', 'pin', 'topic', 'invite:P2', 'bookmark:product', 'opening', 'alerts'])
    const message = messageOf(items, 'alerts')
    expect(JSON.stringify(message).length).toBeLessThan(5000)
    // The one that still fires is seen, however many have cleared since.
    expect(textOf(message)).toMatch(/^🔔 1 of 601 alerts firing\.\n- 🔴 `CheckoutErrors`/)
    expect(textOf(message)).toMatch(/\(and 591 more\)$/)
  })

  const clear = step({ type: 'resolve-alert', source: 'alertmanager', fingerprint: 'c0ffee', startsAt: at(-5), endsAt: at(9) }, 9, pager)

  test('when all have cleared it says what to do, unless it is done', () => {
    const steps = [declared({ alert: alertOf() }, pager)] as const
    expect(read('alerts', ...steps, clear)).toBe(
      '🔔 All alerts have cleared. When it is fixed: `/incident resolve <summary>`\n- 🟢 `CheckoutErrors` 7 % of checkouts fail cleared +9',
    )
    expect(read('alerts', ...steps, resolve(3), clear)).toMatch(/^🔔 All alerts have cleared\.\n/)
  })
})

describe('clock messages', () => {
  test('early warnings are one message that pings nobody; the last is its own, and does', () => {
    const warned = [declared(), tick('response', 1, 10), tick('response', 1, 15), tick('response', 1, 18)] as const
    expect(keys(...warned).slice(-2)).toEqual(['clock:response:1', 'clock:response:1:last'])
    expect(read('clock:response:1', ...warned)).toBe('⏳ Acknowledgement due +20 (5 min left): `/incident ack`')
    expect(read('clock:response:1:last', ...warned)).toBe('@On-call ⏳ Acknowledgement due +20 (2 min left): `/incident ack`')
  })

  test('the last is the last that the product has', () => {
    expect(keys(declared({ policy: policy('P1', { warnAt: [60] }) }), tick('response', 1, 12))).toContain('clock:response:1:last')
  })

  test('the update clock mentions the lead, or the ladder while nobody leads', () => {
    expect(read('clock:update:1:last', declared(), ack(1), tick('update', 1, 27))).toBe(
      '@Alice Adler ⏳ Status update due +30 (3 min left): `/incident update <text>`\n[Post update=update] [Remind me in 15 min=snooze]',
    )
    expect(messageOf(shown(declared(), ack(1, bob), tick('update', 1, 30)), 'breach:update:1').parts).toMatchObject([
      { spans: [{ mention: { name: 'Bob Berg', email: 'bob@acme.example' } }, ' ', '⏰ ', {}, {}, {}, {}, {}] },
      { kind: 'buttons' },
    ])
    expect(read('breach:update:1', declared(), tick('update', 1, 30))).toBe(
      '@On-call ⏰ *Status update overdue* since +30: `/incident update <text>`\n[Post update=update] [Remind me in 15 min=snooze]',
    )
  })

  test('a breach pings through the ladder; where it has ended, the last of it', () => {
    const steps = [declared(), tick('response', 1, 20), silence(2, 30)] as const
    expect(read('breach:response:1', ...steps)).toBe('⏰ *Acknowledgement overdue* since +20: `/incident ack`')
    expect(read('escalated:1:1', ...steps)).toBe('📟 @Team lead nobody has acknowledged INC-7 yet: `/incident ack`')
    expect(read('escalated:1:2', ...steps)).toBe(
      '📟 @Head of engineering nobody has acknowledged INC-7 yet: `/incident ack`. Nobody is left on the ladder: if nobody answers, call somebody yourself.',
    )
    expect(read('breach:response:1', declared({ policy: policy('P1', { ladder: [g.ladder[0]!] }) }), tick('response', 1, 20))).toBe(
      '@On-call ⏰ *Acknowledgement overdue* since +20: `/incident ack`\nNobody is left on the ladder: if nobody answers, call somebody yourself.',
    )
  })
})

describe('where the bot cannot call', () => {
  const calls = (...named: readonly Contact[]) => declared({ policy: policy('P1', { ladder: named, checklist: [] }) })
  const placeholder = { name: 'Team lead' }
  const phone = { name: 'Emergency number', phone: '+49 30 1' }
  const nobody =
    '⚠ Nobody on the ladder of Acme Shop can be reached: nobody was called. Call somebody yourself; who is called is set in `acme/service.yml`.'

  test.each<[string, readonly Contact[]]>([
    ['nobody is on the ladder', []],
    ['there are only placeholders', [placeholder, { name: 'Boss' }]],
    [
      'a channel and a page call nobody',
      [
        { name: '#alerts', slackChannel: 'C0ALERTS' },
        { name: 'Portal', url: 'https://x.example' },
      ],
    ],
  ])('at the opening: %s', (_, all) => {
    expect(read('opening', calls(...all))).toBe(`${nobody}\nAcknowledge by +20: \`/incident ack\``)
    expect(textOf(announcement(after(calls(...all))) as Message)).toContain(`\n${nobody}\n`)
  })

  test('it says so only where somebody should have been called, and until somebody has taken it on', () => {
    const unpaged = declared({ policy: policy('P2', { ladder: [] }) })
    expect(read('opening', unpaged)).not.toContain('⚠')
    expect(textOf(announcement(after(unpaged)) as Message)).not.toContain('⚠')
    expect(read('opening', declared({ kind: 'change', policy: policy('P1', { ladder: [] }) }))).not.toContain('⚠')
    for (const over of [ack(1), mitigate(1), resolve(1)])
      expect(textOf(announcement(after(calls(), over)) as Message)).not.toContain('Nobody')
    expect(textOf(announcement(after(calls(g.ladder[0]!))) as Message)).not.toContain('Nobody')
  })

  test('it says where it is set who is called: in which file, or by which variables', () => {
    const product = { key: 'unassigned', name: 'Unassigned', links: [], hash: '' }
    expect(read('opening', declared({ product, policy: policy('P1', { ladder: [] }) }))).toContain('set in `severities.yml`.')
    const unset = [
      { ...placeholder, unset: ['LEAD_EMAIL'] },
      { name: 'Boss', unset: ['BOSS_EMAIL', 'LEAD_EMAIL'] },
    ]
    expect(read('opening', calls(...unset))).toContain('Call somebody yourself; who is called is set by `LEAD_EMAIL`, `BOSS_EMAIL`.')
    expect(read('opening', calls(unset[0]!, ...g.ladder))).toContain(
      '⚠ @Team lead was not called: no address is known. Call somebody yourself; who is called is set by `LEAD_EMAIL`.',
    )
  })

  test('a telephone is for people', () => {
    expect(read('opening', calls(placeholder, phone))).toBe(
      '⚠ Nobody was called: the bot cannot telephone. Please do: @Emergency number.\nAcknowledge by +20: `/incident ack`',
    )
    expect(read('opening', calls(phone, ...g.ladder))).toBe(
      '📟 @On-call please acknowledge by +20: `/incident ack`\n⚠ @Emergency number was not called: the bot cannot telephone. Please do.',
    )
  })

  test('one who cannot be called among others who can is named as such, at their step', () => {
    expect(read('opening', calls(placeholder, ...g.ladder))).toBe(
      '📟 @On-call please acknowledge by +20: `/incident ack`\n⚠ @Team lead was not called: no address is known. Call somebody yourself; who is called is set in `acme/service.yml`.',
    )
    expect(read('escalated:1:1', calls(g.ladder[0]!, placeholder), tick('response', 1, 20))).toBe(
      '⚠ @Team lead was not called: no address is known. Call somebody yourself; who is called is set in `acme/service.yml`.\nNobody has acknowledged INC-7 yet: `/incident ack`',
    )
  })

  test('at a breach, in one message and not in two', () => {
    const steps = [calls(), tick('response', 1, 20)] as const
    expect(read('breach:response:1', ...steps)).toBe(`⏰ *Acknowledgement overdue* since +20: \`/incident ack\`\n${nobody}`)
    const named = [calls(placeholder, { name: 'Boss' }), tick('response', 1, 20)] as const
    expect(read('breach:response:1', ...named)).toBe('⏰ *Acknowledgement overdue* since +20: `/incident ack`')
    expect(read('escalated:1:1', ...named)).toBe(`${nobody}\nNobody has acknowledged INC-7 yet: \`/incident ack\``)
    expect(read('breach:update:1', calls(), ack(1), tick('update', 1, 30))).not.toContain('Nobody')
  })

  test('when the severity becomes one that pages', () => {
    const P2 = declared({ policy: policy('P2') })
    const page = (all: readonly Contact[]) => severity('P1', 5, { ladder: all })
    expect(read('severity:2', P2, page([]))).toContain(`\n${nobody}`)
    expect(read('severity:2', P2, page([placeholder]))).not.toContain('⚠')
    expect(read('escalated:2:0', P2, page([placeholder]))).toBe(`${nobody}\nAcknowledge: \`/incident ack\``)
    expect(read('severity:3', P2, ack(1), page([]))).not.toContain('⚠')
  })
})

describe('checks that still fail at the resolution', () => {
  const results = (phase: 'opening' | 'resolution', ...all: readonly CheckResult[]) =>
    step({ type: 'record-checks', phase, results: all }, phase === 'opening' ? 1 : 6, bot)
  const site = check({ title: 'Site', status: 'warn', findings: [{ status: 'warn', text: 'Slow.' }] })
  const steps = [declared(), results('opening', check()), ack(2), resolve(5)] as const

  test('are said to, with what to do', () => {
    const red = [...steps, results('resolution', check(), site)] as const
    expect(read('check:6', ...red)).toMatch(
      /⚠ INC-7 is resolved, but the checks still fail\. If it is not over: `\/incident reopen <why>`\.\n\[Reopen=reopen\]$/,
    )
    expect(read('header', ...red)).toContain('\n(⚠ Checks still failed at the resolution: Health)')
    expect(textOf(announcement(after(...red)) as Message)).toBe(
      '*P1 Acme Shop* Checkout fails\n*Resolved:* Rolled back to v141\n⚠ Checks still failed at the resolution: Health\n(INC-7 · 🟢 Resolved · since +0)',
    )
  })

  test('those that failed at opening only, or only warn, are not', () => {
    const green = [...steps, results('resolution', check({ status: 'ok' }), site)] as const
    for (const text of [read('header', ...steps), read('header', ...green), read('check:6', ...green), read('check:3', ...steps)])
      expect(text).not.toContain('⚠')
  })
})

test('a severity that is lighter, without a meaning or a reason, leaves no empty brackets', () => {
  expect(read('severity:3', declared(), severity('P3', 1, { meaning: '' }))).toBe(
    '🔻 @Alice Adler changed the severity from P1 to *P3*. Acknowledge by +240: `/incident ack`',
  )
  expect(read('severity:4', declared(), ack(1), severity('P2', 2, {}, 'half work'))).toBe(
    '🔻 @Alice Adler changed the severity from P1 to *P2* (Major feature broken).\nWhy: half work',
  )
})

test('notes, steps and the channel’s opening post nothing', () => {
  const steps = [declared(), opened] as const
  const failed = step({ type: 'step-failed', surface: 'record', step: 'record', reason: 'no' }, 1, bot)
  expect(keys(...steps, note('x', 1), failed, step({ type: 'record-checks', phase: 'asked', results: [] }, 1, bot))).toEqual(keys(...steps))
})

test('in the place of a lost channel all is said again, and why', () => {
  const lost = step({ type: 'channel-lost', channel: 'C0ACME', why: 'Slack, chat.postMessage: is_archived' }, 2, bot)
  expect(keys(declared(), opened, ack(1), lost, resolve(5)).slice(-5)).toEqual([
    'call:2',
    'ack:4',
    'instructions:4:lead',
    'lost:5',
    'resolved:6',
  ])
  expect(read('lost:5', declared(), opened, ack(1), lost)).toBe(
    '⚠ The channel before this one was lost: the channel is archived (is_archived). What the bot posted there is repeated above.',
  )
})

describe('the announcement', () => {
  test('is one message with where it is and how it stands', () => {
    const message = announcement(after(declared(), opened, resolve(5)))
    expect(message === null ? null : textOf(message)).toBe(
      '*P1 Acme Shop* Checkout fails\n*Resolved:* Rolled back to v141\n(INC-7 · 🟢 Resolved · since +0 · #inc-7-acme-checkout-fails)',
    )
  })

  test('a private record has none', () => {
    expect(announcement(after(declared({ private: true }), opened))).toBeNull()
  })
})

test('what strangers wrote is literal: nothing in it becomes a mention, a link or a channel (faults 55)', () => {
  const evil = '<!channel> <@U0EVIL> <!subteam^S1> [x](https://evil.example) <https://evil.example|ok>'
  const alert = alertOf({ summary: evil, rule: evil, labels: { evil } })
  const items = shown(
    declared({ title: evil, summary: evil, alert }, pager),
    update(evil, 1),
    mitigate(2, evil),
    step({ type: 'join-alert', alert: { ...alert, fingerprint: 'x' } }, 3, pager),
    step({ type: 'record-checks', phase: 'asked', results: [check({ findings: [{ status: 'fail', text: evil }] })] }, 4, bot),
    severity('P2', 5, {}, evil),
    resolve(6, evil),
  )
  const spans: Span[] = []
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if ('link' in value || 'mention' in value || 'channel' in value) spans.push(value as Span)
    for (const each of Object.values(value)) walk(each)
  }
  walk(items.filter(({ step: kind }) => kind === 'message'))
  expect(JSON.stringify(spans)).not.toMatch(/evil/i)
})
