/** What tests of the HTTP check ask it: a real server, the real guarded fetch. */
import type { RequestListener } from 'node:http'
import { guardedFetch } from '../../src/adapters/fetch.ts'
import check from '../../src/checks/http.ts'
import { worst } from '../../src/define.ts'
import { startHttp } from '../adapters/server.ts'

export const now = '2026-11-20T10:15:00.000Z'

/** Runs the check as the bot does: parsed options, and a fetch that reaches what they name. */
export const run = async (given: object, more: { isPrivate?: boolean; lookup?: () => Promise<[]> } = {}) => {
  const options = check.options.parse(given)
  const hosts = check.hosts(options)
  const fetch = guardedFetch({
    hosts,
    privateHosts: more.isPrivate === false ? [] : hosts,
    ...(more.lookup ? { lookup: more.lookup } : {}),
  })
  const answer = await check.run(options, { fetch, now: () => now, secret: () => undefined })
  return { ...answer, status: worst(answer.findings), texts: answer.findings.map(({ status, text }) => `${status}: ${text}`) }
}

export const asking = async (listener: RequestListener, options: object = {}) => {
  await using server = await startHttp(listener)
  return await run({ url: `http://${server.host}/api/health`, ...options })
}

export const json =
  (body: unknown, status = 200): RequestListener =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body))

/** What the check says of a body, without the lines on status and speed. */
export const ofBody = async (body: unknown, options: object = {}) => {
  const { texts, ...rest } = await asking(json(body), { json: true, ...options })
  return { ...rest, texts: texts.filter((text) => !text.includes('Answered')) }
}
