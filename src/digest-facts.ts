/** What goes into a product's digest, gathered: samples, what is asked at the end, records, the bot itself. */
import type { AskableChecks } from './askable.ts'
import type { Product } from './catalogue/product.ts'
import type { CheckRequest, RunChecks } from './checking.ts'
import { type Digest, type DigestFacts, digestOf } from './incident/digest.ts'
import { digestParts } from './incident/digest-message.ts'
import type { Listed } from './incident/listing.ts'
import type { Part } from './incident/message.ts'
import type { Instant } from './incident/policy.ts'
import { typedWords } from './incident/typed-words.ts'
import type { Period } from './incident/uptime.ts'
import { sampledChecks } from './sampling.ts'
import type { Catalogue } from './catalogue.ts'
import type { Store } from './store/database.ts'
import type { Queue } from './store/queue.ts'
import { closedAndOwed, openIncidents } from './store/reads.ts'
import { samplesOf } from './store/samples.ts'
import { readStreams } from './store/stream.ts'

const dayMs = 86_400_000
/** So many records that are over are looked through for what they are still owed. */
const mostClosed = 500

export type GatherWorld = {
  readonly store: Store
  readonly queue: Pick<Queue, 'unmended'>
  readonly catalogue: Catalogue
  readonly askable: AskableChecks
  readonly runChecks: RunChecks
  /** Services that do not answer, by name, with the reason. */
  readonly away: () => Readonly<Record<string, string>>
}

export type Gather = (product: Product, during: Period, request: CheckRequest) => Promise<Digest>

export const createGather = (world: GatherWorld): Gather => {
  const { store, queue, askable, runChecks, away } = world
  /** Private ones are hidden from everybody: who reads the channel may not know of them. */
  const openRecords = async (product: string): Promise<Listed[]> => {
    const rows = (await openIncidents(store.db)).filter((row) => row.product === product)
    const loaded = await readStreams(
      store.db,
      rows.filter((row) => !row.private).map(({ id }) => id),
    )
    return rows.map(({ id, private: hidden }) => {
      const incident = loaded.find((each) => each.incident.id === id)?.incident ?? null
      return { id, hidden: hidden || incident?.private === true, incident }
    })
  }

  const records = async (product: string, since: Instant) => {
    const closed = await readStreams(store.db, await closedAndOwed(store.db, product, since, mostClosed))
    return { open: await openRecords(product), over: closed.map(({ incident }) => incident).filter((incident) => !incident.private) }
  }

  /** Asks what goes into the digest besides the samples, each with its words. */
  const ask = async ({ key, digest }: Product, request: CheckRequest): Promise<Pick<DigestFacts, 'results' | 'unset'>> => {
    const known = askable(key)
    const wanted = (digest?.checks ?? []).flatMap(({ check, words }) => {
      const found = known.get(check)
      return found === undefined ? [] : [{ found, words }]
    })
    const able = wanted.filter(({ found }) => found.missing.length === 0)
    const results = await Promise.all(
      able.map(async ({ found, words }) =>
        (await runChecks(key, [found.key], { ...request, words: typedWords(words).words })).map((result) => ({ ...result, words })),
      ),
    )
    const unset = wanted.filter(({ found }) => found.missing.length > 0).map(({ found: { title, missing } }) => ({ title, missing }))
    return { results: results.flat(), unset }
  }

  return async (product, during, request) => {
    const checks = sampledChecks(world, product.key)
    const [samples, asked, found, dead] = await Promise.all([
      samplesOf(store.db, product.key, during.from, during.to),
      ask(product, request),
      records(product.key, during.from),
      queue.unmended(),
    ])
    const usable = checks.filter(({ missing }) => missing.length === 0)
    const lacking = checks.filter(({ missing }) => missing.length > 0).map(({ title, missing }) => ({ title, missing }))
    return digestOf({
      product,
      during,
      zone: product.digest?.zone ?? product.calendar.zone,
      sampled: usable.map(({ key, title, sampleMinutes }) => ({ title, minutes: sampleMinutes, samples: samples.get(key) ?? [] })),
      unset: [...lacking, ...asked.unset],
      results: asked.results,
      records: found,
      bot: { dead: dead.length, away: away() },
    })
  }
}

/** Gives what a product's digest would say of the last 24 h. */
export const createDigestNow =
  ({ store, catalogue }: Pick<GatherWorld, 'store' | 'catalogue'>, gather: Gather) =>
  async (key: string): Promise<readonly Part[]> => {
    const product = catalogue.product(key)
    if (product === null) return []
    const to = await store.now()
    return digestParts(await gather(product, { from: new Date(Date.parse(to) - dayMs).toISOString(), to }, {}))
  }
