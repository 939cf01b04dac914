/** Work that somebody waits for no longer than so long. It goes on all the same. */

/** What took longer than somebody can wait. */
export const late: unique symbol = Symbol('late')

/** What the work gives, or `late` when it takes longer. */
export const within = async <T>(work: Promise<T>, ms: number): Promise<T | typeof late> => {
  let timer: NodeJS.Timeout | undefined
  const alarm = new Promise<typeof late>((resolve) => (timer = setTimeout(() => resolve(late), Math.max(0, ms))))
  try {
    return await Promise.race([work, alarm])
  } finally {
    clearTimeout(timer)
  }
}
