/** Runbooks of a product: Markdown with front matter. One with a mistake is left out and named; the product works without it. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Severity } from '../incident/policy.ts'
import { failed } from './files.ts'
import { nearest, type Problem } from './problems.ts'
import { names } from './severity.ts'
import { parseSource } from './source.ts'
import { validate } from './validate.ts'
import { SeverityKey, Slug, Text, Url } from './values.ts'

export type Runbook = {
  /** The name of its file. */
  readonly slug: string
  readonly title: string
  /** What somebody sees who needs it. */
  readonly when: readonly string[]
  /** Empty: any. */
  readonly severity: readonly Severity[]
  readonly url: string | null
  /** Markdown, without the front matter. */
  readonly text: string
}

const Front = z.strictObject({
  title: Text,
  when: z.array(Text).min(1, 'must name at least one symptom'),
  severity: z.array(SeverityKey).default([]),
  /** Where the whole of it can be read. */
  url: Url.optional(),
})

const mostBytes = 64 * 1024
const parted = /^---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/

const lineOf = (text: string, offset: number): number => text.slice(0, offset).split('\n').length

const readRunbook = (file: string, slug: string, checks: readonly string[], problems: Problem[]): Runbook | null => {
  const complain = (line: number, message: string, suggestion: string | null = null): null => {
    problems.push({ level: 'error', file, line, column: 1, path: '', message, ...(suggestion === null ? {} : { suggestion }) })
    return null
  }
  if (!Slug.safeParse(slug).success)
    return complain(1, 'the file of a runbook is named in small letters, digits and dashes, such as `payment-failures.md`')
  if (statSync(file).size > mostBytes) return complain(1, `a runbook has at most ${mostBytes / 1024} KiB`)
  const text = readFileSync(file, 'utf8')
  const match = parted.exec(text)
  if (match === null) return complain(1, 'a runbook begins with front matter: `---`, `title: …`, `when: […]`, `---`')
  // The line of the dashes is kept, so that what is wrong is found where it stands.
  const front = parseSource(file, `\n${match[1] ?? ''}`)
  const value = front.data === undefined ? null : validate(Front, front.data, front.report)
  problems.push(...front.problems)
  const body = text.slice(match[0].length)
  if (body.trim() === '') complain(lineOf(text, match[0].length), 'a runbook needs steps below its front matter')
  const asked = [...body.matchAll(/\/diag ([a-z0-9]+(?:[.-][a-z0-9]+)*)/g)]
  const unknown = asked.filter(([, check = '']) => check !== 'all' && !checks.includes(check))
  for (const { index, 1: check = '' } of unknown)
    complain(lineOf(text, match[0].length + index), `the product has no check \`${check}\``, nearest(check, checks))
  if (value === null || failed(front) || unknown.length > 0 || body.trim() === '') return null
  return { slug, title: value.title, when: value.when, severity: value.severity, url: value.url ?? null, text: body.trim() }
}

/** The runbooks in a product's folder, by name. */
export const readRunbooks = (folder: string, checks: readonly string[], problems: Problem[]): Runbook[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map(({ name }) => name)
    .toSorted()
    .flatMap((name) => readRunbook(join(folder, name), name.slice(0, -'.md'.length), checks, problems) ?? [])

/** How many are suggested: more would be read by nobody. */
const mostSuggested = 3

/** Those of which a text names a symptom, and that are for this severity. */
export const suggestRunbooks = (runbooks: readonly Runbook[], severity: Severity, text: string): Runbook[] =>
  runbooks
    .filter((runbook) => runbook.severity.length === 0 || runbook.severity.includes(severity))
    .filter(({ title, when }) => [title, ...when].some((symptom) => names(text, symptom)))
    .slice(0, mostSuggested)
