/** A product as `npm run catalogue` prints it: what it has, what is missing, and what cannot be done without it. */
import { join, sep } from 'node:path'
import { type Catalogue, type Problem, problemText, type Product } from './catalogue.ts'
import type { Action } from './catalogue/actions.ts'
import { type Check, isForbidden } from './catalogue/checks.ts'
import { isMissing, isUnset, type Missing, missingOf, ownContacts } from './catalogue/missing.ts'
import type { Runbook } from './catalogue/runbooks.ts'
import type { ActionDefinition } from './define/action.ts'
import type { CheckDefinition } from './define/check.ts'
import { shorten } from './incident/text.ts'

type Environment = Readonly<Record<string, string | undefined>>

export type Report = {
  readonly catalogue: Catalogue
  readonly problems: readonly Problem[]
  /** The folder of products. */
  readonly runbooks: string
  readonly kinds: ReadonlyMap<string, CheckDefinition>
  readonly actionKinds: ReadonlyMap<string, ActionDefinition>
  readonly environment: Environment
}

const plural = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`

/** How many names are listed where the whole product must fit on a screen. */
const mostNames = 6

const listed = (names: readonly string[], full: boolean): string =>
  full || names.length <= mostNames
    ? names.join(', ')
    : `${names.slice(0, mostNames - 1).join(', ')} and ${names.length - mostNames + 1} more`

type Needy = { readonly needs?: ((options: never) => readonly string[]) | undefined }

/** What a check cannot ask without, or an action not run. */
const lacking = (asked: Check | Action, kinds: ReadonlyMap<string, Needy>, environment: Environment): string[] => [
  ...new Set([
    ...asked.unset,
    ...(kinds.get(asked.kind)?.needs?.(asked.options as never) ?? []).filter((name) => isUnset(environment, name)),
  ]),
]

/** The private addresses that a check would ask and may not. */
const forbidden = (check: Check, { privateHosts }: Product, kinds: Report['kinds']): string[] => {
  const hosts = kinds.get(check.kind)?.hosts(check.options) ?? []
  const names = hosts.map((host) => URL.parse(`http://${host}/`)?.hostname ?? host)
  return [...new Set(names)].filter((name) => isForbidden(name, privateHosts))
}

/** What somebody must do before a check can ask; empty when it can. */
const todoFor = (check: Check, product: Product, { kinds, environment }: Report): string => {
  const names = lacking(check, kinds, environment)
  // An address that is still to be set is nobody's.
  if (names.length > 0) return `set ${names.join(', ')}`
  const hosts = forbidden(check, product, kinds)
  return hosts.length === 0 ? '' : `list ${hosts.join(', ')} under privateHosts`
}

const missingLines = (missing: readonly Missing[], key: string, full: boolean): string[] => {
  const width = Math.max(...missing.map(({ name }) => name.length))
  return missing.map(({ name, isSecret, checks, actions, links, contacts, alerts }) => {
    const others = [
      ...links.map((link) => `link ${link}`),
      ...contacts.map((contact) => `contact ${contact}`),
      ...alerts.map((source) => `alerts to /alerts/${source}/${key}`),
    ]
    const waiting = [
      ...(checks.length === 0 ? [] : [`${plural(checks.length, 'check')}: ${listed(checks, full)}`]),
      ...(actions.length === 0 ? [] : [`${plural(actions.length, 'action')}: ${listed(actions, full)}`]),
      ...(others.length === 0 ? [] : [listed(others, full)]),
    ]
    return `    ${name.padEnd(width)}  ${isSecret ? 'secret  ' : 'variable'}  ${waiting.length === 0 ? 'nothing waits for it' : waiting.join(' · ')}`
  })
}

const runbookLines = (runbooks: readonly Runbook[], full: boolean): string[] => {
  const width = Math.max(...runbooks.map(({ id }) => id?.length ?? 0))
  const byId = runbooks.toSorted((a, b) => (a.id ?? '').localeCompare(b.id ?? '', 'en', { numeric: true }))
  return byId.map(({ id, slug, title, steps, actions }) => {
    const checks = [...new Set(steps.flatMap((step) => step.checks.map(({ check }) => check)))]
    const acts = [...new Set(actions.map(({ action }) => action.split(' ')[0] ?? action))]
    const parts = [
      plural(steps.length, 'step'),
      ...(checks.length === 0 ? [] : [`checks ${listed(checks, full)}`]),
      ...(acts.length === 0 ? [] : [`actions ${listed(acts, full)}`]),
    ]
    return `    ${(id ?? '').padEnd(width)}${width === 0 ? '' : '  '}${title} (${slug}): ${parts.join('; ')}`
  })
}

const checkLines = (product: Product, report: Report): string[] => {
  const checks = [...product.checks.values()]
  const [wide, kind] = [Math.max(...checks.map(({ key }) => key.length)), Math.max(...checks.map((check) => check.kind.length))]
  return checks.map((check) => {
    const todo = todoFor(check, product, report)
    const when = [...(check.auto ? ['by itself'] : []), ...(check.sampleMinutes === null ? [] : [`every ${check.sampleMinutes} min`])]
    const more = [...(when.length === 0 ? [] : [`(${when.join(', ')})`]), ...(todo === '' ? [] : [`– cannot ask: ${todo}`])]
    return `    ${check.key.padEnd(wide)}  ${check.kind.padEnd(kind)}  ${[check.title, ...more].join(' ')}`
  })
}

const actionLines = ({ acting }: Product, { actionKinds, environment }: Report): string[] => {
  const actions = [...acting.actions.values()]
  const [wide, kind] = [Math.max(...actions.map(({ key }) => key.length)), Math.max(...actions.map((action) => action.kind.length))]
  return actions.map((action) => {
    const names = lacking(action, actionKinds, environment)
    const more = names.length === 0 ? [] : [`– cannot run: set ${names.join(', ')}`]
    return `    ${action.key.padEnd(wide)}  ${action.kind.padEnd(kind)}  ${[action.title, ...more].join(' ')}`
  })
}

/** Where each field comes from. */
const fieldLines = (catalogue: Catalogue, key: string): string[] => {
  const rows = catalogue.provenance(key)
  const width = Math.max(...rows.map(({ path }) => path.length))
  return rows.flatMap(({ path, from, why, value }) => [
    `    ${path.padEnd(width)}  ${from.padEnd(9)}  ${shorten(value, 80)}`,
    ...(why === null ? [] : [`    ${' '.repeat(width)}  ↳ ${why}`]),
  ])
}

const titled = (title: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : [`  ${title}`, ...lines])

/** Whether a problem is in the files of a product. */
export const isOf =
  ({ key }: Product, runbooks: string) =>
  ({ file }: Problem): boolean =>
    file.startsWith(`${join(runbooks, key)}${sep}`)

/** One product. `full`: every check and every field, too. */
export const productLines = (product: Product, report: Report, full: boolean): string[] => {
  const { catalogue, kinds, actionKinds, environment } = report
  const own = report.problems.filter(isOf(product, report.runbooks))
  const rows = catalogue.provenance(product.key)
  const counted = (['given', 'assumed', 'inherited'] as const).map((from) => `${rows.filter((row) => row.from === from).length} ${from}`)
  const missing = missingOf(product, {
    unassigned: catalogue.unassigned,
    problems: own,
    environment,
    lacking: (check) => lacking(check, kinds, environment),
    unable: (action) => lacking(action, actionKinds, environment),
  })
  const asking = [...product.checks.values()].filter((check) => todoFor(check, product, report) === '')
  const unreachable = ownContacts(product, catalogue.unassigned).filter((contact) =>
    Object.keys(contact).every((key) => key === 'name' || key === 'unset'),
  )
  const mute = [...product.checks.values()].filter((check) => lacking(check, kinds, environment).length > 0).length
  const keys = asking.map(({ key }) => key)
  const able = full || keys.length === 0 ? '' : `: ${listed(keys, full)}`
  const asked = product.checks.size === 0 ? 'no checks' : `${asking.length} of ${plural(product.checks.size, 'check')} can ask${able}`
  return [
    `${product.name} (${product.key})`,
    `  values: ${counted.join(', ')} · ${product.hash.slice(0, 12)}`,
    `  ${asked}`,
    ...(full && product.checks.size > 0 ? checkLines(product, report) : []),
    `  ${product.acting.actions.size === 0 ? 'no actions' : `${plural(product.acting.actions.size, 'action')}: ${listed([...product.acting.actions.keys()], full)}`}`,
    ...(full && product.acting.actions.size > 0 ? actionLines(product, report) : []),
    ...titled(
      `not set in the environment of the bot${mute === 0 ? '' : `, so that ${plural(mute, 'check')} cannot ask`}:`,
      missing.length === 0 ? [] : missingLines(missing, product.key, full),
    ),
    ...(unreachable.length === 0 ? [] : [`  contacts without a way to reach them: ${unreachable.map(({ name }) => name).join(', ')}`]),
    ...(product.runbooks.length === 0
      ? ['  no runbooks']
      : titled(`${plural(product.runbooks.length, 'runbook')}:`, runbookLines(product.runbooks, full))),
    ...titled(
      'besides:',
      own.filter((problem) => problem.level === 'warning' && !isMissing(problem)).map((problem) => `    ${problemText(problem)}`),
    ),
    ...(full ? titled('fields:', fieldLines(catalogue, product.key)) : []),
    '',
  ]
}

/** Actions that runbooks name and that are not there: nothing is wrong with a runbook that is ahead of the bot. */
export const aheadLines = (products: readonly Product[]): string[] => {
  const ahead = products.flatMap(({ key, runbooks, acting }) =>
    runbooks.flatMap(({ slug, actions }) =>
      actions
        .map(({ action, line }) => ({ name: action.split(' ')[0] ?? action, place: `${key}/${slug}.md:${line}` }))
        .filter(({ name }) => !acting.actions.has(name)),
    ),
  )
  const byName = Map.groupBy(ahead, ({ name }) => name)
  if (byName.size === 0) return []
  return [
    `${plural(byName.size, 'action')} named in runbooks that ${byName.size === 1 ? 'is' : 'are'} not there yet`,
    ...[...byName].map(([name, places]) => `  ${name}: ${places.map(({ place }) => place).join(', ')}`),
  ]
}
