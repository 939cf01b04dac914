/** The daily digests: what goes into one is gathered here, and when each is due. A date and its instant are a job with an id of
 *  its own, so that any number of processes and starts post it once. */
import { addDays } from './incident/calendar.ts'
import type { Product } from './catalogue/product.ts'
import type { Digests } from './define/daily.ts'
import type { Gather } from './digest-facts.ts'
import { digestMessage } from './incident/digest-message.ts'
import { dueOn, latestDate, nextDate } from './incident/daily.ts'
import type { LocalDate } from './incident/policy.ts'
import type { SamplingWorld } from './sampling.ts'
import { digestBefore, digestOn, digestPosted, digestProblems, digestTrouble, postedBefore, saveDigest } from './store/digests.ts'
import { type JobSpec, timerId } from './store/queue.ts'

/** Posted later than this after its hour, a digest says that it is late. */
const lateMs = 15 * 60_000

export type DigestsWorld = Omit<SamplingWorld, 'askable'> & {
  readonly gather: Gather
  /** The channel of this id or name, made if there is none; null: where incidents are announced. `setting`: what names it. */
  readonly channelNamed: (configured: string | null, setting: string, gone?: string) => Promise<string>
}

type Scheduled = Product & { readonly digest: NonNullable<Product['digest']> }

export type DailyDigests = Digests & {
  /** Makes sure of the next date of every product. */
  readonly plan: () => Promise<void>
  /** What keeps a digest from being posted, and what is to be done. */
  readonly problems: () => Promise<readonly string[]>
}

/** The instant is part of the id: where the hour or the zone was changed, the date is planned anew, and whichever job comes first posts
 *  it. */
const dateJob = ({ key, digest }: Scheduled, date: LocalDate): JobSpec => {
  const due = dueOn(digest, date)
  return { queue: 'digest', data: { product: key, date }, id: timerId(`digest:daily:${key}:${date}:${due}`), startAfter: due }
}

export const createDigests = ({ store, queue, catalogue, gather, channelNamed }: DigestsWorld): DailyDigests => {
  const scheduled = (key: string): Scheduled | null => {
    const product = catalogue.product(key)
    return product === null || product.digest === null ? null : { ...product, digest: product.digest }
  }

  /** The dates since the last one that was posted. Before the first there are none. */
  const missedBefore = (last: LocalDate | null, date: LocalDate): LocalDate[] => {
    const missed: LocalDate[] = []
    for (let each = last === null ? date : addDays(last, 1); each < date; each = addDays(each, 1)) missed.push(each)
    return missed
  }

  const daily: DailyDigests = {
    turn: async (key, date) => {
      const product = scheduled(key)
      if (product === null) return 'nothing'
      const now = await store.now()
      const due = dueOn(product.digest, date)
      // The hour was changed since, or the clock was set back.
      if (now < due) return { again: due }
      const latest = latestDate(product.digest, now)
      if (latest <= date) return 'post'
      await store.transaction((trx) => queue.enqueue(trx, [dateJob(product, latest)]))
      return 'nothing'
    },
    make: async (key, date) => {
      const product = scheduled(key)
      if (product === null) return null
      const { digest: schedule } = product
      const due = dueOn(schedule, date)
      if ((await digestOn(store.db, key, date)) === null) {
        const during = { from: dueOn(schedule, addDays(date, -1)), to: due }
        const digest = await gather(product, during, { background: true })
        // Planned now already: what keeps this one from being posted keeps nothing from the next.
        await store.transaction(async (trx) => {
          await saveDigest(trx, key, date, digest)
          await queue.enqueue(trx, [dateJob(product, nextDate(schedule, await store.now(trx)))])
        })
      }
      const made = await digestOn(store.db, key, date)
      if (made === null || made.postedAt !== null) return null
      const last = await postedBefore(store.db, key, date)
      const late = Date.parse(await store.now()) - Date.parse(due) > lateMs
      const marker = `digest/${key}/${date}`
      return {
        message: digestMessage(marker, made.digest, {
          before: last,
          missed: missedBefore(last?.date ?? null, date),
          late: late ? due : null,
        }),
        marker,
        madeAt: made.madeAt,
        channel: (gone) => channelNamed(schedule.channel ?? product.announce, `digest.channel of ${key}`, gone),
      }
    },
    posted: (key, date) => digestPosted(store.db, key, date),
    troubled: (key, date, why) => digestTrouble(store.db, key, date, why),
    plan: async () => {
      const now = await store.now()
      const jobs: JobSpec[] = []
      for (const product of [...catalogue.products.keys()].flatMap((key) => scheduled(key) ?? [])) {
        jobs.push(dateJob(product, nextDate(product.digest, now)))
        // One that was missed is caught up with; before the first one there is nothing to catch up with.
        const latest = latestDate(product.digest, now)
        if ((await digestBefore(store.db, product.key, latest)) !== null) jobs.push(dateJob(product, latest))
      }
      if (jobs.length > 0) await store.transaction((trx) => queue.enqueue(trx, jobs))
    },
    problems: async () =>
      (await digestProblems(store.db)).map(
        ({ product, date, problem }) =>
          `The digest of ${catalogue.product(product)?.name ?? product} for ${date} could not be posted: ${problem}`,
      ),
  }
  return daily
}
