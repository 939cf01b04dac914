/** Starts pg-boss and makes its queues what they should be. */
import { PgBoss, fromPglite } from 'pg-boss'
import type { Log, Store } from './database.ts'
import type { QueueDefinition } from './queue.ts'

/** Where jobs go that failed for good. */
export const deadQueue = 'dead'

const day = 86_400
/** Finished jobs with an id say that they have run, so they stay longer than a timer could be set again. */
const keptSeconds = { plain: 7 * day, coalesced: 3_600, dead: 30 * day, waiting: 365 * day }

const connect = (store: Store): PgBoss => {
  const settings = {
    schema: 'tocsin_jobs',
    useListenNotify: true,
    superviseIntervalSeconds: 1,
    monitorIntervalSeconds: 1,
    maintenanceIntervalSeconds: 600,
    schedule: false,
    persistWarnings: false,
  }
  if (store.source.kind === 'pglite') return new PgBoss({ ...settings, db: fromPglite(store.source.pglite), backend: 'pglite' })
  // Not all of these are in pg-boss's types, but it hands its whole configuration to pg.
  const connection = { connectionTimeoutMillis: 5_000, query_timeout: 15_000, keepAlive: true, options: '-c timezone=UTC' }
  return new PgBoss({ ...settings, ...connection, connectionString: store.source.url, application_name: 'tocsin-jobs', max: 6 })
}

/** Each worker complains while the database is away: the same is said once in 10 s. */
const createComplaint = (log: Log) => {
  const said = new Map<string, number>()
  return (error: Error) => {
    // Behind the parenthesis stand the queue and the worker.
    const what = error.message.replace(/ \(Queue: .*$/, '')
    const now = performance.now()
    if (now - (said.get(what) ?? -Infinity) < 10_000) return
    if (said.size > 100) said.clear()
    said.set(what, now)
    log.error({ error: error.message }, 'job queue error')
  }
}

const settingsOf = (definition: QueueDefinition) => ({
  retryLimit: definition.retryLimit,
  retryDelay: definition.retryDelay,
  retryBackoff: definition.retryBackoff,
  ...(definition.retryBackoff ? { retryDelayMax: definition.retryDelayMax } : {}),
  expireInSeconds: definition.expireInSeconds,
  deadLetter: deadQueue,
  retentionSeconds: keptSeconds.waiting,
  deleteAfterSeconds: definition.keptSeconds ?? (definition.coalesce ? keptSeconds.coalesced : keptSeconds.plain),
})

const deadSettings = {
  retryLimit: 1_000,
  retryDelay: 5,
  retryBackoff: true,
  retryDelayMax: 600,
  retentionSeconds: keptSeconds.waiting,
  deleteAfterSeconds: keptSeconds.dead,
}

const createQueue = async (boss: PgBoss, name: string, policy: 'standard' | 'short', settings: object) => {
  const present = await boss.getQueue(name)
  if (present === null) await boss.createQueue(name, { policy, ...settings })
  else if (present.policy !== policy) throw new Error(`The queue ${name} exists with another policy: give it another name`)
  else await boss.updateQueue(name, settings)
}

/** Gives pg-boss, started, with all queues there and known to it. Throws when a queue exists that coalesces otherwise. */
export const startBoss = async (store: Store, queues: readonly QueueDefinition[], log: Log): Promise<PgBoss> => {
  const boss = connect(store)
  boss.on('error', createComplaint(log))
  boss.on('warning', (warning) => log.warn({ warning: warning.message }, 'job queue warning'))
  try {
    await boss.start()
    await createQueue(boss, deadQueue, 'standard', deadSettings)
    for (const definition of queues)
      await createQueue(boss, definition.name, definition.coalesce ? 'short' : 'standard', settingsOf(definition))
    // pg-boss reads a queue's row when it first uses it, through its own connection: inside a transaction that would wait for
    // ever on PGlite, so it is done now.
    const nothing = '00000000-0000-0000-0000-000000000000'
    for (const name of [deadQueue, ...queues.map((definition) => definition.name)]) await boss.findJobs(name, { id: nothing })
  } catch (error) {
    await boss.stop({ graceful: false, close: true })
    throw error
  }
  return boss
}
