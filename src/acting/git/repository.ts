/** A repository of GitHub, by its Git data API: read, and given commits, references and pull requests. One try each. */
import { z } from 'zod'
import { below } from '../../checking/address.ts'
import { leavesOpen, vendorRefusal } from '../../checking/fault.ts'
import { readJson, said } from '../../checking/json.ts'
import type { GitHubOptions } from '../../checking/github/api.ts'
import type { LookContext } from '../../define/action.ts'
import { FetchFault } from '../../ports.ts'

export const Sha = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/)

const Repository = z.object({
  archived: z.boolean().optional(),
  permissions: z.object({ push: z.boolean() }).partial().nullish(),
})
const Branch = z.object({ commit: z.object({ sha: Sha }), protected: z.boolean().default(false) })
const Commit = z.object({
  sha: Sha,
  commit: z.object({
    message: z.string(),
    tree: z.object({ sha: Sha }),
    author: z.object({ name: z.string().nullish(), date: z.string().nullish() }).nullish(),
  }),
  parents: z.array(z.object({ sha: Sha })),
})
export type Commit = z.infer<typeof Commit>
const Bare = z.object({ tree: z.object({ sha: Sha }), message: z.string() })
const Entry = z.object({ path: z.string(), mode: z.string(), type: z.string(), sha: Sha })
export type Entry = z.infer<typeof Entry>
const Tree = z.object({ truncated: z.boolean().default(false), tree: z.array(Entry) })
const Comparison = z.object({ status: z.enum(['ahead', 'behind', 'identical', 'diverged']) })
const Rules = z.array(z.object({ type: z.string() }))
const Pull = z.object({
  number: z.int(),
  html_url: z.string(),
  state: z.string(),
  merged: z.boolean().optional(),
  merged_at: z.string().nullish(),
  merge_commit_sha: z.string().nullish(),
})
export type Pull = z.infer<typeof Pull>
const Made = z.object({ sha: Sha })
const Ref = z.object({ object: z.object({ sha: Sha }) })

/** What came of a question or a change. `refused`: nothing was done, and why in a sentence. */
export type Got<Value> = { readonly value: Value } | { readonly refused: string; readonly status: number }

/** A name as a part of an address: its own slashes stay. */
export const pieces = (name: string): string => name.split('/').map(encodeURIComponent).join('/')

/** Where each change goes: what the guard lets pass, and what is shown. */
export const changesOf = ({ apiUrl, repository, branch }: GitHubOptions) => {
  const at = (path: string) => below(apiUrl, `/repos/${repository}/${path}`)
  return {
    tree: at('git/trees'),
    commit: at('git/commits'),
    move: at(`git/refs/heads/${pieces(branch)}`),
    ref: at('git/refs'),
    pull: at('pulls'),
  }
}

const refusal = ({ repository, secret }: GitHubOptions, status: number, words: string): string => {
  if (status === 403 && /rate limit/i.test(words)) return vendorRefusal('GitHub', 429, secret, words).text
  if (status === 404 || status === 403)
    return `GitHub does not let the token in ${secret} do that with ${repository}, or does not know what it is about (${status}): look at the names, and at what the token may do.${words === '' ? '' : ` It says: ${words}`}`
  if (status === 409 || status === 422) return `GitHub refused (${status}): ${words === '' ? 'it does not say why.' : words}`
  return vendorRefusal('GitHub', status, secret, words).text
}

export const createRepository = (context: Pick<LookContext, 'web' | 'secret' | 'signal'>, options: GitHubOptions) => {
  const call = async <Schema extends z.ZodType>(
    method: string,
    address: string,
    schema: Schema,
    body?: object,
  ): Promise<Got<z.infer<Schema>>> => {
    const response = await context.web(address, {
      method,
      headers: {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${context.secret(options.secret)}`,
        'user-agent': 'tocsin',
        'x-github-api-version': '2022-11-28',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: context.signal,
    })
    const { status } = response
    const text = await response.text()
    if (leavesOpen(status)) throw new FetchFault('reset', `GitHub answered ${status}.`)
    if (!response.ok) return { refused: refusal(options, status, said(text)), status }
    const read = readJson('GitHub', { status, headers: {}, body: text, took: 0, urls: [] }, schema)
    return 'findings' in read ? { refused: read.findings.map((each) => each.text).join(' '), status } : { value: read.value }
  }
  const at = (path: string) => below(options.apiUrl, `/repos/${options.repository}${path === '' ? '' : `/${path}`}`)
  const get = <Schema extends z.ZodType>(path: string, schema: Schema) => call('GET', at(path), schema)
  const changes = changesOf(options)

  return {
    about: () => get('', Repository),
    branch: () => get(`branches/${pieces(options.branch)}`, Branch),
    /** What rulesets ask of the branch; a server without rulesets asks nothing. */
    rules: async (): Promise<Got<z.infer<typeof Rules>>> => {
      const got = await get(`rules/branches/${pieces(options.branch)}`, Rules)
      return 'refused' in got && got.status === 404 ? { value: [] } : got
    },
    commit: (name: string) => get(`commits/${encodeURIComponent(name)}`, Commit),
    bare: (sha: string) => get(`git/commits/${sha}`, Bare),
    /** How `head` lies to `base`. Without its files: those stand on the first page. */
    compare: (base: string, head: string) => get(`compare/${base}...${pieces(head)}?per_page=1&page=2`, Comparison),
    tree: (sha: string) => get(`git/trees/${sha}?recursive=1`, Tree),
    /** The newest commits of a branch, the newest first. */
    newest: () => get(`commits?sha=${encodeURIComponent(options.branch)}&per_page=100`, z.array(Commit)),
    ref: (branch: string) => get(`git/ref/heads/${pieces(branch)}`, Ref),
    pulls: (head: string) =>
      get(`pulls?state=all&head=${encodeURIComponent(`${options.repository.split('/')[0]}:${head}`)}&per_page=100`, z.array(Pull)),
    pull: (number: number) => get(`pulls/${number}`, Pull),

    makeTree: (base: string, tree: readonly object[]) => call('POST', changes.tree, Made, { base_tree: base, tree }),
    makeCommit: (message: string, tree: string, parent: string) => call('POST', changes.commit, Made, { message, tree, parents: [parent] }),
    /** Only forward: what was pushed meanwhile is never lost. */
    moveBranch: (sha: string) => call('PATCH', changes.move, Ref, { sha, force: false }),
    makeBranch: (branch: string, sha: string) => call('POST', changes.ref, Ref, { ref: `refs/heads/${branch}`, sha }),
    propose: (head: string, title: string, body: string) => call('POST', changes.pull, Pull, { title, body, head, base: options.branch }),
  }
}
export type Repository = ReturnType<typeof createRepository>
