/** Every call to a service of the world passes here: it is written down, and the faults that a test has ordered happen. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Response } from 'express'
import type { Reply } from './upstream.ts'

export type Service = 'slack' | 'github' | 'supabase' | 'stripe' | 'vercel'

export type Call = {
  at: number
  service: Service
  /** `chat.postMessage`, or `POST /repos/acme/incidents/pulls`. */
  method: string
  channel?: string
  /** The name that came with the token, see `world.ts`. */
  caller?: string
  /** 0: no answer was given. */
  status: number
  ok: boolean
  error?: string
  /** Milliseconds. */
  took: number
  /** The fault that was made to happen. */
  fault?: FaultKind
}

/** `hold` parks the call, before or after its effect, until the caller hangs up or the faults are cleared. `status` refuses it, before its
 *  effect or after. */
export const FAULT_KINDS = ['drop-before', 'drop-after', 'status', 'error', 'delay', 'down', 'hold'] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

export type Fault = {
  service: Service
  /** As in Call; `*` stands for anything. */
  method: string
  channel?: string
  caller?: string
  /** Stands somewhere in what is sent. */
  contains?: string
  /** How often; 0: until cleared. `down` is always until cleared. */
  times: number
  kind: FaultKind
  status?: number
  error?: string
  retryAfter?: number
  ms?: number
  /** Of a `hold` or a `status`; `before` if not given. */
  when?: 'before' | 'after'
}

/** A call that is parked now. */
export type Held = { service: Service; method: string; caller?: string; when: 'before' | 'after' }

/** What a service answers; `error` is its own word for what went wrong. */
export type Answer = Reply & { error?: string }

export type Passage = {
  service: Service
  method: string
  channel?: string
  caller?: string | undefined
  /** The arguments or the body, as text. */
  sent?: string
  perform: () => Promise<Answer>
  /** The service's way of saying an error. */
  refuse: (error: string, status: number) => Answer
}

const CALLS_KEPT = 20_000

const matches = (pattern: string, method: string): boolean => {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(method)
}

const send = (response: Response, answer: Answer): void => {
  response.status(answer.status)
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value)
  response.end(answer.body)
}

export const createGate = () => {
  let calls: Call[] = []
  let faults: Fault[] = []
  const held = new Map<Held, () => void>()

  const take = ({ service, method, channel, caller, sent }: Passage): Fault | undefined => {
    const fault = faults.find(
      (each) =>
        each.service === service &&
        matches(each.method, method) &&
        (each.channel === undefined || each.channel === channel) &&
        (each.caller === undefined || each.caller === caller) &&
        (each.contains === undefined || (sent ?? '').includes(each.contains)),
    )
    if (fault && fault.kind !== 'down' && fault.times > 0) {
      fault.times -= 1
      if (fault.times === 0) faults = faults.filter((each) => each !== fault)
    }
    return fault
  }

  /** Gives true when the caller is still there. One that was gone before it could be held leaves the fault to its next call. */
  const park = async ({ service, method, caller }: Passage, fault: Fault, response: Response): Promise<boolean> => {
    const when = fault.when ?? 'before'
    if (response.destroyed) {
      faults.push({ ...fault, times: 1 })
      return false
    }
    const entry: Held = { service, method, when, ...(caller === undefined ? {} : { caller }) }
    const stays = await new Promise<boolean>((resolve) => {
      held.set(entry, () => resolve(true))
      response.once('close', () => resolve(false))
    })
    held.delete(entry)
    return stays
  }

  /** Null when the caller gets no answer. */
  const answered = async (passage: Passage, fault: Fault | undefined, response: Response): Promise<Answer | null> => {
    switch (fault?.kind) {
      case 'down':
      case 'drop-before':
        return null
      case 'drop-after':
        await passage.perform()
        return null
      case 'status': {
        const status = fault.status ?? 500
        if (fault.when === 'after') await passage.perform()
        const answer = passage.refuse(fault.error ?? (status === 429 ? 'ratelimited' : 'internal_error'), status)
        if (fault.retryAfter !== undefined) answer.headers['retry-after'] = String(fault.retryAfter)
        return answer
      }
      case 'error':
        return passage.refuse(fault.error ?? 'internal_error', fault.status ?? (passage.service === 'slack' ? 200 : 422))
      case 'delay':
        await sleep(fault.ms ?? 1000)
        return passage.perform()
      case 'hold': {
        if (fault.when !== 'after') return (await park(passage, fault, response)) ? passage.perform() : null
        const answer = await passage.perform()
        return (await park(passage, fault, response)) ? answer : null
      }
      default:
        return passage.perform()
    }
  }

  return {
    pass: async (passage: Passage, response: Response): Promise<void> => {
      const { service, method, channel, caller } = passage
      const [at, started] = [Date.now(), performance.now()]
      const fault = take(passage)
      let answer: Answer | null
      try {
        answer = await answered(passage, fault, response)
      } catch (error) {
        // The emulator is gone or broke the connection: seen from outside, so is the service.
        answer = passage.refuse(error instanceof Error ? error.message : String(error), 502)
      }
      calls.push({
        at,
        service,
        method,
        ...(channel ? { channel } : {}),
        ...(caller === undefined ? {} : { caller }),
        status: answer?.status ?? 0,
        ok: answer !== null && answer.status < 400 && answer.error === undefined,
        ...(answer?.error === undefined ? {} : { error: answer.error }),
        took: Math.round((performance.now() - started) * 10) / 10,
        ...(fault ? { fault: fault.kind } : {}),
      })
      if (calls.length > CALLS_KEPT) calls = calls.slice(-CALLS_KEPT / 2)
      if (answer) send(response, answer)
      else response.socket?.destroy()
    },
    calls: (since: number): Call[] => calls.filter((call) => call.at >= since),
    clearCalls: (): void => {
      calls = []
    },
    order: (fault: Fault): void => {
      faults.push(fault)
    },
    faults: (): readonly Fault[] => faults,
    clearFaults: (): void => {
      faults = []
      for (const goOn of held.values()) goOn()
    },
    held: (caller?: string): Held[] => [...held.keys()].filter((each) => caller === undefined || each.caller === caller),
  }
}

export type Gate = ReturnType<typeof createGate>
