import { type Answer, type Ask, type CommandContext, defineCommand, type Form, given, say, tell } from '../../src/define.ts'
import type { Todo } from '../../src/incident/areas/todos.ts'
import type { Intent } from '../../src/incident/commands.ts'
import type { Incident } from '../../src/incident/incident.ts'
import { author, type Part, type Span } from '../../src/incident/message.ts'
import { ellipsis } from '../../src/incident/possible.ts'
import { refuse } from '../../src/incident/refusals.ts'
import { parseTick, parseTodo } from '../../src/incident/todo-words.ts'
import { dateIn } from '../../src/incident/when.ts'
import { takePerson } from '../../src/whom.ts'

const example = '/incident todo Add an alert on the pool @bob by 2026-12-01'

const item = ({ todo, text, owner, due, doneAt }: Todo): Span[] => [
  doneAt === null ? '☐ ' : '☑ ',
  { bold: `${todo}` },
  ` ${text}`,
  ...(owner === null ? [] : [' · ', author(owner)]),
  ...(due === null ? [] : [` · by ${due}`]),
]

const list = ({ id, todos }: Incident): Answer => {
  const add: Part = { kind: 'buttons', buttons: [{ label: 'Add…', action: 'todo', value: `${id} ${ellipsis}` }] }
  if (todos.length === 0)
    return { parts: [{ kind: 'text', spans: [`Nothing is to be done for ${id} yet. To add something: `, { code: example }] }, add] }
  const [open, done] = [todos.filter(({ doneAt }) => doneAt === null), todos.filter(({ doneAt }) => doneAt !== null)]
  return {
    parts: [
      { kind: 'text', spans: [{ bold: `${id}: ${open.length} to do, ${done.length} done` }] },
      { kind: 'list', items: [...open, ...done].map(item) },
      { kind: 'context', spans: ['Done: ', { code: '/incident todo done <number>' }] },
      add,
    ],
  }
}

const form: Form = {
  title: 'To do',
  submit: 'todo',
  fields: [
    { key: 'text', label: 'What is to be done', kind: 'text', multiline: false, optional: false, most: 500 },
    { key: 'owner', label: 'Who', kind: 'person', optional: true },
    { key: 'due', label: 'By when', kind: 'day', optional: true, before: 'by' },
  ],
}

const ticked = async (
  what: 'done' | 'open',
  todo: number,
  { todos }: Incident,
  { by }: Ask,
  { approvers }: CommandContext,
): Promise<Intent> => {
  if (what === 'open') return { type: 'reopen-todo', todo }
  // Somebody may have more than one account.
  const about = todos.find((each) => each.todo === todo)?.notBy
  const known = about === undefined ? { identities: [] } : await approvers.identify(by)
  return { type: 'finish-todo', todo, identities: 'unknown' in known ? [] : known.identities }
}

export default defineCommand({
  summary: 'What is still to be done: add, list, tick off',
  usage: 'todo [text] [@user] [by friday] | done <n> | open <n>',
  examples: ['/incident todo', '/incident todo Tell the customers by tomorrow', example, '/incident todo done 1', '/incident todo open 1'],
  needs: 'incident',
  says: true,
  bare: true,
  form: () => Promise.resolve(form),
  run: async (ask, context) => {
    const { handle } = context
    const incident = given(ask)
    if (ask.words === '') return list(incident)
    const tick = parseTick(ask.words)
    if (tick !== null) {
      const { what, todo } = tick
      if (todo === null) return { refused: refuse('missing', { what: 'The number', example: `/incident todo ${what} 1` }) }
      const outcome = await handle(incident.id, await ticked(what, todo, incident, ask, context), ask.by)
      return tell(outcome, () => say(what === 'done' ? `✅ To do ${todo} is done.` : `✅ To do ${todo} is open.`))
    }
    const { text, owner: word, due } = parseTodo(ask.words, dateIn(await context.now(), incident.policy.calendar.zone))
    const taken = word === null ? null : await takePerson({ ...ask, words: word }, context, example)
    if (taken !== null && 'code' in taken) return { refused: taken }
    const owner = taken?.who?.person ?? null
    if (typeof due === 'object' && due !== null)
      return {
        refused: refuse('unreadable', { what: 'a day such as friday, tomorrow, in 3d or 2026-12-01', word: due.unreadable, example }),
      }
    return tell(await handle(incident.id, { type: 'add-todo', text, owner, due, source: null }, ask.by), ({ todos }) => {
      const { todo } = todos.at(-1) ?? { todo: 0 }
      return say(
        `✅ To do ${todo}`,
        ...(owner === null ? [] : [' for ', author(owner)]),
        ...(due === null ? [] : [` by ${due}`]),
        '. When it is done: ',
        { code: `/incident todo done ${todo}` },
      )
    })
  },
})
