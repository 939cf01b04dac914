/** Numbers for Prometheus, one registry a bot. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Queue } from './store/queue.ts'
import type { Store } from './store/database.ts'
import { openIncidents } from './store/reads.ts'

export type Metrics = {
  readonly jobRan: (run: { queue: string; ms: number; outcome: string }) => void
  readonly alertsReceived: (source: string, count: number) => void
  readonly commandAnswered: (command: string, seconds: number) => void
  readonly socketsOpen: (count: number) => void
  readonly render: () => Promise<{ type: string; text: string }>
}

/** `sockets`: whether Slack is heard over sockets, which are counted then. */
export const createMetrics = ({ store, queue, sockets }: { store: Store; queue: Queue; sockets: boolean }): Metrics => {
  const registry = new Registry()
  const registers = [registry]
  const jobs = new Histogram({
    name: 'tocsin_job_seconds',
    help: 'Time a job took',
    labelNames: ['queue', 'outcome'],
    buckets: [0.01, 0.1, 0.5, 2, 10, 60],
    registers,
  })
  const alerts = new Counter({ name: 'tocsin_alerts_total', help: 'Alerts taken', labelNames: ['source'], registers })
  const commands = new Histogram({
    name: 'tocsin_command_seconds',
    help: 'Time until a command was answered',
    labelNames: ['command'],
    buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5],
    registers,
  })
  const queued = new Gauge({ name: 'tocsin_jobs_queued', help: 'Jobs that wait', labelNames: ['queue'], registers })
  const dead = new Gauge({ name: 'tocsin_jobs_dead', help: 'Jobs that failed for good in the last 30 days', registers })
  const unmended = new Gauge({ name: 'tocsin_jobs_unmended', help: 'Dead jobs whose work nobody has done since', registers })
  const socketsOpen = sockets ? new Gauge({ name: 'tocsin_slack_sockets_open', help: 'Sockets to Slack that are open', registers }) : null
  const open = new Gauge({ name: 'tocsin_incidents_open', help: 'Open records', labelNames: ['kind', 'severity'], registers })
  return {
    jobRan: ({ queue: name, ms, outcome }) => jobs.observe({ queue: name, outcome }, ms / 1000),
    alertsReceived: (source, count) => alerts.inc({ source }, count),
    commandAnswered: (command, seconds) => commands.observe({ command }, seconds),
    socketsOpen: (count) => socketsOpen?.set(count),
    render: async () => {
      const stats = await queue.stats()
      for (const each of stats) queued.set({ queue: each.queue }, each.queued)
      dead.set(stats.reduce((sum, each) => sum + each.dead, 0))
      unmended.set((await queue.unmended()).length)
      open.reset()
      // Of a private record nobody is to know more than that it is there.
      for (const { kind, severity, private: hidden } of await openIncidents(store.db))
        open.inc(hidden ? { kind: 'private', severity: 'private' } : { kind, severity })
      return { type: registry.contentType, text: await registry.metrics() }
    },
  }
}
