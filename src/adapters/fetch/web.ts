/** The standard `fetch` under the guard, for vendors' clients that take one. */
import { type Agent, fetch, type RequestInit as UndiciInit } from 'undici'
import { FetchFault, type WebFetch } from '../../ports.ts'
import { faultOf, type Progress } from './fault.ts'
import { agentFor, type FetchGuard, methodRefusal, parse, refusal } from './guard.ts'

/** What a client reads of one answer at most, after decompression: more could not be parsed without holding everybody else up. */
const maxBytes = 2 * 1024 * 1024

/** The body, cut off with an error where it passes the limit; what breaks it off is a FetchFault, too. With its end the connection is
 *  closed. */
const limited = (
  body: ReadableStream<Uint8Array> | null,
  agent: Agent,
  fault: (error: unknown) => unknown,
): ReadableStream<Uint8Array> | null => {
  if (body === null) {
    void agent.destroy()
    return null
  }
  const reader = body.getReader()
  let size = 0
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      try {
        const { done, value } = await reader.read()
        if (done) {
          controller.close()
          void agent.destroy()
          return
        }
        size += value.byteLength
        if (size > maxBytes) throw new FetchFault('too-large', `The answer is larger than ${maxBytes / 1024 / 1024} MiB.`)
        controller.enqueue(value)
      } catch (error) {
        controller.error(fault(error))
        void agent.destroy()
      }
    },
    cancel: async (reason) => {
      await reader.cancel(reason)
      void agent.destroy()
    },
  })
}

/** Makes a `fetch` for one product. It rejects with FetchFault, as a client's own error may have as its cause. Redirects are answers. */
export const guardedWeb = (guard: FetchGuard): WebFetch => {
  return async (input, init) => {
    const request = new Request(input, init)
    const url = parse(request.url)
    if (url === null) throw new FetchFault('forbidden', 'That is not an address.', undefined, true)
    const why = refusal(url, guard.hosts) ?? methodRefusal(request.method, url, guard)
    if (why !== null) throw new FetchFault('forbidden', `Not asked: ${why}.`, undefined, true)
    const timeoutMs = guard.timeoutMs ?? 10_000
    const progress: Progress = { stage: 'resolving', sentAt: null, timeoutMs, host: url.host }
    const late = AbortSignal.timeout(timeoutMs)
    const signal = AbortSignal.any([late, request.signal, ...(guard.signal === undefined ? [] : [guard.signal])])
    const agent = agentFor(url, guard, timeoutMs, progress)
    const fault = (error: unknown) => faultOf(error, progress, late.aborted || guard.signal?.aborted === true)
    try {
      const body = request.body === null ? null : Buffer.from(await request.arrayBuffer())
      const options: UndiciInit = { method: request.method, headers: Object.fromEntries(request.headers), body }
      const answer = await fetch(url, { ...options, redirect: 'manual', signal, dispatcher: agent })
      const { status, statusText, headers } = answer
      progress.stage = 'reading'
      return new Response(limited(answer.body as ReadableStream<Uint8Array> | null, agent, fault), {
        status,
        statusText,
        headers: [...headers],
      })
    } catch (error) {
      void agent.destroy()
      throw fault(error)
    }
  }
}
