/** A commit taken back by another commit (A2), through GitHub's Git data API: nothing is checked out, and nothing is forced. */
import { z } from 'zod'
import { firstCall } from '../acting/first-call.ts'
import { bodyOf, reverts, titleOf } from '../acting/git/message.ts'
import { changesBetween, look, need, Options, Plan, Refused } from '../acting/git/plan.ts'
import { changesOf, createRepository, type Got, type Pull, type Repository, Sha } from '../acting/git/repository.ts'
import { shortCommit, subject } from '../checking/commit.ts'
import { apiHost } from '../checking/option.ts'
import { type ActContext, defineAction, type LookContext } from '../define/action.ts'
import type { Json, Ran, Verification, Waits } from '../incident/acting/action.ts'
import { FetchFault } from '../ports.ts'

const Memo = z.object({ commit: Sha, tries: z.int(), pull: z.int().nullable() })
type Memo = z.infer<typeof Memo>

const Back = z.object({ commit: Sha })

/** So often it is tried to get the pull request made. */
const mostTries = 3

const branchOf = ({ commit }: Plan, runKey: string): string => `revert-${shortCommit(commit)}-${runKey.replaceAll(':', '-')}`

/** The commit, which nobody sees before a branch points to it. */
const makeCommit = async (repository: Repository, plan: Plan, runKey: string) => {
  const { commit, parent, head, merge } = plan
  const { changes, conflicts, headTree } = await changesBetween(repository, commit, parent, head)
  if (conflicts.length > 0 || changes.length === 0) throw new Refused('What was approved cannot be made any more.')
  const title = titleOf(need(await repository.bare(commit)).message)
  const tree = need(await repository.makeTree(headTree, changes))
  const body = bodyOf(commit, merge ? parent : null, runKey)
  return need(await repository.makeCommit(`${title}\n\n${body}`, tree.sha, head)).sha
}

const pushed = ({ branch, repository }: Options, sha: string): Ran => ({
  outcome: 'done',
  text: `${branch} of ${repository} is at ${shortCommit(sha)}, which takes the commit back.`,
  undo: { commit: sha },
})

/** What GitHub must say, as nobody can tell without it what became of the run. */
const asked = async <Value>(asking: Promise<Got<Value>>): Promise<Value> => {
  const got = await asking
  if ('refused' in got) throw new FetchFault('reset', got.refused)
  return got.value
}

/** How far the pull request is: a person merges it. */
const awaited = (pull: Pull, ticked: number): Ran | Waits => {
  const { number, html_url: link } = pull
  if (pull.merged === true || typeof pull.merged_at === 'string') {
    const sha = pull.merge_commit_sha
    return {
      outcome: 'done',
      text: `Pull request #${number} is merged${typeof sha === 'string' ? ` as ${shortCommit(sha)}` : ''}: ${link}`,
      ...(typeof sha === 'string' ? { undo: { commit: sha } } : {}),
    }
  }
  if (pull.state !== 'open') return { outcome: 'failed', text: `Pull request #${number} was closed unmerged: ${link} Nothing was changed.` }
  return { outcome: 'waits', task: `${ticked === 0 ? '' : 'It is not merged yet. '}Review and merge pull request #${number}.`, link }
}

const proposePull = async (
  repository: Repository,
  plan: Plan,
  { commit, tries, pull: known }: Memo,
  context: ActContext,
): Promise<Ran | Waits> => {
  if (known !== null) return awaited(await asked(repository.pull(known)), context.ticked)
  const head = branchOf(plan, context.runKey)
  const follow = async (pull: Pull) => {
    await context.remember({ commit, tries, pull: pull.number })
    return awaited(pull, context.ticked)
  }
  // A merged one has no branch any more: it is looked for before that is made.
  const [there] = need(await repository.pulls(head))
  if (there !== undefined) return follow(there)
  const at = await repository.ref(head)
  if ('refused' in at && at.status !== 404) throw new Refused(at.refused)
  if ('refused' in at) {
    const made = await firstCall(context, () => repository.makeBranch(head, commit))
    if ('unsent' in made) return made.unsent
    need(made)
  }
  const title = titleOf(need(await repository.bare(plan.commit)).message)
  return follow(need(await repository.propose(head, title, bodyOf(plan.commit, plan.merge ? plan.parent : null, context.runKey))))
}

const memoOf = (memo: Json): Memo | null => (memo === null ? null : Memo.parse(memo))

const run = async (options: Options, given: Json, context: ActContext): Promise<Ran | Waits> => {
  const plan = Plan.parse(given)
  const repository = createRepository(context, options)
  const before = memoOf(context.memo)
  let memo = before
  try {
    memo = {
      commit: before?.commit ?? (await makeCommit(repository, plan, context.runKey)),
      tries: (before?.tries ?? 0) + 1,
      pull: before?.pull ?? null,
    }
    await context.remember(memo)
    if (plan.by === 'pull') return await proposePull(repository, plan, memo, context)
    const { commit } = memo
    const moved = await firstCall(context, () => repository.moveBranch(commit))
    if ('unsent' in moved) return moved.unsent
    return 'refused' in moved ? { outcome: 'failed', text: `${moved.refused} Nothing was changed.` } : pushed(options, memo.commit)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    // What stands of it, a branch that nobody uses, is not what was asked for.
    return { outcome: 'failed', text: `${error.message} ${options.branch} is as it was.` }
  }
}

/** Looks where the commit is that the run made. */
const recover = async (options: Options, given: Json, context: ActContext) => {
  // It is remembered before anybody can see anything of it.
  const memo = memoOf(context.memo)
  if (memo === null) return { outcome: 'undone' } as const
  const plan = Plan.parse(given)
  const repository = createRepository(context, options)
  if (plan.by === 'push') {
    const { commit: head } = await asked(repository.branch())
    // However many came after it.
    const { status } = await asked(repository.compare(memo.commit, head.sha))
    return status === 'ahead' || status === 'identical' ? pushed(options, memo.commit) : ({ outcome: 'undone' } as const)
  }
  const head = branchOf(plan, context.runKey)
  const pull = memo.pull === null ? (await asked(repository.pulls(head)))[0] : await asked(repository.pull(memo.pull))
  if (pull !== undefined) {
    const now = awaited(pull, context.ticked)
    return now.outcome === 'waits' ? ({ outcome: 'resume' } as const) : now
  }
  const at = await repository.ref(head)
  if ('refused' in at && at.status === 404) return { outcome: 'undone' } as const
  await asked(Promise.resolve(at))
  if (memo.tries >= mostTries)
    return { outcome: 'unclear', text: `The branch ${head} is there, and no pull request could be made of it: open one by hand.` } as const
  return { outcome: 'resume' } as const
}

const verify = async (options: Options, given: Json, context: LookContext): Promise<Verification> => {
  const { commit } = Plan.parse(given)
  const newest = await createRepository(context, options).newest()
  if ('refused' in newest) return { findings: [{ status: 'unknown', text: newest.refused }], settled: false }
  const found = newest.value.find((one) => reverts(one.commit.message, commit))
  return found === undefined
    ? {
        findings: [{ status: 'warn', text: `No commit on ${options.branch} says that it takes ${shortCommit(commit)} back.` }],
        settled: false,
      }
    : {
        findings: [{ status: 'ok', text: `${options.branch} has ${shortCommit(found.sha)} “${subject(found.commit.message, 80)}”.` }],
        settled: true,
      }
}

export default defineAction({
  summary: 'Takes a commit back on a branch at GitHub, by another commit or a pull request',
  options: Options,
  input: z.strictObject({
    commit: z
      .string()
      .regex(/^([0-9a-fA-F]{7,40})?$/, 'must be a commit, 7 to 40 digits of its id')
      .default('')
      .describe('Commit; empty: the newest'),
    mainline: z
      .string()
      .regex(/^[1-9]?$/, 'must be the number of a parent')
      .default('')
      .describe('Of a merge: the parent that comes back; empty: it is no merge'),
  }),
  risk: () => 'low',
  target: ({ repository, branch }) => `git:${repository}:${branch}`,
  hosts: apiHost,
  needs: ({ secret }) => [secret],
  calls: (options) => {
    const { tree, commit, move, ref, pull } = changesOf(options)
    return [`POST ${tree}`, `POST ${commit}`, `PATCH ${move}`, `POST ${ref}`, `POST ${pull}`]
  },
  timeoutMs: 60_000,
  verifyMs: 15_000,
  preview: (options, { commit, mainline }, context) =>
    look(options, { commit, mainline: mainline === '' ? null : Number(mainline) }, context),
  run: (options: Options, plan: Plan, context: ActContext) => run(options, plan, context),
  recover: (options: Options, plan: Plan, context: ActContext) => recover(options, plan, context),
  verify,
  undo: {
    // What is taken back is ours: of a merge, what it brought.
    preview: (options, back: z.infer<typeof Back>, context) =>
      look(options, { commit: Back.parse(back).commit, mainline: 'main' }, context),
    run,
    recover,
    verify,
  },
})
