import { defineCommand, given } from '../../src/define.ts'
import { clockNames } from '../../src/incident/clocks.ts'
import { explain } from '../../src/incident/explain.ts'
import type { Span } from '../../src/incident/message.ts'
import { sitrep } from '../../src/incident/sitrep.ts'
import { stepRows, stepWord } from '../../src/incident/steps.ts'

export default defineCommand({
  summary: 'Where it stands: state, clocks and how each due time was computed, who does what, what is open, last events',
  usage: 'status',
  examples: ['/incident status', '/incident status INC-12'],
  needs: 'incident',
  run: async (ask, { load }) => {
    const incident = given(ask)
    const zone = incident.policy.calendar.zone
    const loaded = await load(incident.id)
    const reached = stepRows(incident).flatMap(({ step, at, state }, index): Span[] => [
      `${index === 0 ? '' : ' → '}${stepWord[step]} `,
      at !== null ? { time: at, zone } : state === 'skipped' ? 'skipped' : '–',
    ])
    const how = clockNames(incident).flatMap((clock) => {
      const spans = explain(incident, clock)
      return spans === null ? [] : [spans]
    })
    return {
      parts: [
        ...sitrep(incident, loaded?.events ?? []),
        { kind: 'context', spans: reached },
        ...(how.length === 0 ? [] : [{ kind: 'list' as const, items: how }]),
      ],
    }
  },
})
