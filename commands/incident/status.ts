import { defineCommand, given } from '../../src/define.ts'
import { clockLine } from '../../src/incident/clock-line.ts'
import { clockNames } from '../../src/incident/clocks.ts'
import { explain } from '../../src/incident/explain.ts'
import { statusOf } from '../../src/incident/header.ts'
import { steps } from '../../src/incident/incident.ts'
import { author, type Span } from '../../src/incident/message.ts'
import { shorten } from '../../src/incident/text.ts'
import { timeline } from '../../src/incident/timeline.ts'

const stepWord = {
  detect: 'Detect',
  assess: 'Assess',
  communicate: 'Communicate',
  mitigate: 'Mitigate',
  resolve: 'Resolve',
  review: 'Review',
} as const

export default defineCommand({
  summary: 'State, clocks and how each due time was computed, who leads, last events',
  usage: 'status',
  examples: ['/incident status', '/incident status INC-12'],
  needs: 'incident',
  run: async (ask, { load }) => {
    const incident = given(ask)
    const zone = incident.policy.calendar.zone
    const loaded = await load(incident.id)
    const last = timeline(loaded?.events ?? [], { zone }).slice(-5)
    const reached: Span[] = steps.flatMap((step, index): Span[] => {
      const at = incident.stamps[step]
      return [
        ...(index === 0 ? [] : [' → ']),
        at === null ? `${stepWord[step]} –` : `${stepWord[step]} `,
        ...(at === null ? [] : [{ time: at, zone }]),
      ]
    })
    const how = clockNames(incident).flatMap((clock) => {
      const spans = explain(incident, clock)
      return spans === null ? [] : [spans]
    })
    return {
      parts: [
        {
          kind: 'text',
          spans: [{ bold: `${incident.id} ${incident.severity}` }, ` ${statusOf(incident)} · ${shorten(incident.title, 300)}`],
        },
        { kind: 'text', spans: ['Lead ', incident.lead === null ? 'nobody yet' : author(incident.lead), ' · ', ...clockLine(incident)] },
        { kind: 'context', spans: reached },
        ...(how.length === 0 ? [] : [{ kind: 'list' as const, items: how }]),
        {
          kind: 'list',
          items: last.map((entry): Span[] => [{ time: entry.occurredAt, zone }, ` ${shorten(`${entry.who}: ${entry.text}`, 250)}`]),
        },
      ],
    }
  },
})
