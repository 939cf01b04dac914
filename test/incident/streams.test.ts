/** Streams as released versions recorded them. A file in `streams/` is never changed: what the present code cannot read any more
 *  needs an upcaster. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { conversation } from '../../src/incident/conversation.ts'
import type { EventType, Recorded } from '../../src/incident/events.ts'
import { replay } from '../../src/incident/evolve.ts'
import { timeline } from '../../src/incident/timeline.ts'
import { upcast } from '../../src/incident/upcast.ts'

/** Every kind of event with its present version: the compiler sees to it that none is forgotten. */
const present: Readonly<Record<EventType, number>> = {
  declared: 1,
  'channel-opened': 1,
  'channel-lost': 1,
  'alert-joined': 1,
  'alert-resolved': 1,
  acknowledged: 1,
  'severity-changed': 1,
  updated: 1,
  noted: 1,
  mitigated: 1,
  resolved: 1,
  reviewed: 1,
  'clock-warned': 1,
  'clock-breached': 1,
  escalated: 1,
  paged: 1,
  checked: 1,
  'step-failed': 1,
  'step-mended': 1,
  published: 1,
  'role-taken': 1,
  'role-left': 1,
  'lead-wanted': 1,
  'runbook-shown': 1,
  'todo-added': 1,
  'todo-done': 1,
  'todo-reopened': 1,
  'todos-freed': 1,
  snoozed: 1,
  reminded: 1,
  'window-set': 1,
  'window-begun': 1,
  suspected: 1,
  'ruled-out': 1,
  paused: 1,
  resumed: 1,
  reopened: 1,
  'deadline-set': 1,
  'deadline-dropped': 1,
  'phase-done': 1,
  'message-kept': 1,
  'message-edited': 1,
  'message-deleted': 1,
  'message-dropped': 1,
  merged: 1,
  absorbed: 1,
  'channel-renamed': 1,
  'bot-removed': 1,
  'bot-returned': 1,
  unanswered: 1,
}

const folder = new URL('streams/', import.meta.url)
const recordings = readdirSync(folder).filter((name) => /^v\d+\.json$/.test(name))
const read = (name: string): Recorded[] => (JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Recorded[]).map(upcast)

test('together they hold every kind of event', () => {
  const types = new Set(recordings.flatMap(read).map(({ event }) => event.type))
  expect([...types].sort()).toEqual(Object.keys(present).sort())
})

describe.each(recordings)('%s', (name) => {
  const events = read(name)

  test('is read in today’s shapes', () => {
    for (const { event } of events) expect([event.type, event.v]).toEqual([event.type, present[event.type]])
  })

  test('makes the same incident as when it was recorded', async () => {
    await expect(`${JSON.stringify(replay(events), null, 2)}\n`).toMatchFileSnapshot(`streams/${name.replace('.json', '.incident.snap')}`)
  })

  test('can be shown and told', () => {
    expect(conversation(events).length).toBeGreaterThan(5)
    expect(timeline(events, { zone: 'Europe/Berlin' }).length).toBeGreaterThan(5)
  })
})
