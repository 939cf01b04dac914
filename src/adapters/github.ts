/** Post-mortems as pull requests. Every step looks for its effect before it acts, so a run that follows a crash between any two
 *  calls finishes what the first began: one branch, one file, one pull request (faults 33). */
import { type CodeHost, PortFault } from '../ports.ts'
import { call, type Failure, type GitHubOptions, octokitOf } from './github/client.ts'

/** A repository without a commit answers 409. */
const missing = ({ status, message }: Failure) => status === 404 || (status === 409 && /empty/i.test(message))

/** The calls that a proposal is made of, each in our words. */
const repositoryOf = (options: GitHubOptions) => {
  const octokit = octokitOf(options)
  const [owner = '', repo = ''] = options.repository.split('/')
  const at = { owner, repo }
  return {
    main: async () => (await call('repos.get', () => octokit.rest.repos.get(at)))?.default_branch ?? 'main',

    tip: async (branch: string) =>
      (await call('git.getRef', () => octokit.rest.git.getRef({ ...at, ref: `heads/${branch}` }), missing))?.object.sha ?? null,

    /** A branch that is there already is as good: another run has made it. */
    branch: (branch: string, sha: string) =>
      call(
        'git.createRef',
        () => octokit.rest.git.createRef({ ...at, ref: `refs/heads/${branch}`, sha }),
        ({ status, message }) => status === 422 && /already exists/i.test(message),
      ),

    read: async (path: string, ref: string): Promise<{ text: string; sha: string; url: string } | null> => {
      const file = await call('repos.getContent', () => octokit.rest.repos.getContent({ ...at, path, ref }), missing)
      if (file === null) return null
      if (Array.isArray(file) || file.type !== 'file') throw new PortFault('invalid', 'repos.getContent', `${path} is not a file on ${ref}`)
      // Above 1 MB the content is left out.
      const { sha } = file
      const content =
        file.encoding === 'base64'
          ? file.content
          : (await call('git.getBlob', () => octokit.rest.git.getBlob({ ...at, file_sha: sha })))?.content
      return { text: Buffer.from(content ?? '', 'base64').toString('utf8'), sha, url: file.html_url ?? '' }
    },

    /** Throws `unavailable` when the file has changed since it was read. */
    write: async (path: string, branch: string, text: string, message: string, sha: string | null) => {
      const content = Buffer.from(text, 'utf8').toString('base64')
      const written = await call(
        'repos.createOrUpdateFileContents',
        () => octokit.rest.repos.createOrUpdateFileContents({ ...at, path, branch, message, content, ...(sha === null ? {} : { sha }) }),
        ({ status, message: said }) => status === 422 && /\bsha\b/i.test(said),
      )
      if (written === null) throw new PortFault('unavailable', 'repos.createOrUpdateFileContents', `${path} has changed since it was read`)
    },

    /** The newest first. */
    pulls: async (branch: string) =>
      (await call('pulls.list', () =>
        octokit.rest.pulls.list({ ...at, head: `${owner}:${branch}`, state: 'all', sort: 'created', direction: 'desc' }),
      )) ?? [],

    /** Null when there is one already, or nothing to pull. */
    pull: (head: string, base: string, title: string, body: string) =>
      call(
        'pulls.create',
        () => octokit.rest.pulls.create({ ...at, head, base, title, body }),
        ({ status, message }) => status === 422 && /already exists|no commits between/i.test(message),
      ),
  }
}

/** A merged branch is not used again: the next change is proposed on `-2`, `-3` and so on. So many are a mistake. */
const mostBranches = 50

/** Proposes files to one repository of GitHub, or of a server with its API. Throws PortFault; retries nothing by itself. A pull request
 *  that somebody closed unmerged is an answer: nothing is written any more, and `closed` says so. */
export const githubHost = (options: GitHubOptions): CodeHost => {
  const repository = repositoryOf(options)

  return {
    async propose({ branch, path, write, message, title, body }) {
      const main = await repository.main()
      const merged = await repository.read(path, main)
      for (let number = 1; number <= mostBranches; number++) {
        const head = number === 1 ? branch : `${branch}-${number}`
        const pulls = await repository.pulls(head)
        const open = pulls.find(({ state }) => state === 'open')
        const done = pulls.find(({ merged_at }) => merged_at !== null)
        if (open === undefined && done !== undefined) {
          if (merged !== null && write(merged.text) === merged.text) return { url: done.html_url, state: 'merged' }
          continue
        }
        const closed = pulls[0]
        if (open === undefined && closed !== undefined) return { url: closed.html_url, state: 'closed' }

        const tip = await repository.tip(head)
        const mine = tip === null ? null : await repository.read(path, head)
        const present = mine ?? merged
        const text = write(present?.text ?? null)
        if (open === undefined && text === merged?.text) return { url: merged.url, state: 'merged' }
        if (tip === null) {
          const base = await repository.tip(main)
          if (base === null)
            throw new PortFault('invalid', 'git.getRef', `${options.repository} has no commit on ${main} yet: make a first one`)
          await repository.branch(head, base)
        }
        if (mine?.text !== text) await repository.write(path, head, text, message, (tip === null ? merged : mine)?.sha ?? null)
        if (open !== undefined) return { url: open.html_url, state: 'open' }

        const made = await repository.pull(head, main, title, body)
        if (made !== null) return { url: made.html_url, state: 'open' }
        const other = (await repository.pulls(head)).find(({ state }) => state === 'open')
        if (other !== undefined) return { url: other.html_url, state: 'open' }
        throw new PortFault('unavailable', 'pulls.create', `${head} was said to have a pull request, or nothing to pull, and has none`)
      }
      throw new PortFault('invalid', 'pulls.list', `${mostBranches} branches of the name ${branch} are merged already`)
    },
  }
}
