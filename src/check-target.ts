/** One target of checks: only so many questions reach it side by side, and a question that waits behind others waits no longer than it
 *  would wait for its own answer. */
import PQueue from 'p-queue'

/** With less of its limit left than this a question is not asked any more: nothing would be learnt. */
const leastShare = 0.05

type Turn<Answer> = {
  /** When it was asked for, by the clock of the target. */
  readonly askedAt: number
  /** Milliseconds from then to the answer, the wait for its turn included. */
  readonly limitMs: number
  /** Asks, with what is left of the limit. `alive`: the answer shows that the target answers at all. */
  readonly ask: (leftMs: number) => Promise<{ readonly answer: Answer; readonly alive: boolean }>
  /** Instead of asking, when its turn did not come in time. */
  readonly tooLate: () => Answer
}

export type Target = <Answer>(turn: Turn<Answer>) => Promise<Answer>

/** Makes the way to one target. The limit of what waits begins anew whenever the target has answered another question: where it is only
 *  slow everything is asked, and where it hangs all are given up together, at the limit. */
export const createTarget = (concurrency: number, elapsed: () => number): Target => {
  const queue = new PQueue({ concurrency })
  let answeredAt = Number.NEGATIVE_INFINITY
  return async ({ askedAt, limitMs, ask, tooLate }) => {
    const left = () => Math.max(askedAt, answeredAt) + limitMs - elapsed()
    const { promise: givenUp, resolve: giveUp } = Promise.withResolvers<null>()
    let timer: NodeJS.Timeout | undefined
    const watch = (): void => {
      const ms = left()
      if (ms <= 0) giveUp(null)
      else timer = setTimeout(watch, Math.ceil(ms))
    }
    watch()
    let waits = true
    const turn = queue.add(async () => {
      clearTimeout(timer)
      const ms = left()
      if (!waits || ms < limitMs * leastShare) return null
      const { answer, alive } = await ask(ms)
      if (alive) answeredAt = elapsed()
      return { answer }
    })
    const first = await Promise.race([turn, givenUp])
    waits = false
    return first === null ? tooLate() : first.answer
  }
}
