/** Streams as released versions recorded them. A file in `streams/` is never changed: what the present code cannot read any more
 *  needs an upcaster. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { conversation } from '../../src/incident/conversation.ts'
import type { Recorded } from '../../src/incident/events.ts'
import { replay } from '../../src/incident/evolve.ts'
import { timeline } from '../../src/incident/timeline.ts'
import { upcast, versions } from '../../src/incident/upcast.ts'

const folder = new URL('streams/', import.meta.url)
const recordings = readdirSync(folder).filter((name) => /^v\d+\.json$/.test(name))
const read = (name: string): Recorded[] => (JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Recorded[]).map(upcast)

test('together they hold every kind of event', () => {
  const types = new Set(recordings.flatMap(read).map(({ event }) => event.type))
  expect([...types].sort()).toEqual(Object.keys(versions).sort())
})

describe.each(recordings)('%s', (name) => {
  const events = read(name)

  test('is read in today’s shapes', () => {
    for (const { event } of events) expect([event.type, event.v]).toEqual([event.type, versions[event.type]])
  })

  test('makes the same incident as when it was recorded', async () => {
    await expect(`${JSON.stringify(replay(events), null, 2)}\n`).toMatchFileSnapshot(`streams/${name.replace('.json', '.incident.snap')}`)
  })

  test('can be shown and told', () => {
    expect(conversation(events).length).toBeGreaterThan(5)
    expect(timeline(events, { zone: 'Europe/Berlin' }).length).toBeGreaterThan(5)
  })
})

describe('what a later version wrote is not read as if this one had (faults 40)', () => {
  const [first] = read(recordings[0] ?? '')
  const stored = (event: object): Recorded => ({ ...first!, seq: 2, event: event as Recorded['event'] })

  test('an event of a later form', () =>
    expect(() => upcast(stored({ type: 'noted', v: 2, text: { markdown: 'x' } }))).toThrow(
      `event 2 of ${first?.incident} is of a form that this version does not know: noted v2`,
    ))

  test.each(['teleported', 'constructor', 'toString'])('an event of the type %s', (type) =>
    expect(() => replay([first!, upcast(stored({ type, v: 1 }))])).toThrow('is of a type that this version does not know'),
  )
})
