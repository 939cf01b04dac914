/** Which deployment gets production's traffic: rollbacks, promotions, builds that take a moment, releases in stages. Vercel accepts first
 *  and moves later, and so does this. */
import type { Request } from 'express'
import type { Answer } from './gate.ts'
import { isJson, object, parsed, string, type Json } from './json.ts'
import { bytesOf } from './slack-front.ts'
import { refused, reply } from './vercel-answers.ts'
import type { VercelLedger } from './vercel-ledger.ts'

/** Asks the emulator. */
type Ask = (request: Request, path: string, more?: { method: string; body?: Json }) => Promise<{ answer: Answer; json: unknown }>

/** How long it takes until traffic has moved or a build is done, unless the project's `manner` says otherwise. */
const soonMs = 150

type Manner = { moves: 'soon' | 'never' | 'fails'; builds: 'soon' | 'never' | 'fails'; ms: number }

const word = (value: unknown): 'soon' | 'never' | 'fails' => (value === 'never' || value === 'fails' ? value : 'soon')

export const createTraffic = (ledger: VercelLedger, ask: Ask) => {
  const mannerOf = (project: string): Manner => {
    const { moves, builds, ms } = object(ledger.find('manners', project))
    return { moves: word(moves), builds: word(builds), ms: typeof ms === 'number' ? ms : soonMs }
  }

  const later = (ms: number, work: () => void): void => {
    setTimeout(work, ms).unref()
  }

  const projectOf = async (request: Request, id: string, query: string): Promise<Json | null> => {
    const { answer, json } = await ask(request, `/v9/projects/${encodeURIComponent(id)}${query}`, { method: 'GET' })
    return answer.status === 200 ? ledger.whole('projects', object(json)) : null
  }
  const deploymentOf = async (request: Request, id: string, query: string): Promise<Json | null> => {
    const { answer, json } = await ask(request, `/v13/deployments/${encodeURIComponent(id)}${query}`, { method: 'GET' })
    return answer.status === 200 ? ledger.whole('deployments', object(json)) : null
  }

  const servedBy = (project: Json): string => string(object(object(project['targets'])['production'])['id'])

  /** From now on this one is served. */
  const serve = (project: Json, deployment: Json): void => {
    const id = string(deployment['id'] ?? deployment['uid'])
    const created = deployment['created'] ?? deployment['createdAt']
    ledger.add('deployments', { id, readySubstate: 'PROMOTED', aliasAssigned: Date.now() })
    ledger.add('projects', { id: project['id'], targets: { ...object(project['targets']), production: { id, uid: id, created } } })
  }

  const isRolledBack = (project: Json): boolean => {
    const last = object(project['lastAliasRequest'])
    return last['type'] === 'rollback' && last['jobStatus'] === 'succeeded' && last['toDeploymentId'] === servedBy(project)
  }

  const releaseOf = (project: Json): Json | null => {
    const release = ledger.find('releases', string(project['id']))
    return release?.['state'] === 'ACTIVE' ? release : null
  }

  const shift = async (
    request: Request,
    url: URL,
    type: 'rollback' | 'promote',
    [projectId, deploymentId]: [string, string],
  ): Promise<Answer> => {
    const project = await projectOf(request, projectId, url.search)
    if (project === null) return refused('Project not found', 404, 'not_found')
    const id = project['id']
    const target = await deploymentOf(request, deploymentId, url.search)
    if (target === null || target['projectId'] !== id) return refused('Deployment not found', 404, 'not_found')
    const served = servedBy(project)
    const release = releaseOf(project)
    const last = object(project['lastAliasRequest'])
    if (['pending', 'in-progress'].includes(string(last['jobStatus'])))
      return refused('There is a pending alias request for this project', 409, 'conflict')
    if (target['readyState'] !== 'READY' || target['target'] !== 'production')
      return refused('The deployment cannot be assigned to production domains', 422, 'unprocessable_entity')
    if (served === deploymentId && release === null) return refused('The deployment is already in production', 409, 'conflict')
    if (type === 'rollback' && target['readySubstate'] === 'STAGED')
      return refused('The deployment is not a rollback candidate', 422, 'unprocessable_entity')
    const { moves, ms } = mannerOf(string(id))
    const asked: Json = { fromDeploymentId: served, toDeploymentId: deploymentId, requestedAt: Date.now(), type, jobStatus: 'pending' }
    ledger.add('projects', { id, lastAliasRequest: asked })
    const end = () => {
      if (moves === 'fails') {
        ledger.add('projects', { id, lastAliasRequest: { ...asked, jobStatus: 'failed' } })
        return
      }
      ledger.add('projects', { id, lastAliasRequest: { ...asked, jobStatus: 'succeeded' } })
      if (type === 'promote' && isJson(project['rollingRelease'])) {
        const part: Json = { targetPercentage: 10, index: 0, isFinalStage: false }
        ledger.add('releases', {
          id,
          state: 'ACTIVE',
          currentDeployment: { id: served },
          canaryDeployment: { id: deploymentId },
          activeStage: part,
        })
        return
      }
      if (release !== null) ledger.add('releases', { id, state: 'ABORTED' })
      serve(project, target)
    }
    if (moves !== 'never') later(ms, end)
    return reply(type === 'rollback' ? 201 : 202, {})
  }

  /** What is built goes to production unless somebody has rolled that back. */
  const arrive = (project: Json, deployment: Json): void => {
    const id = string(deployment['id'])
    if (isRolledBack(project)) ledger.add('deployments', { id, readySubstate: 'STAGED', aliasAssigned: false })
    else serve(project, deployment)
  }

  const deploy = async (request: Request, url: URL): Promise<Answer> => {
    const body = object(parsed(bytesOf(request).toString()))
    const from = string(body['deploymentId'])
    const first = from === '' ? null : await deploymentOf(request, from, url.search)
    if (from !== '' && first === null) return refused('Deployment not found', 404, 'not_found')
    const before = await projectOf(request, string(first?.['projectId'] ?? body['project'] ?? body['name']), url.search)
    const { answer, json } = await ask(request, `${url.pathname}${url.search}`, {
      method: 'POST',
      body:
        first === null
          ? body
          : { ...body, name: before?.['name'] ?? body['name'], meta: { ...object(first['meta']), ...object(body['meta']) } },
    })
    if (answer.status !== 200) return { ...answer, error: string(object(object(json)['error'])['message']) }
    const made = object(json)
    const [id, created] = [string(made['id']), made['created']]
    const isProduction = made['target'] === 'production'
    // What comes with its files is there at once: so a stage is set. What Vercel builds itself takes its time.
    if (first === null || before === null) {
      if (isProduction && before !== null && ledger.find('projects', string(before['id']))?.['targets'] !== undefined)
        arrive(before, { id, created })
      return answer
    }
    const { builds, ms } = mannerOf(string(before['id']))
    const building = { readyState: 'BUILDING', state: 'BUILDING', aliasAssigned: false, readySubstate: null }
    ledger.add('deployments', { id, ...building })
    // The emulator has it served already.
    ledger.add('projects', { id: before['id'], targets: object(before['targets']) })
    if (builds !== 'never')
      later(ms, () => {
        const state = builds === 'fails' ? 'ERROR' : 'READY'
        ledger.add('deployments', {
          id,
          readyState: state,
          state,
          ...(state === 'ERROR' ? { errorMessage: 'Command "npm run build" exited with 1' } : {}),
        })
        if (state === 'READY' && isProduction) arrive(ledger.whole('projects', before), { id, created })
      })
    return reply(200, { ...made, ...building, readyState: 'QUEUED' })
  }

  return {
    /** Null for what is none of its business. */
    answer: async (request: Request, url: URL): Promise<Answer | null> => {
      const { pathname: path } = url
      const moved = /^\/(?:v[19]\/projects\/([^/]+)\/rollback|v10\/projects\/([^/]+)\/promote)\/([^/]+)$/.exec(path)
      if (request.method === 'POST' && moved !== null) {
        const [, back, forth, deployment = ''] = moved
        const ids: [string, string] = [decodeURIComponent(back ?? forth ?? ''), decodeURIComponent(deployment)]
        return shift(request, url, back === undefined ? 'promote' : 'rollback', ids)
      }
      if (request.method === 'POST' && path === '/v13/deployments') return deploy(request, url)
      const [, named] = /^\/v13\/deployments\/([^/]+)$/.exec(path) ?? []
      if (request.method === 'GET' && named !== undefined) {
        const found = await deploymentOf(request, decodeURIComponent(named), url.search)
        return found === null ? refused('Deployment not found', 404, 'not_found') : reply(200, found)
      }
      const [, rolling] = /^\/v1\/projects\/([^/]+)\/rolling-release$/.exec(path) ?? []
      if (request.method === 'GET' && rolling !== undefined) {
        const found = await projectOf(request, decodeURIComponent(rolling), url.search)
        if (found === null) return refused('Project not found', 404, 'not_found')
        const release = ledger.find('releases', string(found['id'])) ?? null
        const state = url.searchParams.get('state')
        return reply(200, { rollingRelease: state === null || release?.['state'] === state ? release : null })
      }
      return null
    },
  }
}
