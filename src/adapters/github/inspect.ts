/** What the doctor asks of GitHub: whether the token can do what a post-mortem needs. Reads only. Throws PortFault. */
import { call, type GitHubOptions, octokitOf } from './client.ts'

export const inspectGitHub = (options: GitHubOptions) => {
  const octokit = octokitOf(options)
  const [owner = '', repo = ''] = options.repository.split('/')
  const at = { owner, repo }
  return {
    /** `push`: null when the host does not say. `expires`: null for a token that does not, or when the host does not say. */
    repository: async () => {
      let expires: string | null = null
      const found = await call('repos.get', async () => {
        const answer = await octokit.rest.repos.get(at)
        const header: unknown = answer.headers['github-authentication-token-expiration']
        expires = typeof header === 'string' ? header : null
        return answer
      })
      return {
        name: found?.full_name ?? options.repository,
        archived: found?.archived === true,
        private: found?.private === true,
        push: found?.permissions?.push ?? null,
        expires: expires as string | null,
      }
    },
    /** Reads what the token needs to read; a repository without a commit has no contents yet. */
    readContents: async (): Promise<void> => {
      await call(
        'repos.getContent',
        () => octokit.rest.repos.getContent({ ...at, path: '' }),
        ({ status, message }) => status === 404 || (status === 409 && /empty/i.test(message)),
      )
    },
    readPulls: async (): Promise<void> => {
      await call('pulls.list', () => octokit.rest.pulls.list({ ...at, per_page: 1 }))
    },
  }
}
