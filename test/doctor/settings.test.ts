/** Settings, and variables that were meant to be some. */
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { chosen, strayVariables } from '../../src/doctor/settings.ts'

const stray = (environment: Record<string, string>, file: Record<string, string> | null = null, known: string[] = []) =>
  strayVariables(environment, new Set(known), file).map(({ where, what }) => `${where} ${what}`)

describe('variables that look like settings', () => {
  test.each([
    ['SLACK_BOT_TOKE', 'SLACK_BOT_TOKEN'],
    ['SLACK_SIGNIN_SECRET', 'SLACK_SIGNING_SECRET'],
    ['DATABSE_URL', 'DATABASE_URL'],
    ['SUPABASE_SERVICE_ROLE_KEY', 'SUPABASE_SECRET_KEY'],
    ['ALARM_EMAIL_T0', 'ALARM_EMAIL_TO'],
    ['SMTP_HOST', 'SMTP_URL'],
  ])('%s: did you mean %s?', (name, setting) => expect(stray({ [name]: 'x' })).toEqual([`${name} is no setting; did you mean ${setting}?`]))

  test('not when that setting is there, nor what a product names, nor what is simply foreign', () => {
    expect(stray({ SLACK_BOT_TOKE: 'x', SLACK_BOT_TOKEN: 'xoxb-1' })).toEqual([])
    expect(stray({ DATABSE_URL: 'x' }, null, ['DATABSE_URL'])).toEqual([])
    expect(
      stray({
        PATH: '/',
        HOME: '/',
        PWD: '/',
        SHELL: 'sh',
        LANG: 'C',
        TERM: 'x',
        LC_ALL: 'C',
        XDG_RUNTIME_DIR: 'x',
        NODE_OPTIONS: 'x',
        npm_config_user_agent: 'x',
      }),
    ).toEqual([])
    expect(stray({ GITHUB_ACTIONS: 'true', GITHUB_REPOSITORY_ID: '1', GITHUB_ACTOR: 'x' })).toEqual([])
  })

  test('in .env everything unknown is named, and what was not read', () => {
    expect(stray({ PORT: '1' }, { PORT: '1', SLACK_ANOUNCE_CHANNEL: 'x', FAVOURITE_COLOUR: 'red' })).toEqual([
      'SLACK_ANOUNCE_CHANNEL is no setting; did you mean SLACK_ANNOUNCE_CHANNEL?',
      'FAVOURITE_COLOUR stands in .env, is no setting, and no product names it',
    ])
    expect(stray({}, { PORT: '1', HOST: '' })).toEqual(['.env is there and was not read (PORT)'])
  })
})

describe('what is chosen', () => {
  const live = { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 's' }
  const said = (settings: Record<string, string>) => chosen(parseConfig(settings), true).map(({ level, what }) => `${level} ${what}`)

  test('embedded is well', () => expect(said({}).filter((line) => !line.startsWith('ok'))).toEqual([]))
  test('live and bare is worth three words', () =>
    expect(said(live)).toEqual([
      'ok Slack live, GitHub off, Supabase off, database embedded',
      'warning nobody is told when Slack cannot be used',
      'warning an embedded database serves one process only and may not survive a power cut',
      'warning no sender of alerts has a secret, so alerts are refused',
    ]))
  test('live and whole is well', () =>
    expect(
      said({ ...live, DATABASE_URL: 'postgres://x/y', GITHUB_WEBHOOK_SECRET: 'x', ALARM_WEBHOOK_URL: 'https://x.example' }).filter(
        (line) => !line.startsWith('ok'),
      ),
    ).toEqual([]))
})

test('a data folder that cannot be written to', () =>
  expect(chosen(parseConfig({ TOCSIN_DATA: '/proc/x' }), false)).toContainEqual({
    level: 'error',
    where: 'TOCSIN_DATA',
    what: '/proc/x cannot be written to',
    todo: 'Name another folder, or give the bot the right to write there.',
  }))

describe('the alarm’s settings', () => {
  test('are read as they are used', () => {
    const settings = {
      SMTP_URL: 'smtps://u:p@mail.example.com',
      ALARM_EMAIL_TO: 'a@example.com, b@example.com',
      ALARM_EMAIL_FROM: 't@example.com',
    }
    expect(parseConfig({ ...settings, ALARM_WEBHOOK_URL: 'https://hook.example/x' }).alarm).toEqual({
      webhook: { url: 'https://hook.example/x', secret: undefined },
      email: { smtpUrl: settings.SMTP_URL, to: ['a@example.com', 'b@example.com'], from: 't@example.com' },
    })
    expect(parseConfig({}).alarm).toEqual({ webhook: null, email: null })
  })

  test.each([
    [{ SMTP_URL: 'smtp://' }, 'SMTP_URL must'],
    [{ SMTP_URL: 'https://mail.example.com' }, 'SMTP_URL must start with smtp:// or smtps://'],
    [{ ALARM_EMAIL_TO: 'a@example.com, Bob <b@example.com>' }, 'ALARM_EMAIL_TO must be e-mail addresses, separated by commas'],
    [{ ALARM_EMAIL_FROM: 'a@b@c' }, 'ALARM_EMAIL_FROM must be an e-mail address'],
    [{ ALARM_WEBHOOK_URL: 'ftp://x' }, 'ALARM_WEBHOOK_URL must be an http or https address'],
    [{ ALARM_WEBHOOK_SECRET: 'x' }, 'ALARM_WEBHOOK_URL is missing: The alarm by webhook is half configured (ALARM_WEBHOOK_SECRET set)'],
    [{ SMTP_URL: 'smtp://x' }, 'ALARM_EMAIL_TO and ALARM_EMAIL_FROM are missing: The alarm by e-mail is half configured (SMTP_URL set)'],
  ])('%o is refused', (settings: Record<string, string>, message) => expect(() => parseConfig(settings)).toThrow(message))
})
