/** Who led, in their order: a post-mortem that names only the last forgets whoever was there on Friday evening. */
import { expect, test } from 'vitest'
import type { Person } from '../../src/incident/areas/area.ts'
import { leads } from '../../src/incident/involved.ts'
import { postmortem } from '../../src/incident/postmortem.ts'
import { ack, after, alice, bob, declared, happened, resolve, type Step, step } from '../given.ts'

const [a, b] = [alice as Person, bob as Person]
const leave = (minute: number, by: Person): Step => step({ type: 'leave-role', role: 'lead' }, minute, by)
const take = (minute: number, by: Person): Step => step({ type: 'take-role', role: 'lead', person: by }, minute, by)

test.each<[string[], readonly Step[]]>([
  [[], []],
  [['Alice Adler'], [ack(1, a)]],
  [
    ['Alice Adler', 'Bob Berg'],
    [ack(1, a), take(2, b)],
  ],
  [
    ['Alice Adler', 'Bob Berg', 'Alice Adler'],
    [ack(1, a), leave(2, a), take(3, b), leave(4, b), take(5, a)],
  ],
  [['Alice Adler'], [ack(1, a), leave(2, a), take(3, a)]],
])('%j', (names, steps) => expect(leads(happened(declared(), ...steps))).toEqual(names))

test('the post-mortem names them all, also when the last has given it back', () => {
  const steps = [declared(), ack(1, a), take(2, b), leave(3, b), resolve(9)]
  const events = happened(...steps)
  expect(postmortem(after(...steps), events, { seq: events.length, hash: 'h' }).lead).toBe('Alice Adler, then Bob Berg')
})
