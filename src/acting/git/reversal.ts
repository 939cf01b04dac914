/** What taking a commit back changes in the newest tree: whole files, never parts of them. Pure. */
import type { Entry } from './repository.ts'

/** An entry of a new tree; `sha: null` takes the file away. */
export type Change = { readonly path: string; readonly mode: string; readonly type: string; readonly sha: string | null }

const filesOf = (tree: readonly Entry[]): ReadonlyMap<string, Entry> =>
  new Map(tree.filter(({ type }) => type !== 'tree').map((entry) => [entry.path, entry]))

const same = (a: Entry | undefined, b: Entry | undefined): boolean => a?.sha === b?.sha && a?.mode === b?.mode

/** Whether a file cannot be put there: where it needs a folder there is a file, or the other way round. */
const blocked = (path: string, files: ReadonlyMap<string, Entry>, gone: ReadonlySet<string>): boolean => {
  const parents = path
    .split('/')
    .slice(0, -1)
    .map((_, index, all) => all.slice(0, index + 1).join('/'))
  return (
    parents.some((parent) => files.has(parent) && !gone.has(parent)) ||
    [...files.keys()].some((other) => other.startsWith(`${path}/`) && !gone.has(other))
  )
}

/** The files that become what they were before the commit, and those that somebody has changed since. */
export const reversal = (
  before: readonly Entry[],
  after: readonly Entry[],
  now: readonly Entry[],
): { readonly changes: readonly Change[]; readonly conflicts: readonly string[] } => {
  const [was, became, is] = [filesOf(before), filesOf(after), filesOf(now)]
  const touched = [...new Set([...was.keys(), ...became.keys()])].filter((path) => !same(was.get(path), became.get(path))).toSorted()
  // What is as it was before already needs nothing.
  const open = touched.filter((path) => !same(is.get(path), was.get(path)))
  const gone = new Set(open.filter((path) => !was.has(path)))
  const conflicts = open.filter(
    (path) => !same(is.get(path), became.get(path)) || (was.has(path) && !is.has(path) && blocked(path, is, gone)),
  )
  const changes = open.map((path): Change => {
    const { mode, type, sha } = was.get(path) ?? { ...became.get(path)!, sha: null }
    return { path, mode, type, sha }
  })
  return { changes, conflicts }
}
