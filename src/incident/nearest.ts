/** Damerau's distance between two words (optimal string alignment): insertions, deletions, substitutions, neighbours swapped. */
const distance = (a: string, b: string): number => {
  let [before, previous] = [[] as number[], Array.from({ length: b.length + 1 }, (_, index) => index)]
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? 0) + 1 : Infinity
      row.push(Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + cost, swapped))
    }
    ;[before, previous] = [previous, row]
  }
  return previous[b.length] ?? 0
}

/** The known word that was probably meant, or null when none is close: at most a third of its letters differ. */
export const nearest = (word: string, known: readonly string[]): string | null => {
  const wanted = word.toLowerCase().slice(0, 40)
  const scored = known.map((candidate) => ({
    candidate,
    score: candidate.toLowerCase().startsWith(wanted) && wanted.length >= 2 ? 0 : distance(wanted, candidate.toLowerCase()),
  }))
  const best = scored.toSorted((a, b) => a.score - b.score)[0]
  return best !== undefined && best.score <= Math.max(1, Math.floor(best.candidate.length / 3)) ? best.candidate : null
}
