/** What taking a commit back would do, found out without changing anything. */
import { z } from 'zod'
import { count } from '../../checking/answer.ts'
import { shortCommit, subject } from '../../checking/commit.ts'
import { foreign } from '../../checking/foreign.ts'
import { githubOptions } from '../../checking/github/api.ts'
import type { LookContext } from '../../define/action.ts'
import type { Unable } from '../../incident/acting/action.ts'
import { duration } from '../../incident/duration.ts'
import { titleOf } from './message.ts'
import { changesOf, type Commit, createRepository, type Got, type Repository, Sha } from './repository.ts'
import { type Change, reversal } from './reversal.ts'

export const Options = z.strictObject({
  ...githubOptions,
  /** `pull`: always by pull request; `auto`: where the branch is protected. */
  by: z.enum(['auto', 'pull']).default('auto'),
  /** The folder of the database's migrations. */
  migrations: z
    .string()
    .regex(/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/, 'must be a folder of the repository, such as `supabase/migrations`')
    .default('supabase/migrations'),
  /** What follows from it, for whoever approves. */
  effects: z.array(z.string().max(300)).default([]),
})
export type Options = z.infer<typeof Options>

export const Plan = z.object({
  by: z.enum(['push', 'pull']),
  head: Sha,
  commit: Sha,
  /** The parent whose state comes back. */
  parent: Sha,
  /** A merge is taken back. */
  merge: z.boolean(),
})
export type Plan = z.infer<typeof Plan>

/** More files are no quick step back. */
const mostFiles = 300
/** For what must be there because it was just seen. */
export class Refused extends Error {}
export const need = <Value>(got: Got<Value>): Value => {
  if ('refused' in got) throw new Refused(got.refused)
  return got.value
}
const orUnable = async <Value>(work: () => Promise<Value | Unable>): Promise<Value | Unable> => {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Refused) return { unable: error.message }
    throw error
  }
}

const some = (paths: readonly string[]): string =>
  `${paths
    .slice(0, 5)
    .map((path) => foreign(path, 100))
    .join(', ')}${paths.length > 5 ? ` and ${paths.length - 5} more` : ''}`

const named = ({ sha, commit }: Commit, now: number): string => {
  const at = Date.parse(commit.author?.date ?? '')
  const who = commit.author?.name ? ` by ${foreign(commit.author.name, 40)}` : ''
  return `${shortCommit(sha)} “${subject(commit.message, 80)}”${who}${Number.isFinite(at) ? `, ${duration(Math.max(now - at, 0))} ago` : ''}`
}

/** The parent whose state comes back, by its number; without one, the only one. */
const parentOf = ({ sha, parents }: Commit, mainline: number | null): string | Unable => {
  const [first] = parents
  if (first === undefined) return { unable: `${shortCommit(sha)} is the first commit: there is nothing before it.` }
  if (parents.length === 1)
    return mainline === null || mainline === 1 ? first.sha : { unable: `${shortCommit(sha)} is no merge: leave \`mainline\` out.` }
  const list = parents.map((parent, index) => `mainline=${index + 1} (${shortCommit(parent.sha)})`).join(' or ')
  if (mainline === null)
    return {
      unable: `${shortCommit(sha)} is a merge: say which of its parents comes back, ${list}; the first is usually the branch that was merged into.`,
    }
  return parents[mainline - 1]?.sha ?? { unable: `${shortCommit(sha)} has no parent ${mainline}: give ${list}.` }
}

/** What taking it back changes in the tree of `head`. */
export const changesBetween = async (repository: Repository, commit: string, parent: string, head: string) => {
  const bare = await Promise.all([parent, commit, head].map(async (sha) => need(await repository.bare(sha))))
  const trees = await Promise.all(bare.map(async ({ tree }) => need(await repository.tree(tree.sha))))
  const [before, after, now] = trees.map(({ tree }) => tree)
  if (trees.some(({ truncated }) => truncated))
    throw new Refused('The repository has more files than GitHub lists: take the commit back by hand.')
  return { ...reversal(before ?? [], after ?? [], now ?? []), headTree: bare[2]!.tree.sha }
}

/** How it gets onto the branch. */
const wayOf = async (repository: Repository, options: Options, isProtected: boolean): Promise<{ by: Plan['by']; why: string }> => {
  if (options.by === 'pull') return { by: 'pull', why: 'the catalogue wants it so' }
  if (isProtected) return { by: 'pull', why: `${options.branch} is protected` }
  const rule = need(await repository.rules()).find(({ type }) =>
    ['pull_request', 'update', 'required_status_checks', 'merge_queue'].includes(type),
  )
  return rule === undefined ? { by: 'push', why: '' } : { by: 'pull', why: `a rule of ${options.branch} asks for it` }
}

/** Decides everything that is to be decided; `main`: of a merge the parent that was merged into comes back. */
export const look = (options: Options, wanted: { commit: string; mainline: number | 'main' | null }, context: LookContext) =>
  orUnable(async () => {
    const repository = createRepository(context, options)
    const [about, branch] = [need(await repository.about()), need(await repository.branch())]
    if (about.archived === true) return { unable: `${options.repository} is archived: nothing can be changed there.` }
    if (about.permissions?.push === false)
      return {
        unable: `The token in ${options.secret} may not write to ${options.repository}: give it the rights contents and pull requests, write.`,
      }
    const head = branch.commit.sha
    const name = wanted.commit.toLowerCase()
    const found = await repository.commit(name === '' ? head : name)
    if ('refused' in found && [404, 422].includes(found.status)) return { unable: `${options.repository} has no commit ${wanted.commit}.` }
    const commit = need(found)
    // A branch or a tag may be called like a commit.
    if (!commit.sha.startsWith(name)) return { unable: `${wanted.commit} is no commit of ${options.repository}.` }
    const { status } = need(await repository.compare(commit.sha, head))
    if (status !== 'ahead' && status !== 'identical') return { unable: `${shortCommit(commit.sha)} is not on ${options.branch}.` }
    const parent = parentOf(commit, wanted.mainline === 'main' ? 1 : wanted.mainline)
    if (typeof parent !== 'string') return parent
    const { changes, conflicts } = await changesBetween(repository, commit.sha, parent, head)
    if (conflicts.length > 0)
      return {
        unable: `${shortCommit(commit.sha)} cannot be taken back by itself: ${count(conflicts.length, 'file')} it touched changed since: ${some(conflicts)}. Take the later commits back first, or do it by hand.`,
      }
    if (changes.length === 0)
      return { unable: `What ${shortCommit(commit.sha)} changed is not on ${options.branch} any more: there is nothing to take back.` }
    if (changes.length > mostFiles)
      return { unable: `${shortCommit(commit.sha)} touched ${changes.length} files: more than ${mostFiles} are taken back by hand.` }
    const { by, why } = await wayOf(repository, options, branch.protected)
    const plan: Plan = { by, head, commit: commit.sha, parent, merge: commit.parents.length > 1 }
    return previewOf(options, { commit, changes, why, now: Date.parse(context.now()) }, plan)
  })

const previewOf = (
  options: Options,
  { commit, changes, why, now }: { commit: Commit; changes: readonly Change[]; why: string; now: number },
  plan: Plan,
) => {
  const to = changesOf(options)
  const { branch, repository, migrations, effects } = options
  const touched = changes.map(({ path }) => path).filter((path) => path.startsWith(`${migrations}/`))
  const title = titleOf(commit.commit.message)
  return {
    summary:
      plan.by === 'push'
        ? `A commit on ${branch} of ${repository} takes back ${named(commit, now)}.`
        : `A pull request for ${branch} of ${repository} takes back ${named(commit, now)}: ${why}. People merge it.`,
    calls: [
      `POST ${to.tree}`,
      `POST ${to.commit} ${title}`,
      ...(plan.by === 'push' ? [`PATCH ${to.move}`] : [`POST ${to.ref}`, `POST ${to.pull} ${title}`]),
    ],
    effects: [
      `${count(changes.length, 'file')}: ${some(changes.map(({ path }) => path))}`,
      ...(plan.commit === plan.head ? [] : [`${shortCommit(plan.head)} and what else came after it stays`]),
      ...effects,
    ],
    reversible: 'by another commit that brings it back',
    warnings:
      touched.length === 0
        ? []
        : [`${count(touched.length, 'migration')} among the files (${some(touched)}): the database keeps what they changed.`],
    plan,
    state: { head: plan.head, by: plan.by },
  }
}
