/** Docker Compose (D11): containers, memory and CPU, logs. Asked by GET alone. */
import { z } from 'zod'
import { found } from '../checking/answer.ts'
import { askContainers } from '../checking/docker/containers.ts'
import { type Engine, engineFinding, withEngine } from '../checking/docker/engine.ts'
import { askLogs } from '../checking/docker/logs.ts'
import { isPlace, place, placeHosts, placeMessage, placeSecrets } from '../checking/docker/place.ts'
import { askResources } from '../checking/docker/resources.ts'
import { Limit, Span } from '../checking/option.ts'
import { type CheckAnswer, type CheckContext, defineCheck } from '../define/check.ts'

const Service = z.string().regex(/^[A-Za-z0-9][\w.-]{0,62}$/, 'must be the name of a service')
const Word = z.string().trim().min(1).max(60)

const options = z
  .discriminatedUnion('ask', [
    z.strictObject({
      ask: z.literal('containers'),
      ...place,
      /** Services that must run. Without them, whatever the project has must run. */
      services: z.array(Service).default([]),
      /** How often each may have been restarted. */
      restarts: Limit.optional(),
    }),
    z.strictObject({
      ask: z.literal('resources'),
      ...place,
      /** What each service may use, in CPUs and MB; without it, what Docker lets it. */
      limits: z
        .record(Service, z.strictObject({ cpus: z.number().positive().optional(), memory: z.number().positive().optional() }))
        .default({}),
      /** Per cent of that, at most. */
      memory: Limit.optional(),
      cpu: Limit.optional(),
    }),
    z.strictObject({
      ask: z.literal('logs'),
      ...place,
      /** Without one, all services. */
      service: Service.optional(),
      since: Span.prefault('15m'),
      /** A line is taken when it has one of these words, in capitals or not; `duration` asks for the 20 slowest. Without words, all. */
      filter: z.array(Word).max(20).default([]),
      /** Lines that are too many; with `duration`, milliseconds. */
      most: Limit.optional(),
    }),
  ])
  .refine(isPlace, placeMessage)
type Options = z.infer<typeof options>

const words = z.object({
  service: Service.optional(),
  since: Span.optional(),
  /** Words with commas between them. */
  filter: z
    .string()
    .max(300)
    .transform((text) =>
      text
        .split(/[,|]/)
        .map((word) => word.trim())
        .filter((word) => word !== ''),
    )
    .optional(),
})
type Words = z.infer<typeof words>

const answer = (engine: Engine, wanted: Options, typed: Words, context: CheckContext): Promise<CheckAnswer> => {
  switch (wanted.ask) {
    case 'containers':
      return askContainers(engine, wanted, typed.service)
    case 'resources':
      return askResources(engine, wanted, typed.service)
    case 'logs': {
      const { since = wanted.since, filter = wanted.filter, service = wanted.service } = typed
      // A limit is one of what service.yml asks for.
      const isOwn = typed.since === undefined && typed.filter === undefined && typed.service === undefined
      return askLogs(engine, { project: wanted.project, since, filter, most: isOwn ? wanted.most : undefined }, service, context)
    }
    default:
      return wanted satisfies never
  }
}

export default defineCheck({
  summary: 'asks Docker for the containers of a Compose project, their memory and CPU, or their logs (since=15m service=api filter=ERROR)',
  options,
  words,
  hosts: placeHosts,
  needs: placeSecrets,
  timeoutMs: 30_000,
  concurrency: 3,
  run: async (wanted, context, typed) => {
    try {
      return await withEngine(wanted, context, (engine) => answer(engine, wanted, typed, context))
    } catch (error) {
      return found(engineFinding(error))
    }
  },
})
