/** Takes votes on actions, starts them and ends them, each in one transaction with the events that say so; and keeps what stands against
 *  them. */
import { subHours } from 'date-fns/subHours'
import { randomUUID } from 'node:crypto'
import type { Catalogue } from './catalogue.ts'
import type { Outcome } from './define.ts'
import type { Handle } from './handle.ts'
import type { Ran } from './incident/acting/action.ts'
import { around, type Control, type Controls, controlsNow, whyFor } from './incident/acting/controls.ts'
import { type Obstacle, obstacleTo } from './incident/acting/obstacle.ts'
import { actionOf, type ActionRequest, type Hindrance } from './incident/acting/request.ts'
import type { Intent } from './incident/commands.ts'
import type { Actor } from './incident/events.ts'
import type { Incident } from './incident/incident.ts'
import { type Refusal, refuse } from './incident/refusals.ts'
import { isRefusal, optional, written } from './incident/written.ts'
import { beginRun, controlsSaid, endRun, holdActions, runOn, runsSince, sayControl } from './store/controls.ts'
import type { Db, Store, Trx } from './store/database.ts'
import type { Queue } from './store/queue.ts'
import { readStream } from './store/stream.ts'

type Against = { readonly code: Hindrance; readonly why: string }

/** What is at stake: a request, or one that somebody is about to make. */
type Aim = Pick<ActionRequest, 'target' | 'undoes'>

export type ActionControls = {
  /** What stands against an action of this record now, outside of it; null: nothing. */
  readonly against: (incident: Incident, aim: Aim) => Promise<Obstacle | null>
  /** Takes an approval, or the word of who runs it alone, unless something stands against the action: nobody agrees to what cannot run. */
  readonly vote: (id: string, intent: Intent & { readonly type: 'approve-action' | 'force-action' }, by: Actor) => Promise<Outcome>
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
  readonly say: (control: Omit<Control, 'seq' | 'at' | 'private'>) => Promise<Refusal | null>
}

/** What stands against an action only for some time. */
const passing: ReadonlySet<Hindrance> = new Set(['locked', 'busy', 'frozen'])

const bot: Actor = { kind: 'bot' }

const nameOf = (by: Actor): string => (by.kind === 'person' ? by.name : 'Tocsin')

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
  const against = async (db: Db | Trx, incident: Incident, aim: Aim): Promise<Obstacle | null> => {
    const at = await store.now(db)
    const said = await controlsSaid(db)
    const running = await runOn(db, around(aim.target))
    const recent = await runsSince(db, incident.product.key, subHours(at, 1).toISOString())
    const acting = catalogue.product(incident.product.key)?.acting
    return obstacleTo(incident, aim, {
      at,
      controls: controlsNow(said),
      running: running === null ? null : { ...running, since: running.started_at },
      limits: acting === undefined ? null : { freezes: acting.freezes, perHour: acting.approvals.perHour },
      recent,
    })
  }

  /** What waits may be held up by something else now, or by nothing. */
  const lookAgain = (trx: Trx) => queue.enqueue(trx, [{ queue: 'held', data: {}, key: 'all' }])

  /** What ends a run frees its target with it. */
  const ending = (id: string, action: number, intent: Intent, by: Actor): Promise<Outcome> =>
    store.transaction(async (trx) => {
      const outcome = await handle.within(trx).handle(id, intent, by)
      if ('events' in outcome && outcome.events.length > 0) {
        await endRun(trx, id, action, outcome.events[0]!.at)
        await lookAgain(trx)
      }
      return outcome
    })

  return {
    against: (incident, aim) => against(store.db, incident, aim),
    vote: (id, intent, by) =>
      store.transaction(async (trx) => {
        await holdActions(trx)
        const loaded = await readStream(trx, id)
        const request = loaded === null ? undefined : actionOf(loaded.incident, intent.action)
        const found = loaded === null || request === undefined ? null : await against(trx, loaded.incident, request)
        return handle.within(trx).handle(id, { ...intent, against: found }, by)
      }),
    start: (id, action, hash, hindrance) =>
      store.transaction(async (trx) => {
        await holdActions(trx)
        const loaded = await readStream(trx, id)
        const request = loaded === null ? undefined : actionOf(loaded.incident, action)
        if (loaded === null || request?.status !== 'approved') return 'not'
        const found = hindrance ?? (await against(trx, loaded.incident, request))
        if (request.automatic && found !== null && passing.has(found.code)) return 'later'
        const outcome = await handle.within(trx).handle(id, { type: 'start-action', action, hash, hindrance: found }, bot)
        const started = 'events' in outcome ? outcome.events.find(({ event }) => event.type === 'action-started') : undefined
        if (started === undefined) return 'not'
        const { key, target } = request
        // A drill changes nothing: it neither takes its target nor counts.
        if (loaded.incident.kind === 'drill') return 'started'
        await beginRun(trx, { incident: id, action, product: loaded.incident.product.key, key, target, started_at: started.at })
        return 'started'
      }),
    end: (id, action, ran) => ending(id, action, { type: 'end-action', action, ran }, bot),
    abandon: (id, action, why, by) => ending(id, action, { type: 'abandon-action', action, why }, by),
    said: () => controlsSaid(store.db),
    now: async () => controlsNow(await controlsSaid(store.db)),
    say: (control) =>
      store.transaction(async (trx) => {
        const { what, target } = control
        const why = what === 'lock' || what === 'freeze' ? written(what, control.why) : optional('lock', control.why)
        if (isRefusal(why)) return why
        await holdActions(trx)
        const { locks, frozen } = controlsNow(await controlsSaid(trx))
        const lock = locks.get(target)
        if (what === 'lock' && lock !== undefined)
          return refuse('is_locked', { target, name: nameOf(lock.by), at: lock.at, why: whyFor(lock, control.incident) })
        if (what === 'unlock' && lock === undefined) return refuse('not_locked', { target, known: [...locks.keys()].join(', ') })
        if (what === 'freeze' && frozen !== null)
          return refuse('is_frozen', { name: nameOf(frozen.by), at: frozen.at, why: whyFor(frozen, control.incident) })
        if (what === 'unfreeze' && frozen === null) return refuse('not_frozen', {})
        await sayControl(trx, { ...control, why: why ?? '', at: await store.now(trx) })
        await queue.enqueue(trx, [{ queue: 'controls', data: {}, key: randomUUID() }])
        await lookAgain(trx)
        return null
      }),
  }
}
