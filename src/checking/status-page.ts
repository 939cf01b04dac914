/** Public status pages in the formats that vendors use, brought into one shape, and judged. Pure. */
import { z } from 'zod'
import type { CheckStatus, Finding } from '../incident/check.ts'
import { nearest } from '../incident/nearest.ts'
import { foreign } from './foreign.ts'

type Component = {
  readonly name: string
  readonly status: CheckStatus
  readonly word: string
  /** It stands for those under it: told only where it is asked for by name. */
  readonly isGroup?: boolean
}
type Incident = {
  readonly title: string
  readonly status: CheckStatus
  readonly word: string
  /** Components that it names; null when the page does not say. */
  readonly components: readonly string[] | null
}

export type StatusPage = {
  readonly name: string
  /** Null where the page lists none, or not all. */
  readonly components: readonly Component[] | null
  /** Incidents and maintenance under way. */
  readonly incidents: readonly Incident[]
  readonly overall: { readonly status: CheckStatus; readonly word: string }
}

/** Words of all formats, written without spaces and underscores. */
const byWord: Readonly<Record<string, CheckStatus>> = {
  operational: 'ok',
  none: 'ok',
  ok: 'ok',
  up: 'ok',
  minor: 'warn',
  major: 'warn',
  degraded: 'warn',
  degradedperformance: 'warn',
  partialoutage: 'warn',
  minoroutage: 'warn',
  hasissues: 'warn',
  active: 'warn',
  incident: 'warn',
  notice: 'warn',
  maintenance: 'warn',
  undermaintenance: 'warn',
  critical: 'fail',
  majoroutage: 'fail',
  fulloutage: 'fail',
  outage: 'fail',
  downtime: 'fail',
}

/** How bad a word is; a word that is not known is no reason to say that all is well. */
const gradeOf = (word: string): CheckStatus => {
  const plain = word.toLowerCase().replace(/[\s_-]/g, '')
  return Object.hasOwn(byWord, plain) ? byWord[plain]! : 'unknown'
}

const worded = (word: string): string => foreign(word.toLowerCase().replaceAll('_', ' '), 40)

const component = (name: string, word: string): Component => ({ name, status: gradeOf(word), word: worded(word) })

const Named = z.object({ name: z.string() })

/** Statuspage's `api/v2/summary.json`, which incident.io answers as well: Supabase, Vercel, Cloudflare, Upstash, Stripe; OpenAI, Clerk, Resend. */
const Statuspage = z.object({
  page: Named,
  status: z.object({ indicator: z.string(), description: z.string().optional() }),
  components: z.array(Named.extend({ status: z.string(), group: z.boolean().nullish() })).optional(),
  incidents: z
    .array(Named.extend({ impact: z.string().nullish(), status: z.string().nullish(), components: z.array(Named).nullish() }))
    .optional(),
  scheduled_maintenances: z.array(Named.extend({ status: z.string(), components: z.array(Named).nullish() })).optional(),
})

/** incident.io's own `api/v1/summary`. */
const IncidentIo = z.object({
  page_title: z.string(),
  ongoing_incidents: z.array(
    Named.extend({
      current_worst_impact: z.string().nullish(),
      affected_components: z.array(Named).nullish(),
    }),
  ),
  in_progress_maintenances: z.array(Named.extend({ affected_components: z.array(Named).nullish() })).default([]),
})

/** Instatus' `summary.json`. */
const Instatus = z.object({
  page: Named.extend({ status: z.string() }),
  activeIncidents: z.array(Named.extend({ impact: z.string().nullish() })).optional(),
  activeMaintenances: z.array(Named.extend({ status: z.string().nullish() })).optional(),
})

/** Better Stack's `index.json`, which is JSON:API. */
const BetterStack = z.object({
  data: z.object({ attributes: z.object({ company_name: z.string(), aggregate_state: z.string() }) }),
  included: z
    .array(
      z.object({
        type: z.string(),
        attributes: z.object({ public_name: z.string().nullish(), status: z.string().nullish() }).optional(),
      }),
    )
    .default([]),
})

/** Slack's `api/v2.0.0/current`. */
const Slack = z.object({
  status: z.string(),
  active_incidents: z.array(z.object({ title: z.string(), type: z.string().nullish(), services: z.array(z.string()).nullish() })),
})

const names = (components: readonly { readonly name: string }[] | null | undefined): string[] | null =>
  components === null || components === undefined ? null : components.map(({ name }) => name)

const incident = (title: string, word: string, components: readonly string[] | null): Incident => ({
  title,
  status: gradeOf(word),
  word: worded(word),
  components,
})

/** `minor` and `major` are words for what is going on, not for nothing: `none` is an incident that hurts nobody. */
const impactOf = (impact: string | null | undefined): string => impact ?? 'incident'

const formats: readonly (readonly [schema: z.ZodType, read: (value: never) => StatusPage])[] = [
  [
    Statuspage,
    ({ page, status, components, incidents = [], scheduled_maintenances = [] }: z.infer<typeof Statuspage>) => ({
      name: page.name,
      components: components?.map((one) => ({ ...component(one.name, one.status), isGroup: one.group === true })) ?? null,
      incidents: [
        ...incidents
          .filter((one) => !['resolved', 'postmortem'].includes(one.status ?? ''))
          .map((one) => incident(one.name, impactOf(one.impact), names(one.components))),
        ...scheduled_maintenances
          .filter((one) => ['in_progress', 'verifying'].includes(one.status))
          .map((one) => incident(one.name, 'maintenance', names(one.components))),
      ],
      overall: { status: gradeOf(status.indicator), word: foreign(status.description ?? status.indicator) },
    }),
  ],
  [
    IncidentIo,
    ({ page_title, ongoing_incidents, in_progress_maintenances }: z.infer<typeof IncidentIo>) => {
      const incidents = [
        ...ongoing_incidents.map((one) => incident(one.name, impactOf(one.current_worst_impact), names(one.affected_components))),
        ...in_progress_maintenances.map((one) => incident(one.name, 'maintenance', names(one.affected_components))),
      ]
      return { name: page_title, components: null, incidents, overall: rollup(incidents) }
    },
  ],
  [
    Instatus,
    ({ page, activeIncidents = [], activeMaintenances = [] }: z.infer<typeof Instatus>) => ({
      name: page.name,
      components: null,
      incidents: [
        ...activeIncidents.map((one) => incident(one.name, impactOf(one.impact), null)),
        ...activeMaintenances.filter((one) => one.status === 'INPROGRESS').map((one) => incident(one.name, 'maintenance', null)),
      ],
      overall: { status: gradeOf(page.status), word: worded(page.status) },
    }),
  ],
  [
    BetterStack,
    ({ data, included }: z.infer<typeof BetterStack>) => ({
      name: data.attributes.company_name,
      components: included.flatMap(({ type, attributes }) =>
        type === 'status_page_resource' && typeof attributes?.public_name === 'string' && typeof attributes.status === 'string'
          ? [component(attributes.public_name, attributes.status)]
          : [],
      ),
      incidents: [],
      overall: { status: gradeOf(data.attributes.aggregate_state), word: worded(data.attributes.aggregate_state) },
    }),
  ],
  [
    Slack,
    ({ active_incidents }: z.infer<typeof Slack>) => {
      const incidents = active_incidents.map((one) => incident(one.title, impactOf(one.type), one.services ?? null))
      return { name: 'Slack', components: null, incidents, overall: rollup(incidents) }
    },
  ],
]

const order: readonly CheckStatus[] = ['fail', 'warn', 'unknown', 'ok']

/** For formats that give only what is wrong. */
const rollup = (incidents: readonly Incident[]): StatusPage['overall'] => {
  const status = order.find((grade) => incidents.some((one) => one.status === grade)) ?? 'ok'
  return { status, word: incidents.length === 0 ? 'no incident' : `${incidents.length} under way` }
}

/** Reads a page, whichever of the formats it has; null when it has none. */
export const readStatusPage = (value: unknown): StatusPage | null => {
  for (const [schema, read] of formats) {
    const parsed = schema.safeParse(value)
    if (parsed.success) return read(parsed.data as never)
  }
  return null
}

/** How many incidents and components are told. */
const mostTold = 5

const told = (incidents: readonly Incident[]): Finding[] =>
  incidents.slice(0, mostTold).map(({ title, word, status }) => ({
    status: status === 'ok' ? 'warn' : status,
    text: `“${foreign(title, 160)}” (${word}) is under way.`,
  }))

/** Judges the page by the components that matter, or as a whole when none are named. */
export const judgeStatusPage = (page: StatusPage, vendor: string, wanted: readonly string[]): Finding[] => {
  const { components, incidents, overall } = page
  if (wanted.length === 0) {
    const bad = told(incidents)
    const ill = (components ?? []).filter(({ status, isGroup }) => status !== 'ok' && isGroup !== true).slice(0, mostTold)
    if (overall.status === 'ok' && bad.length === 0 && ill.length === 0) return [{ status: 'ok', text: `${vendor}: ${overall.word}.` }]
    const which = ill.length === 0 ? '' : `: ${ill.map(({ name, word }) => `${foreign(name)} (${word})`).join(', ')}`
    // The vendor itself does not count it, so that it is no more than a warning.
    const status = overall.status === 'ok' && ill.length > 0 ? 'warn' : overall.status
    return [{ status, text: `${vendor} says “${overall.word}”${which}.` }, ...bad]
  }
  const same = (a: string, b: string) => a.trim().toLowerCase() === b.trim().toLowerCase()
  const states = wanted.map((name) => {
    const found = (components ?? [])
      .filter((one) => same(one.name, name))
      .toSorted((a, b) => order.indexOf(a.status) - order.indexOf(b.status))
    return { name, found: found[0] ?? null }
  })
  const concerning = incidents.filter(
    ({ components: named }) => named === null || named.some((name) => wanted.some((one) => same(one, name))),
  )
  const missing = components === null ? [] : states.filter(({ found }) => found === null)
  const findings: Finding[] = states.flatMap(({ name, found }) =>
    found === null || found.status === 'ok' ? [] : [{ status: found.status, text: `${vendor}: ${foreign(name)} is “${found.word}”.` }],
  )
  for (const { name } of missing) {
    const close = nearest(
      name,
      (components ?? []).map((one) => one.name),
    )
    const meant = close === null ? '' : ` Is “${foreign(close)}” meant?`
    findings.push({ status: 'unknown', text: `${vendor}’s status page has no component “${foreign(name)}”: look at service.yml.${meant}` })
  }
  const all = [...findings, ...told(concerning)]
  if (all.length > 0) return all
  const others = incidents.length === 0 ? '' : ` ${incidents.length} under way elsewhere.`
  if (components === null) {
    // Nothing says which component is meant, or that there is one of that name.
    const list = wanted.map((name) => foreign(name)).join(', ')
    if (overall.status !== 'ok' && incidents.length === 0)
      return [{ status: overall.status, text: `${vendor} says “${overall.word}”, and not of what: look whether ${list} is meant.` }]
    return [
      incidents.length === 0
        ? { status: 'ok', text: `${vendor}: ${overall.word}. The page does not list ${list} by name.` }
        : {
            status: 'unknown',
            text: `${vendor}: nothing that is under way names ${list}, but the page lists no components by which to tell.${others}`,
          },
    ]
  }
  return [{ status: 'ok', text: `${vendor}: ${wanted.map((name) => foreign(name)).join(', ')} operational.${others}` }]
}
