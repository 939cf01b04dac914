/** What tests of checks ask them: real servers, through the same guard as in the bot. */
import type { RequestListener } from 'node:http'
import type { z } from 'zod'
import { guarded } from '../../src/adapters/fetch.ts'
import type { Lookup } from '../../src/adapters/fetch/guard.ts'
import { networkFault, vendorFault } from '../../src/checking/fault.ts'
import check from '../../src/checks/http.ts'
import { type CheckAnswer, type CheckDefinition, worst } from '../../src/define/check.ts'
import { startHttp } from '../adapters/server.ts'

export const now = '2026-11-20T10:15:00.000Z'

export type Asking = {
  readonly isPrivate?: boolean
  readonly lookup?: Lookup
  readonly timeoutMs?: number
  /** Values of the settings that the check needs. */
  readonly secrets?: Readonly<Record<string, string>>
  /** What is typed behind the check. */
  readonly words?: Readonly<Record<string, string>>
  readonly around?: string
  readonly now?: string
}

const told = (answer: CheckAnswer) => ({
  ...answer,
  status: worst(answer.findings),
  texts: answer.findings.map(({ status, text }) => `${status}: ${text}`),
})

/** Runs a check as the bot does: parsed options, only what they name can be reached, only the secrets that it needs can be read; a fault
 *  of the network that it throws is a finding. */
export const ask = async <Schema extends z.ZodType, Words extends z.ZodObject>(
  definition: CheckDefinition<Schema, Words>,
  given: z.input<Schema>,
  more: Asking = {},
) => {
  const options = definition.options.parse(given)
  const hosts = definition.hosts(options)
  const timeoutMs = more.timeoutMs ?? definition.timeoutMs
  const needed = definition.needs?.(options) ?? []
  const ended = new AbortController()
  const reach = guarded({
    hosts,
    privateHosts: more.isPrivate === false ? [] : hosts,
    timeoutMs,
    signal: ended.signal,
    readOnly: { posts: definition.posts?.(options) ?? [] },
    ...(more.lookup === undefined ? {} : { lookup: more.lookup }),
  })
  const giveUp = setTimeout(() => ended.abort(), timeoutMs)
  try {
    const answer = await definition.run(
      options,
      {
        ...reach,
        now: () => more.now ?? now,
        elapsed: () => performance.now(),
        secret: (name) => {
          if (!needed.includes(name)) throw new Error(`${name} is not among what the check says that it needs`)
          return more.secrets?.[name] ?? ''
        },
        timeoutMs,
        signal: ended.signal,
        around: more.around ?? now,
      },
      (definition.words?.parse(more.words ?? {}) ?? {}) as z.infer<Words>,
    )
    return told(answer)
  } catch (error) {
    const fault = networkFault(error)
    if (fault === null) throw error
    return told({ findings: [vendorFault(fault)], measurements: [] })
  } finally {
    clearTimeout(giveUp)
    ended.abort()
  }
}

/** Asks the HTTP check. */
export const run = (given: z.input<typeof check.options>, more: Asking = {}) => ask(check, given, more)

export const asking = async (listener: RequestListener, options: object = {}, more: Asking = {}) => {
  await using server = await startHttp(listener)
  return await run({ url: `http://${server.host}/api/health`, ...options }, more)
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
