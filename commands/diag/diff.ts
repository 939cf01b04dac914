import { askedOf, productOf } from '../../src/asked-check.ts'
import { defineCommand, given, say, tell } from '../../src/define.ts'
import { judging } from '../../src/incident/areas/checking.ts'
import { refuse } from '../../src/incident/refusals.ts'

export default defineCommand({
  summary: 'How it is now, against the checks at opening',
  usage: 'diff',
  examples: ['/diag diff'],
  needs: 'incident',
  run: async (ask, context) => {
    const incident = given(ask)
    const opening = incident.checks.find(({ phase, results }) => phase === 'opening' && results.length > 0)
    const known = context.askable(productOf(ask, context)?.key ?? '')
    const checks = (opening === undefined ? [] : judging(opening).asked).flatMap(({ check }) => known.get(check) ?? [])
    if (opening === undefined || checks.length === 0) return { refused: refuse('nothing_to_compare', { id: incident.id }) }
    const intent = { type: 'start-checks', phase: 'asked', which: 'diff', checks: askedOf(checks), against: opening.run } as const
    return tell(await context.handle(incident.id, intent, ask.by), () =>
      say(
        `🩺 Asking again what was asked at the opening (${checks.length}); the comparison comes in `,
        { bold: incident.id },
        '’s channel.',
      ),
    )
  },
})
