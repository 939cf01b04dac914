/** What verbs may use, made from the store and the catalogue. */
import type { Catalogue } from './catalogue.ts'
import type { CommandContext, OpenIncident, Verb } from './define.ts'
import type { Actor } from './incident/events.ts'
import type { Incident } from './incident/incident.ts'
import { nearest } from './incident/nearest.ts'
import { knownSeverities, refuse } from './incident/refusals.ts'
import { keepLine } from './incident/text.ts'
import type { Handle } from './handle.ts'
import { verifyChain } from './store/chain.ts'
import type { Store } from './store/database.ts'
import { incidentByChannel, openIncidents } from './store/reads.ts'
import { readStream } from './store/stream.ts'

export type VerbWorld = {
  readonly store: Store
  readonly handle: Handle
  readonly catalogue: Catalogue
  readonly verbs: readonly Verb[]
  readonly runChecks: CommandContext['runChecks']
}

const isIn = (incident: Incident, by: Actor) =>
  [incident.declaredBy, incident.lead].some((actor) => actor?.kind === 'person' && by.kind === 'person' && actor.id === by.id)

export const createVerbContext = ({
  store,
  handle,
  catalogue,
  verbs,
  runChecks,
}: VerbWorld): CommandContext & { byChannel: (channel: string) => Promise<string | null> } => ({
  now: () => store.now(),
  load: (id) => readStream(store.db, id),
  handle: handle.handle,
  declare: async (wish, by) => {
    const product = catalogue.product(wish.product)
    const known = [...catalogue.products.keys()]
    if (product === null)
      return { refused: refuse('unknown_product', { word: wish.product, nearest: nearest(wish.product, known), known: known.join(', ') }) }
    const severity =
      wish.severity === ''
        ? (catalogue.suggestSeverity(product, wish.title)?.severity ?? product.defaultSeverity)
        : catalogue.severity(product, wish.severity)
    if (severity === null)
      return { refused: refuse('unknown_severity', { word: wish.severity, known: knownSeverities(product.severityWords.aliases) }) }
    return handle.declare(
      {
        kind: 'incident',
        product: { key: product.key, name: product.name, links: product.links, hash: product.hash },
        // As it will be stored, so that the same title typed twice is found.
        title: keepLine(wish.title),
        summary: wish.summary,
        policy: product.policy(severity),
        private: wish.private,
        rule: null,
        alert: null,
      },
      by,
    )
  },
  open: async (by) => {
    const rows = await openIncidents(store.db)
    const loaded = await Promise.all(rows.map((row) => readStream(store.db, row.id)))
    return loaded.flatMap((each): OpenIncident[] =>
      each === null ? [] : [{ id: each.incident.id, incident: each.incident, hidden: each.incident.private && !isIn(each.incident, by) }],
    )
  },
  verify: (id) => verifyChain(store.db, id),
  runChecks,
  catalogue,
  verbs,
  byChannel: async (channel) => (await incidentByChannel(store.db, channel))?.id ?? null,
})
