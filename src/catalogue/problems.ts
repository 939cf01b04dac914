/** What is wrong with a file of `runbooks/` or `templates/`, said so that it can be mended without reading the code. */

/** An `error` leaves its product out; with a `warning` everything works, but something is still to be filled in. */
export type Problem = {
  readonly level: 'error' | 'warning'
  readonly file: string
  /** Both count from 1. */
  readonly line: number
  readonly column: number
  /** The key, such as `severities.P1.response` or `links[2].url`; empty for the whole file. */
  readonly path: string
  readonly message: string
  readonly suggestion?: string
  /** The product that is left out because of this and what else is wrong with its file. */
  readonly leavesOut?: string
}

export type Path = readonly (string | number)[]

/** Where a problem is: the value at a path, or the key itself. */
export type Report = (path: Path, message: string, more?: { level?: 'warning'; key?: boolean; suggestion?: string | null }) => void

/** A path as a person writes it. */
export const pathText = (path: Path): string =>
  path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('')

/** One line for a terminal or a log. */
export const problemText = ({ file, line, column, path, message, suggestion }: Problem): string =>
  `${file}:${line}:${column}${path === '' ? '' : ` ${path}`}: ${message}${suggestion === undefined ? '' : `; did you mean \`${suggestion}\`?`}`

/** What a start has to say of the errors: one line each, and behind the last of a product what follows from them. */
export const startProblems = (problems: readonly Problem[]): string[] => {
  const errors = problems.filter(({ level }) => level === 'error')
  return errors.map((problem, index) => {
    const key = problem.leavesOut
    if (key === undefined || errors.findLastIndex(({ leavesOut }) => leavesOut === key) > index) return problemText(problem)
    return `${problemText(problem)}: ${key} is left out until this is mended: it cannot be named in /incident, and its alerts open incidents of no product, or are answered with 503 if they have a secret of their own`
  })
}

/** The known word that was probably meant, or null when none is close. Case does not count. */
export const nearest = (word: string, known: Iterable<string>): string | null => {
  const wanted = word.toLowerCase().slice(0, 100)
  let best: string | null = null
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of known) {
    const apart = distance(wanted, candidate.toLowerCase())
    if (apart < least) [best, least] = [candidate, apart]
  }
  return best
}

/** Edits between two words; two neighbours exchanged are one edit, as people mistype. */
const distance = (a: string, b: string): number => {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)]
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const above = rows[i - 1]!
      const same = a[i - 1] === b[j - 1]
      const edit = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (same ? 0 : 1))
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(swapped ? Math.min(edit, rows[i - 2]![j - 2]! + 1) : edit)
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}
