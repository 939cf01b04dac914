/** The app's home of one person: what is overdue, what is theirs, what is open. Pure. */
import { samePerson } from './areas/area.ts'
import { rolesOf } from './areas/roles.ts'
import { clockTitle } from './clock-words.ts'
import { clockNames, runOf, running } from './clocks.ts'
import type { Actor } from './events.ts'
import { statusWord } from './header.ts'
import type { Incident } from './incident.ts'
import type { Part, Span } from './message.ts'
import type { Instant } from './policy.ts'
import { shorten } from './text.ts'
import { dateIn } from './when.ts'

/** An open record as this person may see it. `incident` is null when what is stored of it cannot be read. */
export type Listed = { readonly id: string; readonly hidden: boolean; readonly incident: Incident | null }

/** What is still read of a list. */
const most = 20

const place = ({ channel }: Incident): Span[] => (channel === null ? [] : [' · ', { channel: channel.id, text: channel.name }])

const titled = (incident: Incident): Span[] => [
  { bold: `${incident.id} ${incident.severity}` },
  ` ${statusWord[incident.status]} · ${incident.product.name} · ${shorten(incident.title, 100)}`,
]

const openTodos = ({ todos }: Incident) => todos.filter(({ doneAt }) => doneAt === null)

/** Clocks that ran out and to-dos whose day is over. */
const overdueOf = (incident: Incident, now: Instant): Span[][] => {
  const zone = incident.policy.calendar.zone
  const clocks = clockNames(incident).flatMap((clock): Span[][] => {
    const run = runOf(incident, clock)
    if (!running(run) || run.due >= now) return []
    return [[{ bold: incident.id }, ` ${clockTitle(incident, clock)} since `, { time: run.due, zone }, ...place(incident)]]
  })
  const today = dateIn(now, zone)
  const late = openTodos(incident)
    .filter(({ due }) => due !== null && due < today)
    .map(({ todo, text, owner, due }): Span[] => [
      { bold: incident.id },
      ` to do ${todo} since ${due}: ${shorten(text, 100)}${owner === null ? '' : ` (${owner.name})`}`,
      ...place(incident),
    ])
  return [...clocks, ...late]
}

/** Why a record is somebody's; empty when it is not. */
const mineBecause = (incident: Incident, me: Actor): string => {
  const todos = openTodos(incident).filter(({ owner }) => samePerson(owner, me)).length
  const reasons = [
    ...rolesOf(incident, me).map((role) => (role === 'lead' ? 'you lead' : `you are ${role}`)),
    ...(samePerson(incident.declaredBy, me) ? ['you declared'] : []),
    ...(todos === 0 ? [] : [`${todos} to do for you`]),
  ]
  return reasons.join(', ')
}

const section = (title: string, items: readonly (readonly Span[])[], none: string): Part[] => [
  { kind: 'heading', text: items.length === 0 ? title : `${title}: ${items.length}` },
  items.length === 0
    ? { kind: 'context', spans: [none] }
    : { kind: 'list', items: items.length > most ? [...items.slice(0, most), [`and ${items.length - most} more`]] : items },
]

/** The home's parts. Of hidden records only the number is shown. */
export const homeOf = (records: readonly Listed[], me: Actor, now: Instant, zone: string): Part[] => {
  const seen = records.flatMap(({ hidden, incident }) => (hidden || incident === null ? [] : [incident]))
  const mine = seen.flatMap((incident): Span[][] => {
    const why = mineBecause(incident, me)
    return why === '' ? [] : [[...titled(incident), ` · ${why}`, ...place(incident)]]
  })
  const open = records.map(({ id, hidden, incident }): Span[] => {
    if (hidden) return [{ bold: id }, ' private']
    return incident === null ? [{ bold: id }, ' ⚠ cannot be read'] : [...titled(incident), ...place(incident)]
  })
  const overdue = seen.flatMap((incident) => overdueOf(incident, now))
  return [
    { kind: 'buttons', buttons: [{ label: 'Declare an incident', action: 'new', value: 'home', style: 'danger' }] },
    ...section('Overdue', overdue, 'Nothing is overdue.'),
    ...section('Yours', mine, 'You have declared, lead and owe nothing that is open.'),
    ...section('Open', open, 'Nothing is open.'),
    { kind: 'context', spans: ['As of ', { time: now, zone }, '. Open this page again for what is new.'] },
  ]
}
