/** Runs a sync job's work under the surface's lease. Who finds it taken leaves a word and goes; the holder looks again before it
 *  lets go, so that an event which came meanwhile is never left unshown. A run that has one thing to make costs three transactions that
 *  write: the lease is taken, the intention is recorded, and what was made is recorded as the lease is given back. */
import { randomUUID } from 'node:crypto'
import type { JobContext, Loaded, SurfaceItem, SurfaceSession } from './define.ts'
import type { Instant } from './incident/policy.ts'
import type { Store, Trx } from './store/database.ts'
import { readStream } from './store/stream.ts'
import { items, type Lease, lease, LeaseLost, record, release, SurfaceTaken, type Write } from './store/surfaces.ts'

/** How long a holder may be silent, in seconds: no longer than until the job of one that died runs again. One that lives is heard
 *  of every `renewMs`, however long it waits for the outside. */
const leaseSeconds = 6
const renewMs = 1_500

/** One holder's hand on a surface: what is recorded of it, and what is done but not recorded yet. */
type Hold = { readonly session: SurfaceSession; readonly unrecorded: () => readonly Write[] }

const openHold = (store: Store, held: Lease, signal: AbortSignal, found: readonly SurfaceItem[], now: Instant): Hold => {
  const known = new Map<string, SurfaceItem>(found.map((item) => [item.key, item]))
  let unrecorded: Write[] = []
  const assertHeld = () => {
    if (signal.aborted) throw new LeaseLost(held)
  }
  const keep = (write: Write, at: Instant) => {
    const { ref, hash } = known.get(write.key) ?? { ref: null, hash: null }
    const change = write.state === 'done' ? { ref: write.ref ?? ref, hash: write.hash } : { ref, hash }
    known.set(write.key, { key: write.key, state: write.state, at, ...change })
  }
  /** Nothing of `more` is known here before it is recorded. */
  const write = async (...more: Write[]) => {
    assertHeld()
    const writes = [...unrecorded, ...more]
    const at = await record(store.db, held, writes, leaseSeconds)
    if (at === null) throw new LeaseLost(held)
    unrecorded = []
    for (const each of writes) keep(each, at)
  }
  return {
    unrecorded: () => unrecorded,
    session: {
      items: known,
      now,
      intend: (key) => write({ key, state: 'intent' }),
      done: (key, ref, hash) => write({ key, state: 'done', ref, hash }),
      failed: (key, error) => write({ key, state: 'failed', error }),
      showed: (key, ref, hash) => {
        assertHeld()
        unrecorded.push({ key, state: 'done', ref, hash })
        keep({ key, state: 'done', ref, hash }, now)
      },
      settle: async () => {
        if (unrecorded.length > 0) await write()
      },
    },
  }
}

/** Records what is done and gives the surface back, also to whoever wants it: the job that failed under it runs again, and looks
 *  again then. */
const giveUp = async (store: Store, held: Lease, writes: readonly Write[]): Promise<void> => {
  if ((await release(store.db, held, { writes })) === 'again') await release(store.db, held)
}

/** What a look under the lease works on. `version`: of the incident as it was read; null where there is none. */
type Looked<Content> = { readonly content: Content; readonly version: number | null }

/** Runs `apply` until nothing has changed under it and nobody else wanted the surface meanwhile. `signal`: from the moment that it is
 *  aborted the run lets its lease lapse, and whatever it would still record throws. `repeated`: an earlier run may have died with the
 *  lease in its hand, so it is to be tried again when the lease is taken. `read` gives null where there is nothing to show. Throws
 *  LeaseLost, and SurfaceTaken when another run does its work. */
const underLease = async <Content>(
  { store, signal, repeated }: { readonly store: Store; readonly signal: AbortSignal; readonly repeated: boolean },
  { surface, incident }: Omit<Lease, 'token'>,
  read: (trx: Trx, before: Content | null) => Promise<Looked<Content> | null>,
  apply: (session: SurfaceSession, content: Content) => Promise<void>,
): Promise<void> => {
  const held = { surface, incident, token: randomUUID() }
  /** The lease, and the surface and what it should show as they are from then on; null when somebody else has it. */
  const take = (before: Content | null) =>
    store.transaction(async (trx) => {
      if (!(await lease(trx, surface, incident, held.token, leaseSeconds))) return null
      return { found: await items(trx, surface, incident), looked: await read(trx, before), now: await store.now(trx) }
    })
  let taken = await take(null)
  if (taken === null) throw repeated ? new LeaseLost(held) : new SurfaceTaken(held)
  const renewing = setInterval(() => {
    // A renewal that fails is found out by the next write.
    record(store.db, held, [], leaseSeconds).catch(() => undefined)
  }, renewMs)
  const lapse = () => clearInterval(renewing)
  signal.addEventListener('abort', lapse)
  let hold: Hold | null = null
  try {
    for (;;) {
      if (signal.aborted || taken === null) throw new LeaseLost(held)
      const { found, looked, now } = taken
      if (looked === null) return await giveUp(store, held, [])
      hold = openHold(store, held, signal, found, now)
      await apply(hold.session, looked.content)
      if (signal.aborted) throw new LeaseLost(held)
      // What this run itself caused, such as the channel's opening, is shown without waiting for its job.
      const writes = hold.unrecorded()
      const outcome = await release(store.db, held, { writes, ...(looked.version === null ? {} : { version: looked.version }) })
      if (outcome === 'lost' && writes.length > 0) throw new LeaseLost(held)
      if (outcome !== 'again') return
      hold = null
      taken = await take(looked.content)
    }
  } catch (error) {
    await giveUp(store, held, signal.aborted ? [] : (hold?.unrecorded() ?? []))
    throw error
  } finally {
    lapse()
    signal.removeEventListener('abort', lapse)
  }
}

/** Runs `apply` on an incident's surface, as `underLease` does. */
export const withSurface =
  (store: Store) =>
  (signal: AbortSignal): JobContext['surface'] =>
  (surface, id, repeated, apply) =>
    underLease<Loaded>(
      { store, signal, repeated },
      { surface, incident: id },
      async (trx, before) => {
        const loaded = await readStream(trx, id, before)
        return loaded === null ? null : { content: loaded, version: loaded.incident.version }
      },
      apply,
    )

/** Stands where an incident's id would, for a surface that belongs to none. */
const nobody = ''

/** Runs `apply` on a surface that belongs to no incident, and again when somebody else wanted it meanwhile. */
export const withShared =
  (store: Store) =>
  (signal: AbortSignal): JobContext['shared'] =>
  (surface, repeated, apply) =>
    underLease<null>(
      { store, signal, repeated },
      { surface, incident: nobody },
      () => Promise.resolve({ content: null, version: null }),
      (session) => apply(session),
    )
