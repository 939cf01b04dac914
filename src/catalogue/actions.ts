/** The actions of a product, held against the kinds that exist, with who may approve each and when none runs. */
import { z } from 'zod'
import type { Criterion } from '../incident/acting/criteria.ts'
import type { Contact, Severity } from '../incident/policy.ts'
import { pageOf, type Unset } from './checks.ts'
import { findContacts, type ProductContact } from './contacts.ts'
import { nearest, type Report } from './problems.ts'
import type { Freeze, Service, Template } from './schema.ts'
import { validate } from './validate.ts'

/** The kinds of action that exist, each with the schema of its options. */
export type ActionKinds = Readonly<Record<string, z.ZodType>>

export type Action = {
  readonly key: string
  readonly kind: string
  readonly title: string
  /** In place of what its kind says; null: as its kind says. */
  readonly risk: 'low' | 'high' | null
  readonly options: unknown
  /** In place of the product's; null: those. */
  readonly approvers: readonly Contact[] | null
  /** Keys of the checks before and after. */
  readonly checks: readonly string[]
  readonly watchMinutes: number
  readonly link: string | null
  /** Variables whose placeholder it still contains: until they are set it cannot run. */
  readonly unset: readonly string[]
}

export type Approvals = {
  readonly low: number
  readonly high: number
  readonly minutes: number
  readonly breakGlassMinutes: number | null
  readonly perHour: number
  /** Who may approve in a record of this severity; nobody named: every member of the workspace. */
  readonly approvers: (severity: Severity) => readonly Contact[]
}

export type Acting = {
  readonly actions: ReadonlyMap<string, Action>
  readonly approvals: Approvals
  readonly freezes: readonly Freeze[]
  readonly criteria: readonly Criterion[]
}

type Given = {
  readonly service: Service
  readonly template: Template
  /** Without them actions are not looked at, and there are none. */
  readonly kinds: ActionKinds | undefined
  readonly contacts: ReadonlyMap<string, ProductContact>
  readonly ladder: readonly Contact[]
  readonly checks: ReadonlyMap<string, unknown>
  readonly unset: Unset
}

/** Actions with the options that their kind accepts. */
export const resolveActions = ({ service, template, kinds, contacts, ladder, checks, unset }: Given, report: Report): Acting => {
  const peopleOf = (keys: readonly string[], path: (string | number)[]) => {
    const found = findContacts(keys, contacts, ladder, path, report)
    // Nobody named is everybody; somebody named who is nobody must not be.
    if (keys.length > 0 && found.length === 0) report(path, 'these are nobody: name people, or `[]` for every member of the workspace')
    for (const [index, { slackUser, slackGroup, email, name }] of found.entries())
      if (slackUser === undefined && slackGroup === undefined && email === undefined)
        report([...path, index], `\`${name}\` is neither a person nor a group of the chat, so nobody approves as that`, {
          level: 'warning',
        })
    return found
  }
  const known = (check: string, path: (string | number)[]) => {
    if (!checks.has(check)) report(path, `no check is called \`${check}\``, { suggestion: nearest(check, checks.keys()) })
  }
  const actions = new Map<string, Action>()
  for (const [key, { kind, title, risk, approvers, checks: asked, watch, link, options: written }] of Object.entries(
    kinds === undefined ? {} : service.actions,
  )) {
    const path = ['actions', key]
    const schema = kinds !== undefined && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
    if (schema === undefined) {
      const suggestion = nearest(kind, Object.keys(kinds ?? {}))
      report(
        [...path, 'kind'],
        `no kind of action is called \`${kind}\`${suggestion === null ? `: there are ${Object.keys(kinds ?? {}).join(', ')}` : ''}`,
        {
          suggestion,
        },
      )
      continue
    }
    const options = validate(schema instanceof z.ZodObject ? schema.strict() : schema, written, report, [...path, 'options'])
    for (const [index, check] of asked.entries()) known(check, [...path, 'checks', index])
    const missing = [...unset].filter(([at]) => at[0] === 'actions' && at[1] === key).flatMap(([, names]) => names)
    if (options === null) continue
    actions.set(key, {
      key,
      kind,
      title,
      risk: risk ?? null,
      options,
      approvers: approvers === undefined ? null : peopleOf(approvers, [...path, 'approvers']),
      checks: asked,
      watchMinutes: watch ?? 0,
      link: link === undefined ? null : pageOf(service, link, unset, report, [...path, 'link']),
      unset: [...new Set(missing)],
    })
  }
  for (const [key, { check, action }] of Object.entries(service.criteria)) {
    if (check !== undefined) known(check, ['criteria', key, 'check'])
    if (!Object.hasOwn(service.actions, action))
      report(['criteria', key, 'action'], `no action is called \`${action}\``, {
        suggestion: nearest(action, Object.keys(service.actions)),
      })
  }
  const { low, high, within, breakGlass, perHour, approvers, severities } = {
    ...template.approvals,
    ...Object.fromEntries(Object.entries(service.approvals).filter(([, value]) => value !== undefined)),
  }
  const everyone = peopleOf(approvers, ['approvals', 'approvers'])
  const by = new Map(
    Object.entries(severities).map(([severity, keys]) => [severity, peopleOf(keys ?? [], ['approvals', 'severities', severity])] as const),
  )
  return {
    actions,
    approvals: {
      low,
      high,
      minutes: within,
      breakGlassMinutes: breakGlass,
      perHour,
      approvers: (severity) => by.get(severity) ?? everyone,
    },
    freezes: service.freezes,
    criteria: Object.entries(service.criteria).map(([key, { check, measurement, above, below, ...criterion }]) => ({
      key,
      ...criterion,
      check: check ?? null,
      measurement: measurement ?? null,
      above: above ?? null,
      below: below ?? null,
    })),
  }
}
