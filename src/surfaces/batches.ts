/** What comes bit by bit, passed on in batches: the first soon, the next about a second apart, and the last at once. */

/** In milliseconds: most answers are there within the first. */
const firstMs = 600
const nextMs = 1000

export type Batches<Item> = {
  readonly add: (item: Item) => void
  /** Passes on what is left, and waits for all. Throws what passing on has thrown. */
  readonly end: () => Promise<void>
}

/** `pass` is called with one batch after the other, never two at a time. `expected`: with so many items all are there, and nothing more
 *  is waited for. */
export const recordingBatches = <Item>(pass: (items: readonly Item[]) => Promise<void>, expected: number): Batches<Item> => {
  let waiting: Item[] = []
  let seen = 0
  let timer: NodeJS.Timeout | undefined
  let passing: Promise<void> = Promise.resolve()
  let failure: { readonly error: unknown } | null = null
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    const batch = waiting
    waiting = []
    if (batch.length === 0) return
    passing = passing
      .then(() => pass(batch))
      .catch((error: unknown) => {
        // Told at the end: nobody waits for it here.
        failure ??= { error }
      })
  }
  const waitFor = (ms: number) => {
    timer = setTimeout(() => {
      flush()
      if (seen < expected) waitFor(nextMs)
    }, ms)
  }
  waitFor(firstMs)
  return {
    add: (item) => {
      seen += 1
      waiting.push(item)
      if (seen >= expected) flush()
    },
    end: async () => {
      flush()
      await passing
      if (failure !== null) throw failure.error
    },
  }
}
