/** Alarms as JSON, sent by POST to one address: `{ text, subject, id, … }`. */
import { type Alarm, type FaultCode, PortFault } from '../ports.ts'

const codeOf = (status: number): FaultCode => {
  if (status === 408 || status >= 500) return 'unavailable'
  if (status === 429) return 'limited'
  if (status === 401 || status === 403) return 'denied'
  return status === 404 || status === 410 ? 'gone' : 'invalid'
}

/** `secret`: sent as `Authorization: Bearer`. The address may be secret itself, so no error repeats it. */
export const webhookAlarm = ({
  url,
  secret,
  timeoutMs = 10_000,
}: {
  url: string
  secret: string | undefined
  timeoutMs?: number
}): Alarm => {
  const ask = async (method: 'POST' | 'HEAD', body?: string): Promise<Response> => {
    try {
      // A redirect is not followed: the secret and the incident's title are for this receiver.
      const response = await fetch(url, {
        method,
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
        headers: { 'content-type': 'application/json', ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }) },
        ...(body === undefined ? {} : { body }),
      })
      await response.body?.cancel()
      return response
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
      throw new PortFault('unavailable', 'alarm-webhook', cause instanceof Error ? cause.message : String(cause), { cause: error })
    }
  }
  return {
    name: 'webhook',
    async send({ id, subject, text, data }) {
      const response = await ask('POST', JSON.stringify({ text: `${subject}\n\n${text}`, subject, id, ...data }))
      if (response.ok) return
      const code = codeOf(response.status)
      const wait = Number(response.headers.get('retry-after'))
      throw new PortFault(code, 'alarm-webhook', `HTTP ${response.status}`, { retryAfter: code === 'limited' && wait > 0 ? wait : 30 })
    },
    async probe() {
      try {
        // Many receivers take POST only: whatever they say to this, they are there.
        const { status } = await ask('HEAD')
        return status >= 500 && status !== 501 ? new PortFault('unavailable', 'alarm-webhook', `HTTP ${status}`) : null
      } catch (fault) {
        if (fault instanceof PortFault) return fault
        throw fault
      }
    },
  }
}
