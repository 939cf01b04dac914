/** The files of the catalogue: `templates/severities.yml` and `runbooks/<product>/service.yml`. */
import { z } from 'zod'
import { Wait } from '../define/wait.ts'
import { reservedClocks } from '../incident/policy.ts'
import {
  ActionKey,
  ChannelName,
  CheckKey,
  Days,
  Duration,
  DurationOrNone,
  Email,
  LocalDate,
  Moment,
  Response,
  SecretName,
  SeverityKey,
  Slug,
  Text,
  TimeOfDay,
  Url,
  WarnAt,
  Words,
  Zone,
} from './values.ts'
import { Variable, VariableName } from './variables.ts'

const each = <Value extends z.ZodType>(value: Value) => z.strictObject({ P1: value, P2: value, P3: value, P4: value })

export const slackUser = z.string().regex(/^[UW][A-Z0-9]+$/, 'must be the id of a Slack member, such as `U012AB3CD`')
export const phone = z.string().regex(/^\+\d[\d ()-]{5,20}$/, 'must be a telephone number with its country, such as `+41 44 123 45 67`')

/** How somebody can be told. A `placeholder` is what a guide says in place of an address. */
const Contact = z
  .strictObject({
    person: Slug.optional(),
    name: Text.optional(),
    email: Email.optional(),
    phone: phone.optional(),
    slackUser: slackUser.optional(),
    slackGroup: z
      .string()
      .regex(/^S[A-Z0-9]+$/, 'must be the id of a Slack user group, such as `S012AB3CD`')
      .optional(),
    slackChannel: ChannelName.optional(),
    url: Url.optional(),
    /** A name in a social network. */
    handle: z.string().startsWith('@').optional(),
    placeholder: Text.optional(),
  })
  .superRefine(({ person, name, placeholder, ...ways }, context) => {
    if (person === undefined && name === undefined) context.addIssue({ code: 'custom', message: 'give a `name`, or the `person` it is' })
    if (person === undefined && placeholder === undefined && Object.keys(ways).length === 0)
      context.addIssue({ code: 'custom', message: `give a way to reach them: ${Object.keys(Contact.shape).slice(2, -1).join(', ')}` })
  })
export type Contact = z.infer<typeof Contact>

const Contacts = z.record(Slug, Contact)

const calendarFields = {
  zone: Zone,
  days: Days,
  from: TimeOfDay,
  to: TimeOfDay,
  holidays: z.array(LocalDate).refine((dates) => new Set(dates).size === dates.length, 'a date stands twice'),
  sprint: z.strictObject({ start: LocalDate, days: z.int().min(1).max(366) }),
}

/** A promise besides the response. `from` starts it, `until` meets it. */
const Clock = z.strictObject({
  title: Text,
  within: Duration,
  from: z.enum(['declared', 'resolved']).default('declared'),
  until: z.enum(['update', 'mitigated', 'resolved', 'reviewed']),
})
export type Clock = z.infer<typeof Clock>

/** Every field is inherited by itself. `invite` and `ladder` are keys of contacts. */
const severityFields = {
  meaning: Text,
  response: Response,
  hours: z.enum(['always', 'business']),
  page: z.boolean(),
  update: DurationOrNone,
  warnAt: WarnAt,
  escalateEvery: Duration,
  /** How often somebody is asked to lead while nobody does. */
  nagLead: DurationOrNone,
  invite: Words,
  checklist: Words,
  symptoms: Words,
}

const TemplateSeverity = z.strictObject({ ...severityFields, aliases: Words })
const OwnSeverity = z.strictObject({
  ...z.object(severityFields).partial().shape,
  /** What the product calls it. */
  name: Text.optional(),
  aliases: Words.default([]),
  ladder: Words.optional(),
  clocks: z.record(Slug, Clock).default({}),
})

export type OwnSeverity = z.infer<typeof OwnSeverity>

const Phase = z
  .strictObject({ title: Text, task: Text, by: Duration.optional(), within: Duration.optional(), after: Slug.optional() })
  .refine((phase) => (phase.by === undefined) !== (phase.within === undefined), 'give either `by` or `within`')
  .refine((phase) => (phase.within === undefined) === (phase.after === undefined), '`within` and `after` belong together')

const Disaster = z
  .strictObject({ rto: Duration, rpo: Duration, phases: z.record(Slug, Phase).default({}) })
  .superRefine(({ phases }, context) => {
    for (const [key, { after }] of Object.entries(phases))
      if (after !== undefined && (after === key || !(after in phases)))
        context.addIssue({ code: 'custom', path: ['phases', key, 'after'], message: `no other phase is called \`${after}\`` })
    for (const key of Object.keys(phases))
      if (reservedClocks.some((name) => name === key))
        context.addIssue({ code: 'custom', path: ['phases', key], message: `\`${key}\` is the name of a clock: choose another` })
  })
export type Disaster = z.infer<typeof Disaster>

const Place = z.strictObject({
  about: Text.optional(),
  aliases: Words.optional(),
  branch: Text.optional(),
  /** Which of the payment provider's keys belong there. */
  paymentKeys: z.enum(['live', 'test']).optional(),
  /** Alerts from there are never worse than this. */
  highest: SeverityKey.optional(),
})
export type Place = z.infer<typeof Place>

const Notifications = z.strictObject({ critical: Words, warning: Words, status: Words })

export const alertFields = ['product', 'severity', 'alertname', 'summary', 'runbook', 'environment'] as const

const Alerts = z.strictObject({
  labels: z.partialRecord(z.enum(alertFields), Words).default({}),
  secrets: z.record(Slug, SecretName).default({}),
})

const Link = z.strictObject({
  name: Text,
  url: Url,
  kind: z.enum(['site', 'health', 'dashboard', 'status', 'support', 'api']),
  /** Where to go from there. */
  note: Text.optional(),
})
export type Link = z.infer<typeof Link>

const Suggest = z.strictObject({
  channels: z.array(ChannelName).min(1),
  words: Words.min(1).default(['sev1', 'sev2', 'outage', 'incident']),
})
export type Suggest = z.infer<typeof Suggest>

const Check = z.strictObject({
  kind: Text,
  title: Text,
  /** Asked by itself when an incident opens, when its severity changes, and when it is resolved. What tells changes needs none: it is
   *  asked at each opening. */
  auto: z.boolean().default(false),
  /** Asked this often for the daily digest: less often than once in its time would say nothing. */
  sample: Duration.refine((minutes) => minutes <= 1440, 'must be no more than `1 d`: the digest tells of one day').optional(),
  /** How long it may take; without it as long as its kind says. */
  timeout: Wait.optional(),
  /** Where a person looks further: the name of a link of the product, or an address. */
  link: Text.optional(),
  options: z.record(z.string(), z.unknown()),
})

/** Where and when the daily digest is posted, and which checks are asked for it, as they are typed behind /diag. */
const Digest = z.strictObject({
  channel: ChannelName.optional(),
  at: TimeOfDay.optional(),
  zone: Zone.optional(),
  checks: Words.default([]),
})

/** One remedy. */
const Action = z.strictObject({
  kind: Text,
  title: Text,
  /** In place of what its kind says. */
  risk: z.enum(['low', 'high']).optional(),
  /** Who may approve it, by keys of contacts; in place of the product's approvers. */
  approvers: Words.optional(),
  /** Checks that are asked before it and after it. */
  checks: z.array(CheckKey).default([]),
  /** How long these are repeated after it. */
  watch: Duration.optional(),
  /** Where a person looks at it, or does it by hand: the name of a link of the product, or an address. */
  link: Text.optional(),
  options: z.record(z.string(), z.unknown()).default({}),
})

const people = z.int().min(1, 'somebody else must approve: 1 or more').max(5, 'at most 5')

/** Who approves actions. */
const Approvals = z.strictObject({
  /** How many besides whoever asked, by the risk of the action. */
  low: people,
  high: people,
  /** Keys of contacts: people, or groups of the chat. None: every member of the workspace. */
  approvers: Words,
  /** Others for a severity. */
  severities: z.partialRecord(SeverityKey, Words).default({}),
  /** How long a request, and what was approved of it, counts. */
  within: Duration,
  /** After how long without an approval the lead of a P1 may run it alone. */
  breakGlass: DurationOrNone,
  /** How many actions of the product run in an hour at most, except in an incident of P1 or P2. */
  perHour: z.int().min(1).max(1000),
})

/** When no action runs, except in an incident of P1 or P2. */
const Freeze = z
  .strictObject({ from: Moment, to: Moment, why: Text })
  // Either would never hold, and nobody would notice.
  .refine(({ from, to }) => /^\d/.test(from) === /^\d/.test(to), 'give two dates, or two points of the week')
  .refine(({ from, to }) => !/^\d/.test(from) || from.slice(0, 10) <= to.slice(0, 10), '`to` is before `from`')
  .refine(({ from, to }) => from !== to || !from.includes(' '), '`from` and `to` are the same moment')
export type Freeze = z.infer<typeof Freeze>

/** When to think of an action: a measurement of a check is beyond what is bearable; or what no check can tell, and a person says. */
const Criterion = z
  .strictObject({
    title: Text,
    check: CheckKey.optional(),
    measurement: Text.optional(),
    above: z.number().optional(),
    below: z.number().optional(),
    action: ActionKey,
  })
  .refine(
    ({ check, measurement, above, below }) =>
      check === undefined
        ? [measurement, above, below].every((given) => given === undefined)
        : measurement !== undefined && (above === undefined) !== (below === undefined),
    'give a `check`, its `measurement`, and either `above` or `below`; or none of them, where a person says that it holds',
  )

/** `templates/severities.yml`: what every product inherits. */
export const Template = z.strictObject({
  immediate: Duration,
  defaultSeverity: SeverityKey,
  calendar: z.strictObject(calendarFields),
  digest: z.strictObject({ at: TimeOfDay }),
  severities: each(TemplateSeverity),
  contacts: Contacts.default({}),
  ladder: Words.default([]),
  /** Who is on the ladder of a product where nobody on its own can be reached: contacts of this file. */
  fallback: Words.default([]),
  notifications: Notifications,
  environments: z.record(Slug, Place),
  approvals: Approvals,
})
export type Template = z.infer<typeof Template>

/** `runbooks/<product>/service.yml`. */
export const Service = z.strictObject({
  name: Text,
  aliases: Words.default([]),
  about: Text.optional(),
  hosting: Words.default([]),
  variables: z.record(VariableName, Variable).default({}),
  links: z.array(Link).default([]),
  contacts: Contacts.default({}),
  ladder: Words.optional(),
  calendar: z.strictObject(calendarFields).partial().optional(),
  immediate: Duration.optional(),
  defaultSeverity: SeverityKey.optional(),
  severities: each(OwnSeverity.optional()).partial().default({}),
  announce: ChannelName.optional(),
  /** Without it, there is no daily digest; `{}` takes everything from the templates. */
  digest: Digest.optional(),
  /** Where whoever writes such words is told that an incident can be declared. */
  suggest: Suggest.optional(),
  notifications: Notifications.partial().default({}),
  environments: z.record(Slug, Place).default({}),
  disaster: Disaster.optional(),
  alerts: Alerts.prefault({}),
  privateHosts: z.array(z.string()).default([]),
  checks: z.record(CheckKey, Check).default({}),
  actions: z.record(ActionKey, Action).default({}),
  approvals: Approvals.partial().default({}),
  freezes: z.array(Freeze).default([]),
  criteria: z.record(Slug, Criterion).default({}),
})
export type Service = z.infer<typeof Service>
