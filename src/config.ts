/** Settings: the environment, parsed once. Every problem is named at once; half a group is a problem, a whole group that is
 *  missing is embedded or off (design: contract with the outside). */
import { z } from 'zod'

const text = z.string().trim().min(1)
const url = z
  .string()
  .trim()
  .regex(/^https?:\/\/[^\s]+$/, 'must be an http or https address')

/** Without a display name: it stands in an SMTP command, too. */
const address = /^[^\s@,;<>"]+@[^\s@,;<>"]+$/

const port = 'must be a number from 0 to 65535'
const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** What each setting is; the key is the variable. `.env.example` is tested against this. */
export const settings = {
  PORT: z.coerce.number(port).int(port).min(0, port).max(65_535, port).default(3000),
  HOST: text.default('127.0.0.1'),
  TOCSIN_DATA: text.default('.tocsin'),
  TOCSIN_RUNBOOKS: text.default('runbooks'),
  TOCSIN_TEMPLATES: text.default('templates'),
  SLACK_BOT_TOKEN: text.regex(/^xoxb-/, 'must start with xoxb-').optional(),
  SLACK_SIGNING_SECRET: text.optional(),
  SLACK_APP_TOKEN: text.regex(/^xapp-/, 'must start with xapp-').optional(),
  SLACK_API_URL: url.regex(/\/api\/$/, 'must end in /api/').optional(),
  SLACK_ANNOUNCE_CHANNEL: text.default('incidents'),
  GITHUB_TOKEN: text.optional(),
  GITHUB_REPOSITORY: text.regex(/^[\w.-]+\/[\w.-]+$/, 'must be owner/name').optional(),
  GITHUB_API_URL: url.optional(),
  DATABASE_URL: text.regex(/^postgres(?:ql)?:\/\//, 'must start with postgres:// or postgresql://').optional(),
  SUPABASE_URL: url.optional(),
  SUPABASE_SECRET_KEY: text.optional(),
  ALERT_TOKEN: text.min(16, 'must have at least 16 characters').optional(),
  SENTRY_WEBHOOK_SECRET: text.optional(),
  VERCEL_WEBHOOK_SECRET: text.optional(),
  STRIPE_WEBHOOK_SECRET: text.optional(),
  GITHUB_WEBHOOK_SECRET: text.optional(),
  /** Read by `templates/severities.yml`; here it is only checked. */
  FALLBACK_EMAIL: z.email('must be an e-mail address').optional(),
  ALARM_WEBHOOK_URL: url.optional(),
  ALARM_WEBHOOK_SECRET: text.optional(),
  SMTP_URL: text
    .regex(/^smtps?:\/\/\S+$/, 'must start with smtp:// or smtps://')
    .refine((value) => (URL.parse(value)?.hostname ?? '') !== '', 'must name a host, as in smtp://user:password@mail.example.com:587')
    .optional(),
  ALARM_EMAIL_TO: text
    .transform((value) => value.split(',').map((each) => each.trim()))
    .refine((all) => all.every((each) => address.test(each)), 'must be e-mail addresses, separated by commas')
    .optional(),
  ALARM_EMAIL_FROM: text.regex(address, 'must be an e-mail address').optional(),
  LOG_LEVEL: z.enum(levels, `must be one of ${levels.join(', ')}`).default('info'),
} as const

type Settings = z.infer<z.ZodObject<typeof settings>>

/** A group of settings: live, embedded (no Slack is configured), or off (Slack is, this group is not). */
export type Group<Live> = { readonly mode: 'live'; readonly live: Live } | { readonly mode: 'embedded' } | { readonly mode: 'off' }

/** How people are told when Slack cannot be used; null: not that way. */
export type AlarmSettings = {
  readonly webhook: { readonly url: string; readonly secret: string | undefined } | null
  readonly email: { readonly smtpUrl: string; readonly to: readonly string[]; readonly from: string } | null
}

export type Config = {
  readonly port: number
  readonly host: string
  readonly data: string
  readonly runbooks: string
  readonly templates: string
  readonly logLevel: Settings['LOG_LEVEL']
  readonly announceChannel: string
  /** With an app token Slack is heard over sockets, without one over HTTP, which is signed. */
  readonly slack: Group<{
    readonly botToken: string
    readonly signingSecret: string | undefined
    readonly appToken: string | undefined
    readonly apiUrl: string | undefined
  }>
  readonly github: Group<{ readonly token: string; readonly repository: string; readonly apiUrl: string | undefined }>
  readonly supabase: Group<{ readonly url: string; readonly secretKey: string }>
  readonly databaseUrl: string | undefined
  /** `undefined` while embedded: made once and kept in the data folder. */
  readonly alertToken: string | undefined
  readonly webhookSecrets: Readonly<Record<string, string | undefined>>
  readonly alarm: AlarmSettings
}

/** What is wrong with the settings, one line each: the variable, and what to do. */
export class SettingsFault extends Error {
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(`The settings cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}\nSee .env.example for all settings.`)
    this.name = 'SettingsFault'
    this.problems = problems
  }
}

/** Variables that only mean something together: of each of `needs` one that is set; `optional` may be left out. */
const groups = [
  { name: 'Slack', needs: [['SLACK_BOT_TOKEN'], ['SLACK_SIGNING_SECRET', 'SLACK_APP_TOKEN']], optional: ['SLACK_API_URL'] },
  { name: 'GitHub', needs: [['GITHUB_TOKEN'], ['GITHUB_REPOSITORY']], optional: ['GITHUB_API_URL'] },
  { name: 'Supabase', needs: [['SUPABASE_URL'], ['SUPABASE_SECRET_KEY']], optional: [] },
  { name: 'The alarm by webhook', needs: [['ALARM_WEBHOOK_URL']], optional: ['ALARM_WEBHOOK_SECRET'] },
  { name: 'The alarm by e-mail', needs: [['SMTP_URL'], ['ALARM_EMAIL_TO'], ['ALARM_EMAIL_FROM']], optional: [] },
] as const satisfies readonly {
  name: string
  needs: readonly (readonly (keyof Settings)[])[]
  optional: readonly (keyof Settings)[]
}[]

/** A setting, or what may stand in for it. */
const named = ([first, ...others]: readonly string[]): string => (others.length === 0 ? `${first}` : `${first} (or ${others.join(', ')})`)

const problemsOf = (given: Readonly<Record<string, string>>): string[] => {
  const problems: string[] = []
  for (const [name, schema] of Object.entries(settings)) {
    const result = schema.safeParse(given[name])
    // A secret's value is never repeated.
    if (!result.success) problems.push(`${name} ${[...new Set(result.error.issues.map((issue) => issue.message))].join(', ')}`)
  }
  for (const group of groups) {
    const set = [...group.needs.flat(), ...group.optional].filter((name) => given[name] !== undefined)
    const missing = group.needs.filter((either) => either.every((name) => given[name] === undefined)).map(named)
    if (set.length > 0 && missing.length > 0) {
      problems.push(
        `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing: ${group.name} is half configured (${set.join(', ')} set). Set all of it, or none.`,
      )
    }
  }
  return problems
}

const groupOf = <Live>(embedded: boolean, live: Live | null): Group<Live> =>
  live !== null ? { mode: 'live', live } : { mode: embedded ? 'embedded' : 'off' }

/** Parses the environment. Empty variables count as unset. Throws SettingsFault naming every problem. */
export const parseConfig = (environment: Readonly<Record<string, string | undefined>>): Config => {
  const given = Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1].trim() !== ''),
  )
  const problems = problemsOf(given)
  if (problems.length > 0) throw new SettingsFault(problems)
  const all = z.object(settings).parse(given)
  const slack =
    all.SLACK_BOT_TOKEN !== undefined && (all.SLACK_APP_TOKEN ?? all.SLACK_SIGNING_SECRET) !== undefined
      ? {
          botToken: all.SLACK_BOT_TOKEN,
          signingSecret: all.SLACK_SIGNING_SECRET,
          appToken: all.SLACK_APP_TOKEN,
          apiUrl: all.SLACK_API_URL,
        }
      : null
  const github =
    all.GITHUB_TOKEN !== undefined && all.GITHUB_REPOSITORY !== undefined
      ? { token: all.GITHUB_TOKEN, repository: all.GITHUB_REPOSITORY, apiUrl: all.GITHUB_API_URL }
      : null
  const supabase =
    all.SUPABASE_URL !== undefined && all.SUPABASE_SECRET_KEY !== undefined
      ? { url: all.SUPABASE_URL, secretKey: all.SUPABASE_SECRET_KEY }
      : null
  const embedded = slack === null
  return {
    port: all.PORT,
    host: all.HOST,
    data: all.TOCSIN_DATA,
    runbooks: all.TOCSIN_RUNBOOKS,
    templates: all.TOCSIN_TEMPLATES,
    logLevel: all.LOG_LEVEL,
    announceChannel: all.SLACK_ANNOUNCE_CHANNEL.replace(/^#/, ''),
    slack: groupOf(embedded, slack),
    github: groupOf(embedded, github),
    supabase: groupOf(embedded, supabase),
    databaseUrl: all.DATABASE_URL,
    alertToken: all.ALERT_TOKEN,
    webhookSecrets: {
      sentry: all.SENTRY_WEBHOOK_SECRET,
      vercel: all.VERCEL_WEBHOOK_SECRET,
      stripe: all.STRIPE_WEBHOOK_SECRET,
      github: all.GITHUB_WEBHOOK_SECRET,
    },
    alarm: {
      webhook: all.ALARM_WEBHOOK_URL === undefined ? null : { url: all.ALARM_WEBHOOK_URL, secret: all.ALARM_WEBHOOK_SECRET },
      email:
        all.SMTP_URL !== undefined && all.ALARM_EMAIL_TO !== undefined && all.ALARM_EMAIL_FROM !== undefined
          ? { smtpUrl: all.SMTP_URL, to: all.ALARM_EMAIL_TO, from: all.ALARM_EMAIL_FROM }
          : null,
    },
  }
}
