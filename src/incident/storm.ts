/** What everybody is told while more records wait for a channel than the chat opens at once (faults 13). Pure. */
import type { Incident } from './incident.ts'
import { called } from './kinds.ts'
import type { Message, Span } from './message.ts'
import { shorten } from './text.ts'

/** What fits into one message and is still read. */
const mostListed = 20

/** One that waits alone is no storm: it says enough that its channel opens a moment later. */
const fewest = 2

/** Whether so many wait that it must be said. */
export const isStorm = (waiting: readonly Incident[]): boolean => waiting.length >= fewest

const lineOf = (incident: Incident): Span[] => [{ bold: called(incident) }, ` ${incident.product.name} · ${shorten(incident.title, 120)}`]

/** The one message of a storm. `waiting`: the gravest first; none: it is over. Of private records only their number is told. */
export const stormMessage = (waiting: readonly Incident[]): Message => {
  const shown = waiting.filter((incident) => !incident.private)
  const hidden = waiting.length - shown.length
  const listed = shown.slice(0, mostListed)
  const more = shown.length - listed.length
  const first = shown[0]
  if (waiting.length === 0)
    return {
      key: 'storm',
      summary: 'No record waits for its channel any more',
      parts: [{ kind: 'text', spans: ['🌪 ', { bold: 'The storm is over: no record waits for its channel any more.' }] }],
    }
  const summary = waiting.length === 1 ? '1 record waits for its channel' : `${waiting.length} records wait for their channels`
  return {
    key: 'storm',
    summary,
    parts: [
      { kind: 'text', spans: ['🌪 ', { bold: `${summary}.` }, ' Slack lets only so many be opened a minute. The gravest come first.'] },
      {
        kind: 'list',
        items: [...listed.map(lineOf), ...(more > 0 ? [[`and ${more} more`]] : []), ...(hidden > 0 ? [[`${hidden} private`]] : [])],
      },
      ...(first === undefined
        ? []
        : [
            {
              kind: 'context' as const,
              spans: [
                'Until then each is worked on from anywhere: ',
                { code: `/incident status ${first.id}` },
                ' · ',
                { code: `/incident ack ${first.id}` },
              ],
            },
          ]),
    ],
  }
}
