/** Between two pieces of work that are long in themselves: everything else comes to its turn before the promise is kept. */
export const othersFirst = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
