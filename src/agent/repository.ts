/** The repository on the host: what is checked out, and how another commit stands to it. Reads only. */
import type { AgentState, Commit, Compared, Refused } from './protocol.ts'
import { askGit } from './program.ts'
import type { AgentSettings } from './settings.ts'

const mostShown = 10
const unit = '\u001F'

const commitsOf = (text: string): Commit[] =>
  text
    .split('\n')
    .filter((line) => line.includes(unit))
    .map((line) => {
      const [sha = '', subject = ''] = line.split(unit)
      return { sha, subject: subject.slice(0, 120) }
    })

const format = `--format=%H${unit}%s`

const ask = async (settings: AgentSettings, ...argv: string[]): Promise<string> => {
  const { code, text } = await askGit(settings, argv)
  if (code !== 0) throw new Error(`git ${argv[0]} ended with ${code}`)
  return text
}

const isAncestor = async (settings: AgentSettings, commit: string, of: string): Promise<boolean> =>
  (await askGit(settings, ['merge-base', '--is-ancestor', commit, of])).code === 0

/** Whether a commit may be checked out: it is on the branch that the settings name. */
export const isAllowed = async (settings: AgentSettings, sha: string): Promise<boolean> => {
  const { repository } = settings
  if (repository === null || !/^[0-9a-f]{40}$/.test(sha)) return false
  if ((await askGit(settings, ['cat-file', '-e', `${sha}^{commit}`])).code !== 0) return false
  // In full: a tag of the same name would come first.
  return isAncestor(settings, sha, `refs/heads/${repository.branch}`)
}

/** What is checked out. */
export const headOf = async (settings: AgentSettings): Promise<AgentState['head']> => {
  if (settings.repository === null) return null
  const [head] = commitsOf(await ask(settings, 'log', '-1', format, 'HEAD'))
  if (head === undefined) throw new Error('git log says nothing of HEAD')
  const changed = await ask(settings, 'status', '--porcelain', '--untracked-files=no')
  return { ...head, changed: changed.trim() !== '' }
}

/** How a commit, named by the begin of its hash, stands to what is checked out. */
export const compare = async (settings: AgentSettings, name: string): Promise<Compared | Refused> => {
  if (!/^[0-9a-f]{7,40}$/.test(name)) return { type: 'refused', code: 'argument', why: 'A commit is named by 7 to 40 hexadecimal digits.' }
  const head = await headOf(settings)
  if (head === null) return { type: 'refused', code: 'commit', why: 'The agent has no repository: set AGENT_REPOSITORY on the host.' }
  const { code, text } = await askGit(settings, ['rev-parse', '--verify', '--quiet', `${name}^{commit}`])
  const sha = text.trim()
  // A branch or a tag may be called like the begin of a hash, and would come first.
  if (code !== 0 || !/^[0-9a-f]{40}$/.test(sha) || !sha.startsWith(name))
    return { type: 'refused', code: 'commit', why: `The repository on the host knows no commit ${name}, or several.` }
  const [commit] = commitsOf(await ask(settings, 'log', '-1', format, sha))
  if (commit === undefined) throw new Error('git log says nothing of a commit that it knows')
  const direction =
    sha === head.sha
      ? 'same'
      : (await isAncestor(settings, sha, head.sha))
        ? 'back'
        : (await isAncestor(settings, head.sha, sha))
          ? 'forward'
          : 'aside'
  const range = direction === 'forward' ? `${head.sha}..${sha}` : `${sha}..${head.sha}`
  const files = (await ask(settings, 'diff', '--name-only', sha, head.sha)).split('\n').filter((line) => line !== '')
  return {
    type: 'compared',
    head: { sha: head.sha, subject: head.subject },
    commit,
    allowed: await isAllowed(settings, sha),
    direction,
    between: commitsOf(await ask(settings, 'log', `--max-count=${mostShown}`, format, range)),
    count: Number((await ask(settings, 'rev-list', '--count', range)).trim()),
    files: files.length,
    migrations: files.filter((file) => /(^|\/)migrations\//.test(file)).length,
  }
}
