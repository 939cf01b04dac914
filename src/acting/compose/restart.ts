/** Restarting the containers of a Compose project one by one, through Docker's Engine API. When each was started is what tells whether it
 *  was restarted: nothing else needs to be remembered. */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { listed } from '../../checking/answer.ts'
import { type Engine, EngineRefusal, withEngine } from '../../checking/docker/engine.ts'
import { foreign } from '../../checking/foreign.ts'
import type { Place } from '../../checking/docker/place.ts'
import type { ActContext } from '../../define/action.ts'
import type { Ran } from '../../incident/acting/action.ts'
import { FetchFault } from '../../ports.ts'
import { withControls } from '../docker/control.ts'
import { type Seen, seenOf, standing } from '../docker/project.ts'

export type Planned = { readonly id: string; readonly name: string; readonly startedAt: string }

export type Restarting = Place & { readonly stopSeconds: number }

const Memo = z.object({ at: z.string(), tries: z.int() }).nullable().catch(null)

/** How often one container is asked for that does not do it. */
const mostTries = 3

/** Beyond what a container may take to stop, until it must have been started again. */
const startMs = 3_000
const pollMs = 200

const isRestarted = (planned: Planned, containers: readonly Seen[]): boolean => {
  const now = containers.find(({ id }) => id === planned.id)
  return now !== undefined && now.state === 'running' && now.startedAt !== planned.startedAt
}

const stoppedOf = (containers: readonly Planned[], now: readonly Seen[]): Seen[] =>
  now.filter(({ id, state }) => state !== 'running' && containers.some((planned) => planned.id === id))

const done = (containers: readonly Planned[]): Ran => ({
  outcome: 'done',
  text: `Restarted: ${listed(
    containers.map(({ name }) => name),
    20,
  )}.`,
})

/** Asks again until `isOver`, for as long as Docker may take to stop a container and start it again. Gives the last answer. */
const settling = async (
  engine: Engine,
  wanted: Restarting,
  context: ActContext,
  isOver: (containers: readonly Seen[]) => boolean,
): Promise<Seen[]> => {
  const until = context.elapsed() + wanted.stopSeconds * 1000 + startMs
  for (;;) {
    const now = await seenOf(engine, wanted.project)
    if (isOver(now) || context.elapsed() >= until) return now
    context.signal.throwIfAborted()
    await sleep(pollMs)
  }
}

/** Restarts what has not been restarted since it was planned. */
export const restart = async (wanted: Restarting, containers: readonly Planned[], context: ActContext): Promise<Ran> => {
  const before = Memo.parse(context.memo)
  const restarted: string[] = []
  try {
    return await withControls(wanted, context, ['restart'], async (controls) => {
      for (const [index, planned] of containers.entries()) {
        const isOver = (now: readonly Seen[]) => isRestarted(planned, now)
        // Whoever was at it before may have asked for this one a moment ago, and Docker may still be stopping it.
        const wasAsked = before?.at === planned.id
        if (!isOver(wasAsked ? await settling(controls, wanted, context, isOver) : await seenOf(controls, wanted.project))) {
          const tries = wasAsked ? (before?.tries ?? 0) + 1 : 1
          context.progress(`Restarting ${planned.name}, ${index + 1} of ${containers.length}`)
          await context.remember({ at: planned.id, tries })
          context.signal.throwIfAborted()
          try {
            await controls.act('restart', planned.id, wanted.stopSeconds)
          } catch (error) {
            // Else it would be asked for ever: the first of several is restarted, and the next never.
            throw error instanceof FetchFault && tries >= mostTries ? new EngineRefusal(`${planned.name}: ${error.message}`) : error
          }
        }
        restarted.push(planned.name)
      }
      return done(containers)
    })
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error
    const first = restarted.length === 0 ? 'Nothing was restarted.' : `Restarted before that: ${listed(restarted, 20)}.`
    return { outcome: 'failed', text: `${error.message} ${first}` }
  }
}

/** What became of it. Docker restarts a container although nobody waits for the answer any more. */
export const readBack = async (
  wanted: Restarting,
  containers: readonly Planned[],
  context: ActContext,
): Promise<Ran | { outcome: 'undone' } | { outcome: 'resume' }> => {
  const begun = Memo.parse(context.memo)
  // It is remembered before a restart is asked for.
  if (begun === null) return { outcome: 'undone' }
  let now: Seen[]
  try {
    // One that does not run may be between its end and its start.
    now = await withEngine(wanted, context, (engine) => settling(engine, wanted, context, (all) => stoppedOf(containers, all).length === 0))
  } catch (error) {
    // Asked again: what became of it cannot be told without Docker.
    throw error instanceof EngineRefusal ? new FetchFault('refused', error.message) : error
  }
  if (containers.every((planned) => isRestarted(planned, now))) return done(containers)
  const gone = containers.filter(({ id }) => now.every((one) => one.id !== id))
  if (gone.length > 0)
    return {
      outcome: 'unclear',
      text: `Meanwhile the containers of ${listed(
        gone.map(({ name }) => name),
        10,
      )} were replaced by others. ${standing(now)} Look there.`,
    }
  if (stoppedOf(containers, now).length > 0)
    return {
      outcome: 'failed',
      text: `Stopped, and did not start again: ${foreign(standing(now), 300)} Start them, and look at their logs.`,
    }
  return containers.some((planned) => isRestarted(planned, now)) ? { outcome: 'resume' } : { outcome: 'undone' }
}
