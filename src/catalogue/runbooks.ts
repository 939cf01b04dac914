/** Runbooks of a product: Markdown with front matter. One with a mistake is left out and named; the product works without it. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { knownWords, wordFault } from '../define/check-words.ts'
import type { RunbookRef } from '../incident/areas/runbooks.ts'
import type { Severity } from '../incident/policy.ts'
import { firstWords, parseRunbook, type RunbookStep } from '../incident/runbook.ts'
import { shorten } from '../incident/text.ts'
import { failed } from './files.ts'
import { compact } from './names.ts'
import { nearest, type Problem } from './problems.ts'
import { names } from './severity.ts'
import { parseSource } from './source.ts'
import { validate } from './validate.ts'
import { SeverityKey, Slug, Text, Url } from './values.ts'

export type Runbook = {
  /** The name of its file. */
  readonly slug: string
  /** What it is called elsewhere, such as `R10`. */
  readonly id: string | null
  readonly title: string
  /** What somebody sees who needs it, and names of alerts. */
  readonly when: readonly string[]
  /** Empty: any. */
  readonly severity: readonly Severity[]
  readonly url: string | null
  readonly steps: readonly RunbookStep[]
  /** Markdown behind the last step; empty when there is none. */
  readonly after: string
  /** The actions that it names, each with its line. */
  readonly actions: readonly { readonly action: string; readonly line: number }[]
}

const Front = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Z]{1,8}-?\d{1,5}$/, 'must be capital letters and a number, such as `R10`')
    .optional(),
  title: Text,
  when: z.array(Text).min(1, 'must name at least one symptom'),
  severity: z.array(SeverityKey).default([]),
  /** Where the whole of it can be read. */
  url: Url.optional(),
})

const mostBytes = 64 * 1024
/** What one message can still show with its buttons. */
const longestStep = 2000
const parted = /^---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/

const lineOf = (text: string, offset: number): number => text.slice(0, offset).split('\n').length

/** Whose a title or an id is, by what it is without case and joints. */
type Taken = Map<string, string>

/** The checks of the product, each with the words that can be typed behind it. */
export type Asked = ReadonlyMap<string, z.ZodObject | undefined>

/** What a runbook may name of its product. */
export type Nameable = {
  readonly asked: Asked
  /** Keys of the criteria that a person says hold. */
  readonly criteria: readonly string[]
}

/** What is wrong with the words behind a check, or null. */
export const faultOf = (check: string, words: Readonly<Record<string, string>>, schema: z.ZodObject | undefined) => {
  const fault = wordFault(schema, words)
  if (fault === null) return null
  const known = knownWords(schema)
  const takes = known.size === 0 ? 'takes no words' : `takes ${[...known.values()].join(', ')}`
  return fault.why === null
    ? { message: `\`${fault.name}\` cannot be said of \`${check}\`, which ${takes}`, suggestion: nearest(fault.name, known.keys()) }
    : { message: `\`${fault.name}=${fault.value}\`: ${fault.why}; \`${check}\` ${takes}`, suggestion: null }
}

const readRunbook = (file: string, slug: string, { asked, criteria }: Nameable, taken: Taken, problems: Problem[]): Runbook | null => {
  let broken = false
  const complain = (line: number, message: string, suggestion: string | null = null): null => {
    broken = true
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
  for (const key of ['id', 'title'] as const) {
    const name = value?.[key]
    if (name === undefined) continue
    const owner = taken.get(`${key} ${compact(name)}`)
    if (owner === undefined) taken.set(`${key} ${compact(name)}`, `${slug}.md`)
    else front.report([key], `\`${name}\` is the ${key} of ${owner} already`)
  }
  problems.push(...front.problems)

  const first = lineOf(text, match[0].length)
  const { steps, lines, after, named } = parseRunbook(text.slice(match[0].length))
  if (steps.length === 0) complain(first, 'a runbook needs steps below its front matter: a list numbered `1.`, `2.`, …')
  for (const [index, step] of steps.entries())
    if (step.text.length > longestStep)
      complain(
        first + (lines[index] ?? 1) - 1,
        `a step has at most ${longestStep} characters, this one has ${step.text.length}: make two of it`,
      )
  for (const each of named) {
    const line = first + each.line - 1
    if (each.kind === 'unclear')
      complain(
        line,
        `\`${each.text}\` is not understood: write \`check: <name>\` or \`action: <name>\`, with nothing behind but \`key=value\`, or \`criterion: <name>\``,
      )
    if (each.kind === 'criterion' && !criteria.includes(each.criterion))
      complain(
        line,
        `the product has no criterion \`${each.criterion}\` that a person says holds: one without a \`check\``,
        nearest(each.criterion, criteria),
      )
    if (each.kind !== 'check') continue
    const { check, words } = each.question
    if (check !== 'all' && !asked.has(check)) complain(line, `the product has no check \`${check}\``, nearest(check, asked.keys()))
    else {
      const fault = faultOf(check, words, asked.get(check))
      if (fault !== null) complain(line, `${each.step === null ? '' : `step ${each.step}: `}${fault.message}`, fault.suggestion)
    }
  }
  if (value === null || failed(front) || broken) return null
  return {
    slug,
    id: value.id ?? null,
    title: value.title,
    when: value.when,
    severity: value.severity,
    url: value.url ?? null,
    steps,
    after,
    actions: named.flatMap((each) => (each.kind === 'action' ? [{ action: each.action, line: first + each.line - 1 }] : [])),
  }
}

/** The runbooks in a product's folder, by name. */
export const readRunbooks = (folder: string, known: Nameable, problems: Problem[]): Runbook[] => {
  const taken: Taken = new Map()
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map(({ name }) => name)
    .toSorted()
    .flatMap((name) => readRunbook(join(folder, name), name.slice(0, -'.md'.length), known, taken, problems) ?? [])
}

/** What a runbook is wanted for. `alert`: the name of its rule, and the runbook that it asks for itself. */
export type Trouble = {
  readonly severity: Severity
  readonly text: string
  readonly alert?: { readonly rule: string; readonly runbook: string | null }
}

/** How many are suggested: more would be read by nobody. */
const mostSuggested = 3

/** The most characters of its first step that a suggestion shows. */
const longestFirst = 300

/** How well a runbook fits, the first that differs counts: whether the alert means it (by the whole name of its rule, or as its runbook), how many of its symptoms the text names, whether it
 *  is for this severity in particular. Null: not at all. */
const fitOf = ({ slug, id, title, when, severity }: Runbook, trouble: Trouble): readonly number[] | null => {
  const { rule, runbook = null } = trouble.alert ?? {}
  const isMeant =
    (rule !== undefined && when.some((name) => name === rule)) ||
    (runbook !== null && [slug, id ?? slug, title].some((word) => compact(word) === compact(runbook)))
  if (!isMeant && severity.length > 0 && !severity.includes(trouble.severity)) return null
  // The name of a rule is no symptom: only one that is a phrase says what somebody sees.
  const text = rule !== undefined && /[\s-]/.test(rule) ? `${trouble.text} ${rule}` : trouble.text
  const symptoms = [title, ...when].filter((symptom) => names(text, symptom)).length
  return isMeant || symptoms > 0 ? [Number(isMeant), symptoms, Number(severity.length > 0)] : null
}

const refOf = ({ slug, title, steps: [first] }: Runbook): RunbookRef => ({
  slug,
  title,
  ...(first === undefined ? {} : { first: shorten(firstWords(first.text), longestFirst), runs: first.checks.length > 0 }),
})

/** Those that may help, the best first: for this severity, unless the alert means them. */
export const suggestRunbooks = (runbooks: readonly Runbook[], trouble: Trouble): RunbookRef[] =>
  runbooks
    .flatMap((runbook) => {
      const fit = fitOf(runbook, trouble)
      return fit === null ? [] : [{ runbook, fit }]
    })
    .toSorted(({ fit: a }, { fit: b }) => {
      const differs = a.findIndex((weight, index) => weight !== b[index])
      return differs < 0 ? 0 : (b[differs] ?? 0) - (a[differs] ?? 0)
    })
    .slice(0, mostSuggested)
    .map(({ runbook }) => refOf(runbook))
