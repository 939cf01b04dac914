/** Runs a sync job's work under the surface's lease. Who finds it taken leaves a word and goes; the holder looks again before it
 *  lets go, so that an event which came meanwhile is never left unshown. */
import { randomUUID } from 'node:crypto'
import type { JobContext, Loaded, SurfaceItem, SurfaceSession } from './define.ts'
import type { Store } from './store/database.ts'
import { done, extend, failed, intend, items, type Lease, lease, LeaseLost, release, SurfaceTaken } from './store/surfaces.ts'

/** How long a holder may be silent, in seconds: no longer than until the job of one that died runs again. One that lives is heard
 *  of every `renewMs`, however long it waits for the outside. */
const leaseSeconds = 6
const renewMs = 1_500

const openSession = async (store: Store, held: Lease, signal: AbortSignal): Promise<SurfaceSession> => {
  const known = new Map<string, SurfaceItem>((await items(store.db, held.surface, held.incident)).map((item) => [item.key, item]))
  const kept = async (write: () => Promise<boolean>, key: string, change: Partial<SurfaceItem>) => {
    if (signal.aborted || !(await write()) || !(await extend(store.db, held, leaseSeconds))) throw new LeaseLost(held)
    const before = known.get(key)
    known.set(key, { key, ref: null, hash: null, ...before, at: await store.now(), state: 'done', ...change })
  }
  return {
    items: known,
    intend: (key) => kept(() => intend(store.db, held, key), key, { state: 'intent' }),
    done: (key, ref, hash) =>
      kept(() => done(store.db, held, key, { ref, hash }), key, { state: 'done', hash, ...(ref === null ? {} : { ref }) }),
    failed: (key, error) => kept(() => failed(store.db, held, key, error), key, { state: 'failed' }),
  }
}

/** Gives the surface back whoever wants it: the job that failed under it runs again, and looks again then. */
const giveUp = async (store: Store, held: Lease): Promise<void> => {
  if (!(await release(store.db, held))) await release(store.db, held)
}

/** Whether a look is the last one, unless somebody else wanted the surface meanwhile. */
type Look = (held: Lease) => Promise<'unchanged' | 'changed' | 'nothing'>

/** Looks under the lease until nothing has changed and nobody else wanted the surface meanwhile. `signal`: from the moment that it is
 *  aborted the run lets its lease lapse, and whatever it would still record throws. `repeated`: an earlier run may have died with the
 *  lease in its hand, so it is to be tried again when the lease is taken. Throws LeaseLost, and SurfaceTaken when another run does its
 *  work. */
const underLease = async (
  store: Store,
  signal: AbortSignal,
  surface: string,
  incident: string,
  repeated: boolean,
  look: Look,
): Promise<void> => {
  const held = { surface, incident, token: randomUUID() }
  if (!(await lease(store.db, surface, incident, held.token, leaseSeconds))) {
    throw repeated ? new LeaseLost(held) : new SurfaceTaken(held)
  }
  const renewing = setInterval(() => {
    // A renewal that fails is found out by the next write.
    extend(store.db, held, leaseSeconds).catch(() => undefined)
  }, renewMs)
  const lapse = () => clearInterval(renewing)
  signal.addEventListener('abort', lapse)
  try {
    for (;;) {
      if (signal.aborted) throw new LeaseLost(held)
      const found = await look(held)
      if (found === 'nothing') return await giveUp(store, held)
      if (found === 'changed') {
        if (!(await extend(store.db, held, leaseSeconds))) throw new LeaseLost(held)
      } else if (await release(store.db, held)) return
    }
  } catch (error) {
    await giveUp(store, held)
    throw error
  } finally {
    lapse()
    signal.removeEventListener('abort', lapse)
  }
}

/** Runs `apply` on an incident's surface, until the incident has not changed under it and nobody else wanted the surface meanwhile. */
export const withSurface =
  ({ store, load }: { store: Store; load: (id: string) => Promise<Loaded | null> }) =>
  (signal: AbortSignal): JobContext['surface'] =>
  (surface, id, repeated, apply) =>
    underLease(store, signal, surface, id, repeated, async (held) => {
      const loaded = await load(id)
      if (loaded === null) return 'nothing'
      await apply(await openSession(store, held, signal), loaded)
      // What this run itself caused, such as the channel's opening, is shown without waiting for its job.
      return (await load(id))?.incident.version === loaded.incident.version ? 'unchanged' : 'changed'
    })

/** Stands where an incident's id would, for a surface that belongs to none. */
const nobody = ''

/** Runs `apply` on a surface that belongs to no incident, and again when somebody else wanted it meanwhile. */
export const withShared =
  (store: Store) =>
  (signal: AbortSignal): JobContext['shared'] =>
  (surface, repeated, apply) =>
    underLease(store, signal, surface, nobody, repeated, async (held) => {
      await apply(await openSession(store, held, signal))
      return 'unchanged'
    })
