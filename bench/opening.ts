/** Claim: opening an incident takes at most 9 Slack calls, none of them a list. Baseline in the same run: the same channel made by
 *  hand, call after call, with the SDK: what the time from the command to the end of the last call is held against. */
import { WebClient } from '@slack/web-api'
import { setTimeout as sleep } from 'node:timers/promises'
import { startTestBot, botToken } from '../test/bot.ts'
import { startPostgres } from '../test/postgres.ts'
import { baseline, claim, percentile, ratio, value } from './claim.ts'

const rounds = 20

const byHand = async (slack: WebClient, index: number, users: string): Promise<number> => {
  const started = performance.now()
  const { channel } = await slack.conversations.create({ name: `hand-${index}` })
  const id = channel?.id ?? ''
  const { ts = '' } = await slack.chat.postMessage({ channel: id, text: 'header' })
  await slack.pins.add({ channel: id, timestamp: ts })
  await slack.conversations.setTopic({ channel: id, topic: 'topic' })
  await slack.conversations.invite({ channel: id, users })
  await slack.bookmarks.add({ channel_id: id, type: 'link', title: 'link', link: 'https://example.test' })
  await slack.chat.postMessage({ channel: id, text: 'checklist' })
  await slack.chat.postMessage({ channel: id, text: 'checks' })
  await slack.chat.postMessage({ channel: 'incidents', text: 'announcement' }).catch(() => undefined)
  return performance.now() - started
}

await using postgres = await startPostgres()
await using bot = await startTestBot({ store: { url: await postgres.createDatabase('opening') } })
const slack = new WebClient(botToken, { slackApiUrl: bot.world.slackApiUrl, retryConfig: { retries: 0 } })

const counts: number[] = []
const times: number[] = []
let lists = 0
for (let round = 0; round <= rounds; round += 1) {
  await bot.forgetCalls()
  const started = Date.now()
  await bot.say('alice', 'general', `/incident new acme P1 Opening ${round}`)
  await bot.opened(`INC-${round + 1}`)
  await bot.idle()
  const calls = await bot.calls('slack')
  // The first one also makes the announcements channel.
  if (round > 0) {
    counts.push(calls.length)
    times.push(Math.max(...calls.map(({ at, took }) => at + took)) - started)
  }
  lists += calls.filter(({ method }) => /list/i.test(method)).length
  await sleep(50)
}
const hand: number[] = []
for (let round = 0; round < rounds; round += 1) hand.push(await byHand(slack, round, `${bot.user('alice')},${bot.user('bob')}`))

const [opening, manual] = [percentile(times, 0.5), percentile(hand, 0.5)]
claim(`Slack calls an opening, most of ${rounds}`, Math.max(...counts), '', { most: 9 })
claim('lists among them', lists, '', { most: 0 })
baseline('the same calls by hand, median', manual, 'ms')
value('opened after, median', opening, 'ms')
ratio('  of it', opening / manual)
