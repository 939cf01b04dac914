import { z } from 'zod'
import { place, isPlace, placeHosts, placeMessage, placeSecrets } from '../checking/docker/place.ts'
import { listed } from '../checking/answer.ts'
import { defineAction } from '../define/action.ts'
import { readBack, restart } from '../acting/compose/restart.ts'
import { lookAt } from '../acting/docker/control.ts'
import { Service, seenOf, steady, verifyServices } from '../acting/docker/project.ts'

const Options = z
  .strictObject({
    ...place,
    ...steady,
    /** Services that may be restarted. */
    services: z.array(Service).min(1).max(50),
    /** Seconds that a container may take to stop, before it is killed. */
    stopSeconds: z.int().min(0).max(30).default(10),
  })
  .refine(isPlace, placeMessage)

/** Restarts a service of a Compose project, or all of them. */
export default defineAction({
  summary: 'Restarts a service of a Compose project, or all of them',
  options: Options,
  input: z.strictObject({ service: Service.describe('Service, or all') }),
  risk: () => 'low' as const,
  target: ({ project }) => `compose:${project}`,
  hosts: placeHosts,
  needs: placeSecrets,
  timeoutMs: 300_000,
  verifyMs: 120_000,
  preview: (options, { service }, context) => {
    const services = service === 'all' ? options.services : options.services.filter((one) => one === service)
    if (services.length === 0)
      return Promise.resolve({
        unable: `${service} is none of the services that may be restarted: ${listed(options.services, 20)}, or all.`,
      })
    return lookAt(options, context, async (engine) => {
      const all = (await seenOf(engine, options.project)).filter((one) => services.includes(one.service))
      const missing = services.filter((name) => all.every((one) => one.service !== name))
      if (missing.length > 0)
        return { unable: `Docker has no container of ${listed(missing, 10)} in ${options.project}: there is nothing to restart.` }
      const containers = all.map(({ id, name, startedAt }) => ({ id, name, startedAt }))
      return {
        summary: `Docker restarts ${listed(
          containers.map(({ name }) => name),
          20,
        )} of ${options.project}, one after the other.`,
        calls: containers.map(({ id, name }) => `POST /containers/${id.slice(0, 12)}/restart?t=${options.stopSeconds} (${name})`),
        effects: all.map(
          ({ name, status, restarts }) => `${name}: ${status}${restarts > 0 ? `, restarted by itself ${restarts} times` : ''}`,
        ),
        reversible: null,
        warnings: all
          .filter(({ state }) => state !== 'running')
          .map(({ name, state }) => `${name} does not run now (${state}): it will be started.`),
        plan: { services, containers },
        state: { containers },
      }
    })
  },
  run: (options, { containers }, context) => restart(options, containers, context),
  recover: (options, { containers }, context) => readBack(options, containers, context),
  verify: (options, { services }, context) => verifyServices(options, services, context),
})
