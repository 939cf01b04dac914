/** `/health`: what works, what does not, and what is off. */
import type { Log } from './define.ts'
import { type Finding, inShort } from './doctor/finding.ts'
import type { Store } from './store/database.ts'
import type { Queue } from './store/queue.ts'
import type { Health } from './web/server.ts'

/** Longer than this and the database counts as down: whoever asks wants an answer now. */
const patienceMs = 2000

/** How often the outside services are asked whether they answer, in milliseconds: sooner while one does not. */
const every = { healthy: 60_000, unreachable: 5_000 }

/** Why a service does not answer, or null. Throws nothing. */
export type Probe = () => Promise<string | null>

/** How the outside services are. */
export type Pulse = {
  /** A use of the service failed: whether it answers at all is looked at now. */
  readonly suspect: (service: string) => void
  readonly all: () => Record<string, string>
  /** Those that do not answer, with the reason. */
  readonly unreachable: () => Record<string, string>
  /** Looks once, then goes on looking until `stop`. */
  readonly start: () => Promise<void>
  readonly stop: () => void
}

/** `probes`: by service; null for one that is off. `recovered` is called when one answers again. */
export const createPulse = (probes: Readonly<Record<string, Probe | null>>, log: Log, recovered: () => void = () => undefined): Pulse => {
  const states = new Map(Object.entries(probes).map(([service, probe]) => [service, probe === null ? 'off' : 'healthy']))
  const timers = new Map<string, NodeJS.Timeout>()
  const looking = new Map<string, Promise<void>>()
  const again = new Set<string>()
  let stopped = false

  const ask = async (service: string, probe: Probe): Promise<void> => {
    const problem = await probe()
    const state = problem === null ? 'healthy' : `unreachable: ${problem}`
    if (state !== states.get(service)) {
      if (problem === null) {
        log.info({ service }, 'a service answers again')
        recovered()
      } else log.warn({ service, problem }, 'a service does not answer')
    }
    states.set(service, state)
    clearTimeout(timers.get(service))
    if (!stopped)
      timers.set(
        service,
        setTimeout(() => void look(service), problem === null ? every.healthy : every.unreachable),
      )
  }

  /** Looks, and once more when it is asked to meanwhile: what made it look may have come too late for the first. */
  const look = (service: string): Promise<void> => {
    const probe = probes[service]
    if (probe === null || probe === undefined || stopped) return Promise.resolve()
    const present = looking.get(service)
    if (present !== undefined) {
      again.add(service)
      return present
    }
    const work = async () => {
      again.add(service)
      // Once it is stopped, nobody adds to it.
      while (again.delete(service)) await ask(service, probe)
      looking.delete(service)
    }
    const looked = work()
    looking.set(service, looked)
    return looked
  }

  return {
    suspect: (service) => void look(service),
    all: () => Object.fromEntries(states),
    unreachable: () => Object.fromEntries([...states].filter(([, state]) => state !== 'healthy' && state !== 'off')),
    start: async () => {
      await Promise.all(Object.keys(probes).map(look))
    },
    stop: () => {
      stopped = true
      for (const timer of timers.values()) clearTimeout(timer)
    },
  }
}

const within = async (work: Promise<unknown>): Promise<string | null> => {
  let timer: NodeJS.Timeout | undefined
  try {
    const late = new Promise<never>(
      (_, reject) => (timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs} ms`)), patienceMs)),
    )
    await Promise.race([work, late])
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    clearTimeout(timer)
  }
}

/** A dead job is a problem until the same work has been done by another one. */
export const createHealth =
  ({
    store,
    queue,
    pulse,
    version,
    now,
    problems,
    warnings,
    findings,
    log,
  }: {
    store: Store
    queue: Queue
    pulse: Pulse
    version: string
    now: () => string
    problems: readonly string[]
    /** Asked of the database, so only while it answers. */
    warnings: () => Promise<readonly string[]>
    /** What the doctor found; only an error makes the bot count as degraded. */
    findings: () => readonly Finding[]
    log: Log
  }) =>
  async (): Promise<Health> => {
    const database = await within(store.ping())
    if (database !== null) log.warn({ error: database }, 'the database does not answer')
    const dead = database === null ? (await queue.unmended()).length : 0
    const services = {
      ...pulse.all(),
      database: database === null ? 'healthy' : 'unreachable',
      jobs: database !== null ? 'unknown' : dead === 0 ? 'healthy' : `${dead} dead`,
    }
    const found = findings()
    const wrong = problems.length > 0 || found.some(({ level }) => level === 'error')
    const degraded = wrong || Object.values(services).some((state) => state !== 'healthy' && state !== 'off')
    return {
      status: database !== null ? 'down' : degraded ? 'degraded' : 'healthy',
      timestamp: now(),
      version,
      services,
      problems: [...problems, ...found.map(inShort)],
      warnings: database === null ? await warnings() : [],
    }
  }

const services: Readonly<Record<string, string>> = {
  'sync-channel': 'slack',
  'sync-announcement': 'slack',
  storm: 'slack',
  backlog: 'slack',
  'declared-from': 'slack',
  file: 'slack',
  homes: 'slack',
  keep: 'slack',
  digest: 'slack',
  'lead-here': 'slack',
  'still-here': 'slack',
  'todo-told': 'slack',
  'sync-record': 'supabase',
  'sync-pull-request': 'github',
}

/** Which outside service a queue's runs speak of, if of any. */
export const serviceOf = (queue: string): string | undefined => services[queue]
