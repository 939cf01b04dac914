/** The settings of Slack: over HTTP, over sockets, or half of either. */
import { expect, test } from 'vitest'
import { parseConfig, SettingsFault } from '../src/config.ts'

const problems = (environment: Record<string, string>): readonly string[] => {
  try {
    parseConfig(environment)
    return []
  } catch (error) {
    if (error instanceof SettingsFault) return error.problems
    throw error
  }
}

const token = { SLACK_BOT_TOKEN: 'xoxb-1' }

test('a signing secret is enough, and so is an app token', () => {
  expect(parseConfig({ ...token, SLACK_SIGNING_SECRET: 'secret' }).slack).toEqual({
    mode: 'live',
    live: { botToken: 'xoxb-1', signingSecret: 'secret', appToken: undefined, apiUrl: undefined },
  })
  expect(parseConfig({ ...token, SLACK_APP_TOKEN: 'xapp-1' }).slack).toEqual({
    mode: 'live',
    live: { botToken: 'xoxb-1', signingSecret: undefined, appToken: 'xapp-1', apiUrl: undefined },
  })
  expect(parseConfig({ ...token, SLACK_APP_TOKEN: 'xapp-1', SLACK_SIGNING_SECRET: '' }).github).toEqual({ mode: 'off' })
  expect(parseConfig({}).slack).toEqual({ mode: 'embedded' })
})

test('half of it stops the start, and says what is missing', () => {
  const half = (missing: string, set: string) => [`${missing} missing: Slack is half configured (${set} set). Set all of it, or none.`]
  expect(problems(token)).toEqual(half('SLACK_SIGNING_SECRET (or SLACK_APP_TOKEN) is', 'SLACK_BOT_TOKEN'))
  expect(problems({ SLACK_APP_TOKEN: 'xapp-1' })).toEqual(half('SLACK_BOT_TOKEN is', 'SLACK_APP_TOKEN'))
  expect(problems({ SLACK_SIGNING_SECRET: 'secret' })).toEqual(half('SLACK_BOT_TOKEN is', 'SLACK_SIGNING_SECRET'))
  expect(problems({ SLACK_API_URL: 'http://slack.test/api/' })).toEqual(
    half('SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET (or SLACK_APP_TOKEN) are', 'SLACK_API_URL'),
  )
  expect(problems({ ...token, SLACK_APP_TOKEN: 'xoxb-2' })).toEqual(['SLACK_APP_TOKEN must start with xapp-'])
})
