/** Waiting for what comes by itself: never for a fixed time. */
import { setTimeout as sleep } from 'node:timers/promises'

/** What a poll gives up after, in milliseconds. */
const patienceMs = 20_000

/** Asks until the answer is neither null, undefined nor false. Errors count as "not yet". `pauseMs` between two tries. */
export const until = async <T>(ask: () => Promise<T> | T, what: string, ms = patienceMs, pauseMs = 25): Promise<NonNullable<T>> => {
  const end = performance.now() + ms
  let last: unknown
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== null && answer !== undefined && answer !== false) return answer
      last = answer
    } catch (error) {
      last = error
    }
    if (performance.now() > end) throw new Error(`never came: ${what}`, { cause: last })
    await sleep(pauseMs)
  }
}
