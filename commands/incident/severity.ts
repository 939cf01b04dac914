import { defineCommand, given, say, tell } from '../../src/define.ts'
import { ellipsis, refusalNow } from '../../src/incident/possible.ts'
import { severities } from '../../src/incident/policy.ts'
import { knownSeverities, refuse } from '../../src/incident/refusals.ts'

export default defineCommand({
  summary: 'Change the severity; the clocks are computed anew',
  usage: 'severity <P1..P4 or alias> [why]',
  examples: ['/incident severity P1', '/incident severity critical All payments fail now'],
  needs: 'incident',
  form: async (place, { catalogue, now }) => {
    const incident = given(place)
    const product = catalogue.product(incident.product.key) ?? catalogue.unassigned
    const others = severities.filter((severity) => severity !== incident.severity)
    const policy = product.policy(others[0] ?? incident.severity)
    return (
      refusalNow(incident, { type: 'change-severity', policy, why: ellipsis }, place.by, await now()) ?? {
        title: 'Change the severity',
        submit: 'severity',
        fields: [
          {
            key: 'severity',
            label: `Severity, now ${incident.severity}`,
            kind: 'choice',
            optional: false,
            options: others.map((severity) => ({ value: severity, label: severity, hint: product.policy(severity).meaning })),
          },
          { key: 'why', label: 'Why', kind: 'text', multiline: false, optional: true, most: 1000 },
        ],
      }
    )
  },
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
