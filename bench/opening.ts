/** Claim: opening an incident takes at most 9 Slack calls, none of them a list. Baseline in the same run: the same channel made by
 *  hand, call after call, with the SDK: what the time from the command to the last call is held against. */
import { WebClient } from '@slack/web-api'
import { setTimeout as sleep } from 'node:timers/promises'
import { startTestBot, botToken } from '../test/bot.ts'
import { startPostgres } from '../test/postgres.ts'

const rounds = 20

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

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
const lists = new Set<string>()
for (let round = 0; round <= rounds; round += 1) {
  await bot.forgetCalls()
  const started = performance.now()
  await bot.say('alice', 'general', `/incident new acme P1 Opening ${round}`)
  await bot.opened(`INC-${round + 1}`)
  await bot.idle()
  const calls = await bot.calls('slack')
  // The first one also makes the announcements channel.
  if (round > 0) {
    counts.push(calls.length)
    times.push(performance.now() - started)
  }
  for (const { method } of calls) if (/list/i.test(method)) lists.add(method)
  await sleep(50)
}
const hand: number[] = []
for (let round = 0; round < rounds; round += 1) hand.push(await byHand(slack, round, `${bot.user('alice')},${bot.user('bob')}`))

console.log(`Slack calls an opening    most ${Math.max(...counts)}  of them lists: ${[...lists].join(', ') || 'none'}`)
console.log(`opened after              median ${median(times).toFixed(0)} ms`)
console.log(`the same calls by hand    median ${median(hand).toFixed(0)} ms`)
console.log(`ratio to the baseline     ${(median(times) / median(hand)).toFixed(2)}`)
