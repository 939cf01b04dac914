import { defineCommand, given, say, tell } from '../../src/define.ts'
import { knownSeverities, refuse } from '../../src/incident/refusals.ts'

export default defineCommand({
  summary: 'Change the severity; the clocks are computed anew',
  usage: 'severity <P1..P4 or alias> [why]',
  examples: ['/incident severity P1', '/incident severity critical All payments fail now'],
  needs: 'incident',
  run: async (ask, { handle, catalogue }) => {
    const incident = given(ask)
    const known = catalogue.product(incident.product.key)
    const product = known ?? catalogue.unassigned
    const word = ask.words.split(/\s+/)[0] ?? ''
    if (word === '') return { refused: refuse('missing', { what: 'The severity', example: '/incident severity P1' }) }
    const { severity, rest } = catalogue.takeSeverity(product, ask.words)
    if (severity === null) return { refused: refuse('unknown_severity', { word, known: knownSeverities(product.severityWords.aliases) }) }
    // While the product's file is broken its people are still those that the incident was opened with.
    const { ladder, invite, calendar } = incident.policy
    const policy = known === null ? { ...product.policy(severity), ladder, invite, calendar } : product.policy(severity)
    return tell(await handle(incident.id, { type: 'change-severity', policy, why: rest === '' ? null : rest }, ask.by), (after) =>
      say('✅ Now ', { bold: after.severity }, after.policy.meaning === '' ? '.' : ` (${after.policy.meaning}).`),
    )
  },
})
