/** How what people do reaches the bot: signed over HTTP, or over its sockets. */
import { createHmac } from 'node:crypto'
import type { Json } from './json.ts'
import type { Acknowledged, Sockets } from './sockets.ts'
import type { Workspace } from './workspace.ts'

/** Slack waits 3 s and then shows an error; the world waits longer, to tell how late the answer was. */
const PATIENCE_MS = 15_000
const SLACK_WAITS_MS = 3_000

/** `status` is 0 when no answer came. Over a socket, `headers` say which one it was. */
export type Delivered = { status: number; took: number; body: string; headers: Record<string, string>; late: boolean }

const FORM = 'application/x-www-form-urlencoded'

const stopwatch = () => {
  const started = performance.now()
  return () => Math.round((performance.now() - started) * 10) / 10
}

export const createDelivery = ({ workspace, sockets, botUrl }: { workspace: Workspace; sockets: Sockets; botUrl: () => string }) => {
  const post = async (body: string, type: string, extra: Record<string, string> = {}): Promise<Delivered> => {
    if (!botUrl()) throw new Error('the world does not know the bot: PUT /world/bot-url {"url": "http://…"} first')
    const timestamp = String(Math.floor(Date.now() / 1000))
    const signature = createHmac('sha256', workspace.signingSecret).update(`v0:${timestamp}:${body}`).digest('hex')
    const elapsed = stopwatch()
    try {
      const response = await fetch(`${botUrl()}/slack/events`, {
        method: 'POST',
        headers: {
          'content-type': type,
          'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
          'x-slack-request-timestamp': timestamp,
          'x-slack-signature': `v0=${signature}`,
          ...extra,
        },
        body,
        signal: AbortSignal.timeout(PATIENCE_MS),
      })
      const text = await response.text()
      const took = elapsed()
      return { status: response.status, took, body: text, headers: Object.fromEntries(response.headers), late: took > SLACK_WAITS_MS }
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
      return { status: 0, took: elapsed(), body: cause, headers: {}, late: true }
    }
  }

  const bySocket = async (sent: Promise<Acknowledged>): Promise<Delivered> => {
    const elapsed = stopwatch()
    const acknowledged = await sent
    const took = elapsed()
    if (acknowledged === null) return { status: 0, took, body: 'no socket acknowledged it', headers: {}, late: true }
    const { payload, socket } = acknowledged
    const body = Object.keys(payload).length === 0 ? '' : JSON.stringify(payload)
    return { status: 200, took, body, headers: { socket: String(socket) }, late: took > SLACK_WAITS_MS }
  }

  return {
    command: (fields: Record<string, string>): Promise<Delivered> =>
      sockets.inUse() ? bySocket(sockets.request('slash_commands', fields)) : post(new URLSearchParams(fields).toString(), FORM),
    /** Buttons and forms. */
    interactive: (payload: Json): Promise<Delivered> =>
      sockets.inUse()
        ? bySocket(sockets.request('interactive', payload))
        : post(new URLSearchParams({ payload: JSON.stringify(payload) }).toString(), FORM),
    /** `retry`: which repeat it is; a socket does not say. */
    event: (payload: Json, retry?: number): Promise<Delivered> =>
      sockets.inUse()
        ? bySocket(sockets.event(payload))
        : post(
            JSON.stringify(payload),
            'application/json',
            retry === undefined ? {} : { 'x-slack-retry-num': String(retry), 'x-slack-retry-reason': 'http_timeout' },
          ),
  }
}

export type Delivery = ReturnType<typeof createDelivery>
