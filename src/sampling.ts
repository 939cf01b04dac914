/** Checks on their schedule. Each slot is a job with an id of its own, which enqueues the next one as it keeps its answer: any number of
 *  processes and starts ask a slot once, and a chain that broke is mended at the next look. */
import type { Catalogue } from './catalogue.ts'
import type { Check } from './catalogue/checks.ts'
import type { AskableChecks } from './askable.ts'
import type { Samples } from './define/daily.ts'
import { gist } from './incident/check-report.ts'
import type { Instant } from './incident/policy.ts'
import { nextSlot, slotIsOver } from './incident/uptime.ts'
import type { Store } from './store/database.ts'
import { type JobSpec, type Queue, timerId } from './store/queue.ts'
import { saveSample } from './store/samples.ts'

export type SamplingWorld = {
  readonly store: Store
  readonly queue: Queue
  readonly catalogue: Catalogue
  readonly askable: AskableChecks
}

/** A check that is asked on a schedule. */
export type Sampled = Check & { readonly sampleMinutes: number; readonly missing: readonly string[] }

/** A product's checks that are asked on a schedule, with what must still be set for each. */
export const sampledChecks = ({ catalogue, askable }: Pick<SamplingWorld, 'catalogue' | 'askable'>, product: string): Sampled[] => {
  const known = askable(product)
  return [...(catalogue.product(product)?.checks.values() ?? [])].flatMap((check) =>
    check.sampleMinutes === null ? [] : [{ ...check, sampleMinutes: check.sampleMinutes, missing: known.get(check.key)?.missing ?? [] }],
  )
}

const slotJob = (product: string, check: string, slot: Instant): JobSpec => ({
  queue: 'sample',
  data: { product, check, slot },
  id: timerId(`sample:${product}:${check}:${slot}`),
  startAfter: slot,
})

export const createSampling = (world: SamplingWorld): Samples & { readonly plan: () => Promise<void> } => {
  const { store, queue, catalogue } = world
  /** What cannot be asked before something is set is not asked again and again. */
  const usable = (product: string): Sampled[] => sampledChecks(world, product).filter(({ missing }) => missing.length === 0)
  const find = (product: string, key: string) => usable(product).find((check) => check.key === key)
  return {
    turn: async (product, key, slot) => {
      const check = find(product, key)
      if (check === undefined) return 'gone'
      const now = await store.now()
      // The clock was set back since.
      if (now < slot) return { again: slot }
      return slotIsOver(slot, check.sampleMinutes, now) ? 'over' : 'ask'
    },
    keep: async (product, key, slot, result) => {
      const check = find(product, key)
      if (check === undefined) return
      await store.transaction(async (trx) => {
        if (result !== null) {
          const { status, took: ms, measurements } = result
          const finding = status === 'ok' ? null : gist(result)
          await saveSample(trx, product, key, { slot, minutes: check.sampleMinutes, status, ms, finding, measurements })
        }
        await queue.enqueue(trx, [slotJob(product, key, nextSlot(await store.now(trx), check.sampleMinutes))])
      })
    },
    /** Makes sure of the next slot of every check. */
    plan: async () => {
      const now = await store.now()
      const jobs = [...catalogue.products.keys()].flatMap((product) =>
        usable(product).map(({ key, sampleMinutes }) => slotJob(product, key, nextSlot(now, sampleMinutes))),
      )
      if (jobs.length > 0) await store.transaction((trx) => queue.enqueue(trx, jobs))
    },
  }
}
