/** Four people, an incident from Friday evening to Monday noon, and the night in which Berlin's clocks go back: a lead that leaves, a
 *  merge, a pause, an hour without Slack, a bot that is started again, a reopening. Every surface tells the same story, once.
 *
 *  The figures are computed by hand, in UTC, since that is where an hour is an hour:
 *
 *      Fri 15:20  17:20 CEST  the alert of the second record fires; so it was detected then
 *      Fri 15:50  17:50 CEST  declared
 *      Fri 16:02  18:02 CEST  acknowledged: 12 min after the declaration, 42 min after the detection
 *      Fri 20:30  22:30 CEST  paused
 *      Sat 06:00  08:00 CEST  resumed, after 9 h 30 min
 *      Sun 15:30  16:30 CET   resolved, 48 h 10 min after the detection, although the walls show 47 h 10 min
 *      Mon 08:10  09:10 CET   opened again, 16 h 40 min later
 *      Mon 10:20  11:20 CET   resolved: 67 h after the detection, less 16 h 40 min: 50 h 20 min, which are 3020 min
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Recorded } from '../../src/incident/events.ts'
import { until } from '../until.ts'
import { berlin, expected, inChannel } from './two-days/expected.ts'
import { live, type Seen } from './two-days/story.ts'
import { front, read, type Surfaces, table } from './two-days/surfaces.ts'
import { startWeekend, type Weekend } from './two-days/world.ts'

const folder = mkdtempSync(join(tmpdir(), 'tocsin-weekend-'))
let weekend: Weekend
let seen: Seen
let all: Surfaces
let events: readonly Recorded[]
let postmortem: string

beforeAll(async () => {
  weekend = await startWeekend('2026-10-23T17:30+02:00', folder)
  seen = await live(weekend)
  all = await read(weekend.bot, seen.channel, seen.second)
  events = (await weekend.bot.load('INC-1'))?.events ?? []
  postmortem = all.proposals[0]?.text ?? ''
}, 600_000)
afterAll(async () => {
  await weekend[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const said = (name: string): string => seen.texts[name] ?? ''

describe('the channel and the events', () => {
  test('each event that is shown is shown once, in order, and nothing else is there', () => {
    const messages = expected(events)
    // A message that is as it should be is compared by its beginning, another one by all of it.
    const told = all.posts.map((text, index) => {
      const message = messages[index]
      return message !== undefined && text.startsWith(message.starts) && text.includes(message.holds ?? '') ? message.starts : text
    })
    expect(told).toEqual(messages.map(({ starts }) => starts))
    expect(all.written).toEqual(['Deploy of v142 went out at 17:25'])
  })

  test('the topic changed when it was over, when it was not, and when it was: Slack tells everybody each time', () => {
    const [open, over] = ['INC-1 · P2 · Kontor · Orders arrive twice', 'INC-1 · P2 · resolved · Kontor · Orders arrive twice']
    expect(all.topics).toEqual([open, over, open, over].map((topic) => `@tocsin set the channel topic: ${topic}`))
  })

  test('who takes a role is told alone, once; who joins later is told where it stands', () => {
    const told = (start: string) => all.whispers.flatMap(({ to, shown }) => (shown.startsWith(start) ? [to] : []))
    expect(told('🎯 You lead INC-1.')).toEqual(['bob', 'dave'])
    expect(told('🎯 You do communications for INC-1.')).toEqual(['carol'])
    expect(told('👋 Welcome to INC-1.')).toEqual(['dave'])
  })

  test('what happened while Slack was away came later, says so, and nothing else does', () => {
    const late = all.posts.filter((text) => text.includes('🕓 Late'))
    expect(late.map((text) => [text.split('\n')[0], text.split('\n').at(-1)])).toEqual([
      ['🗒 @carol noted: The provider says that messages are sent again after 30 s', '🕓 Late: this happened 2026-10-24 14:10 CEST'],
      ['📣 Update No new duplicates since noon', '🕓 Late: this happened 2026-10-24 14:20 CEST'],
    ])
  })
})

describe('the story', () => {
  test('what the channel shows is in the timeline, but for reminders; what the timeline adds is known there anyhow', () => {
    const own = all.timeline.filter(({ record_id: record }) => record === 'INC-1')
    const told = new Set(own.map(({ seq }) => seq))
    const typesOf = (which: readonly Recorded[]) => [...new Set(which.map(({ event }) => event.type))].toSorted()
    expect(typesOf(inChannel(events).filter(({ seq }) => !told.has(seq)))).toEqual(
      ['clock-warned', 'deadline-set', 'lead-wanted', 'published', 'reminded', 'snoozed'].toSorted(),
    )
    const shown = new Set(inChannel(events).map(({ seq }) => seq))
    expect(typesOf(events.filter(({ seq }) => told.has(seq) && !shown.has(seq)))).toEqual(
      ['channel-opened', 'deadline-dropped', 'message-kept', 'noted'].toSorted(),
    )
  })

  test('is the same in the record and in the pull request, in the order in which it happened', () => {
    const rows = all.timeline.map((row) => [
      berlin(new Date(String(row['occurred_at'])).toISOString()),
      String(row['who']),
      `${row['record_id'] === 'INC-1' ? '' : `**${String(row['record_id'])}** `}${String(row['text'])}`,
    ])
    expect(rows.length).toBeGreaterThan(30)
    const lines = table(postmortem, 'Timeline').map(([at = '', who, text = '']) => [
      at.replace(/ \(.*\)$/, ''),
      who,
      text.replace(/ \[message\]\(.*$/, '').replace(/ _\(recorded .*\)_$/, ''),
    ])
    expect(lines).toEqual(rows)
    // In the pull request a comment keeps which parts there are, for whoever deletes one.
    const [document] = postmortem.split('\n<!-- tocsin:known')
    expect(all.postmortems.map(({ incident_id: id, markdown }) => [id, markdown])).toEqual([['INC-1', document]])
    expect(all.proposals.map(({ title }) => title)).toEqual(['Post-mortem INC-1: Orders arrive twice'])
  })

  test('begins with the message that it was declared from, and has what was marked at the time when it was written', () => {
    const lines = table(postmortem, 'Timeline').map((cells) => cells.join(' | '))
    expect(lines[0]).toMatch(/^2026-10-23 17:42 CEST \(15:42 UTC\) \| dave Example \| Wrote: Orders from the shop .*recorded 8 min later/)
    expect(lines.find((text) => text.includes('Deploy of v142'))).toMatch(/^2026-10-23 18:06 CEST .* Bob Berg .*recorded 14 min later/)
    expect(lines.filter((text) => text.includes('Deploy of v142'))).toHaveLength(1)
    expect(lines.find((text) => text.includes('old reader'))).toMatch(/^2026-10-26 09:00 CET .*recorded 40 min later/)
  })

  test('of the record that was merged stands between the other’s, marked, up to the merge', () => {
    const lines = table(postmortem, 'Timeline').map(([at = '', who, text = '']) => `${at.slice(11, 16)} ${who}: ${text}`)
    const from = lines.findIndex((text) => text.includes('**INC-2**'))
    expect(lines[from]).toMatch(
      /^19:00 alertmanager: \*\*INC-2\*\* Opened P2 from the alert DuplicateOrders, firing since 2026-10-23 17:20 CEST/,
    )
    const to = lines.findLastIndex((text) => text.includes('**INC-2**'))
    expect(lines[to + 1]).toMatch(/^19:08 Carol Coe: Merged INC-2 into this one/)
    expect(lines.slice(from, to + 1).every((text) => text.includes('**INC-2**'))).toBe(true)
    expect(lines.filter((text) => text.includes('**INC-2** Opened P2'))).toHaveLength(1)
  })

  test('names everybody by one name', () => {
    const names = new Set(all.timeline.map(({ who }) => String(who).replace(' (terminal)', '')))
    expect([...names].toSorted()).toEqual(['Bob Berg', 'Carol Coe', 'Tocsin', 'alertmanager', 'alice Example', 'dave Example'])
  })

  test('is whole', () => {
    expect(said('audit')).toContain(`INC-1 is whole: ${events.length} events`)
    const head = /Head ([0-9a-f]+)/.exec(said('audit'))?.[1] ?? '?'
    expect(all.incidents[0]).toMatchObject({ version: events.length, audit_head: expect.stringMatching(`^${head}`) as string })
    expect(front(postmortem)).toMatchObject({ events: String(events.length), audit_head: expect.stringMatching(`^"${head}`) as string })
  })
})

describe('the figures', () => {
  test('detection, and the times from it', () => {
    expect(all.header).toContain('Started 2026-10-23 17:20 CEST')
    expect(said('metrics')).toContain('Kontor, last 30d: 1 declared, 0 of them open')
    expect(said('metrics')).toContain('(MTTA) median 42 min, mean 42 min (1)')
    expect(said('metrics')).toContain('(MTTR) median 2 d 02 h, mean 2 d 02 h (1)')
    expect(said('metrics')).toContain('paused for 9 h 30 min in all')
    expect(said('metrics')).toContain('Responses in time 100 % (2 of 2)')
    expect(front(postmortem)).toMatchObject({
      detected: '"2026-10-23T15:20:00.000Z"',
      declared: '"2026-10-23T15:50:00.000Z"',
      acknowledged: '"2026-10-23T16:02:00.000Z"',
      resolved: '"2026-10-26T10:20:00.000Z"',
      minutes_to_acknowledge: '42',
      minutes_to_resolve: '3020',
      response_clock: '"met"',
    })
    expect(postmortem).toContain('from 2026-10-23 17:20 CEST (15:20 UTC) to 2026-10-26 11:20 CET (10:20 UTC): **2 d 02 h**')
    expect(postmortem).toContain('| Response time | 42 min |')
    expect(all.incidents[0]).toMatchObject({
      detected_at: '2026-10-23 15:20:00+00',
      acknowledged_at: '2026-10-23 16:02:00+00',
      resolved_at: '2026-10-26 10:20:00+00',
      response_breached: false,
      merged_into: null,
    })
    expect(all.times).toMatchObject([{ id: 'INC-1', minutes_to_acknowledge: '42.0' }])
    // 48 h 10 min, and 50 h 20 min: days are cut, never rounded.
    expect(all.posts.flatMap((text) => /resolved after ([^:]*):/.exec(text)?.[1] ?? [])).toEqual(['2 d', '2 d 02 h'])
  })

  test('the view of times leaves out the night between the resolution and the reopening, too', () => {
    expect(all.times).toMatchObject([{ id: 'INC-1', minutes_to_resolve: '3020.0' }])
  })

  test('the response: two hours of working time, over a weekend', () => {
    // From Friday after work to Monday: nine o'clock and two hours. After the reopening at 09:10: two hours.
    const target = 'promised: 2 h of working hours'
    for (const at of ['header without a lead', 'header at night', 'header in the morning', 'status on Sunday', 'header when resolved'])
      expect(said(at)).toContain(`Ack ✅ 12 min, ${target}`)
    expect(said('status on Sunday')).toContain(
      'Acknowledgement met, due 2026-10-26 11:00 CET: P2, 2 h of working hours from the declaration 2026-10-23 17:50 CEST, Mon–Fri 09:00–17:00 Europe/Berlin.',
    )
    expect(said('header when reopened')).toContain('Ack due 2026-10-26 11:10 CET')
    for (const text of [all.header, said('status on Monday'), said('status at the end')]) expect(text).toContain(`Ack ✅ 4 min, ${target}`)
    expect(table(postmortem, 'Clocks').filter(([clock]) => clock === 'Response, P2')).toEqual([
      [
        'Response, P2',
        '2 h of working hours',
        'the declaration, 2026-10-23 17:50 CEST (15:50 UTC)',
        '2026-10-26 11:00 CET (10:00 UTC)',
        'met in 12 min',
      ],
      [
        'Response, P2',
        '2 h of working hours',
        'the reopening, 2026-10-26 09:10 CET (08:10 UTC)',
        '2026-10-26 11:10 CET (10:10 UTC)',
        'met in 4 min',
      ],
    ])
  })

  test('the fix: 48 hours, of which one is counted twice on the wall, moved by the pause and by the reopening', () => {
    // Fri 15:50 and 48 h: Sun 15:50, 16:50 CET. Paused after 4 h 40 min, so 43 h 20 min are left.
    expect(said('header without a lead')).toContain('Fix by 2026-10-25 16:50 CET')
    expect(said('header at night')).toContain('Fix ⏸ 1 d 19 h left')
    // 9 h 30 min later: Mon 01:20.
    expect(said('header in the morning')).toContain('Fix by 2026-10-26 02:20 CET, paused 9 h 30 min')
    expect(said('resume')).toContain('Fix due 2026-10-26 02:20 CET.')
    expect(said('status on Sunday')).toContain('with the clocks put back 1 h, paused 9 h 30 min.')
    // Resolved 9 h 50 min before that; so much is left on Monday at 08:10: until 18:00.
    expect(said('header when reopened')).toContain('Fix by 2026-10-26 19:00 CET')
    expect(all.posts.find((text) => text.startsWith('🔁'))).toContain('Fix due 2026-10-26 19:00 CET.')
    // From 15:50 on Friday to 10:20 on Monday are 66 h 30 min, less 9 h 30 min and 16 h 40 min: 40 h 20 min.
    expect(
      table(postmortem, 'Clocks')
        .find(([clock]) => clock === 'Fix, P2')
        ?.slice(3),
    ).toEqual(['2026-10-26 19:00 CET (18:00 UTC)', 'met in 1 d 16 h'])
  })

  test('the updates: over the pause, over the night with two two o’clocks, late, and not needed in the end', () => {
    // 22:15 and 4 h, of which 15 min had gone: 3 h 45 min are left at eight.
    expect(said('header at night')).toContain('Update ⏸ 3 h 45 min left')
    expect(said('header in the morning')).toContain('Update due 2026-10-24 11:45 CEST')
    // Sat 15:00 and 20 h: Sun 11:00, which is 12:00 CET, while the wall says 19 h.
    expect(said('status on Sunday')).toContain(
      'Status update overdue since 2026-10-25 12:00 CET: P2, 20 h from the last update 2026-10-24 17:00 CEST, with the clocks put back 1 h.',
    )
    expect(said('snooze')).toContain('2026-10-25 11:15 CET')
    const outcomes = table(postmortem, 'Clocks').flatMap((row) => (row[0] === 'Status update, P2' ? [row[4]] : []))
    expect(outcomes).toEqual([
      'met in 40 min',
      'met in 3 h 45 min',
      // 22:15 to 22:30, and 08:00 to 11:30.
      'met in 3 h 45 min',
      'met in 2 h 50 min',
      'met in 2 h 40 min',
      '**breached by 20 min**',
      '**breached; resolved 10 min later**',
    ])
    expect(said('status at the end')).toContain('Status update none: resolved before it was due 2026-10-26 13:10 CET')
  })

  test('pause and reopening, in the post-mortem', () => {
    expect(postmortem).toContain('- 9 h 30 min, from 2026-10-23 22:30 CEST (20:30 UTC) to 2026-10-24 08:00 CEST (06:00 UTC): The filter')
    expect(postmortem).toMatch(
      /resolved 2026-10-25 16:30 CET .*, opened again 2026-10-26 09:10 CET .*, 16 h 40 min later: Duplicates again/,
    )
  })
})

test('from the reopening on, the post-mortem said that it was open again', () => {
  expect(front(said('post-mortem on Monday'))).toMatchObject({ status: '"declared"', resolved: 'null', minutes_to_resolve: 'null' })
  expect(said('post-mortem on Monday')).toContain('not resolved')
})

describe('who led, and what became one', () => {
  test('the lead: Bob, nobody, Dave', () => {
    expect(said('header without a lead')).toContain('Lead nobody yet')
    for (const text of [said('header at night'), said('header when reopened'), all.header]) expect(text).toContain('Lead @dave')
    expect(postmortem).toContain('Bob Berg, then dave Example led.')
    expect(all.incidents[0]).toMatchObject({ lead: 'dave Example' })
    const roles = all.timeline.flatMap(({ kind, who, text }) => (kind === 'role' ? [`${String(who)}: ${String(text)}`] : []))
    expect(roles).toEqual([
      'Bob Berg: Gave the role Communications to Carol Coe.',
      'Bob Berg: Gave the role Lead back.',
      'dave Example: Took the role Lead.',
    ])
  })

  test('each record leads to the other, everywhere', async () => {
    const [first, second] = [await weekend.bot.channel(seen.channel), await weekend.bot.channel(seen.second)]
    expect(said('merge asked')).toContain(
      'Nothing was done yet. INC-2 (P2 31 orders twice in 5 min) becomes a part of INC-1 (P2 Orders arrive twice)',
    )
    expect(said('merge')).toContain(`INC-2 is part of INC-1 #${first.name} now`)
    expect(all.header).toContain(`🔗 Merged into this: INC-2 #${second.name}`)
    expect(all.second[0]).toContain(`🔗 Go on in INC-1 #${first.name}`)
    expect(all.second.filter((text) => text.startsWith(`🔗 Merged into INC-1 #${first.name} by @carol.`))).toHaveLength(1)
    expect(said('status of the second')).toContain('Ack none: merged after 8 min, promised: 2 h of working hours')
    expect(said('status of the second')).not.toContain(' met,')
    expect(second.topic).toContain('merged into INC-1')
    expect(all.incidents.map(({ id, merged_into: into }) => [id, into])).toEqual([
      ['INC-1', null],
      ['INC-2', 'INC-1'],
    ])
    expect(postmortem).toContain(`[INC-2](<https://slack.com/app_redirect?channel=${second.id}>): P2 31 orders twice in 5 min`)
    expect(table(postmortem, 'Alerts')[0]?.slice(1, 3)).toEqual(['2026-10-23 17:20 CEST (15:20 UTC)', '2026-10-24 11:58 CEST (09:58 UTC)'])
  })

  test('outside of the channels: one announcement each, and one answer to the message that began it', () => {
    expect(all.announced).toHaveLength(2)
    expect(all.announced[0]).toContain('Resolved: The reader in the north is updated')
    expect(all.announced[1]).toContain('🔗 Merged into INC-1')
    expect(all.support.filter((text) => text.includes('was declared from this message'))).toHaveLength(1)
  })
})

test('and nothing is left to do', async () => {
  await until(async () => (await weekend.bot.health()).services['slack'] === 'healthy', 'a healthy Slack')
  expect((await weekend.bot.incident('INC-1')).failedSteps).toEqual([])
  expect(await weekend.bot.bot.queue.unmended()).toEqual([])
})
