/** What verbs may use, made from the store and the catalogue. */
import type { Catalogue } from './catalogue.ts'
import type { CommandContext, Finder, OpenIncident, Verb } from './define.ts'
import type { Actor } from './incident/events.ts'
import type { Incident } from './incident/incident.ts'
import { disasterPolicy } from './incident/kinds.ts'
import { nearest } from './incident/nearest.ts'
import { knownSeverities, refuse } from './incident/refusals.ts'
import { keepLine } from './incident/text.ts'
import type { Handle } from './handle.ts'
import { createMerge } from './merging.ts'
import type { World } from './slack/dispatch.ts'
import { verifyChain } from './store/chain.ts'
import type { Store } from './store/database.ts'
import { fileContent, storedFiles } from './store/files.ts'
import { readOutage } from './store/outage.ts'
import type { Queue } from './store/queue.ts'
import { incidentByChannel, incidentRow, type IncidentRow, openIncidents, publicSince } from './store/reads.ts'
import { hasEvents, readStream, readStreams, Unreadable } from './store/stream.ts'

export type VerbWorld = {
  readonly store: Store
  readonly handle: Handle
  readonly queue: Queue
  readonly catalogue: Catalogue
  readonly verbs: readonly Verb[]
  readonly runChecks: CommandContext['runChecks']
  readonly askable: CommandContext['askable']
  readonly approvers: CommandContext['approvers']
  readonly actions: CommandContext['actions']
  readonly requests: CommandContext['requests']
  readonly digest: CommandContext['digest']
  readonly who: CommandContext['who']
  readonly resolve: CommandContext['resolve']
  readonly publishes: NonNullable<CommandContext['publishes']>
  readonly mask: World['mask']
}

type Kept = { readonly row: IncidentRow | null; readonly incident: Incident | null }

const isIn = ({ row, incident }: Kept, by: Actor): boolean => {
  const is = (actor: Actor | null | undefined) => actor?.kind === 'person' && by.kind === 'person' && actor.id === by.id
  return (
    (by.kind === 'person' && row?.declaredBy === by.id) ||
    is(incident?.declaredBy) ||
    is(incident?.lead) ||
    Object.values(incident?.team ?? {}).some(is)
  )
}

const isPrivate = ({ row, incident }: Kept): boolean => row?.private === true || incident?.private === true

export const createVerbContext = ({
  store,
  queue,
  handle,
  catalogue,
  verbs,
  runChecks,
  askable,
  approvers,
  actions,
  requests,
  digest,
  who,
  resolve,
  publishes,
  mask,
}: VerbWorld): World => {
  /** Null when there is none, or when what is stored of it cannot be read. */
  const readable = async (id: string): Promise<Incident | null> => {
    try {
      return (await readStream(store.db, id))?.incident ?? null
    } catch (error) {
      if (error instanceof Unreadable) return null
      throw error
    }
  }
  /** Where only the row or only the events are left, it is a damaged record, and no missing one. */
  const kept = async (id: string): Promise<Kept | null> => {
    const [row, incident] = await Promise.all([incidentRow(store.db, id), readable(id)])
    return row === null && incident === null && !(await hasEvents(store.db, id)) ? null : { row, incident }
  }
  const byId: Finder['byId'] = async (id, by, channel) => {
    const found = await kept(id)
    if (found === null) return null
    const here = found.row?.channelId === channel || found.incident?.channel?.id === channel
    return { id, incident: found.row === null ? null : found.incident, open: here || !isPrivate(found) || isIn(found, by) }
  }
  return {
    now: () => store.now(),
    load: (id) => readStream(store.db, id),
    handle: handle.handle,
    declare: async (wish, by) => {
      const product = catalogue.product(wish.product)
      const known = [...catalogue.products.keys()]
      if (product === null)
        return {
          refused: refuse('unknown_product', { word: wish.product, nearest: nearest(wish.product, known), known: known.join(', ') }),
        }
      const suggested = wish.severity === '' ? catalogue.suggestSeverity(product, wish.title) : null
      const severity = wish.severity === '' ? (suggested?.severity ?? product.defaultSeverity) : catalogue.severity(product, wish.severity)
      if (severity === null)
        return { refused: refuse('unknown_severity', { word: wish.severity, known: knownSeverities(product.severityWords.aliases) }) }
      const { kind = 'incident', window, from } = wish
      const policy = product.policy(severity)
      return handle.declare(
        {
          kind,
          product: { key: product.key, name: product.name, links: product.links, hash: product.hash },
          // As it will be stored, so that the same title typed twice is found.
          title: keepLine(wish.title),
          summary: wish.summary,
          policy: wish.disaster === true && product.disaster !== null ? disasterPolicy(policy, product.disaster) : policy,
          private: wish.private,
          rule: null,
          alert: null,
          runbooks: catalogue.suggestRunbooks(product, { severity, text: `${wish.title} ${wish.summary ?? ''}` }),
          ...(window === undefined ? {} : { window }),
          ...(wish.severity === '' ? { guessed: { because: suggested?.because ?? null } } : {}),
        },
        by,
        async (trx, { id }) => {
          if (from === undefined) return
          const wisher = by.kind === 'person' ? { by: by.slack ?? '', byName: by.name } : {}
          await queue.enqueue(trx, [{ queue: 'declared-from', data: { incident: id, ...from, ...wisher } }])
        },
      )
    },
    open: async (by) => {
      const rows = await openIncidents(store.db)
      const found = await Promise.all(
        rows.map(async (row): Promise<OpenIncident & { number: number }> => {
          const incident = await readable(row.id)
          return { id: row.id, number: row.number, incident, hidden: isPrivate({ row, incident }) && !isIn({ row, incident }, by) }
        }),
      )
      // Where it stands among the others would tell how grave a hidden one is.
      const hidden = found.filter((each) => each.hidden).toSorted((a, b) => a.number - b.number)
      return [...found.filter((each) => !each.hidden), ...hidden]
    },
    merge: createMerge({ store, handle, find: byId }),
    history: async (since, product) => readStreams(store.db, await publicSince(store.db, since, product)),
    verify: (id) => verifyChain(store.db, id),
    files: {
      stored: (incident) => storedFiles(store.db, incident),
      content: (incident, file) => fileContent(store.db, incident, file),
    },
    runChecks,
    askable,
    approvers,
    actions,
    requests,
    digest,
    catalogue,
    who,
    resolve,
    away: async () => (await readOutage(store.db))?.since ?? null,
    publishes,
    mask,
    verbs,
    byId,
    byChannel: async (channel) => {
      const row = await incidentByChannel(store.db, channel)
      return row === null ? null : { id: row.id, incident: await readable(row.id), open: true }
    },
  }
}
