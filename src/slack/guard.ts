/** The door before Bolt, on `POST /slack/events`: nothing that Slack did not sign just now is read, parsed or answered otherwise than
 *  401; nothing above 1 MiB is kept (faults 3, 5, 6, 7).
 *
 *  The signature is verified here, although Bolt can: Bolt's own clock cannot be given and looks only backwards, and what is refused
 *  here is never parsed. Bolt then takes `rawBody` as it is. */
import { isUtf8 } from 'node:buffer'
import { isValidSlackRequest } from '@slack/bolt'
import type { Request, RequestHandler, Response } from 'express'

/** The largest body that is read, in bytes. Slack's own are far below. */
export const bodyLimit = 1024 * 1024

/** Slack's window, in seconds; the same ahead, which Slack's rule and Bolt leave open. */
const window = 5 * 60

/** What a refused sender may still send before it is cut off: one whose connection breaks while it sends does not see the answer. */
const drainLimit = 16 * bodyLimit

export type GuardOptions = {
  readonly signingSecret: string
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly log: { readonly warn: (fields: object, message: string) => void }
}

/** Bolt reads `rawBody` instead of the stream when it is there. */
type WithRawBody = Request & { rawBody?: Buffer }

/** The body; `too-large` as soon as it is; `gone` when the sender hung up. */
const read = (request: Request): Promise<Buffer | 'too-large' | 'gone'> =>
  new Promise((resolve) => {
    const pieces: Buffer[] = []
    let length = 0
    request.on('data', (piece: Buffer) => {
      length += piece.length
      if (length <= bodyLimit) pieces.push(piece)
      else {
        pieces.length = 0
        resolve('too-large')
      }
    })
    request.on('end', () => resolve(Buffer.concat(pieces)))
    request.on('close', () => resolve('gone'))
    request.on('error', () => resolve('gone'))
  })

/** Reads on without keeping anything. */
const drain = (request: Request): void => {
  let length = 0
  request.on('data', (piece: Buffer) => {
    length += piece.length
    if (length > drainLimit) request.destroy()
  })
}

const timestampOf = (request: Request): number | null => {
  const header = request.get('x-slack-request-timestamp') ?? ''
  return /^\d{1,12}$/.test(header) ? Number(header) : null
}

/** Middleware for `app.post('/slack/events', …)`, before Bolt's receiver. Answers 401 or 413, or passes on a request whose `rawBody` holds the
 *  signed bytes and whose `content-type` has no parameters, which Bolt does not understand. */
export const slackGuard = ({ signingSecret, now, log }: GuardOptions): RequestHandler => {
  const refuse = (request: Request, response: Response, status: 401 | 413, why: string): void => {
    log.warn({ status, why }, 'a request to the Slack endpoint was refused')
    response.status(status).end()
    drain(request)
  }
  return async (request: WithRawBody, response, next) => {
    if (Number(request.get('content-length') ?? 0) > bodyLimit) return refuse(request, response, 413, 'content-length')
    const timestamp = timestampOf(request)
    if (timestamp === null) return refuse(request, response, 401, 'no timestamp')
    if (Math.abs(now() / 1000 - timestamp) > window) return refuse(request, response, 401, 'timestamp outside the window')
    const signature = request.get('x-slack-signature') ?? ''
    if (!/^v0=[0-9a-f]{64}$/.test(signature)) return refuse(request, response, 401, 'no signature')

    const body = await read(request)
    // Nobody is left to answer.
    if (body === 'gone') return undefined
    if (body === 'too-large') return refuse(request, response, 413, 'body')
    const headers = { 'x-slack-signature': signature, 'x-slack-request-timestamp': timestamp }
    // Compared in constant time, as text: so two bodies that only decode to the same text must not both pass.
    if (!isUtf8(body) || !isValidSlackRequest({ signingSecret, body: body.toString(), headers, nowMilliseconds: now() }))
      return refuse(request, response, 401, 'signature')

    request.rawBody = body
    const type = request.get('content-type')
    if (type !== undefined) request.headers['content-type'] = type.split(';')[0]?.trim().toLowerCase()
    return next()
  }
}
