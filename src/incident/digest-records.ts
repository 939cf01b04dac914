/** What a digest says of records: those that are open, promises that were not kept, and what is overdue. Of private ones it says no more
 *  than their number. Pure. */
import { clockLine } from './clock-line.ts'
import { clockTitle } from './clock-words.ts'
import { clockNames, runOf, running } from './clocks.ts'
import { breached, runsOf } from './compliance.ts'
import { between, duration } from './duration.ts'
import type { Incident } from './incident.ts'
import { called } from './kinds.ts'
import { type Listed, placeOf, listed, titled } from './listing.ts'
import type { Span } from './message.ts'
import type { Instant, LocalDate } from './policy.ts'
import { shorten } from './text.ts'
import type { Period } from './uptime.ts'

/** Records of one product. `over`: those that are resolved and may still be owed something. Private ones are hidden or left out. */
export type DigestRecords = { readonly open: readonly Listed[]; readonly over: readonly Incident[] }

type Lines = readonly (readonly Span[])[]

export type RecordLines = { readonly open: Lines; readonly missed: Lines; readonly overdue: Lines }

const openLine = (record: Listed): Span[] =>
  record.hidden || record.incident === null
    ? listed(record)
    : [...titled(record.incident), ' · ', ...clockLine(record.incident), ...placeOf(record.incident)]

/** Promises whose time ran out in this period. A run that another one took the place of, with the same end, is one promise. */
const missedBy = (incident: Incident, { from, to }: Period): Span[][] => {
  const missed = new Map(
    runsOf(incident)
      .filter(({ run }) => breached(run) && run.due !== null && run.due >= from && run.due < to)
      .map((each) => [`${each.clock} ${each.run.due}`, each]),
  )
  return [...missed.values()].map(({ clock, run: { due, metAt } }): Span[] => [
    { bold: called(incident) },
    ` ${clockTitle(incident, clock)} was due `,
    { time: due ?? to, zone: incident.policy.calendar.zone },
    metAt === null || due === null ? ', not met yet' : `, late by ${duration(between(due, metAt))}`,
    ...placeOf(incident),
  ])
}

const lateTodos = (incident: Incident, today: LocalDate): Span[][] =>
  incident.todos
    .filter(({ doneAt, due }) => doneAt === null && due !== null && due < today)
    .map(({ todo, text, owner, due }): Span[] => [
      { bold: called(incident) },
      ` to do ${todo}: ${shorten(text, 100)} · by ${due}${owner === null ? ' · nobody’s' : ` · ${owner.name}`}`,
      ...placeOf(incident),
    ])

/** Of a record that is over, such as its review. */
const lateClocks = (incident: Incident, now: Instant): Span[][] =>
  clockNames(incident).flatMap((clock): Span[][] => {
    const run = runOf(incident, clock)
    if (!running(run) || run.due >= now) return []
    const since: Span = { time: run.due, zone: incident.policy.calendar.zone }
    return [[{ bold: called(incident) }, ` ${clockTitle(incident, clock)} ⏰ overdue since `, since, ...placeOf(incident)]]
  })

/** `today`: the date at the end of the period. */
export const recordLines = ({ open, over }: DigestRecords, during: Period, today: LocalDate): RecordLines => {
  const shown = [...open.flatMap(({ hidden, incident }) => (hidden || incident === null ? [] : [incident])), ...over]
  return {
    open: open.map(openLine),
    missed: shown.flatMap((incident) => missedBy(incident, during)),
    overdue: [...shown.flatMap((incident) => lateTodos(incident, today)), ...over.flatMap((incident) => lateClocks(incident, during.to))],
  }
}
