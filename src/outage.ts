/** Slack cannot be used: people who should know are told another way, once an outage, and again when more is called in vain. What was
 *  told is written together with the jobs that tell it. */
import { addSeconds } from 'date-fns/addSeconds'
import type { Catalogue } from './catalogue.ts'
import type { Log, OutageNow } from './define.ts'
import { type Ladder, type OpenDuring, unseenCalls } from './incident/alarm.ts'
import type { Instant } from './incident/policy.ts'
import type { PortFault } from './ports.ts'
import type { Store, Trx } from './store/database.ts'
import { beginOutage, endOutage, openCalls, readOutage, saveOutage, type StoredOutage } from './store/outage.ts'
import { type Queue, timerId } from './store/queue.ts'
import { incidentRow } from './store/reads.ts'
import { readStream, Unreadable } from './store/stream.ts'
import { items } from './store/surfaces.ts'

/** A short outage is nothing that people need to know of; one that cannot pass by itself is told at once. */
const graceSeconds = 120

/** What is called in vain within this time is told together. */
const pauseSeconds = 120

/** The most incidents that one message lists. */
const mostListed = 50

export type OutageWatch = {
  /** Told of each look at Slack: why it cannot be used, or null. */
  readonly observe: (fault: PortFault | null) => void
  /** The outage that lasts, with what is open meanwhile. */
  readonly now: () => Promise<OutageNow | null>
  /** Waits for what was observed. */
  readonly stop: () => Promise<void>
}

/** `ways`: the names of the alarms that are configured. */
export const createOutageWatch = ({
  store,
  queue,
  catalogue,
  ways,
  log,
}: {
  store: Store
  queue: Queue
  catalogue: Catalogue
  ways: readonly string[]
  log: Log
}): OutageWatch => {
  /** Null when it is over by now. */
  const during = async (db: Store['db'] | Trx, id: string): Promise<OpenDuring | null> => {
    const row = await incidentRow(db, id)
    if (row === null) return null
    try {
      const loaded = await readStream(db, id)
      if (loaded === null) return { id, private: row.private, incident: null, unseen: [] }
      const { incident, events } = loaded
      const prefix = `${incident.channel?.id ?? ''}/`
      const shown = (await items(db, 'channel', id))
        .filter((item) => item.state === 'done' && item.key.startsWith(prefix))
        .map((item) => item.key.slice(prefix.length))
      return { id, private: row.private || incident.private, incident, unseen: unseenCalls(incident, events, new Set(shown)) }
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      return { id, private: row.private, incident: null, unseen: [] }
    }
  }

  /** Whether something was called since the last alarm that Slack has not shown. */
  const calledInVain = async (trx: Trx, told: Readonly<Record<string, number>>, calls: readonly { incident: string; seq: number }[]) => {
    for (const { incident, seq } of calls) {
      const known = told[incident] ?? 0
      if (seq > known && (await during(trx, incident))?.unseen.some((recorded) => recorded.seq > known) === true) return true
    }
    return false
  }

  const tell = async (trx: Trx, outage: StoredOutage, now: Instant): Promise<void> => {
    const calls = await openCalls(trx)
    if (calls.length === 0) return
    if (outage.told !== null && outage.toldAt !== null) {
      if (now < addSeconds(outage.toldAt, pauseSeconds).toISOString()) return
      if (!(await calledInVain(trx, outage.told, calls))) return
    }
    const number = outage.alarms + 1
    const told = Object.fromEntries(calls.map(({ incident, seq }) => [incident, seq]))
    await saveOutage(trx, { ...outage, told, toldAt: now, alarms: number })
    await queue.enqueue(
      trx,
      ways.map((way) => ({
        queue: 'alarm',
        id: timerId(`alarm:${outage.since}:${number}:${way}`),
        data: { way, since: outage.since, number },
      })),
    )
    const fields = { since: outage.since, why: outage.why, incidents: calls.map(({ incident }) => incident), ways }
    store.afterCommit(() =>
      log.error(fields, ways.length === 0 ? 'Slack cannot be used, and there is no other way to tell anybody' : 'Slack cannot be used'),
    )
  }

  const away = async (fault: PortFault): Promise<void> => {
    await store.transaction(async (trx) => {
      const now = await store.now(trx)
      const final = fault.code === 'denied'
      const present = await beginOutage(trx, { since: now, why: fault.message, final })
      const outage = { ...present, why: fault.message, final }
      if (outage.why !== present.why || outage.final !== present.final) await saveOutage(trx, outage)
      if (final || now >= addSeconds(outage.since, graceSeconds).toISOString()) await tell(trx, outage, now)
    })
  }

  const back = async (): Promise<void> => {
    if ((await readOutage(store.db)) === null) return
    await store.transaction(async (trx) => {
      const over = await endOutage(trx)
      if (over === null || over.told === null) return
      const { since, why } = over
      const until = await store.now(trx)
      await queue.enqueue(
        trx,
        ways.map((way) => ({ queue: 'alarm', id: timerId(`alarm:${since}:back:${way}`), data: { way, since, why, until } })),
      )
    })
  }

  let last: Promise<void> = Promise.resolve()
  return {
    observe: (fault) => {
      // A limit says that Slack answers; whether it can be used is not known.
      if (fault?.code === 'limited') return
      last = last
        .then(() => (fault === null ? back() : away(fault)))
        .catch((error: unknown) => log.warn({ err: error }, 'an outage of Slack could not be recorded; it is tried again'))
    },
    now: async () => {
      const outage = await readOutage(store.db)
      if (outage === null) return null
      const calls = await openCalls(store.db)
      const open: OpenDuring[] = []
      for (const { incident } of calls.slice(0, mostListed)) {
        const found = await during(store.db, incident)
        if (found !== null) open.push(found)
      }
      return {
        since: outage.since,
        why: outage.why,
        final: outage.final,
        open,
        more: Math.max(0, calls.length - mostListed),
        ladders: laddersOf(open, catalogue),
      }
    },
    stop: () => last,
  }
}

/** Since when Slack cannot be used, looked at just now: who asks from a terminal does so because it may be away, and what is known of it
 *  waits for something to fail. */
export const lookingFirst =
  ({ store, outage, look }: { store: Store; outage: OutageWatch; look: () => Promise<PortFault | null> }) =>
  async (): Promise<Instant | null> => {
    const fault = await look()
    outage.observe(fault)
    if (fault === null || fault.code === 'limited') return null
    return (await readOutage(store.db))?.since ?? store.now()
  }

/** Whom to call for the products of what is open. A private incident's product is not to be guessed from it, and a damaged one's is not
 *  known: then all are listed. */
const laddersOf = (open: readonly OpenDuring[], catalogue: Catalogue): Ladder[] => {
  const known = [...catalogue.products.values()].filter(({ key }) => key !== catalogue.unassigned.key)
  const named = open.flatMap(({ private: hidden, incident }) => (hidden || incident === null ? [] : [incident]))
  const keys = new Set(open.some((each) => each.private || each.incident === null) ? known.map(({ key }) => key) : [])
  for (const { product } of named) keys.add(product.key)
  return [...keys].map((key) => {
    // A product that is broken today has its people in the incident.
    const own = named.find(({ product }) => product.key === key)
    const product = catalogue.products.get(key)
    return { product: product?.name ?? own?.product.name ?? key, contacts: (product?.policy('P1') ?? own?.policy)?.ladder ?? [] }
  })
}
