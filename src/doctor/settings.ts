/** Settings: what is wrong with them, what runs because of them, and variables that were probably meant to be settings. */
import { type Config, type Group, settings } from '../config.ts'
import { nearest } from '../incident/nearest.ts'
import { error, type Finding, ok, warning } from './finding.ts'

const names = Object.keys(settings)

/** Names that others give to the same thing. */
const elsewhere: Readonly<Record<string, string>> = {
  SLACK_TOKEN: 'SLACK_BOT_TOKEN',
  SUPABASE_KEY: 'SUPABASE_SECRET_KEY',
  SUPABASE_SERVICE_KEY: 'SUPABASE_SECRET_KEY',
  SUPABASE_SERVICE_ROLE_KEY: 'SUPABASE_SECRET_KEY',
  POSTGRES_URL: 'DATABASE_URL',
  SMTP_HOST: 'SMTP_URL',
}

/** Variables of ours that are no settings. */
const ours = ['TOCSIN_WORLD', 'TOCSIN_WORLD_PORT', 'TOCSIN_TEST_LOG']

type Environment = Readonly<Record<string, string | undefined>>

const isSet = (environment: Environment, name: string): boolean => (environment[name] ?? '').trim() !== ''

/** The setting that an unknown variable was probably meant to be: one that is not set itself. */
const meant = (name: string, environment: Environment): string | null => {
  const setting = elsewhere[name] ?? nearest(name, names)
  return setting === null || setting === undefined || isSet(environment, setting) ? null : setting
}

/** `problems` of `parseConfig`, each naming its variable. */
export const settingProblems = (problems: readonly string[]): Finding[] =>
  problems.map((problem) => error('settings', problem, 'Correct it; .env.example explains every setting.'))

/** Variables that look like settings and are none. `known`: those that products name. `file`: what `.env` holds, if there is one. */
export const strayVariables = (environment: Environment, known: ReadonlySet<string>, file: Environment | null): Finding[] => {
  const isKnown = (name: string) => name in settings || known.has(name) || ours.includes(name)
  // Actions sets dozens of these itself. A name of one word is the shell's more often than a slip of ours.
  const foreign = (name: string) => !name.includes('_') || (environment['GITHUB_ACTIONS'] === 'true' && name.startsWith('GITHUB_'))
  const both = { ...file, ...environment }
  const slips = Object.keys(both).flatMap((name): Finding[] => {
    const inFile = file !== null && name in file
    if (isKnown(name) || (!inFile && foreign(name))) return []
    const setting = meant(name, both)
    if (setting !== null) return [warning(name, `is no setting; did you mean ${setting}?`, `Rename it to ${setting}, or take it away.`)]
    return inFile ? [warning(name, 'stands in .env, is no setting, and no product names it', 'Take it away, or correct its name.')] : []
  })
  const unread = Object.keys(file ?? {}).filter((name) => isKnown(name) && isSet(file ?? {}, name) && !isSet(environment, name))
  return unread.length === 0
    ? slips
    : [
        ...slips,
        warning(
          '.env',
          `is there and was not read (${unread.join(', ')})`,
          'Start with `npx node --env-file=.env src/main.ts`, or export them.',
        ),
      ]
}

const modeOf = (name: string, group: Group<unknown>): string => `${name} ${group.mode}`

/** What runs live, embedded or not at all, and what that leaves undone. `writable`: whether the data folder can be written to. */
export const chosen = (config: Config, writable: boolean): Finding[] => {
  const { slack, github, supabase, databaseUrl, alarm, webhookSecrets } = config
  const live = slack.mode === 'live'
  const modes = [
    modeOf('Slack', slack),
    modeOf('GitHub', github),
    modeOf('Supabase', supabase),
    databaseUrl === undefined ? 'database embedded' : 'database PostgreSQL',
  ]
  const noAlarm = 'nobody is told when Slack cannot be used'
  const setAlarm = 'Set ALARM_WEBHOOK_URL, or SMTP_URL with ALARM_EMAIL_TO and ALARM_EMAIL_FROM.'
  const silent = alarm.webhook === null && alarm.email === null
  const deaf = config.alertToken === undefined && Object.values(webhookSecrets).every((secret) => secret === undefined)
  return [
    ok('settings', modes.join(', ')),
    ...(live ? [] : [ok('settings', 'what is embedded runs on this machine and publishes nothing')]),
    ...(writable
      ? []
      : [error('TOCSIN_DATA', `${config.data} cannot be written to`, 'Name another folder, or give the bot the right to write there.')]),
    ...(silent && live ? [warning('alarm', noAlarm, setAlarm)] : []),
    ...(silent && !live ? [ok('alarm', `off: ${noAlarm}`)] : []),
    ...(live && databaseUrl === undefined
      ? [
          warning(
            'database',
            'an embedded database serves one process only and may not survive a power cut',
            'Set DATABASE_URL to a PostgreSQL of its own.',
          ),
        ]
      : []),
    ...(live && deaf
      ? [warning('alerts', 'no sender of alerts has a secret, so alerts are refused', 'Set ALERT_TOKEN, and give it to the sender.')]
      : []),
  ]
}
