import { expect, test } from 'vitest'
import { isStorm, stormMessage } from '../../src/incident/storm.ts'
import { after, declared, policy } from '../given.ts'

const record = (number: number, more: Parameters<typeof declared>[0] = {}) => after(declared({ id: `INC-${number}`, number, ...more }))
const listed = (message: ReturnType<typeof stormMessage>) => message.parts.flatMap((part) => (part.kind === 'list' ? part.items : []))

test('two that wait are a storm, one is not (faults 13)', () => {
  expect([isStorm([]), isStorm([record(1)]), isStorm([record(1), record(2)])]).toEqual([false, false, true])
})

test('a long list is cut and counted; of private ones only their number is told (faults 13, 59)', () => {
  const many = Array.from({ length: 23 }, (_, index) => record(index + 1))
  const secret = record(24, { private: true, title: 'Breach', policy: policy('P1') })
  const message = stormMessage([...many, secret])
  expect(message.summary).toBe('24 records wait for their channels')
  expect(listed(message)).toHaveLength(22)
  expect(listed(message).slice(-2)).toEqual([['and 3 more'], ['1 private']])
  expect(JSON.stringify(message)).not.toMatch(/Breach|INC-24/)
  expect(JSON.stringify(stormMessage([secret]))).not.toMatch(/Breach|INC-24/)
})

test('a change or a drill that waits says that it is one', () => {
  expect(listed(stormMessage([record(1, { kind: 'drill' }), record(2, { kind: 'change' })])).map(([what]) => what)).toEqual([
    { bold: 'INC-1 🧪 DRILL P1' },
    { bold: 'INC-2 🛠 Change' },
  ])
})
