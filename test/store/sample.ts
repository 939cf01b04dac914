/** Incidents and queues for the tests of the store. */
import { replay } from '../../src/incident/evolve.ts'
import type { Actor, Event, Kind, Recorded } from '../../src/incident/events.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { Policy } from '../../src/incident/policy.ts'
import type { Store, Trx } from '../../src/store/database.ts'
import { appendEvents, lockIncident, nextNumber, readEvents, saveIncident } from '../../src/store/events.ts'
import type { QueueDefinition } from '../../src/store/queue.ts'

export const alice: Actor = { kind: 'person', id: 'alice@example.com', name: 'Alice' }

const policy: Policy = {
  severity: 'P1',
  meaning: 'Down',
  response: { kind: 'duration', minutes: 15, hours: 'always' },
  page: false,
  update: 30,
  warnAt: [50, 75, 90],
  ladder: [],
  escalateEvery: 15,
  invite: [],
  checklist: [],
  calendar: {
    zone: 'Europe/Rome',
    days: [1, 2, 3, 4, 5],
    from: '09:00',
    to: '18:00',
    holidays: [],
    sprint: { start: '2026-01-05', days: 14 },
  },
}

export const declared = (number: number, more: { rule?: string; product?: string; title?: string; kind?: Kind } = {}): Event => ({
  type: 'declared',
  v: 1,
  id: `INC-${number}`,
  number,
  kind: more.kind ?? 'incident',
  product: { key: more.product ?? 'invoice2e', name: 'Invoice', links: [], hash: '' },
  title: more.title ?? 'Payments fail',
  summary: null,
  policy,
  detectedAt: '2026-11-21T03:00:00.000Z',
  private: false,
  rule: more.rule ?? null,
  alert: null,
  responseDue: null,
  updateDue: null,
})

/** Declares an incident in its own transaction. */
export const declare = (store: Store, more: Parameters<typeof declared>[1] = {}): Promise<Incident> =>
  store.transaction(async (trx) => {
    const number = await nextNumber(trx)
    const at = await store.now(trx)
    const event = declared(number, more)
    const recorded: Recorded = { incident: `INC-${number}`, seq: 1, at, occurredAt: at, by: alice, event }
    const head = await appendEvents(trx, null, [recorded])
    const incident = replay([recorded])!
    const taken = await saveIncident(trx, incident, head)
    if (taken !== null) throw new Error(`taken by ${taken.by}`)
    return incident
  })

/** Appends events to an incident under its lock, as `handle` does. */
export const append = async (store: Store, trx: Trx, id: string, events: readonly Event[]): Promise<Incident> => {
  const locked = await lockIncident(trx, id)
  if (locked === null) throw new Error(`no ${id}`)
  const before = await readEvents(trx, id)
  const recorded = events.map((event, i): Recorded => ({
    incident: id,
    seq: locked.version + 1 + i,
    at: locked.now,
    occurredAt: locked.now,
    by: alice,
    event,
  }))
  const incident = replay([...before, ...recorded])!
  const head = await appendEvents(trx, locked.head, recorded)
  await saveIncident(trx, incident, head)
  return incident
}

export const noted = (text: string): Event => ({ type: 'noted', v: 1, text })

/** A queue that repeats fast. */
export const queueOf = (name: string, more: Partial<QueueDefinition> = {}): QueueDefinition => ({
  name,
  expireInSeconds: 60,
  retryLimit: 3,
  retryDelay: 1,
  retryBackoff: false,
  retryDelayMax: 4,
  concurrency: 4,
  coalesce: false,
  ...more,
})
