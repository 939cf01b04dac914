/** The app's home of one person: what is overdue, what is theirs, what is open. Pure. */
import { samePerson } from './areas/area.ts'
import { rolesOf } from './areas/roles.ts'
import type { Todo } from './areas/todos.ts'
import { clockTitle } from './clock-words.ts'
import { clockNames, runOf, running } from './clocks.ts'
import type { Actor } from './events.ts'
import type { Incident } from './incident.ts'
import { called, kindWord } from './kinds.ts'
import { type Listed, listed, placeOf, titled } from './listing.ts'
import type { Part, Span } from './message.ts'
import type { Instant } from './policy.ts'
import { shorten } from './text.ts'
import { dateIn } from './when.ts'

/** What is still read of a list. */
const most = 20

/** What is only played, or planned, says so. */
const named = (incident: Incident): Span => ({ bold: kindWord[incident.kind] === null ? incident.id : called(incident) })

const openTodos = ({ todos }: Incident) => todos.filter(({ doneAt }) => doneAt === null)

/** Clocks that ran out. */
const lateClocks = (incident: Incident, now: Instant): Span[][] =>
  clockNames(incident).flatMap((clock): Span[][] => {
    const run = runOf(incident, clock)
    if (!running(run) || run.due >= now) return []
    const since: Span = { time: run.due, zone: incident.policy.calendar.zone }
    return [[named(incident), ` ${clockTitle(incident, clock)} since `, since, ...placeOf(incident)]]
  })

const todoLine = (incident: Incident, { todo, text, owner, due }: Todo, me: Actor): Span[] => [
  named(incident),
  ` to do ${todo}: ${shorten(text, 100)}`,
  due === null ? '' : ` · by ${due}`,
  owner === null || samePerson(owner, me) ? '' : ` · ${owner.name}`,
  ...placeOf(incident),
]

const isLate = ({ due }: Todo, { policy }: Incident, now: Instant) => due !== null && due < dateIn(now, policy.calendar.zone)

/** Why a record is somebody's; empty when it is not. */
const mineBecause = (incident: Incident, me: Actor): string => {
  const reasons = [
    ...rolesOf(incident, me).map((role) => (role === 'lead' ? 'you lead' : `you are ${role}`)),
    ...(samePerson(incident.declaredBy, me) ? ['you declared'] : []),
  ]
  return reasons.join(', ')
}

const section = (title: string, items: readonly (readonly Span[])[], none: string): Part[] => [
  { kind: 'heading', text: items.length === 0 ? title : `${title}: ${items.length}` },
  items.length === 0
    ? { kind: 'context', spans: [none] }
    : { kind: 'list', items: items.length > most ? [...items.slice(0, most), [`and ${items.length - most} more`]] : items },
]

/** The home's parts. `over`: records that are no longer open, for what this person still has to do there. Of hidden records only the
 *  number is shown. */
export const homeOf = (
  records: { readonly open: readonly Listed[]; readonly over: readonly Incident[] },
  me: Actor,
  now: Instant,
  zone: string,
): Part[] => {
  const seen = records.open.flatMap(({ hidden, incident }) => (hidden || incident === null ? [] : [incident]))
  const todos = [...seen, ...records.over].flatMap((incident) => openTodos(incident).map((todo) => ({ incident, todo })))
  const mine = todos.filter(({ todo }) => samePerson(todo.owner, me))
  const late = todos.filter(({ incident, todo }) => isLate(todo, incident, now) && (seen.includes(incident) || samePerson(todo.owner, me)))
  const lineOf = ({ incident, todo }: (typeof todos)[number]) => todoLine(incident, todo, me)
  const overdue = [...seen.flatMap((incident) => lateClocks(incident, now)), ...late.map(lineOf)]
  const ours = seen.flatMap((incident): Span[][] => {
    const why = mineBecause(incident, me)
    return why === '' ? [] : [[...titled(incident), ` · ${why}`, ...placeOf(incident)]]
  })
  return [
    { kind: 'buttons', buttons: [{ label: 'Declare an incident', action: 'new', value: 'home', style: 'danger' }] },
    ...section('Overdue', overdue, 'Nothing is overdue.'),
    ...section('Yours', ours, 'You have declared or lead nothing that is open.'),
    ...section('Your to-dos', mine.map(lineOf), 'Nothing is left for you to do.'),
    ...section('Open', records.open.map(listed), 'Nothing is open.'),
    { kind: 'context', spans: ['As of ', { time: now, zone }, '. For 8 h from its opening this page follows what happens.'] },
  ]
}
