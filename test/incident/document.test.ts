/** The post-mortem of a record that is opened again: what it says until the next resolution, and what people wrote in it. */
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { templates } from '../../src/adapters/templates.ts'
import { toldHead, toldOf, writePostmortem } from '../../src/incident/document.ts'
import { replay } from '../../src/incident/evolve.ts'
import { mergedOf } from '../../src/incident/merged.ts'
import { mergeGenerated } from '../../src/incident/merge.ts'
import { ack, bot, declared, happened, mitigate, note, resolve, review, type Step, step } from '../given.ts'
import { asks, previewed } from './acting/asked.ts'

const folder = templates(fileURLToPath(new URL('../../templates', import.meta.url)))
const reopen = (minute: number) => step({ type: 'reopen', why: 'Payments fail again' }, minute)
const merge = (minute: number) => step({ type: 'merge', into: 'INC-8', channel: null }, minute)

const toldAfter = (...steps: readonly Step[]) => {
  const events = happened(...steps)
  const incident = replay(events)
  if (incident === null) throw new Error('nothing happened')
  return toldOf({ incident, events, head: (seq: number) => `h${seq}` })
}
const written = (...steps: readonly Step[]): string => {
  const told = toldAfter(...steps)
  if (told === null) throw new Error('there is nothing to tell')
  return writePostmortem(told, folder)
}

const once = [declared(), ack(2), mitigate(20), resolve(30, 'Rolled back'), review(40)] as const
const again = [...once, reopen(60)] as const

test('the actions of a record that was merged into it stand in the table with the record that they are of', () => {
  const merged = happened(
    declared({ id: 'INC-1', number: 1 }),
    asks(2),
    previewed(3),
    step({ type: 'merge', into: 'INC-7', channel: null }, 5),
  )
  const text = written(declared(), asks(4), step({ type: 'absorb', ...mergedOf(merged) }, 5), resolve(9))
  expect(text).toContain('| INC-1: 1 | Roll back |')
  expect(text).toContain('| 1 | Roll back |')
})

describe('a post-mortem', () => {
  test('is there from the resolution on, and not for what was only declared or merged', () => {
    expect(toldAfter(declared(), ack(2))).toBeNull()
    expect(toldAfter(declared(), merge(5))).toBeNull()
    expect(toldAfter(declared(), resolve(5))).not.toBeNull()
  })

  test('says at once that the record is open again, and takes back what it said of its end', () => {
    const text = written(...again)
    expect(text).toContain('> **Open again** since 2026-01-14 11:00 CET (10:00 UTC): Payments fail again')
    expect(text).toContain('not resolved yet.')
    expect(text).not.toContain('How it ended')
    expect(text).toContain('status: "declared"\n')
    expect(text).toContain('resolved: null\n')
    expect(text).toContain('| Resolve | pending |')
    expect(text).toContain('| Review | pending |')
    expect(text).toContain('- resolved 2026-01-14 10:30 CET')
    expect(written(...once)).not.toContain('Open again')
  })

  test('stays as it is until the next resolution, and is complete then', () => {
    const later = [...again, ack(65), note('The second index is missing', 66)] as const
    expect(written(...later)).toBe(written(...again))
    expect(toldHead(toldAfter(...later) ?? never())).toEqual(toldHead(toldAfter(...again) ?? never()))
    const complete = written(...later, resolve(90, 'The second index'))
    expect(complete).not.toContain('Open again')
    expect(complete).toContain('How it ended: The second index')
    expect(complete).toContain('The second index is missing')
    const pull = step({ type: 'published', where: 'pull-request', url: 'https://github.example/pull/2', head: 'h' }, 67, bot)
    expect(written(...again, pull)).toBe(written(...again))
  })

  test('of a record that was merged after a reopening says where it goes on', () => {
    const text = written(...again, merge(80))
    expect(text).toContain('> **Merged into INC-8**')
    expect(text).not.toContain('Open again')
  })

  test('keeps what people wrote through both, and where the blocks stand', () => {
    const people = written(...once)
      .replace(/_Three sentences[^_]*_/, 'The migration locked the table.')
      .replace('| | | | |', '| Test the migration | prevent | Bea | |')
    const open = mergeGenerated(written(...again), people)
    const complete = mergeGenerated(written(...again, ack(65), resolve(90, 'The second index')), open)
    for (const text of [open, complete]) {
      expect(text).toContain('The migration locked the table.')
      expect(text).toContain('| Test the migration | prevent | Bea | |')
    }
    expect(open).toContain('Open again')
    expect(complete).not.toContain('Open again')
  })
})

const never = (): never => {
  throw new Error('there is nothing to tell')
}
