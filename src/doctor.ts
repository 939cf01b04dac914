/** The doctor: what is wrong with the settings, the catalogue, and every service that is configured, and what to do about it. Each
 *  area stands in `doctor/`; here each is given what it needs. */
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { openAlarms } from './adapters/alarm.ts'
import { guardedFetch } from './adapters/fetch.ts'
import { inspectGitHub } from './adapters/github/inspect.ts'
import { inspectSlack } from './adapters/slack/inspect.ts'
import { inspectSupabase } from './adapters/supabase/inspect.ts'
import { templates } from './adapters/templates.ts'
import { type Catalogue, loadCatalogue } from './catalogue.ts'
import { type Config, parseConfig, SettingsFault } from './config.ts'
import type { Log } from './define.ts'
import { examineAlarms } from './doctor/alarm.ts'
import { examineCatalogue, variablesOf } from './doctor/catalogue.ts'
import { examineChannels } from './doctor/channels.ts'
import { examineDatabase } from './doctor/database.ts'
import { error, type Finding } from './doctor/finding.ts'
import { examineGitHub } from './doctor/github.ts'
import { examinePeople, type Wait } from './doctor/people.ts'
import { examineReach } from './doctor/reach.ts'
import { chosen, settingProblems, strayVariables } from './doctor/settings.ts'
import { examineSocket, examineToken } from './doctor/slack.ts'
import { examineSupabase } from './doctor/supabase.ts'
import { examineTemplates } from './doctor/templates.ts'
import { kindsOf, type Registry } from './registry.ts'
import { inspectDatabase } from './store/inspect.ts'

type Environment = Readonly<Record<string, string | undefined>>

const root = fileURLToPath(new URL('..', import.meta.url))

/** The scopes that the manifest asks for. */
const manifestScopes = (): string[] =>
  (parse(readFileSync(join(root, 'manifest.yml'), 'utf8')) as { oauth_config: { scopes: { bot: string[] } } }).oauth_config.scopes.bot

/** The texts of the files below a folder, which need not be there. */
const textsIn = (folder: string, ending: string): string[] =>
  (existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [])
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'))

/** Whether the folder, or the nearest one above it that is there, can be written to. */
const isWritable = (folder: string): boolean => {
  let nearest = resolve(folder)
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest)
  try {
    accessSync(nearest, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** An area that fails is a finding, and keeps nobody from the others. */
const attempt = async (where: string, work: () => Promise<Finding[]> | Finding[]): Promise<Finding[]> => {
  try {
    return await work()
  } catch (cause) {
    return [
      error(
        where,
        `could not be examined: ${cause instanceof Error ? cause.message : String(cause)}`,
        'This is a fault of the doctor: report it.',
      ),
    ]
  }
}

export type Static = { readonly findings: Finding[]; readonly config: Config | null; readonly catalogue: Catalogue | null }

/** What needs no network. `config` is null when the settings cannot be used, `catalogue` when the templates cannot. `file`: what
 *  stands in `.env`, if there is one. */
export const examineStatic = async (environment: Environment, file: Environment | null, registry: Registry): Promise<Static> => {
  const settings = ((): { config: Config | null; findings: Finding[] } => {
    try {
      const config = parseConfig(environment)
      return { config, findings: chosen(config, isWritable(config.data)) }
    } catch (fault) {
      if (!(fault instanceof SettingsFault)) throw fault
      return { config: null, findings: settingProblems(fault.problems) }
    }
  })()
  // With settings that cannot be used the rest is still worth a look.
  const folders = settings.config ?? {
    runbooks: environment['TOCSIN_RUNBOOKS'] ?? 'runbooks',
    templates: environment['TOCSIN_TEMPLATES'] ?? 'templates',
  }
  const { catalogue, problems } = loadCatalogue({
    runbooks: folders.runbooks,
    templates: folders.templates,
    ...kindsOf(registry),
    sources: [...registry.alertSources.keys()],
    environment,
  })
  const findings = [
    ...settings.findings,
    ...(await attempt('settings', () => strayVariables(environment, variablesOf(catalogue, textsIn(folders.runbooks, '.yml')), file))),
    ...(await attempt('catalogue', () => examineCatalogue(catalogue, problems, environment, registry.actions))),
    ...(catalogue === null
      ? []
      : await attempt('templates', () => examineTemplates(templates(folders.templates), catalogue.unassigned.policy('P1')))),
  ]
  return { findings, config: settings.config, catalogue }
}

export type Live = {
  readonly config: Config
  readonly catalogue: Catalogue
  readonly environment: Environment
  readonly registry: Registry
  /** Whether the addresses of checks are asked, too. */
  readonly reach: boolean
  /** Whether to ask what leaves a trace in a service's log. */
  readonly thorough: boolean
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly wait: Wait
  readonly log: Log
  /** Finds people without asking twice; Slack is asked without it. */
  readonly userByEmail?: (email: string) => Promise<string | null>
  /** Services that are known not to answer are left alone. */
  readonly away?: readonly string[]
}

const examineSlack = async ({ config, catalogue, environment, now, wait, userByEmail }: Live): Promise<Finding[]> => {
  if (config.slack.mode !== 'live') return []
  const { botToken, apiUrl } = config.slack.live
  const slack = inspectSlack({ token: botToken, apiUrl })
  const appToken = environment['SLACK_APP_TOKEN']?.trim() ?? ''
  const token = { identity: slack.identity, socket: appToken === '' ? null : () => slack.socket(appToken) }
  const { usable, scopes, findings } = await examineToken(token, { wanted: manifestScopes(), now })
  const socket = await examineSocket(token)
  if (!usable) return [...findings, ...socket]
  // What a digest is posted in is made where it does not exist.
  const digests = new Map(
    [...catalogue.products.values()].flatMap(({ name, announce, digest }) => {
      const channel = digest === null ? null : (digest.channel ?? announce)
      return channel === null ? [] : [[channel, name] as const]
    }),
  )
  const named = new Map(
    [...catalogue.products.values()].flatMap(({ name, announce, contacts }) =>
      [announce, ...[...contacts.values()].map(({ slackChannel }) => slackChannel)].flatMap((channel) =>
        channel === null || channel === undefined || digests.has(channel) ? [] : [[channel, name] as const],
      ),
    ),
  )
  return [
    ...findings,
    ...socket,
    ...(await examineChannels(() => slack.channels(wait), { announce: config.announceChannel, named, digests, scopes })),
    ...(await examinePeople(catalogue, { ...slack, ...(userByEmail === undefined ? {} : { userByEmail }) }, wait)),
  ]
}

/** Every service that is configured, each by itself. What is embedded or off is not asked. */
export const examineLive = async (live: Live): Promise<Finding[]> => {
  const { config, catalogue, registry, reach, thorough, now, log, away = [] } = live
  const { github, supabase, databaseUrl } = config
  const areas: Readonly<Record<string, () => Promise<Finding[]>>> = {
    slack: () => examineSlack(live),
    github: async () =>
      github.mode === 'live'
        ? examineGitHub(inspectGitHub({ ...github.live, apiUrl: github.live.apiUrl ?? 'https://api.github.com', log }), now)
        : [],
    supabase: async () =>
      supabase.mode === 'live'
        ? examineSupabase(inspectSupabase(supabase.live), {
            secretKey: supabase.live.secretKey,
            migrations: textsIn(join(root, 'supabase/migrations'), '.sql'),
            thorough,
          })
        : [],
    database: async () => (databaseUrl === undefined ? [] : examineDatabase(databaseUrl, () => inspectDatabase(databaseUrl, now))),
    alarm: () => examineAlarms(openAlarms(config.alarm, log)),
    checks: async () => (reach ? examineReach(catalogue, registry.checks, guardedFetch) : []),
  }
  const found = Object.entries(areas)
    .filter(([service]) => !away.includes(service))
    .map(([service, examine]) => attempt(service, examine))
  return (await Promise.all(found)).flat()
}
