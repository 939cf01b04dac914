/** What each severity of a product promises (S1–S5, S8): its own fields over those of the template. */
import {
  type Calendar,
  type Contact,
  type FurtherClock,
  type Policy,
  reachable,
  reservedClocks,
  severities,
  type Severity,
  type Target,
} from '../incident/policy.ts'
import { findContacts, type ProductContact } from './contacts.ts'
import type { Report } from './problems.ts'
import type { Clock, OwnSeverity, Service, Template } from './schema.ts'
import { normalised, severityOf, type SeverityWords } from './severity.ts'
import type { Response } from './values.ts'

export type ProductSeverity = {
  /** What the product calls it; `P1` when it has no name of its own. */
  readonly name: string
  readonly meaning: string
  readonly aliases: readonly string[]
  /** Promises besides response and update, by their keys. */
  readonly clocks: Readonly<Record<string, Clock>>
}

type Resolved = {
  readonly policies: Readonly<Record<Severity, Policy>>
  readonly severities: Readonly<Record<Severity, ProductSeverity>>
  readonly words: SeverityWords
}

const bySeverity = <Value>(make: (severity: Severity) => Value): Record<Severity, Value> =>
  Object.fromEntries(severities.map((severity) => [severity, make(severity)])) as Record<Severity, Value>

/** The ladder as it is called: where nobody on it can be reached, the fallback, if that reaches anybody. */
export const called = <Person extends Contact>(ladder: readonly Person[], fallback: readonly Person[]): readonly Person[] =>
  !ladder.some(reachable) && fallback.some(reachable) ? fallback : ladder

/** Policies and words of all four severities. */
export const resolveSeverities = (
  service: Service,
  template: Template,
  contacts: ReadonlyMap<string, ProductContact>,
  fallback: readonly ProductContact[],
  calendar: Calendar,
  report: Report,
): Resolved => {
  const own = bySeverity((severity): OwnSeverity => service.severities[severity] ?? { aliases: [], clocks: {} })
  const templateAliases = bySeverity((severity) => template.severities[severity].aliases)
  checkAliases(own, templateAliases, report)

  const policies = bySeverity((severity): Policy => {
    const [mine, inherited] = [own[severity], template.severities[severity]]
    const path = ['severities', severity]
    const response = mine.response ?? inherited.response
    const immediate = response.kind === 'immediate'
    const hours = mine.hours ?? inherited.hours
    if (immediate && mine.page === false) report([...path, 'page'], 'an immediate response pages at once')
    if (immediate && hours === 'business') report([...path, 'hours'], 'an immediate response cannot wait for working hours')
    const page = mine.page ?? (immediate || inherited.page)
    const steps =
      mine.ladder === undefined
        ? findContacts(service.ladder ?? template.ladder, contacts, [], ['ladder'], () => {})
        : findContacts(mine.ladder, contacts, [], [...path, 'ladder'], report)
    const ladder = called(steps, fallback)
    for (const key of Object.keys(mine.clocks))
      if (reservedClocks.some((name) => name === key))
        report([...path, 'clocks', key], `\`${key}\` is the name of another clock: choose another`, { key: true })
    const clocks = furtherClocks(mine.clocks)
    return {
      severity,
      meaning: mine.meaning ?? inherited.meaning,
      response: targetOf(response, hours, service.immediate ?? template.immediate),
      page,
      update: mine.update === undefined ? inherited.update : mine.update,
      warnAt: mine.warnAt ?? inherited.warnAt,
      ladder,
      escalateEvery: mine.escalateEvery ?? inherited.escalateEvery,
      nagLead: mine.nagLead === undefined ? inherited.nagLead : mine.nagLead,
      invite: findContacts(mine.invite ?? inherited.invite, contacts, ladder, [...path, 'invite'], report),
      checklist: mine.checklist ?? inherited.checklist,
      calendar,
      ...(clocks.length === 0 ? {} : { clocks }),
    }
  })

  const { ladder } = policies.P1
  if (!ladder.some(reachable)) {
    const path = service.severities.P1?.ladder === undefined ? ['ladder'] : ['severities', 'P1', 'ladder']
    report(path, `a P1 of ${service.name} reaches nobody: ${remedy(ladder, fallback)}`, { level: 'warning', key: true })
  }

  return {
    policies,
    severities: bySeverity((severity) => ({
      name: own[severity].name ?? severity,
      meaning: policies[severity].meaning,
      aliases: own[severity].aliases,
      clocks: own[severity].clocks,
    })),
    words: {
      aliases: bySeverity((severity) => [...own[severity].aliases, ...templateAliases[severity]]),
      symptoms: [bySeverity((severity) => own[severity].symptoms ?? []), bySeverity((severity) => template.severities[severity].symptoms)],
    },
  }
}

const furtherClocks = (clocks: OwnSeverity['clocks']): FurtherClock[] =>
  Object.entries(clocks).map(([key, { title, within, from, until }]) => ({ key, title, minutes: within, from, until }))

/** What to set so that somebody can be reached. */
const remedy = (ladder: readonly Contact[], fallback: readonly Contact[]): string => {
  const variables = (people: readonly Contact[]) => [...new Set(people.flatMap(({ unset = [] }) => unset))]
  const own = variables(ladder)
    .join(', ')
    .replace(/, ([^,]+)$/, ' or $1')
  const common = variables(fallback).join(' or ')
  const last = common === '' ? '`fallback` in templates/severities.yml' : `${common} (\`fallback\` in templates/severities.yml)`
  return own === '' ? `set ${last}` : `set ${own}, or ${last}`
}

const targetOf = (response: Response, hours: 'always' | 'business', immediate: number): Target | null => {
  switch (response.kind) {
    case 'minutes':
      return { kind: 'duration', minutes: response.minutes, hours }
    case 'immediate':
      return { kind: 'duration', minutes: immediate, hours: 'always' }
    case 'next business day':
      return { kind: 'next-business-day' }
    case 'next sprint':
      return { kind: 'next-sprint' }
    case 'none':
      return null
    default:
      return response satisfies never
  }
}

const checkAliases = (own: Readonly<Record<Severity, OwnSeverity>>, others: SeverityWords['aliases'], report: Report): void => {
  const taken = new Map<string, Severity>()
  for (const severity of severities)
    for (const [index, alias] of own[severity].aliases.entries()) {
      const path = ['severities', severity, 'aliases', index]
      const meant = taken.get(normalised(alias))
      const elsewhere = meant ?? severityOf(alias, others)
      if (elsewhere !== null && elsewhere !== severity) report(path, `\`${alias}\` means ${elsewhere} already`)
      else if (meant !== undefined) report(path, `\`${alias}\` stands twice`)
      taken.set(normalised(alias), severity)
    }
}
