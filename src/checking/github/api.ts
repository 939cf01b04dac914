/** A repository of GitHub, read with its own client. */
import { Octokit } from '@octokit/rest'
import { z } from 'zod'
import type { CheckContext } from '../../define/check.ts'
import type { Change, Finding } from '../../incident/check.ts'
import { throughClient } from '../client.ts'
import { shortCommit, subject } from '../commit.ts'
import { foreign } from '../foreign.ts'
import { atMost } from '../json.ts'
import { apiUrl, SecretName } from '../option.ts'

export const githubOptions = {
  secret: SecretName,
  apiUrl: apiUrl('https://api.github.com'),
  repository: z.string().regex(/^[A-Za-z0-9._-]+\/[A-Za-z0-9._-]+$/, 'must be `owner/name`'),
  branch: z.string().min(1).max(255).default('main'),
}

export type GitHubOptions = {
  readonly secret: string
  readonly apiUrl: string
  readonly repository: string
  readonly branch: string
}

const Time = z.iso.datetime({ offset: true })
const Login = z.object({ login: z.string() }).nullish()

const Commit = z.object({
  sha: z.string(),
  html_url: z.string().nullish(),
  author: Login.catch(null),
  commit: z.object({
    message: z.string(),
    author: z.object({ name: z.string().nullish() }).nullish(),
    committer: z.object({ date: Time }),
  }),
})

const Pull = z.object({
  number: z.number(),
  title: z.string(),
  html_url: z.string().nullish(),
  updated_at: Time,
  merged_at: Time.nullish(),
  merge_commit_sha: z.string().nullish(),
  user: Login,
})

export const Run = z.object({
  id: z.number(),
  workflow_id: z.number(),
  name: z.string().nullish(),
  run_number: z.number(),
  status: z.string().nullish(),
  conclusion: z.string().nullish(),
  created_at: Time,
  updated_at: Time.nullish(),
  run_started_at: Time.nullish(),
  head_sha: z.string(),
  html_url: z.string().nullish(),
  actor: Login,
})
export type Run = z.infer<typeof Run>

/** Items of a page, and pages that are read at most. A pull request alone is 20 kB. */
const pageSize = 50
const mostPages = 6

export type Listed<Item> = { readonly items: readonly Item[]; readonly more: boolean }
type Answered<Value> = { readonly value: Value } | { readonly findings: readonly Finding[] }

/** What GitHub means by a status, that the general words would have wrong. */
const refusal =
  ({ repository, secret, branch }: GitHubOptions) =>
  (status: number, body: string): Finding | null => {
    if ((status === 403 || status === 429) && /rate limit/i.test(body))
      return {
        status: 'unknown',
        text: `GitHub limits the rate of the questions of the token in ${secret} (${status}): ask again in an hour, or give it a token of its own.`,
      }
    if (status === 404)
      return {
        status: 'unknown',
        text: `GitHub shows no ${repository} with branch ${branch} to the token in ${secret} (404): look at the names, and at what the token may see.`,
      }
    if (status === 301) return { status: 'unknown', text: `${repository} was moved or renamed: give its new name in service.yml.` }
    if (status === 409 && /is empty/i.test(body)) return { status: 'unknown', text: `${repository} is empty.` }
    return null
  }

type List = (client: Octokit, page: { page: number; per_page: number }) => Promise<{ readonly data: unknown }>

export const createGitHub = (context: Pick<CheckContext, 'web' | 'secret'>, wanted: GitHubOptions) => {
  const [owner = '', repo = ''] = wanted.repository.split('/')
  const silent = () => {}
  /** A list by pages, until `enough` says so. */
  const list = <Schema extends z.ZodType>(
    ask: List,
    schema: Schema,
    itemsOf: (data: z.infer<Schema>) => readonly unknown[],
    enough: (data: z.infer<Schema>) => boolean = () => false,
  ): Promise<Answered<{ readonly pages: readonly z.infer<Schema>[]; readonly more: boolean }>> =>
    throughClient(context, { vendor: 'GitHub', secret: wanted.secret, refusal: refusal(wanted), lists: true }, async (web) => {
      const client = new Octokit({
        auth: context.secret(wanted.secret),
        baseUrl: wanted.apiUrl.replace(/\/+$/, ''),
        request: { fetch: web },
        log: { debug: silent, info: silent, warn: silent, error: silent },
      })
      const pages: z.infer<Schema>[] = []
      for (let page = 1; ; page += 1) {
        const { data } = await ask(client, { page, per_page: pageSize })
        const read = schema.parse(data)
        pages.push(read)
        const last = itemsOf(read).length < pageSize || enough(read)
        if (last || page === mostPages) return { pages, more: !last }
      }
    })

  return {
    /** Commits of the branch in a time. */
    commits: async (since: string, until: string): Promise<Answered<Listed<z.infer<typeof Commit>>>> => {
      const asked = await list(
        (client, page) => client.repos.listCommits({ owner, repo, sha: wanted.branch, since, until, ...page }),
        atMost(Commit, pageSize),
        (items) => items,
      )
      return 'findings' in asked ? asked : { value: { items: asked.value.pages.flat(), more: asked.value.more } }
    },
    /** Pull requests that were merged into the branch since a time. */
    merged: async (since: string): Promise<Answered<Listed<z.infer<typeof Pull>>>> => {
      const asked = await list(
        (client, page) =>
          client.pulls.list({ owner, repo, base: wanted.branch, state: 'closed', sort: 'updated', direction: 'desc', ...page }),
        atMost(Pull, pageSize),
        (items) => items,
        (items) => items.some(({ updated_at: at }) => Date.parse(at) < Date.parse(since)),
      )
      return 'findings' in asked ? asked : { value: { items: asked.value.pages.flat(), more: asked.value.more } }
    },
    /** Runs of workflows on the branch, the newest first; `created`: in a time, `from..to`. */
    runs: async (created?: string): Promise<Answered<Listed<Run>>> => {
      const asked = await list(
        (client, page) =>
          client.actions.listWorkflowRunsForRepo({
            owner,
            repo,
            branch: wanted.branch,
            ...(created === undefined ? {} : { created }),
            ...page,
          }),
        z.object({ workflow_runs: atMost(Run, pageSize) }),
        ({ workflow_runs: items }) => items,
      )
      return 'findings' in asked
        ? asked
        : { value: { items: asked.value.pages.flatMap(({ workflow_runs: items }) => items), more: asked.value.more } }
    },
  }
}

/** An address that a person may open. */
const page = (url: string | null | undefined): string | null => (typeof url === 'string' && /^https?:\/\//.test(url) ? url : null)

export const commitChange = ({ sha, commit, author, html_url: url }: z.infer<typeof Commit>): Change => {
  const by = author?.login ?? commit.author?.name ?? null
  return {
    at: new Date(commit.committer.date).toISOString(),
    kind: 'commit',
    title: `${subject(commit.message)} (${shortCommit(sha)})`,
    by: by === null ? null : foreign(by, 60),
    url: page(url),
    commit: shortCommit(sha),
  }
}

export const pullChange = ({ number, title, merged_at: at, merge_commit_sha: sha, user, html_url: url }: z.infer<typeof Pull>): Change[] =>
  at === null || at === undefined
    ? []
    : [
        {
          at: new Date(at).toISOString(),
          kind: 'pull-request',
          title: `#${number} ${foreign(title, 120)}`,
          by: user ? foreign(user.login, 60) : null,
          url: page(url),
          ...(sha === null || sha === undefined ? {} : { commit: shortCommit(sha) }),
        },
      ]

/** How it ended, or how far it is. */
export const outcomeOf = ({ status, conclusion }: Run): string => foreign((conclusion ?? status ?? 'unknown').replaceAll('_', ' '), 30)

export const nameOf = ({ name, workflow_id: id }: Run): string => foreign(name ?? `workflow ${id}`, 80)

export const startOf = ({ run_started_at: started, created_at: created }: Run): number => Date.parse(started ?? created)

export const runChange = (run: Run): Change => ({
  at: new Date(startOf(run)).toISOString(),
  kind: 'workflow',
  title: `${nameOf(run)} #${run.run_number}: ${outcomeOf(run)} (${shortCommit(run.head_sha)})`,
  by: run.actor ? foreign(run.actor.login, 60) : null,
  url: page(run.html_url),
})
