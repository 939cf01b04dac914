/** A product as the rest of the program knows it: its own file over the templates, field by field, every name resolved. */
import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Calendar, Contact as Reachable, Policy, Severity } from '../incident/policy.ts'
import type { People } from './people.ts'
import type { Disaster, Link, Place, Service, Suggest, Template } from './schema.ts'
import { alertFields } from './schema.ts'
import { nearest, type Report } from './problems.ts'
import type { Source } from './source.ts'
import { type Acting, type ActionKinds, resolveActions } from './actions.ts'
import { type Check, type CheckKinds, resolveChecks, resolveHosts } from './checks.ts'
import { type ProductDigest, resolveDigest } from './digest.ts'
import { findContacts, resolveContacts, type ProductContact } from './contacts.ts'
import { called, resolveSeverities, type ProductSeverity } from './policies.ts'
import type { Runbook } from './runbooks.ts'
import type { SeverityWords } from './severity.ts'

type AlertField = (typeof alertFields)[number]

type Notifications = {
  readonly critical: readonly ProductContact[]
  readonly warning: readonly ProductContact[]
  readonly status: readonly ProductContact[]
}

export type Product = {
  /** The name of its folder. */
  readonly key: string
  readonly name: string
  readonly aliases: readonly string[]
  readonly about: string | null
  readonly hosting: readonly string[]
  readonly links: readonly Link[]
  /** Links that still contain the placeholder of these variables: nobody is shown them. */
  readonly unsetLinks: readonly (Link & { readonly unset: readonly string[] })[]
  readonly contacts: ReadonlyMap<string, ProductContact>
  /** Who is told, in order: the fallback where nobody whom the product names can be reached. A severity may have a ladder of its
   *  own: see `policy`. */
  readonly ladder: readonly Reachable[]
  readonly calendar: Calendar
  readonly severities: Readonly<Record<Severity, ProductSeverity>>
  readonly severityWords: SeverityWords
  readonly defaultSeverity: Severity
  readonly policy: (severity: Severity) => Policy
  readonly checks: ReadonlyMap<string, Check>
  readonly acting: Acting
  readonly runbooks: readonly Runbook[]
  /** The only hosts that may be reached for it, without ports. Those of placeholders are not among them. */
  readonly hosts: readonly string[]
  /** Hosts whose address may be a private or loopback one. */
  readonly privateHosts: readonly string[]
  /** Names of the environment variables that hold its secrets: nothing else may be asked for. */
  readonly secrets: ReadonlySet<string>
  /** Names or ids of channels. */
  readonly announce: string | null
  /** The daily digest; null: none is posted. */
  readonly digest: ProductDigest | null
  readonly suggest: Suggest | null
  readonly notifications: Notifications
  readonly environments: ReadonlyMap<string, Place>
  readonly disaster: Disaster | null
  readonly alerts: {
    /** Which labels say what, the product's own names first, the standard one last. */
    readonly labels: Readonly<Record<AlertField, readonly string[]>>
    /** Per alert source, the name of the environment variable with the product's own secret. */
    readonly secrets: Readonly<Record<string, string>>
  }
  /** sha256 of the file's canonical content: comments, order and layout do not count. */
  readonly hash: string
}

export type Inputs = {
  readonly key: string
  readonly service: Service
  readonly source: Source
  readonly unset: ReadonlyMap<readonly (string | number)[], readonly string[]>
  readonly template: Template
  readonly people: People
  /** The contacts of the templates, and those of them who are called where a product's ladder reaches nobody. */
  readonly shared: { readonly contacts: ReadonlyMap<string, ProductContact>; readonly fallback: readonly ProductContact[] }
  readonly kinds: CheckKinds
  readonly actionKinds: ActionKinds | undefined
  /** The alert sources that exist; without them their names are not looked at. */
  readonly sources?: readonly string[] | undefined
}

/** Puts a product together. What refers to nothing is reported; the caller leaves the product out then. */
export const resolveProduct = ({ key, service, source, unset, template, people, shared, kinds, actionKinds, sources }: Inputs): Product => {
  const { report } = source
  const own = resolveContacts({ contacts: service.contacts, data: source.data, unset }, people, report)
  const contacts = new Map([...shared.contacts, ...own])
  const calendar = resolveCalendar(service, template, report)
  const severities = resolveSeverities(service, template, contacts, shared.fallback, calendar, report)
  const ladder = called(findContacts(service.ladder ?? template.ladder, contacts, [], ['ladder'], report), shared.fallback)
  const everyone = severities.policies.P1.ladder
  const notify = (field: keyof Notifications) =>
    findContacts(service.notifications[field] ?? template.notifications[field], contacts, everyone, ['notifications', field], report)
  const checks = resolveChecks(service, kinds, unset, report)

  const acting = resolveActions({ service, template, kinds: actionKinds, contacts, ladder, checks, unset }, report)

  const { links, unsetLinks } = resolveLinks(service, unset, report)

  for (const name of Object.keys(service.alerts.secrets))
    if (sources !== undefined && !sources.includes(name))
      report(['alerts', 'secrets', name], `no alert source is called \`${name}\``, { key: true, suggestion: nearest(name, sources) })

  return {
    key,
    name: service.name,
    aliases: service.aliases,
    about: service.about ?? null,
    hosting: service.hosting,
    links,
    unsetLinks,
    contacts,
    ladder,
    calendar,
    severities: severities.severities,
    severityWords: severities.words,
    defaultSeverity: service.defaultSeverity ?? template.defaultSeverity,
    policy: (severity) => severities.policies[severity],
    checks,
    // Read from the files beside the product's own.
    runbooks: [],
    acting,
    ...resolveHosts(service, checks, acting.actions, unset, report),
    announce: service.announce ?? null,
    digest: resolveDigest(service, template, calendar, checks, kinds, report),
    suggest: service.suggest ?? null,
    notifications: { critical: notify('critical'), warning: notify('warning'), status: notify('status') },
    environments: new Map(
      [...new Set([...Object.keys(template.environments), ...Object.keys(service.environments)])].map((name) => [
        name,
        { ...template.environments[name], ...service.environments[name] },
      ]),
    ),
    disaster: service.disaster ?? null,
    alerts: {
      labels: Object.fromEntries(alertFields.map((field) => [field, [...(service.alerts.labels[field] ?? []), field]])) as Record<
        AlertField,
        string[]
      >,
      secrets: service.alerts.secrets,
    },
    hash: hashOf(source.data),
  }
}

/** The links that can be shown, and those of which a part must still be given. */
const resolveLinks = (service: Service, unset: Inputs['unset'], report: Report): Pick<Product, 'links' | 'unsetLinks'> => {
  const missing = Map.groupBy(unset, ([[top, index]]) => (top === 'links' ? index : undefined))
  const links: Link[] = []
  const unsetLinks: (Link & { unset: string[] })[] = []
  for (const [index, link] of service.links.entries()) {
    if (service.links.findIndex(({ name }) => name === link.name) < index)
      report(['links', index, 'name'], `a link is called \`${link.name}\` already`)
    const names = [...new Set(missing.get(index)?.flatMap(([, variables]) => variables))]
    if (names.length === 0) links.push(link)
    else {
      unsetLinks.push({ ...link, unset: names })
      report(['links', index, 'url'], `\`${link.name}\` is not shown: set ${names.join(' and ')}`, { level: 'warning' })
    }
  }
  return { links, unsetLinks }
}

const resolveCalendar = (service: Service, template: Template, report: Report): Calendar => {
  const own = Object.fromEntries(Object.entries(service.calendar ?? {}).filter(([, value]) => value !== undefined))
  const calendar: Calendar = { ...template.calendar, ...own }
  if (calendar.from >= calendar.to) report(['calendar', 'to'], `the day ends at ${calendar.to}, before it begins at ${calendar.from}`)
  return calendar
}

/** sha256 of canonical JSON (RFC 8785). */
export const hashOf = (data: unknown): string =>
  createHash('sha256')
    .update(canonicalize(data ?? null) ?? '')
    .digest('hex')
