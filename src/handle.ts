/** The page that everyone reads: load → decide → append events and jobs, in one transaction. */
import type { Command, Intent } from './incident/commands.ts'
import { decide } from './incident/decide.ts'
import type { Actor, Recorded } from './incident/events.ts'
import { evolve } from './incident/evolve.ts'
import type { Incident } from './incident/incident.ts'
import type { Instant } from './incident/policy.ts'
import { type Job, react } from './incident/react.ts'
import { type Refusal, refuse } from './incident/refusals.ts'
import type { Outcome } from './define.ts'
import type { Store, Trx } from './store/database.ts'
import { appendEvents, holdDeclarations, lockIncident, nextNumber, openWithRule, readEvents, saveIncident } from './store/events.ts'
import { type Queue, timerId } from './store/queue.ts'
import { duplicateDeclaration } from './store/reads.ts'

/** A new record as whoever declares it wants it; id, number and time are given here. */
export type Declaration = Omit<Intent & { type: 'declare' }, 'type' | 'id' | 'number'>

type Also = (trx: Trx, incident: Incident) => Promise<void>

export type Handle = {
  /** Runs one command in a transaction of its own. Throws when the database does not answer; nothing is recorded then. */
  handle: (id: string, intent: Intent, by: Actor, occurredAt?: Instant) => Promise<Outcome>
  /** Opens a record, unless the same person has just opened the same one or its alert rule is taken. */
  /** `also`: what must be recorded with it. */
  declare: (declaration: Declaration, by: Actor, also?: Also) => Promise<Outcome>
  /** The same two inside a transaction that the caller has, for what must happen together. Here a refused declaration is thrown. */
  within: (trx: Trx) => {
    handle: (id: string, intent: Intent, by: Actor, occurredAt?: Instant) => Promise<Outcome>
    declare: (declaration: Declaration, by: Actor) => Promise<Outcome>
  }
}

/** A command typed twice within this time is the same command (faults 2). */
const sameDeclarationMinutes = 10

/** How many incidents each process keeps as they were when it last looked; the locked row says whether that still holds. */
const remembered = 500

/** A refusal on its way out of a transaction that must leave nothing. */
class Refused extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.code)
    this.refusal = refusal
  }
}

export const createHandle = ({ store, queue }: { store: Store; queue: Queue }): Handle => {
  const memory = new Map<string, Incident>()
  const remember = (incident: Incident) => {
    memory.delete(incident.id)
    memory.set(incident.id, incident)
    const oldest = memory.keys().next().value
    if (memory.size > remembered && oldest !== undefined) memory.delete(oldest)
  }

  /** The incident at `version`, from memory and the events since. */
  const load = async (trx: Trx, id: string, version: number): Promise<Incident> => {
    const known = memory.get(id)
    const start = known !== undefined && known.version <= version ? known : null
    const missing = start?.version === version ? [] : await readEvents(trx, id, start?.version ?? 0)
    const incident = missing.reduce<Incident | null>(evolve, start)
    if (incident === null) throw new Error(`${id} has a row but no events`)
    return incident
  }

  /** Decides, appends, and enqueues; the caller remembers the result only once it is committed. */
  const apply = async (trx: Trx, before: Incident | null, head: string | null, id: string, command: Command): Promise<Outcome> => {
    const decision = decide(before, command)
    if ('refused' in decision) return decision
    let incident = before
    const jobs: Job[] = []
    const events: Recorded[] = decision.events.map((event, index) => ({
      incident: id,
      seq: (before?.version ?? 0) + index + 1,
      at: command.at,
      occurredAt: decision.occurredAt,
      by: command.by,
      event,
    }))
    for (const recorded of events) {
      const after = evolve(incident, recorded)
      jobs.push(...react(incident, recorded, after))
      incident = after
    }
    if (incident === null) throw new Error(`declaring ${id} made no event`)
    if (events.length === 0) return { incident, events }
    const other = events.some(({ event }) => event.type === 'reopened') ? await otherWithRule(trx, incident) : null
    if (other !== null) return { refused: other }
    const conflict = await saveIncident(trx, incident, await appendEvents(trx, head, events))
    // Thrown, so that nothing of it stays.
    if (conflict !== null) throw new Refused(refuse('rule_open', { id: conflict.by, rule: incident.rule ?? incident.title }))
    await queue.enqueue(
      trx,
      unique(jobs).map(({ once, ...job }) => (once === undefined ? job : { ...job, id: timerId(once) })),
    )
    return { incident, events }
  }

  const within: Handle['within'] = (trx) => ({
    handle: async (id, intent, by, occurredAt) => {
      const row = await lockIncident(trx, id)
      if (row === null) return { refused: refuse('unknown_incident', { id }) }
      return apply(trx, await load(trx, id, row.version), row.head, id, {
        intent,
        by,
        at: row.now,
        ...(occurredAt === undefined ? {} : { occurredAt }),
      })
    },
    declare: async (declaration, by) => {
      // Drawing the number first makes declarations wait for each other, so that of two that are the same the second sees the first.
      const number = await nextNumber(trx)
      const id = `INC-${number}`
      const refused = await taken(trx, declaration, by)
      const outcome =
        refused === null
          ? await apply(trx, null, null, id, { intent: { type: 'declare', id, number, ...declaration }, by, at: await store.now(trx) })
          : { refused }
      // Thrown, so that the number is given back.
      if ('refused' in outcome) throw new Refused(outcome.refused)
      return outcome
    },
  })

  /** Runs in a transaction; remembers what it did after the commit, never before. */
  const run = async (work: (scope: ReturnType<Handle['within']>, trx: Trx) => Promise<Outcome>): Promise<Outcome> => {
    try {
      const outcome = await store.transaction(async (trx) => work(within(trx), trx))
      if ('incident' in outcome) remember(outcome.incident)
      return outcome
    } catch (error) {
      if (error instanceof Refused) return { refused: error.refusal }
      throw error
    }
  }

  return {
    within,
    handle: (id, intent, by, occurredAt) => run((scope) => scope.handle(id, intent, by, occurredAt)),
    declare: (declaration, by, also) =>
      run(async (scope, trx) => {
        const outcome = await scope.declare(declaration, by)
        if ('incident' in outcome) await also?.(trx, outcome.incident)
        return outcome
      }),
  }
}

/** The refusal of a reopening whose alert rule another record is open for. */
const otherWithRule = async (trx: Trx, { id, product, rule }: Incident): Promise<Refusal | null> => {
  if (rule === null) return null
  await holdDeclarations(trx)
  const open = await openWithRule(trx, product.key, rule)
  return open === null || open === id ? null : refuse('rule_open', { id: open, rule })
}

const taken = async (trx: Trx, declaration: Declaration, by: Actor): Promise<Refusal | null> => {
  if (declaration.rule !== null) {
    const open = await openWithRule(trx, declaration.product.key, declaration.rule)
    if (open !== null) return refuse('rule_open', { id: open, rule: declaration.rule })
  }
  if (by.kind !== 'person') return null
  const same = await duplicateDeclaration(trx, declaration.product.key, declaration.title, by.id, sameDeclarationMinutes)
  return same === null ? null : refuse('already_declared', { id: same.id, channel: same.channelId })
}

/** Jobs that would coalesce are sent once. */
const unique = (jobs: readonly Job[]): Job[] => [
  ...new Map(jobs.map((job, index) => [job.key === undefined ? `#${index}` : `${job.queue}/${job.key}`, job])).values(),
]
