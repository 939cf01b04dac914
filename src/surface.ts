/** Runs a sync job's work under the surface's lease. Who finds it taken leaves; the holder looks again after it has let go, so
 *  that an event which came meanwhile is never left unshown. */
import { randomUUID } from 'node:crypto'
import type { Loaded, SurfaceItem, SurfaceSession } from './define.ts'
import type { Store } from './store/database.ts'
import { done, extend, failed, intend, items, lease, release } from './store/surfaces.ts'

/** How long a holder may be silent, in seconds; every write makes it last this long again. */
const leaseSeconds = 30

/** How often a holder that finds news runs again before it leaves the rest to the next job. */
const mostRounds = 20

/** The surface is somebody else's now; what this run would still do must not happen (faults 33). */
export class LeaseLost extends Error {
  constructor(surface: string, incident: string) {
    super(`the lease of ${surface} of ${incident} was lost`)
    this.name = 'LeaseLost'
  }
}

const openSession = async (store: Store, held: { surface: string; incident: string; token: string }): Promise<SurfaceSession> => {
  const known = new Map<string, SurfaceItem>((await items(store.db, held.surface, held.incident)).map((item) => [item.key, item]))
  const kept = async (written: Promise<boolean>, key: string, change: Partial<SurfaceItem>) => {
    if (!(await written) || !(await extend(store.db, held, leaseSeconds))) throw new LeaseLost(held.surface, held.incident)
    const before = known.get(key)
    known.set(key, { key, ref: null, hash: null, ...before, at: await store.now(), state: 'done', ...change })
  }
  return {
    items: known,
    intend: (key) => kept(intend(store.db, held, key), key, { state: 'intent' }),
    done: (key, ref, hash) => kept(done(store.db, held, key, { ref, hash }), key, { state: 'done', hash, ...(ref === null ? {} : { ref }) }),
    failed: (key, error) => kept(failed(store.db, held, key, error), key, { state: 'failed' }),
  }
}

/** Runs `apply` until the incident has not changed under it. `repeated`: an earlier run may have died with the lease in its
 *  hand, so a lease that is taken makes this run fail, to be tried again. */
export const withSurface =
  ({ store, load }: { store: Store; load: (id: string) => Promise<Loaded | null> }) =>
  async (surface: string, id: string, repeated: boolean, apply: (session: SurfaceSession, loaded: Loaded) => Promise<void>): Promise<void> => {
    for (let round = 0; round < mostRounds; round += 1) {
      const token = randomUUID()
      if (!(await lease(store.db, surface, id, token, leaseSeconds))) {
        if (repeated) throw new LeaseLost(surface, id)
        return
      }
      const held = { surface, incident: id, token }
      let seen = 0
      try {
        const loaded = await load(id)
        if (loaded === null) return
        seen = loaded.incident.version
        await apply(await openSession(store, held), loaded)
      } finally {
        await release(store.db, held)
      }
      const now = await load(id)
      if (now === null || now.incident.version === seen) return
    }
  }
