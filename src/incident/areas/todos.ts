/** What is still to be done: asked for in the channel, owned, dated, ticked off; what is open at the end is followed up. */
import { type Identities, sameIdentity } from '../acting/request.ts'
import type { Actor } from '../events.ts'
import type { Incident } from '../incident.ts'
import { author, line, type Message, type Span } from '../message.ts'
import type { Instant, LocalDate } from '../policy.ts'
import { refuse } from '../refusals.ts'
import { shorten } from '../text.ts'
import { dateIn } from '../when.ts'
import { isRefusal, written } from '../written.ts'
import { type Area, type Person, samePerson, type Story } from './area.ts'

/** A message of the channel that something was made from. */
export type Source = { readonly channel: string; readonly ts: string }

/** Somebody, with everything that they are known by. */
export type Known = { readonly by: Actor; readonly identities: Identities }

/** An action that still ran when its record was closed, or merged. */
export type HandedOver = { readonly record: string; readonly action: number }

export type TodoEvent =
  | {
      readonly type: 'todo-added'
      readonly v: 1
      readonly todo: number
      readonly text: string
      readonly owner: Person | null
      readonly due: LocalDate | null
      readonly source: Source | null
      /** Whom it is about: somebody else is to do it. */
      readonly notBy?: readonly Known[]
      /** What somebody is to see to its end; it is ticked off when that has come. */
      readonly handsOver?: HandedOver
    }
  /** The message that it was made from says something else now. */
  | { readonly type: 'todo-edited'; readonly v: 1; readonly todo: number; readonly text: string }
  | { readonly type: 'todo-done'; readonly v: 1; readonly todo: number }
  | { readonly type: 'todo-reopened'; readonly v: 1; readonly todo: number }
  /** Whoever was to do them cannot any more. */
  | { readonly type: 'todos-freed'; readonly v: 1; readonly todos: readonly number[]; readonly person: Person }

export type TodoIntent =
  | {
      readonly type: 'add-todo'
      readonly text: string
      readonly owner: Person | null
      readonly due: LocalDate | null
      readonly source: Source | null
    }
  | { readonly type: 'edit-todo'; readonly todo: number; readonly text: string }
  /** `identities`: of whoever does it, where they are known. */
  | { readonly type: 'finish-todo'; readonly todo: number; readonly identities?: Identities }
  | { readonly type: 'reopen-todo'; readonly todo: number }

export type Todo = {
  readonly todo: number
  readonly text: string
  readonly owner: Person | null
  /** In the product's zone. */
  readonly due: LocalDate | null
  readonly source: Source | null
  readonly addedAt: Instant
  readonly doneAt: Instant | null
  readonly notBy?: readonly Known[]
  readonly handsOver?: HandedOver
}

export type TodoState = { readonly todos: readonly Todo[] }

export const noTodos: TodoState = { todos: [] }

const sameSource = (a: Source | null, b: Source | null) => a !== null && b !== null && a.channel === b.channel && a.ts === b.ts

/** Whom they are about is the same, with all that they are known by. */
const sameKnown = (a: readonly Known[] = [], b: readonly Known[] = []): boolean => {
  const amongst = (all: readonly Known[]) => (one: Known) =>
    all.some(({ by, identities }) => samePerson(by, one.by) && one.identities.every((each) => identities.includes(each)))
  return a.every(amongst(b)) && b.every(amongst(a))
}

/** Whether two open to-dos are one: else what the one stands for is lost with it. */
export const sameTodo = (a: Todo, b: Todo): boolean =>
  a.text === b.text &&
  sameKnown(a.notBy, b.notBy) &&
  a.handsOver?.record === b.handsOver?.record &&
  a.handsOver?.action === b.handsOver?.action

const change = (incident: Incident, todo: number, more: Partial<Pick<Todo, 'doneAt' | 'text'>>): Incident => ({
  ...incident,
  todos: incident.todos.map((each) => (each.todo === todo ? { ...each, ...more } : each)),
})

/** What a to-do says: by its number alone nobody knows it hours later. */
const wordsOf = ({ events, seq }: Story, todo: number): string =>
  events
    .filter((recorded) => recorded.seq <= seq)
    .flatMap(({ event }): readonly { readonly todo: number; readonly text: string }[] => {
      if (event.type === 'todo-added' || event.type === 'todo-edited') return [event]
      return event.type === 'absorbed' ? (event.brings?.todos ?? []) : []
    })
    .findLast((each) => each.todo === todo)?.text ?? ''

/** What is open of somebody who is gone has no owner any more. */
export const freed = (incident: Incident, id: string): TodoEvent[] => {
  const theirs = incident.todos.filter(({ owner, doneAt }) => owner?.id === id && doneAt === null)
  const person = theirs[0]?.owner
  return person == null ? [] : [{ type: 'todos-freed', v: 1, todos: theirs.map(({ todo }) => todo), person }]
}

const numbers = (todos: readonly number[]): string => `to-do${todos.length === 1 ? '' : 's'} ${todos.join(', ')}`

/** One message for all of them, edited in place. */
export const todosShown = (incident: Incident): Message[] => {
  const open = incident.todos.filter(({ doneAt }) => doneAt === null)
  const item = ({ todo, text, owner, due, doneAt }: Todo): Span[] => [
    doneAt === null ? '☐ ' : '☑ ',
    { bold: `${todo}` },
    ` ${text}`,
    ...(owner === null ? [] : [' · ', author(owner)]),
    ...(due === null ? [] : [` · by ${due}`]),
  ]
  return [
    {
      key: 'todos',
      summary: `${open.length} to do`,
      parts: [
        { kind: 'text', spans: [{ bold: open.length === 0 ? 'Everything is done' : `To do: ${open.length} open` }] },
        { kind: 'list', items: incident.todos.map(item) },
        { kind: 'context', spans: ['Done: ', { code: '/incident todo done <number>' }] },
      ],
    },
  ]
}

/** What whoever is to do it is told, where they do not read the channel. */
export const todoForYou = (incident: Incident, { todo, text, due }: Todo, by: Person | null): Message => {
  const { id, severity, product, title, channel } = incident
  return line('todo-for-you', `To do in ${id}`, [
    '☐ ',
    ...(by === null ? ['There is something to do for you in '] : [author(by), ' asks you to do something in ']),
    { bold: `${id} ${severity}` },
    ` ${product.name} · ${shorten(title, 150)}:\n${text}`,
    ...(due === null ? [] : [` · by ${due}`]),
    ...(channel === null ? [] : ['\nIt runs in ', { channel: channel.id, text: channel.name }, ', where you are not yet.']),
    '\nWhen it is done: ',
    { code: `/incident todo ${id} done ${todo}` },
  ])
}

/** What whoever asked for it is told, where the owner may not know of the record. */
export const absentOwner = ({ todo }: Todo, owner: Person): Message =>
  line('absent-owner', `${owner.name} is not here`, [
    '👋 ',
    author(owner),
    ` is not here, and is not told of to do ${todo}, as this record is private. To let them in, type `,
    { code: '/invite' },
    ' and their name.',
  ])

export const todoArea: Area<TodoIntent, TodoEvent> = {
  whileOpen: [],
  decide: {
    'add-todo': (incident, { text: words, owner, due, source }, { at }) => {
      const text = written('todo', words)
      if (isRefusal(text)) return text
      const today = dateIn(at, incident.policy.calendar.zone)
      if (due !== null && due < today) return refuse('past_date', { date: due, today })
      const known = incident.todos.find((each) => sameSource(each.source, source) || (each.doneAt === null && each.text === text))
      if (known !== undefined) return refuse('has_todo', { todo: known.todo, text: known.text })
      return [{ type: 'todo-added', v: 1, todo: incident.todos.length + 1, text, owner, due, source }]
    },
    'edit-todo': (incident, { todo, text: words }) => {
      const text = written('todo', words)
      if (isRefusal(text)) return text
      const known = incident.todos.find((each) => each.todo === todo)
      return known === undefined || known.text === text ? [] : [{ type: 'todo-edited', v: 1, todo, text }]
    },
    'finish-todo': (incident, { todo, identities = [] }, { by }) => {
      const known = incident.todos.find((each) => each.todo === todo)
      if (known === undefined) return refuse('unknown_todo', { todo, open: incident.todos.filter(({ doneAt }) => doneAt === null).length })
      if (known.doneAt !== null) return refuse('todo_is_done', { todo })
      const own = known.notBy?.some((each) => samePerson(each.by, by) || sameIdentity(each.identities, identities)) ?? false
      return own ? refuse('own_todo', { todo }) : [{ type: 'todo-done', v: 1, todo }]
    },
    'reopen-todo': (incident, { todo }) => {
      const known = incident.todos.find((each) => each.todo === todo)
      if (known === undefined) return refuse('unknown_todo', { todo, open: incident.todos.filter(({ doneAt }) => doneAt === null).length })
      return known.doneAt === null ? [] : [{ type: 'todo-reopened', v: 1, todo }]
    },
  },
  evolve: {
    'todo-added': (incident, { todo, text, owner, due, source, notBy, handsOver }, { at }) => ({
      ...incident,
      todos: [
        ...incident.todos,
        {
          todo,
          text,
          owner,
          due,
          source,
          addedAt: at,
          doneAt: null,
          ...(notBy === undefined ? {} : { notBy }),
          ...(handsOver === undefined ? {} : { handsOver }),
        },
      ],
    }),
    'todo-edited': (incident, { todo, text }) => change(incident, todo, { text }),
    'todo-done': (incident, { todo }, { at }) => change(incident, todo, { doneAt: at }),
    'todo-reopened': (incident, { todo }) => change(incident, todo, { doneAt: null }),
    'todos-freed': (incident, { todos, person }) => ({
      ...incident,
      todos: incident.todos.map((each) => (todos.includes(each.todo) && samePerson(each.owner, person) ? { ...each, owner: null } : each)),
    }),
  },
  tell: {
    'todo-added': ({ todo, text, owner, due }) => ({
      kind: 'todo',
      text: `To do ${todo}: ${text}${owner === null ? '' : ` (${owner.name})`}${due === null ? '' : ` by ${due}`}`,
    }),
    'todo-edited': ({ todo, text }) => ({ kind: 'todo', text: `Changed to do ${todo}: ${text}` }),
    'todo-done': ({ todo }, story) => ({ kind: 'todo', text: `Ticked off to do ${todo}: ${wordsOf(story, todo)}` }),
    'todo-reopened': ({ todo }, story) => ({ kind: 'todo', text: `Opened to do ${todo} again: ${wordsOf(story, todo)}` }),
    'todos-freed': ({ todos, person }) => ({
      kind: 'todo',
      text: `${person.name} is not in the workspace any more: nobody does ${numbers(todos)}.`,
    }),
  },
  posts: {
    'todo-added': todosShown,
    'todo-edited': todosShown,
    'todo-done': todosShown,
    'todo-reopened': todosShown,
    'todos-freed': (incident, { todos, person }, { seq }) => [
      ...todosShown(incident),
      line(`freed:${seq}`, `Nobody does ${numbers(todos)}`, [
        `👋 ${person.name} is not in this workspace any more: nobody does ${numbers(todos)} now. Say here who takes over; when it is done: `,
        { code: '/incident todo done <number>' },
      ]),
    ],
  },
  react: (_, { by, event }, { id }) =>
    event.type === 'todo-added' && event.owner?.slack !== undefined && !samePerson(event.owner, by)
      ? [{ queue: 'todo-told', data: { incident: id, todo: event.todo }, once: `todo-told:${id}:${event.todo}` }]
      : [],
}
