import { z } from 'zod'
import { askState } from '../acting/agent/client.ts'
import { recoverSteps, runSteps, type Steps } from '../acting/agent/steps.ts'
import { containersNow, isPlace, placeMessage, possibly, reach, scaledWarnings, standingNow, target } from '../acting/compose/target.ts'
import { Service, type Seen, verifyServices, lookAtProject } from '../acting/docker/project.ts'
import { listed } from '../checking/answer.ts'
import { defineAction, type LookContext } from '../define/action.ts'

const Options = z
  .strictObject({
    ...target,
    /** Services that must run afterwards. */
    services: z.array(Service).min(1).max(50),
  })
  .refine(isPlace, placeMessage)
type Options = z.infer<typeof Options>

type Image = { service: string; image: string }

/** The image of each service, as Docker names it by its content. */
const imagesOf = (containers: readonly Seen[]): Image[] =>
  [...new Map(containers.map(({ service, imageId }) => [service, imageId])).entries()]
    .map(([service, image]) => ({ service, image }))
    .toSorted((a, b) => a.service.localeCompare(b.service))

const short = (image: string): string => image.replace('sha256:', '').slice(0, 12)

const stepsOf = (options: Options, images: readonly Image[], context: LookContext): Steps => ({
  agent: options.agent,
  mark: [options.project, ...images.flatMap(({ service, image }) => [service, image])],
  steps: [
    { operation: 'pull', doing: 'Pulling images', repeatable: true },
    { operation: 'up', doing: 'Starting what is new' },
  ],
  standing: () => standingNow(options, context),
})

/** Pulls the images of a Compose project, and starts what has a new one. */
export default defineAction({
  summary: 'Pulls newer images of a Compose project and starts them (pull, up -d)',
  options: Options,
  input: z.strictObject({}),
  risk: () => 'high' as const,
  ...reach,
  preview: (options, _, context) =>
    possibly(async () => {
      await askState(options.agent, context)
      const containers = await lookAtProject(options, context)
      if (containers.length === 0)
        return { unable: `Docker has no container of the project ${options.project}: there is nothing to bring up to date.` }
      const images = imagesOf(containers)
      return {
        summary: `The images of ${options.project} are pulled, and what has a newer one is started anew.`,
        calls: ['docker compose pull', 'docker compose up -d'],
        effects: images.map(({ service, image }) => `${service}: ${image} now`),
        reversible: null,
        warnings: [
          'Which images are newer is known only when they are pulled. Going back is by hand, to the images named here.',
          ...scaledWarnings(containers),
        ],
        plan: { images },
        state: { images },
      }
    }),
  run: async (options, { images }, context) => {
    const ended = await runSteps(stepsOf(options, images, context), context)
    if (ended !== null) return ended
    const before = new Map(images.map(({ service, image }) => [service, image]))
    const changed = imagesOf(await containersNow(options, context)).filter(({ service, image }) => before.get(service) !== image)
    const texts = changed.map(({ service, image }) => `${service} ${short(before.get(service) ?? 'none')} → ${short(image)}`)
    return { outcome: 'done', text: texts.length === 0 ? 'Nothing newer was there.' : `Started anew: ${listed(texts, 12)}.` }
  },
  recover: (options, { images }, context) => recoverSteps(stepsOf(options, images, context), context),
  verify: (options, _, context) => verifyServices(options, options.services, context),
})
