import { z } from 'zod'
import { askCompared, askState, type Compared } from '../acting/agent/client.ts'
import { recoverSteps, runAside, runSteps, type Steps } from '../acting/agent/steps.ts'
import { isPlace, placeMessage, possibly, reach, scaledWarnings, standingNow, target } from '../acting/compose/target.ts'
import { Service, verifyServices, lookAtProject } from '../acting/docker/project.ts'
import { count } from '../checking/answer.ts'
import { shortCommit, subject } from '../checking/commit.ts'
import { defineAction, type ActContext, type LookContext } from '../define/action.ts'
import type { Finding } from '../incident/check.ts'

const Options = z
  .strictObject({
    ...target,
    /** Services that must run afterwards. */
    services: z.array(Service).min(1).max(50),
  })
  .refine(isPlace, placeMessage)
type Options = z.infer<typeof Options>

type Plan = { from: string; to: string }

const named = ({ sha, subject: text }: Compared['commit']): string => `${shortCommit(sha)} “${subject(text, 80)}”`

/** Why it cannot be checked out, or null. */
const problem = ({ commit, head, allowed, direction }: Compared, changed: boolean): string | null => {
  if (direction === 'same') return `${shortCommit(commit.sha)} is checked out already.`
  if (!allowed) return `${shortCommit(commit.sha)} is not on the branch that the agent may check out: see its AGENT_BRANCH.`
  if (direction === 'aside') return `${shortCommit(commit.sha)} is neither before nor after ${shortCommit(head.sha)}, which is checked out.`
  return changed ? 'Files of the checkout on the host were changed by hand: commit or put away what was changed, and ask again.' : null
}

const preview = (options: Options, { commit: wanted }: { commit: string }, context: LookContext) =>
  possibly(async () => {
    const { head: now } = await askState(options.agent, context)
    const compared = await askCompared(options.agent, context, wanted)
    const unable = problem(compared, now?.changed === true)
    if (unable !== null) return { unable }
    const { commit, head, direction, between, count: many, files, migrations } = compared
    const containers = await lookAtProject(options, context)
    const isBack = direction === 'back'
    return {
      summary: `${options.project} goes ${isBack ? 'back' : 'on'} from ${named(head)} to ${named(commit)}: checked out, built and started.`,
      calls: [`git checkout --detach ${commit.sha}`, 'docker compose build --no-cache', 'docker compose up -d'],
      effects: [
        `${count(many, 'commit')} ${isBack ? 'fewer' : 'more'}, ${count(files, 'file')}, ${count(migrations, 'migration')}`,
        ...between.map((each) => `${isBack ? '−' : '+'} ${named(each)}`),
        ...(many > between.length ? [`… and ${count(many - between.length, 'commit')} more`] : []),
      ],
      reversible: `back to ${shortCommit(head.sha)}, by undo: checked out, built and started again`,
      warnings: [
        ...(isBack ? [] : ['This goes forward, to a newer commit.']),
        ...(migrations > 0 ? ['The database stays as it is: look whether the code fits its migrations.'] : []),
        'The build takes minutes; until it ends, what runs goes on running.',
        ...scaledWarnings(containers),
      ],
      plan: { from: head.sha, to: commit.sha },
      state: { head: head.sha },
    }
  })

const stepsOf = (options: Options, { from, to }: Plan, context: ActContext): Steps => {
  const steps: Steps = {
    agent: options.agent,
    mark: [options.project, from, to],
    steps: [
      {
        operation: 'checkout',
        args: { commit: to },
        doing: `Checking out ${shortCommit(to)}`,
        happened: async () => (await askState(options.agent, context)).head?.sha === to,
      },
      { operation: 'build', doing: 'Building the images', repeatable: true },
      { operation: 'up', doing: 'Starting what was built' },
    ],
    standing: () => standingNow(options, context),
    mend: async (index) => {
      // Nothing of what was built runs yet: without this, the next start would take it by surprise.
      if (index !== 1) return ''
      const ended = await runAside(steps, context, { operation: 'checkout', args: { commit: from }, doing: '' })
      return `Checking out ${shortCommit(from)} again: ${ended}.`
    },
  }
  return steps
}

const move = {
  run: async (options: Options, plan: Plan, context: ActContext) =>
    (await runSteps(stepsOf(options, plan, context), context)) ?? {
      outcome: 'done' as const,
      text: `${shortCommit(plan.to)} is checked out, built and started, instead of ${shortCommit(plan.from)}.`,
      undo: { commit: plan.from },
    },
  recover: (options: Options, plan: Plan, context: ActContext) => recoverSteps(stepsOf(options, plan, context), context),
  verify: async (options: Options, { to }: Plan, context: LookContext) => {
    const { findings, settled } = await verifyServices(options, options.services, context)
    const head = (await askState(options.agent, context)).head?.sha ?? ''
    const out: Finding =
      head === to
        ? { status: 'ok', text: `${shortCommit(to)} is checked out.` }
        : { status: 'fail', text: `${shortCommit(head)} is checked out, and not ${shortCommit(to)}.` }
    return { findings: [out, ...findings], settled: settled && head === to }
  },
}

/** Checks out another commit on the host, builds it and starts it. */
export default defineAction({
  summary: 'Checks out a named commit of a Compose project on its host, builds and starts it (commit=3f2a1bc)',
  options: Options,
  input: z.strictObject({
    commit: z
      .string()
      .regex(/^[0-9a-f]{7,40}$/, 'must be a commit: 7 to 40 digits of its hash')
      .describe('Commit'),
  }),
  risk: () => 'high' as const,
  ...reach,
  preview,
  ...move,
  undo: {
    preview: (options, back: { commit: string }, context) => preview(options, back, context),
    run: (options, plan, context) => move.run(options, plan as Plan, context),
    recover: (options, plan, context) => move.recover(options, plan as Plan, context),
    verify: (options, plan, context) => move.verify(options, plan as Plan, context),
  },
})
