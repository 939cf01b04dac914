import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { templates } from '../../../src/adapters/templates.ts'
import { fileLine, type FileRef, keptFiles, type MessageIntent } from '../../../src/incident/areas/messages.ts'
import { conversation } from '../../../src/incident/conversation.ts'
import { mergeGenerated } from '../../../src/incident/merge.ts'
import { postmortem } from '../../../src/incident/postmortem.ts'
import { replay } from '../../../src/incident/evolve.ts'
import { plainText } from '../../../src/incident/plain.ts'
import { timeline } from '../../../src/incident/timeline.ts'
import { after, alice, at, bob, declared, given, happened, note, resolve, type Step, step } from '../../given.ts'

const ref = { channel: 'C1', ts: '1768381200.000100' }
const graph: FileRef = { id: 'F1', name: 'graph.png', type: 'image/png', bytes: 123_456 }
const keepMessage = (text: string, more: Partial<MessageIntent & { type: 'keep-message' }> = {}): MessageIntent => ({
  type: 'keep-message',
  ...ref,
  text,
  files: [],
  link: 'https://acme.slack.example/archives/C1/p1768381200000100',
  keptBy: alice,
  how: 'pin',
  ...more,
})
/** Bob wrote it at minute 3; Alice kept it at minute 20. */
const kept = (text: string, more: Partial<MessageIntent & { type: 'keep-message' }> = {}): Step => ({
  intent: keepMessage(text, more),
  minute: 20,
  occurred: 3,
  by: bob,
})
const told = (...steps: Step[]) => timeline(happened(declared(), ...steps), { zone: 'UTC' }).filter(({ kind }) => kind === 'message')

test('a kept message stands where it was written, with its author, not where it was kept (field 3)', () => {
  const story = timeline(happened(declared(), note('Later', 10), kept('Deploy went out')), { zone: 'UTC' }).filter(
    ({ kind }) => kind !== 'escalation',
  )
  expect(story.map(({ text }) => text)).toEqual(['Declared P1: Checkout fails', 'Wrote: Deploy went out', 'Noted: Later'])
  expect(story[1]).toMatchObject({ who: 'Bob Berg', occurredAt: at(3), at: at(20) })
})

test('what was written before the declaration may be kept; what is yet to come may not', () => {
  expect(told({ ...kept('We see 500s'), occurred: -30 })).toMatchObject([{ occurredAt: at(-30) }])
  given(declared())
    .when({ ...kept('We see 500s'), occurred: 21 })
    .refused('in_future', `${at(21)} has not come yet. Give a time between the start and now.`)
})

test('it is kept once, however many want it (field 3)', () => {
  given(declared(), kept('Deploy went out'))
    .when(kept('Deploy went out', { how: 'reaction', keptBy: bob }))
    .happens()
})

test('edits and deletions are followed, and nothing is lost from the record (field 8)', () => {
  const edit = step({ type: 'edit-message', ...ref, text: 'Deploy of v142 went out' }, 21, bob)
  const remove = step({ type: 'delete-message', ...ref }, 22, bob)
  expect(told(kept('Deploy went out'), edit)).toMatchObject([{ text: 'Wrote: Deploy of v142 went out' }])
  expect(told(kept('Deploy went out'), edit, remove)).toMatchObject([{ text: 'Wrote: Deploy of v142 went out (deleted since)' }])
  given(declared(), kept('Deploy went out'), edit).when(edit).happens()
  given(declared(), kept('Deploy went out'), remove).when(remove).happens()
  given(declared(), kept('Deploy went out'), remove).when(edit).happens()
  given(declared()).when(edit).happens()
  given(declared()).when(remove).happens()
})

test('what nobody wants any more is dropped, and may be kept again', () => {
  const drop = step({ type: 'drop-message', ...ref }, 22)
  expect(told(kept('Deploy went out'), drop)).toEqual([])
  given(declared(), kept('Deploy went out'), drop).when(drop).happens()
  expect(told(kept('Deploy went out'), drop, { ...kept('Deploy went out'), minute: 30 })).toHaveLength(1)
})

test('every entry links to its message, also when the chat did not say where it is; files are numbered over all messages', () => {
  const other = { channel: 'C2', ts: '1768381300.000200' }
  const heap: FileRef = { id: 'F2', name: 'heap.bin', type: '', bytes: 2_500_000 }
  const steps = [kept('See', { files: [graph] }), kept('And this', { ...other, link: null, files: [heap, { ...graph, id: 'F3' }] })]
  const unlinked = 'https://slack.com/app_redirect?channel=C2&message_ts=1768381300.000200'
  expect(told(...steps).map(({ link }) => link)).toEqual(['https://acme.slack.example/archives/C1/p1768381200000100', unlinked])
  expect(timeline(happened(declared()), { zone: 'UTC' })[0]?.link).toBeNull()
  const files = keptFiles(after(declared(), ...steps))
  expect(files.map(({ number, id, link }) => [number, id, link === unlinked])).toEqual([
    [1, 'F1', false],
    [2, 'F2', true],
    [3, 'F3', true],
  ])
  expect(plainText([{ kind: 'list', items: files.map((file) => fileLine(file, 'UTC')) }], { typed: (code) => code })).toContain(
    '- 2 heap.bin · 2.5 MB · Bob Berg, 2026-01-14 09:03 UTC · message (https://slack.com/',
  )
  expect(keptFiles(after(declared(), ...steps, step({ type: 'drop-message', ...ref }, 30))).map(({ id }) => id)).toEqual(['F2', 'F3'])
})

test('fault 58: secrets are masked, and a very long message ends in …', () => {
  given(declared()).when(kept('token=abcdef0123456789abcdef')).happens({ type: 'message-kept', text: 'token=***' })
  given(declared(), kept('x'))
    .when(step({ type: 'edit-message', ...ref, text: 'password: hunter2-hunter2-hunter2' }, 30, bob))
    .happens({ type: 'message-edited', text: 'password: ***' })
  const [entry] = told(kept('word '.repeat(1000)))
  expect(entry?.text).toMatch(/…$/)
  expect(Array.from(entry?.text ?? '').length).toBeLessThan(1520)
})

test('nothing is posted for it, and the post-mortem tells it with its files, beside what people wrote', () => {
  const events = happened(
    declared(),
    kept('See the graph', { files: [graph] }),
    step({ type: 'suspect', text: 'A lock | <b>' }, 25),
    step({ type: 'rule-out', text: '1', because: 'it was gone' }, 26, bob),
    step({ type: 'add-todo', text: 'Done thing', owner: null, due: null, source: null }, 27),
    step({ type: 'finish-todo', todo: 1 }, 28),
    step(
      { type: 'add-todo', text: 'Alert on the pool', owner: bob as typeof bob & { kind: 'person' }, due: '2026-02-01', source: null },
      29,
    ),
    resolve(40),
  )
  expect(conversation(events).filter(({ key }) => key.startsWith('message'))).toEqual([])
  const incident = replay(events)
  if (incident === null) throw new Error('nothing happened')
  const write = () =>
    templates(fileURLToPath(new URL('../../../templates', import.meta.url))).render(
      'postmortem',
      postmortem(incident, events, { seq: events.length, hash: 'ab12' }),
    )
  const text = write()
  expect(text).toContain('Wrote: See the graph \\[graph.png\\] [message](<https://acme.slack.example/archives/C1/p1768381200000100>)')
  expect(text).toContain(
    '| 1 | graph.png | image/png | 123 kB | Bob Berg, 2026-01-14 10:03 CET (09:03 UTC), [message](<https://acme.slack.example/archives/C1/p1768381200000100>) |',
  )
  expect(text).toContain('`/incident files INC-7 1` in Slack')
  expect(text).toContain('| 1 | A lock \\| &lt;b&gt; | Alice Adler | it was gone (Bob Berg, 2026-01-14 10:26 CET (09:26 UTC)) |')
  expect(text.indexOf('| ☐ 2 | Alert on the pool | Bob Berg | 2026-02-01 |')).toBeGreaterThan(0)
  expect(text.indexOf('| ☑ 1 | Done thing | – | done |')).toBeGreaterThan(text.indexOf('☐ 2'))
  const human = text.replace('_What will keep this', 'A person wrote this. _What will keep this')
  expect(mergeGenerated(text, human)).toContain('A person wrote this.')
})
