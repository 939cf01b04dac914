import { describe, expect, test } from 'vitest'
import type { Person } from '../../../src/incident/areas/area.ts'
import type { TodoIntent } from '../../../src/incident/areas/todos.ts'
import { conversation } from '../../../src/incident/conversation.ts'
import { timeline } from '../../../src/incident/timeline.ts'
import { parseTick, parseTodo } from '../../../src/incident/todo-words.ts'
import { after, alice, at, bob, declared, given, happened, step } from '../../given.ts'

const add = (text: string, more: Partial<TodoIntent & { type: 'add-todo' }> = {}): TodoIntent => ({
  type: 'add-todo',
  text,
  owner: null,
  due: null,
  source: null,
  ...more,
})
const source = { channel: 'C1', ts: '1.1' }

describe('to-dos', () => {
  test('are numbered, owned and dated', () => {
    given(declared(), step(add('One'), 1))
      .when(step(add('Two', { owner: bob as Person, due: '2026-01-20' }), 2))
      .happens({ type: 'todo-added', todo: 2, text: 'Two', due: '2026-01-20', source: null })
  })

  test('the same one is not added twice: by its words while it is open, by its message for ever', () => {
    given(declared(), step(add('One'), 1))
      .when(step(add('One'), 2))
      .refused('has_todo', 'That is to do 1 already: One.')
    given(declared(), step(add('One', { source }), 1), step({ type: 'finish-todo', todo: 1 }, 2))
      .when(step(add('Other words', { source }), 3))
      .refused('has_todo', 'That is to do 1 already: One.')
    given(declared(), step(add('One'), 1), step({ type: 'finish-todo', todo: 1 }, 2))
      .when(step(add('One'), 3))
      .happens({ type: 'todo-added', todo: 2 })
  })

  test('a day that is over in the product’s zone is refused; today is not', () => {
    // At minute 840 it is 23:00 UTC, and the next day in Berlin.
    given(declared())
      .when(step(add('One', { due: '2026-01-14' }), 839))
      .happens({ type: 'todo-added', due: '2026-01-14' })
    given(declared())
      .when(step(add('One', { due: '2026-01-14' }), 840))
      .refused('past_date', '2026-01-14 is past: today is 2026-01-15. Give today or a later day.')
  })

  test('say what their message says now, in the story from then on', () => {
    const edited = [declared(), step(add('One', { source }), 1), step({ type: 'edit-todo', todo: 1, text: 'One of two' }, 2)]
    expect(after(...edited).todos).toMatchObject([{ todo: 1, text: 'One of two', doneAt: null }])
    given(...edited)
      .when(step({ type: 'edit-todo', todo: 1, text: 'One of two' }, 3))
      .happens()
    const story = timeline(happened(...edited, step({ type: 'finish-todo', todo: 1 }, 3)), { zone: 'UTC' }).map(({ text }) => text)
    expect(story.slice(-3)).toEqual(['To do 1: One', 'Changed to do 1: One of two', 'Ticked off to do 1: One of two'])
  })

  test('are done once, and opened again', () => {
    const done = [declared(), step(add('One'), 1), step({ type: 'finish-todo', todo: 1 }, 2)]
    given(...done)
      .when(step({ type: 'finish-todo', todo: 1 }, 3))
      .refused('todo_is_done', 'To do 1 is done already. To open it again: `/incident todo open 1`.')
    expect(after(...done).todos).toMatchObject([{ todo: 1, doneAt: at(2) }])
    expect(after(...done, step({ type: 'reopen-todo', todo: 1 }, 3)).todos).toMatchObject([{ todo: 1, doneAt: null }])
    given(...done)
      .when(step({ type: 'finish-todo', todo: 7 }, 3))
      .refused('unknown_todo', 'There is no to do 7; 0 are open. `/incident todo` lists them.')
    given(declared(), step(add('One'), 1))
      .when(step({ type: 'reopen-todo', todo: 1 }, 2))
      .happens()
  })

  test('without words is refused, with what to type', () => {
    given(declared())
      .when(step(add(' \u200B'), 1))
      .refused('missing', 'The text is missing. For example `/incident todo Add an alert on the pool by 2026-12-01`.')
  })

  test('stand in one message, which is edited, and in the story', () => {
    const events = happened(
      declared(),
      step(add('One', { owner: alice as Person }), 1),
      step(add('Two'), 2),
      step({ type: 'finish-todo', todo: 1 }, 3),
    )
    const shown = conversation(events).filter(({ key }) => key === 'todos')
    expect(shown).toHaveLength(1)
    expect(JSON.stringify(shown)).toContain('To do: 1 open')
    expect(
      timeline(events, { zone: 'UTC' })
        .filter(({ kind }) => kind === 'todo')
        .map(({ text }) => text),
    ).toEqual(['To do 1: One (Alice Adler)', 'To do 2: Two', 'Ticked off to do 1: One'])
  })
})

describe('what is typed', () => {
  test.each([
    ['Add an alert', 'Add an alert', null, null],
    ['Add an alert @bob by 2026-12-01', 'Add an alert', '@bob', '2026-12-01'],
    ['Add an alert by 2026-12-01 @bob.berg', 'Add an alert', '@bob.berg', '2026-12-01'],
    ['Ask @bob about the plan by hand', 'Ask @bob about the plan by hand', null, null],
    ['Stand by 2 replicas', 'Stand by 2 replicas', null, null],
    ['Mail ops@acme.example', 'Mail ops@acme.example', null, null],
    ['Patch by 2026-02-30', 'Patch', null, { unreadable: '2026-02-30' }],
    ['Patch by 1.12.2026', 'Patch', null, { unreadable: '1.12.2026' }],
    ['by 2026-12-01', '', null, '2026-12-01'],
    // The 14th is a Wednesday.
    ['Patch by friday', 'Patch', null, '2026-01-16'],
    ['Patch by Fri.', 'Patch', null, '2026-01-16'],
    ['Patch by wednesday', 'Patch', null, '2026-01-14'],
    ['Patch by Tues @bob', 'Patch', '@bob', '2026-01-20'],
    ['Patch by today', 'Patch', null, '2026-01-14'],
    ['Patch due tomorrow', 'Patch', null, '2026-01-15'],
    ['Patch in 3d', 'Patch', null, '2026-01-17'],
    ['Patch @bob in 2 weeks', 'Patch', '@bob', '2026-01-28'],
    ['Patch by tomorrow evening', 'Patch', null, { unreadable: 'tomorrow evening' }],
    ['Patch by next friday', 'Patch', null, { unreadable: 'next friday' }],
    ['Patch by end of week', 'Patch', null, { unreadable: 'end of week' }],
    ['Patch by 1st of May', 'Patch', null, { unreadable: '1st of May' }],
    ['Fix what was done by Sunder', 'Fix what was done by Sunder', null, null],
    ['Restart it by hand', 'Restart it by hand', null, null],
    ['Cut it by 10.5 percent', 'Cut it by 10.5 percent', null, null],
    ['Halve it in 3 steps', 'Halve it in 3 steps', null, null],
  ])('%s', (words, text, owner, due) => expect(parseTodo(words, '2026-01-14')).toEqual({ text, owner, due }))

  test('a number is ticked off; a text that begins with the word is a text', () => {
    expect(parseTick('done 3')).toEqual({ what: 'done', todo: 3 })
    expect(parseTick('Open #12')).toEqual({ what: 'open', todo: 12 })
    expect(parseTick('done')).toEqual({ what: 'done', todo: null })
    expect(parseTick('open a ticket')).toBeNull()
  })
})

describe('whoever was to do something is gone from the workspace', () => {
  const gone = step({ type: 'person-gone', id: bob.kind === 'person' ? bob.id : '' }, 9)
  const steps = [
    declared(),
    step(add('One', { owner: bob as Person }), 1),
    step(add('Two', { owner: bob as Person }), 2),
    step(add('Three', { owner: alice as Person }), 3),
    step(add('Four', { owner: bob as Person }), 4),
    step({ type: 'finish-todo', todo: 1 }, 5),
  ]

  test('what they had open is nobody’s, and what is done stays theirs', () => {
    const now = given(...steps)
      .when(gone)
      .happens({ type: 'todos-freed', todos: [2, 4], person: bob as Person })
    expect(now.todos.map(({ owner }) => owner?.name ?? null)).toEqual(['Bob Berg', null, 'Alice Adler', null])
    given(...steps, gone)
      .when(gone)
      .happens()
  })

  test('the channel says so once, and the list shows nobody', () => {
    const text = JSON.stringify(conversation(happened(...steps, gone)))
    expect(text).toContain('Bob Berg is not in this workspace any more: nobody does to-dos 2, 4 now.')
    expect(timeline(happened(...steps, gone), { zone: 'UTC' }).at(-1)?.text).toBe(
      'Bob Berg is not in the workspace any more: nobody does to-dos 2, 4.',
    )
  })

  test('their role is free in the same breath', () => {
    given(...steps, step({ type: 'take-role', role: 'ops', person: bob as Person }, 6))
      .when(gone)
      .happens({ type: 'role-left', role: 'ops', why: 'gone' }, { type: 'todos-freed' })
  })
})
