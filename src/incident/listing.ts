/** One record in a list of records, wherever such a list is shown. Pure. */
import { statusOf } from './header.ts'
import type { Incident } from './incident.ts'
import { called } from './kinds.ts'
import type { Span } from './message.ts'
import { shorten } from './text.ts'

/** A record as somebody may see it. `incident` is null when what is stored of it cannot be read. */
export type Listed = { readonly id: string; readonly hidden: boolean; readonly incident: Incident | null }

/** Its channel, behind the rest of a line. */
export const placeOf = ({ channel }: Incident): Span[] => (channel === null ? [] : [' · ', { channel: channel.id, text: channel.name }])

/** What it is, how far it is, and of what; without its channel. */
export const titled = (incident: Incident): Span[] => [
  { bold: called(incident) },
  ` ${statusOf(incident)} · ${incident.product.name} · ${shorten(incident.title, 120)}`,
]

/** The line of a record; of a hidden one, its number alone. */
export const listed = ({ id, hidden, incident }: Listed): Span[] => {
  if (hidden) return [{ bold: id }, ' private']
  if (incident === null)
    return [
      { bold: id },
      ' ⚠ cannot be read: damaged, or written by a later version of the bot. Which: ',
      { code: `/incident audit ${id}` },
    ]
  return [...titled(incident), ...placeOf(incident)]
}
