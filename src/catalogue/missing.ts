/** What somebody must still set for a product, each with everything that waits for it. */
import type { Action } from './actions.ts'
import type { Check } from './checks.ts'
import type { ProductContact } from './contacts.ts'
import type { Problem } from './problems.ts'
import type { Product } from './product.ts'

/** The setting is not made. `poorer`: actions that can do without it, by their keys. `links` and `contacts` by their names, `checks` and `actions` by their keys, `alerts` by the sources that are refused. */
export type Missing = {
  readonly name: string
  readonly isSecret: boolean
  readonly checks: readonly string[]
  readonly actions: readonly string[]
  readonly poorer: readonly string[]
  readonly links: readonly string[]
  readonly contacts: readonly string[]
  readonly alerts: readonly string[]
}

type Environment = Readonly<Record<string, string | undefined>>

/** Whether a setting is not made: an empty one is not. */
export const isUnset = (environment: Environment, name: string): boolean => (environment[name] ?? '').trim() === ''

/** The contacts that are the product's, and not the templates'. */
export const ownContacts = (product: Product, unassigned: Product): ProductContact[] =>
  [...product.contacts].flatMap(([key, contact]) => (unassigned.contacts.get(key) === contact ? [] : [contact]))

/** `problems`: those of the product. `lacking`: what a check cannot ask without; `unable`: an action cannot run;
 *  `used`: an action makes use of, and can do without. What most checks wait for stands first. */
export const missingOf = (
  product: Product,
  {
    unassigned,
    problems,
    environment,
    lacking,
    unable,
    used = () => [],
  }: {
    readonly unassigned: Product
    readonly problems: readonly Problem[]
    readonly environment: Environment
    readonly lacking: (check: Check) => readonly string[]
    readonly unable: (action: Action) => readonly string[]
    readonly used?: (action: Action) => readonly string[]
  },
): Missing[] => {
  const checks = [...product.checks.values()].map((check) => ({ key: check.key, names: lacking(check) }))
  const actions = [...product.acting.actions.values()].map((action) => ({ key: action.key, names: unable(action), used: used(action) }))
  const contacts = ownContacts(product, unassigned)
  const alerts = Object.entries(product.alerts.secrets).filter(([, name]) => isUnset(environment, name))
  const names = new Set([
    ...problems.flatMap(({ path }) => /^variables\.(\w+)$/.exec(path)?.[1] ?? []),
    ...contacts.flatMap(({ unset = [] }) => unset),
    ...checks.flatMap((check) => check.names),
    ...actions.flatMap((action) => [...action.names, ...action.used]),
    ...alerts.map(([, name]) => name),
  ])
  return [...names]
    .map((name) => ({
      name,
      isSecret: product.secrets.has(name),
      checks: checks.filter((check) => check.names.includes(name)).map(({ key }) => key),
      actions: actions.filter((action) => action.names.includes(name)).map(({ key }) => key),
      poorer: actions.filter((action) => action.used.includes(name) && !action.names.includes(name)).map(({ key }) => key),
      links: product.unsetLinks.filter(({ unset }) => unset.includes(name)).map((link) => link.name),
      contacts: contacts.filter(({ unset }) => unset?.includes(name) === true).map((contact) => contact.name),
      alerts: alerts.filter(([, secret]) => secret === name).map(([source]) => source),
    }))
    .toSorted((a, b) => b.checks.length + b.actions.length - a.checks.length - a.actions.length)
}

/** Whether a warning says no more than `missingOf` does. */
export const isMissing = ({ level, path, message }: Problem): boolean =>
  level === 'warning' &&
  (/^variables\.\w+$/.test(path) ||
    (/^contacts\.[^.]+$/.test(path) && message.includes('only a placeholder; set ')) ||
    (/^links\[\d+\]\.url$/.test(path) && message.includes(' is not shown: set ')))
