/** An answer to one person that is told while it is still made: what is there soon, and the rest as it comes. */
import type { Answer, Told } from './define.ts'

/** The chat wants the first answer within 3 s, and somebody waits for it. In milliseconds. */
const firstMs = 1400
/** How long each following one waits: the chat takes five in all. */
const pausesMs = [1500, 3000, 8000]

const pause = (ms: number, work: Promise<unknown>): Promise<unknown> => {
  let timer: NodeJS.Timeout | undefined
  const passed = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))
  return Promise.race([work, passed]).finally(() => clearTimeout(timer))
}

/** `shown` gives what there is to show at the moment. Throws what `work` throws. */
export const following = async (work: Promise<unknown>, shown: () => Told): Promise<Answer> => {
  let done = false
  const settled = work.finally(() => {
    done = true
  })
  await pause(firstMs, settled)
  const first = shown()
  // A method, because it changes while others wait.
  const isDone = () => done
  if (isDone()) return first
  return {
    ...first,
    follows: async (show) => {
      let last = JSON.stringify(first.parts)
      const showNew = async () => {
        const told = shown()
        const text = JSON.stringify(told.parts)
        if (text === last) return
        last = text
        await show(told)
      }
      for (const ms of pausesMs) {
        if (isDone()) break
        await pause(ms, settled)
        await showNew()
      }
      await settled
      await showNew()
    },
  }
}
