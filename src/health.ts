/** `/health`: what works, what does not, and what is off. */
import type { Log } from './define.ts'
import type { Store } from './store/database.ts'
import type { Queue } from './store/queue.ts'
import type { Health } from './web/server.ts'

/** Longer than this and the database counts as down: whoever asks wants an answer now. */
const patienceMs = 2000

/** How the outside services were when they were last used. */
export type Pulse = { readonly beat: (service: string, problem: string | null) => void; readonly all: () => Record<string, string> }

/** `states`: every service with what is known of it at the start: `healthy`, `embedded` counts as healthy, `off`. */
export const createPulse = (states: Readonly<Record<string, string>>): Pulse => {
  const now = { ...states }
  return {
    beat: (service, problem) => {
      if (now[service] !== 'off') now[service] = problem === null ? 'healthy' : `unreachable: ${problem}`
    },
    all: () => ({ ...now }),
  }
}

const within = async (work: Promise<unknown>): Promise<string | null> => {
  let timer: NodeJS.Timeout | undefined
  try {
    const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs} ms`)), patienceMs)))
    await Promise.race([work, late])
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    clearTimeout(timer)
  }
}

export const createHealth =
  ({ store, queue, pulse, version, now, problems, log }: { store: Store; queue: Queue; pulse: Pulse; version: string; now: () => string; problems: readonly string[]; log: Log }) =>
  async (): Promise<Health> => {
    const database = await within(store.ping())
    if (database !== null) log.warn({ error: database }, 'the database does not answer')
    const dead = database === null ? (await queue.dead(1000)).length : 0
    const services = {
      ...pulse.all(),
      database: database === null ? 'healthy' : 'unreachable',
      jobs: database !== null ? 'unknown' : dead === 0 ? 'healthy' : `${dead} dead`,
    }
    const degraded = problems.length > 0 || Object.values(services).some((state) => state !== 'healthy' && state !== 'off')
    return { status: database !== null ? 'down' : degraded ? 'degraded' : 'healthy', timestamp: now(), version, services, problems }
  }
