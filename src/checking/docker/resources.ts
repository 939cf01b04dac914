/** What the containers of a Compose project use of memory and CPU. */
import { z } from 'zod'
import type { CheckAnswer } from '../../define/check.ts'
import { finding, found, hold, listed, together } from '../answer.ts'
import { amount } from '../measure.ts'
import type { Limit } from '../option.ts'
import { containersOf } from './containers.ts'
import type { Engine } from './engine.ts'

const Usage = z.object({
  cpu_usage: z.object({ total_usage: z.number() }),
  system_cpu_usage: z.number().optional(),
  online_cpus: z.number().optional(),
})
const Stats = z.object({
  memory_stats: z.object({
    usage: z.number().optional(),
    limit: z.number().optional(),
    stats: z.record(z.string(), z.number()).optional(),
  }),
  cpu_stats: Usage,
  precpu_stats: Usage,
})

const megabyte = 1024 * 1024

/** Cores in use between the Engine's two samples, as `docker stats` counts them. */
const coresOf = ({ cpu_stats: now, precpu_stats: before }: z.infer<typeof Stats>): number => {
  const [used, passed] = [
    now.cpu_usage.total_usage - before.cpu_usage.total_usage,
    (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0),
  ]
  return passed > 0 && used >= 0 ? (used / passed) * (now.online_cpus ?? 1) : Number.NaN
}

/** What processes hold: pages of files that are not in use can be dropped at any time. */
const memoryOf = ({ memory_stats: { usage, stats } }: z.infer<typeof Stats>): number =>
  (usage ?? Number.NaN) - (stats?.['inactive_file'] ?? stats?.['total_inactive_file'] ?? 0)

type Allowed = { readonly cpus?: number | undefined; readonly memory?: number | undefined }

/** Memory and CPU of what runs, against what each service may use. */
export const askResources = async (
  engine: Engine,
  wanted: {
    readonly project: string
    readonly limits: Readonly<Record<string, Allowed>>
    readonly memory?: Limit | undefined
    readonly cpu?: Limit | undefined
  },
  service: string | undefined,
): Promise<CheckAnswer> => {
  const running = (await containersOf(engine, wanted.project, service)).filter(({ state }) => state === 'running')
  if (running.length === 0) return finding('unknown', `No container of ${wanted.project} runs: there is nothing to measure.`)
  const parts = await Promise.all(
    running.map(async (container): Promise<{ answer: CheckAnswer; line: string }> => {
      const stats = await engine.json(`/containers/${container.id}/stats`, { stream: 'false' }, Stats)
      const { name } = container
      const allowed = Object.hasOwn(wanted.limits, container.service) ? wanted.limits[container.service] : undefined
      const [used, cores] = [memoryOf(stats) / megabyte, coresOf(stats)]
      const most = allowed?.memory ?? (stats.memory_stats.limit ?? Number.NaN) / megabyte
      const cpus = allowed?.cpus ?? stats.cpu_stats.online_cpus ?? Number.NaN
      const memory = hold(`memory ${name}`, (used / most) * 100, '%', 'most', wanted.memory)
      const cpu = hold(`CPU ${name}`, (cores / cpus) * 100, '%', 'most', wanted.cpu)
      return {
        answer: together(memory, cpu),
        line: `${name} ${amount(used, 'MB')} of ${amount(most, 'MB')}, ${amount(cores, '')} of ${amount(cpus, 'CPU')}`,
      }
    }),
  )
  const lines = parts.map(({ line }) => line)
  const missing = Object.keys(wanted.limits).filter(
    (name) => (service === undefined || name === service) && running.every((one) => one.service !== name),
  )
  return together(
    ...parts.map(({ answer }) => answer),
    missing.length === 0 ? found() : finding('warn', `Nothing runs of ${listed(missing)}: ask for the containers.`),
    finding('ok', `${lines.slice(0, 4).join('; ')}${lines.length > 4 ? `; and ${lines.length - 4} more` : ''}.`),
    { ...found(), detail: { title: 'Memory and CPU of what runs', text: lines.join('\n') } },
  )
}
