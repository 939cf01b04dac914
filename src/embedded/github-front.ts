/** `/github/*`: GitHub's REST API, with what the emulator is too kind about. */
import { type Request, Router } from 'express'
import type { Answer, Gate } from './gate.ts'
import { isJson, object, objects, parsed, string, type Json } from './json.ts'
import { bytesOf, callerOf, plainHeaders } from './slack-front.ts'
import type { Upstream } from './upstream.ts'

export type GithubOptions = { token: string; owner: string; repo: string }

export const githubSeed = ({ token, owner, repo }: GithubOptions): Json => ({
  tokens: { [token]: { login: owner, scopes: ['repo'] } },
  github: {
    users: [{ login: owner, name: owner, email: `${owner}@example.test` }],
    repos: [{ owner, name: repo, description: 'Post-mortems', auto_init: true }],
  },
})

const reply = (status: number, body: Json): Answer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: Buffer.from(JSON.stringify(body)),
  ...(status < 400 ? {} : { error: string(body['message']) }),
})

const refused = (message: string, status: number, errors?: Json[]): Answer =>
  reply(status, { message, ...(errors ? { errors } : {}), documentation_url: 'https://docs.github.com/rest', status: String(status) })

const invalid = (field: string, message: string): Answer =>
  refused('Validation Failed', 422, [{ resource: 'PullRequest', field, code: 'custom', message }])

/** `addRun`: of a workflow, as GitHub lists them; the emulator has no way to make one that ran. `addRule`: of a ruleset, for a branch; it
 *  has none. */
export type GithubFront = { router: Router; addRun: (run: Json) => Json; addRule: (rule: Json) => Json }

export const githubFront = (upstream: Upstream, gate: Gate, options: GithubOptions): GithubFront => {
  const runs: Json[] = []
  const rules: Json[] = []

  /** The newest first, as GitHub gives them; `created` is a span of two times. */
  const runsOf = (repository: string, query: URLSearchParams): Answer => {
    const [from = '', to = ''] = query.get('created')?.split('..') ?? []
    const at = (run: Json): number => Date.parse(string(run['created_at']))
    const found = runs
      .filter((run) => run['repository'] === repository)
      .filter((run) => query.get('branch') === null || run['head_branch'] === query.get('branch'))
      .filter((run) => (from === '' || at(run) >= Date.parse(from)) && (to === '' || at(run) <= Date.parse(to)))
      .toSorted((a, b) => at(b) - at(a))
    const [size, page] = [Number(query.get('per_page') ?? 30), Number(query.get('page') ?? 1)]
    return reply(200, { total_count: found.length, workflow_runs: found.slice((page - 1) * size, page * size) })
  }

  const ask = async (path: string): Promise<{ status: number; json: unknown }> => {
    const answer = await upstream.ask({ method: 'GET', path, headers: { authorization: `Bearer ${options.token}` } })
    return { status: answer.status, json: parsed(answer.body.toString()) }
  }

  /** GitHub refuses a second open pull request for a branch, and one for a branch that does not exist; the emulator does not. */
  const refusePull = async (path: string, sent: Json): Promise<Answer | null> => {
    const [, , owner = ''] = path.split('/')
    const [branch = '', user = owner] = string(sent['head']).split(':').toReversed()
    const repository = path.replace(/\/pulls$/, '')
    const { status } = await ask(`${repository}/git/ref/heads/${branch}`)
    if (status === 404) return invalid('head', 'head is invalid')
    const open = await ask(`${path}?state=open&head=${encodeURIComponent(`${user}:${branch}`)}`)
    const same = objects(open.json).some((pull) => object(pull['base'])['ref'] === sent['base'])
    return same ? invalid('head', `A pull request already exists for ${user}:${branch}.`) : null
  }

  const forward = async (request: Request, path: string): Promise<Answer> => {
    const token = request.get('authorization')?.replace(/^(Bearer|token)\s+/i, '')
    if (token !== options.token) return refused(token === undefined ? 'Requires authentication' : 'Bad credentials', 401)
    const bare = path.split('?')[0] ?? ''
    if (request.method === 'POST' && /^\/repos\/[^/]+\/[^/]+\/pulls$/.test(bare)) {
      const refusal = await refusePull(bare, object(parsed(bytesOf(request).toString())))
      if (refusal) return refusal
    }
    const [, ran] = /^\/repos\/([^/]+\/[^/]+)\/actions\/runs$/.exec(bare) ?? []
    if (request.method === 'GET' && ran !== undefined) return runsOf(ran, new URL(path, 'http://front').searchParams)
    const [, ruled] = /^\/repos\/[^/]+\/[^/]+\/rules\/branches\/(.+)$/.exec(bare) ?? []
    if (request.method === 'GET' && ruled !== undefined) {
      const list = rules.filter((rule) => rule['branch'] === decodeURIComponent(ruled)).map(({ type }) => ({ type }))
      return { ...reply(200, {}), body: Buffer.from(JSON.stringify(list)) }
    }
    const answer = await upstream.ask({ method: request.method, path, headers: plainHeaders(request), body: bytesOf(request) })
    if (answer.status < 400) return answer
    const json = parsed(answer.body.toString())
    return { ...answer, error: isJson(json) ? string(json['message']) : String(answer.status) }
  }

  /** A pull request for reading: the address that the bot gives people must open. */
  const page = async (owner: string, repo: string, number: string): Promise<Answer> => {
    const repository = `/repos/${owner}/${repo}`
    const { status, json } = await ask(`${repository}/pulls/${number}`)
    if (status !== 200) return refused('Not Found', 404)
    const pull = object(json)
    const branch = string(object(pull['head'])['ref'])
    const files = async (ref: string): Promise<Map<string, string>> => {
      // By its commit: a tree cannot be asked for by a branch with a slash in its name.
      const commit = string(object(object((await ask(`${repository}/git/ref/heads/${ref}`)).json)['object'])['sha'])
      const tree = object((await ask(`${repository}/git/trees/${commit}?recursive=1`)).json)
      return new Map(
        objects(tree['tree']).flatMap((entry) => (entry['type'] === 'blob' ? [[string(entry['path']), string(entry['sha'])]] : [])),
      )
    }
    const [before, after] = await Promise.all([files(string(object(pull['base'])['ref'])), files(branch)])
    const changed = [...after].filter(([path, sha]) => before.get(path) !== sha)
    const texts = await Promise.all(
      changed.map(async ([path, sha]) => {
        const blob = object((await ask(`${repository}/git/blobs/${sha}`)).json)
        return `── ${path} ──\n\n${Buffer.from(string(blob['content']), 'base64').toString()}`
      }),
    )
    const heading = `#${number} ${string(pull['title'])}  [${string(pull['state'])}, ${branch} → ${string(object(pull['base'])['ref'])}]`
    return {
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: Buffer.from([heading, string(pull['body']), ...texts].join('\n\n')),
    }
  }

  const router = Router()
  router.get('/:owner/:repo/pull/:number', (request, response) => {
    const { owner, repo, number } = request.params
    return gate.pass(
      {
        service: 'github',
        method: `read ${request.path}`,
        perform: () => page(owner, repo, number),
        refuse: (error, status) => refused(error, status),
      },
      response,
    )
  })
  router.use((request, response) => {
    const path = request.originalUrl.slice('/github'.length)
    return gate.pass(
      {
        service: 'github',
        method: `${request.method} ${path.split('?')[0] ?? ''}`,
        caller: callerOf(request),
        sent: bytesOf(request).toString(),
        perform: () => forward(request, path),
        refuse: (error, status) => refused(error, status),
      },
      response,
    )
  })
  const addRun = (run: Json): Json => {
    const whole = { id: runs.length + 1, repository: `${options.owner}/${options.repo}`, head_branch: 'main', ...run }
    runs.push(whole)
    return whole
  }
  const addRule = (rule: Json): Json => {
    const whole = { branch: 'main', type: 'pull_request', ...rule }
    rules.push(whole)
    return whole
  }
  return { router, addRun, addRule }
}
