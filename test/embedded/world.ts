/** A world in this process, with a bot that only remembers what it was sent. */
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { LogLevel, WebClient, type Logger } from '@slack/web-api'
import { startWorld, type WorldOptions } from '../../src/embedded/world.ts'

export const BOT_TOKEN = 'xoxb-test'
export const SIGNING_SECRET = 'test-signing-secret'

const person = (name: string) => ({ name, email: `${name}@example.test`, realName: `${name} Example` })

export const testWorld = (options: Partial<WorldOptions> = {}) =>
  startWorld({
    users: ['alice', 'bob', 'carol'].map(person),
    bot: { token: BOT_TOKEN, name: 'bot', signingSecret: SIGNING_SECRET },
    github: { token: 'ghp_test', owner: 'acme', repo: 'incidents' },
    channels: ['incidents'],
    groups: [{ handle: 'oncall', name: 'On call', users: ['alice', 'bob'] }],
    ...options,
  })

const silence = () => {}
const silent: Logger = {
  debug: silence,
  info: silence,
  warn: silence,
  error: silence,
  setLevel: silence,
  setName: silence,
  getLevel: () => LogLevel.ERROR,
}

/** The real SDK; it must not retry by itself, so that each answer is seen. */
export const slackClient = (url: string, token = BOT_TOKEN): WebClient =>
  new WebClient(token, { slackApiUrl: url, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true, logger: silent })

export const control =
  (url: string) =>
  async <Answer = Record<string, unknown>>(method: string, path: string, body?: object): Promise<Answer> => {
    const response = await fetch(`${url}/world${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const answer: unknown = await response.json()
    if (!response.ok) throw new Error(JSON.stringify(answer))
    return answer as Answer
  }

export type Heard = { headers: Record<string, unknown>; body: string; form: URLSearchParams }

/** Answers every request with what `answer` says. */
export const startListener = async (answer: (heard: Heard) => Promise<string> | string) => {
  const heard: Heard[] = []
  const server = createServer((request, response) => {
    const respond = async (): Promise<void> => {
      const body = await text(request)
      const entry = { headers: request.headers, body, form: new URLSearchParams(body) }
      heard.push(entry)
      const sent = await answer(entry)
      response.writeHead(200, { 'content-type': sent.startsWith('{') ? 'application/json' : 'text/plain' }).end(sent)
    }
    respond().catch((error: unknown) => response.writeHead(500).end(String(error)))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  return {
    heard,
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}

/** The code in the error of an SDK call that must fail. */
export const slackError = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call
  } catch (error) {
    const data = error instanceof Error && 'data' in error ? (error.data as { error?: string }) : {}
    return data.error ?? String(error)
  }
  return 'no error'
}
