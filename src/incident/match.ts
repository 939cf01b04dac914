/** What an alert's severity word does (design: "Alert fields"). Pure. */
import { severities, type Severity } from './policy.ts'
import { shorten } from './text.ts'

/** `opens`: an incident of this severity, or joins the open one of its rule; `said` is what to tell people about how the severity
 *  came about, null when the word was plain. `joins`: opens nothing, but is listed in an open incident of its product. `recorded`:
 *  kept, shown nowhere by itself. */
export type Effect = { readonly opens: Severity; readonly said: string | null } | 'joins' | 'recorded'

const opening: Readonly<Record<string, Severity>> = { critical: 'P1', page: 'P1', high: 'P2', error: 'P2', medium: 'P3', low: 'P4' }
const quiet: Readonly<Record<string, 'joins' | 'recorded'>> = { warning: 'joins', warn: 'joins', info: 'recorded' }
const numbered = /^(?:p|l|level|sev|severity)? ?([1-4])$/

/** Labels in which senders name the environment. */
const environmentLabels = ['environment', 'env']
const notProduction = ['staging', 'stage', 'preview', 'test', 'testing', 'develop', 'development', 'dev']

const own = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined => (Object.hasOwn(table, key) ? table[key] : undefined)

const environmentOf = (labels: Readonly<Record<string, string>>): string | null => {
  for (const label of environmentLabels) {
    const value = own(labels, label)?.trim().toLowerCase()
    if (value !== undefined && notProduction.includes(value)) return value
  }
  return null
}

/** Case, and how words are joined, do not count: `Level 1` and `level-1` are one word. */
const normalised = (word: string): string =>
  word
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ')

const openedBy = (word: string, aliases: Aliases): Severity | undefined => {
  const alias = severities.find((severity) => aliases[severity]?.some((name) => normalised(name) === word))
  const number = numbered.exec(word)?.[1]
  return alias ?? own(opening, word) ?? (number === undefined ? undefined : severities[Number(number) - 1])
}

/** A product's own words for its severities. */
export type Aliases = Readonly<Partial<Record<Severity, readonly string[]>>>

/** Finds what an alert does by its severity word, case-free. `fallback` is the product's severity for alerts that give none;
 *  `aliases` come before the common words, but cannot make `warning` or `info` open anything. An alert of a staging, preview or test
 *  environment, by its `environment` or `env` label, opens at most a P2. */
export const severityOf = (
  word: string | null,
  fallback: Severity,
  more: { readonly labels?: Readonly<Record<string, string>>; readonly aliases?: Aliases } = {},
): Effect => {
  const key = normalised(word ?? '')
  const without = own(quiet, key)
  if (without !== undefined) return without
  const found = openedBy(key, more.aliases ?? {})
  const said: string[] = []
  if (key === '') said.push(`The alert gives no severity: ${fallback} is the product's default.`)
  else if (found === undefined)
    said.push(`The severity "${shorten((word ?? '').trim(), 64)}" is not known: ${fallback} is the product's default.`)
  let opens = found ?? fallback
  const environment = environmentOf(more.labels ?? {})
  if (environment !== null && opens === 'P1') {
    opens = 'P2'
    said.push(`It comes from ${environment}: P2 at most.`)
  }
  return { opens, said: said.length > 0 ? said.join(' ') : null }
}
