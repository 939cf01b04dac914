/** What goes by the clock and belongs to no record: checks on their schedule, and the digests that are made of them. */
import { createDigestNow, createGather, type GatherWorld } from './digest-facts.ts'
import { createDigests, type DigestsWorld } from './digests.ts'
import { createSampling } from './sampling.ts'
import type { Queue } from './store/queue.ts'

type DailyWorld = GatherWorld & Pick<DigestsWorld, 'channelNamed'> & { readonly queue: Queue }

export const createDaily = (world: DailyWorld) => {
  const gather = createGather(world)
  const samples = createSampling(world)
  const digests = createDigests({ ...world, gather })
  return {
    samples,
    digests,
    digest: createDigestNow(world, gather),
    /** Makes sure of what comes next. */
    plan: async (): Promise<void> => {
      await samples.plan()
      await digests.plan()
    },
  }
}
