import { type CommandContext, defineCommand, given } from '../../src/define.ts'
import { waitingActions, waitingElsewhere } from '../../src/incident/acting/pending.ts'
import { recordAt } from '../../src/incident/areas/merging.ts'
import { statusOf } from '../../src/incident/header.ts'
import { called } from '../../src/incident/kinds.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { Span } from '../../src/incident/message.ts'
import { usefulButtons, usefulVerbs } from '../../src/incident/now.ts'
import { shorten } from '../../src/incident/text.ts'

/** What is read at a glance; `help` has the rest. */
const most = 6

/** The records that became part of it, and of those. */
const partsOf = async ({ absorbed }: Incident, context: CommandContext): Promise<Incident[]> => {
  const parts: Incident[] = []
  for (const { id } of absorbed) {
    const loaded = await context.load(id)
    if (loaded !== null) parts.push(loaded.incident, ...(await partsOf(loaded.incident, context)))
  }
  return parts
}

export default defineCommand({
  summary: 'What can be done now; so does /incident alone',
  usage: 'now',
  examples: ['/incident now', '/incident now INC-12'],
  needs: 'incident',
  run: async (ask, context) => {
    const { verbs, requests } = context
    const incident = given(ask)
    const mine = new Map(verbs.filter(({ command }) => command === 'incident').map(({ name, definition }) => [name, definition]))
    const exist = new Set(mine.keys())
    // A product without actions has none to ask for.
    if (requests.offered(incident.product.key).size === 0) exist.delete('run')
    return {
      parts: [
        {
          kind: 'text',
          spans: [{ bold: called(incident) }, ` ${statusOf(incident)} · ${shorten(incident.title, 300)}`],
        },
        ...(incident.mergedInto === null
          ? []
          : [{ kind: 'text' as const, spans: ['Go on in ', ...recordAt(incident.mergedInto, incident.mergedWhere)] }]),
        ...waitingActions(incident),
        ...(await partsOf(incident, context)).flatMap(waitingElsewhere),
        { kind: 'buttons', buttons: usefulButtons(incident, exist) },
        {
          kind: 'list',
          items: usefulVerbs(incident, exist, most).map((name): Span[] => [
            { code: `/incident ${mine.get(name)?.usage ?? name}` },
            ` ${mine.get(name)?.summary ?? ''}`,
          ]),
        },
        { kind: 'context', spans: ['All verbs: ', { code: '/incident help' }] },
      ],
    }
  },
})
