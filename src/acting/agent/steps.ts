/** What takes several operations of the agent, one after the other. Each has a key of its own, so that whoever takes over after a crash
 *  asks for the same again and is given its end, or follows it: the agent runs no key twice. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { foreign } from '../../checking/foreign.ts'
import type { Args, OperationName } from '../../agent/protocol.ts'
import type { ActContext } from '../../define/action.ts'
import type { Ran } from '../../incident/acting/action.ts'
import { FetchFault } from '../../ports.ts'
import { firstCall } from '../first-call.ts'
import { type Agent, AgentRefusal, askRun, runOn } from './client.ts'

export type Step = {
  readonly operation: OperationName
  readonly args?: Args
  /** “Building the images” */
  readonly doing: string
  /** Tells by the target that it happened, when nobody saw its end. */
  readonly happened?: () => Promise<boolean>
  /** Changes nothing that runs: when nobody saw its end it is done again. */
  readonly repeatable?: boolean
}

export type Steps = {
  readonly agent: Agent
  /** What the plan is about: the same request of another time, after the record was begun anew, must not be taken for this one. */
  readonly mark: readonly string[]
  readonly steps: readonly Step[]
  /** How the target stands, for whoever has to go on by hand. */
  readonly standing: () => Promise<string>
  /** Takes back what the first steps did, when the step at `index` failed. Says what it did. */
  readonly mend?: (index: number) => Promise<string>
}

const Memo = z.object({ step: z.int(), tries: z.int() }).nullable().catch(null)

/** How often a step is asked for whose answer does not come. */
const mostTries = 5

const keyOf = ({ mark }: Pick<Steps, 'mark'>, runKey: string, name: string): string =>
  `${runKey}:${name}:${createHash('sha256').update(JSON.stringify(mark)).digest('hex').slice(0, 12)}`

const stepKey = (steps: Steps, context: ActContext, index: number): string =>
  keyOf(steps, context.runKey, `${index}-${steps.steps[index]?.operation ?? ''}`)

const nameOf = ({ operation, args = {} }: Step): string => [operation, ...Object.values(args)].join(' ')

/** The words of a program that say best what went wrong: its last ones. */
const lastWords = (tail: readonly string[]): string => foreign(tail.slice(-4).join(' / '), 280)

/** Has one more operation run, outside of the steps; says in a sentence how that ended. Throws FetchFault. */
export const runAside = async (steps: Steps, context: ActContext, step: Step): Promise<string> => {
  const key = keyOf(steps, context.runKey, `aside-${step.operation}`)
  try {
    const { state, exit, tail } = await runOn(
      steps.agent,
      context,
      { key, operation: step.operation, args: step.args ?? {} },
      () => undefined,
    )
    return state === 'ended' && exit === 0 ? 'done' : `not done: ${lastWords(tail)}`
  } catch (error) {
    if (error instanceof AgentRefusal) return `not done: ${error.message}`
    throw error
  }
}

/** Runs what is still to be run. Null: all of it is done. Throws FetchFault. */
export const runSteps = async (steps: Steps, context: ActContext): Promise<Ran | null> => {
  const before = Memo.parse(context.memo)
  const { steps: all, agent } = steps
  const end = async (outcome: 'failed' | 'unclear', index: number, why: string): Promise<Ran> => {
    const done = all.slice(0, index).map(nameOf)
    const first = done.length === 0 ? '' : ` Done before: ${done.join(', ')}.`
    const mended = outcome === 'failed' && steps.mend !== undefined ? await steps.mend(index) : ''
    return { outcome, text: [`${why}${first}`, mended, await steps.standing()].filter((text) => text !== '').join(' ') }
  }
  for (const [index, step] of all.entries()) {
    if (index < (before?.step ?? 0)) continue
    const tries = before?.step === index ? before.tries + 1 : 1
    const doing = `${step.doing}${all.length > 1 ? ` (${index + 1} of ${all.length})` : ''}`
    context.progress(doing)
    await context.remember({ step: index, tries })
    const wanted = { key: stepKey(steps, context, index), operation: step.operation, args: step.args ?? {} }
    const follow = (key: string) => runOn(agent, context, { ...wanted, key }, (line) => context.progress(`${doing}: ${foreign(line, 120)}`))
    try {
      // Once a step has ended something is changed: then the one after it is asked for again, as soon as the agent answers.
      const first = await (index === 0 ? firstCall(context, () => follow(wanted.key)) : follow(wanted.key))
      if ('unsent' in first) return await end('failed', index, `\`${nameOf(step)}\` was not begun. ${first.unsent.text}`)
      let run = first
      if (run.state === 'unclear' && step.repeatable === true) run = await follow(`${wanted.key}:again`)
      if (run.state === 'unclear' && (await step.happened?.()) === true) continue
      if (run.state === 'unclear')
        return await end('unclear', index, `The agent ended while it ran \`${nameOf(step)}\`: look what became of it.`)
      if (run.exit !== 0)
        return await end(
          'failed',
          index,
          `\`${nameOf(step)}\` failed: ${run.why ?? `exit code ${run.exit}.`} ${lastWords(run.tail)}`.trim(),
        )
    } catch (error) {
      // What is half done waits for it.
      if (error instanceof AgentRefusal && error.busy && index > 0 && tries < mostTries)
        throw new FetchFault('refused', error.message, error)
      if (error instanceof AgentRefusal) return end('failed', index, `\`${nameOf(step)}\` was not begun. ${error.message}`)
      if (error instanceof FetchFault && tries >= mostTries)
        return end('unclear', index, `The agent’s answer to \`${nameOf(step)}\` does not come: ${error.message}`)
      throw error
    }
  }
  return null
}

/** What became of the steps. Throws FetchFault while the agent cannot be asked. */
export const recoverSteps = async (steps: Steps, context: ActContext): Promise<{ outcome: 'undone' } | { outcome: 'resume' }> => {
  const before = Memo.parse(context.memo)
  if (before === null) return { outcome: 'undone' }
  try {
    const run = await askRun(steps.agent, context, stepKey(steps, context, before.step))
    return run === null && before.step === 0 ? { outcome: 'undone' } : { outcome: 'resume' }
  } catch (error) {
    // Asked again: what became of it cannot be told without the agent.
    throw error instanceof AgentRefusal ? new FetchFault('refused', error.message, error) : error
  }
}
