/** Starts actions and ends them, each in one transaction with the events that say so; and keeps what stands against them. */
import { subHours } from 'date-fns/subHours'
import { randomUUID } from 'node:crypto'
import type { Catalogue } from './catalogue.ts'
import type { Outcome } from './define.ts'
import type { Handle } from './handle.ts'
import type { Ran } from './incident/acting/action.ts'
import { around, type Control, type Controls, controlsNow, frozenBy, lockOn } from './incident/acting/controls.ts'
import { actionOf, type ActionRequest, type Hindrance } from './incident/acting/request.ts'
import type { Intent } from './incident/commands.ts'
import type { Actor } from './incident/events.ts'
import type { Incident } from './incident/incident.ts'
import type { Instant } from './incident/policy.ts'
import { type Refusal, refuse } from './incident/refusals.ts'
import { beginRun, controlsSaid, endRun, holdActions, runOn, runsSince, sayControl } from './store/controls.ts'
import type { Store, Trx } from './store/database.ts'
import type { Queue } from './store/queue.ts'
import { readStream } from './store/stream.ts'

type Against = { readonly code: Hindrance; readonly why: string }

export type ActionControls = {
  /** Starts an approved action, unless something stands against it. `started`: it was this call that did. `later`: what is to be taken back
   *  by itself waits for a lock or a freeze to end, or for who is at its target. */
  readonly start: (id: string, action: number, hash: string, hindrance: Against | null) => Promise<'started' | 'later' | 'not'>
  /** Records what came of a run. */
  readonly end: (id: string, action: number, ran: Ran) => Promise<Outcome>
  /** A person cannot do what it waits for: it has failed, and its target is free. */
  readonly abandon: (id: string, action: number, why: string | null, by: Actor) => Promise<Outcome>
  readonly now: () => Promise<Controls>
  /** Everything that was said, oldest first. */
  readonly said: () => Promise<readonly Control[]>
  /** Locks a target, or stops all actions, or takes that back. */
  readonly say: (control: Omit<Control, 'seq' | 'at'>) => Promise<Refusal | null>
}

/** What stands against an action only for some time. */
const passing: ReadonlySet<Hindrance> = new Set(['locked', 'busy', 'frozen'])

const bot: Actor = { kind: 'bot' }

const nameOf = (by: Actor): string => (by.kind === 'person' ? by.name : 'Tocsin')

/** In an incident that hurts, nobody waits for the end of a freeze. */
const mayThaw = ({ kind, severity }: Incident): boolean =>
  (kind === 'incident' || kind === 'disaster') && (severity === 'P1' || severity === 'P2')

export const createControls = ({
  store,
  queue,
  handle,
  catalogue,
}: {
  store: Store
  queue: Queue
  handle: Handle
  catalogue: Catalogue
}): ActionControls => {
  const against = async (trx: Trx, incident: Incident, request: ActionRequest, at: Instant): Promise<Against | null> => {
    const { locks, frozen } = controlsNow(await controlsSaid(trx))
    if (frozen !== null)
      return { code: 'frozen', why: `All actions are stopped since ${frozen.at}, by ${nameOf(frozen.by)}: ${frozen.why}` }
    const lock = lockOn({ locks }, request.target)
    if (lock !== undefined) return { code: 'locked', why: `${lock.target} is locked by ${nameOf(lock.by)}: ${lock.why}` }
    const running = await runOn(trx, around(request.target))
    if (running !== null) return { code: 'busy', why: `Action ${running.action} of ${running.incident} is changing ${running.target}.` }
    const acting = catalogue.product(incident.product.key)?.acting
    // What takes back something is not held up by how much was done.
    if (acting === undefined || request.undoes !== null) return null
    const freeze = mayThaw(incident) ? null : frozenBy(acting.freezes, at, incident.policy.calendar.zone)
    if (freeze !== null) return { code: 'frozen', why: `No action runs from ${freeze.from} to ${freeze.to}: ${freeze.why}` }
    const recent = await runsSince(trx, incident.product.key, subHours(at, 1).toISOString())
    const { perHour } = acting.approvals
    return recent >= perHour
      ? {
          code: 'cap',
          why: `${recent} actions of ${incident.product.name} ran in the last hour, and more than ${perHour} are not meant to.`,
        }
      : null
  }

  /** What ends a run frees its target with it. */
  const ending = (id: string, action: number, intent: Intent, by: Actor): Promise<Outcome> =>
    store.transaction(async (trx) => {
      const outcome = await handle.within(trx).handle(id, intent, by)
      if ('events' in outcome && outcome.events.length > 0) await endRun(trx, id, action, outcome.events[0]!.at)
      return outcome
    })

  return {
    start: (id, action, hash, hindrance) =>
      store.transaction(async (trx) => {
        await holdActions(trx)
        const loaded = await readStream(trx, id)
        const request = loaded === null ? undefined : actionOf(loaded.incident, action)
        if (loaded === null || request?.status !== 'approved') return 'not'
        const found = hindrance ?? (await against(trx, loaded.incident, request, await store.now(trx)))
        if (request.automatic && found !== null && passing.has(found.code)) return 'later'
        const outcome = await handle.within(trx).handle(id, { type: 'start-action', action, hash, hindrance: found }, bot)
        const started = 'events' in outcome ? outcome.events.find(({ event }) => event.type === 'action-started') : undefined
        if (started === undefined) return 'not'
        const { key, target } = request
        await beginRun(trx, { incident: id, action, product: loaded.incident.product.key, key, target, started_at: started.at })
        return 'started'
      }),
    end: (id, action, ran) => ending(id, action, { type: 'end-action', action, ran }, bot),
    abandon: (id, action, why, by) => ending(id, action, { type: 'abandon-action', action, why }, by),
    said: () => controlsSaid(store.db),
    now: async () => controlsNow(await controlsSaid(store.db)),
    say: (control) =>
      store.transaction(async (trx) => {
        await holdActions(trx)
        const { locks, frozen } = controlsNow(await controlsSaid(trx))
        const { what, target } = control
        const lock = locks.get(target)
        if (what === 'lock' && lock !== undefined) return refuse('is_locked', { target, name: nameOf(lock.by), at: lock.at, why: lock.why })
        if (what === 'unlock' && lock === undefined) return refuse('not_locked', { target, known: [...locks.keys()].join(', ') })
        if (what === 'freeze' && frozen !== null) return refuse('is_frozen', { name: nameOf(frozen.by), at: frozen.at, why: frozen.why })
        if (what === 'unfreeze' && frozen === null) return refuse('not_frozen', {})
        await sayControl(trx, { ...control, at: await store.now(trx) })
        await queue.enqueue(trx, [{ queue: 'controls', data: {}, key: randomUUID() }])
        return null
      }),
  }
}
