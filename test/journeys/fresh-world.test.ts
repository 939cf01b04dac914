/** Started again with the same database, while the local workspace and code host are new: what is over keeps links that lead somewhere. */
import { subDays } from 'date-fns/subDays'
import { expect, test } from 'vitest'
import type { Event } from '../../src/incident/events.ts'
import { replay } from '../../src/incident/evolve.ts'
import { appendEvents, nextNumber, saveIncident } from '../../src/store/events.ts'
import { startTestBot, type TestBot } from '../bot.ts'
import { declared } from '../store/sample.ts'
import { freshDatabase } from '../stores.ts'
import { until } from '../until.ts'

const fresh = { freshWorkspace: true, freshCodeHost: true }

const resolve = async (bot: TestBot, id: string): Promise<string> => {
  await bot.say('bob', await bot.opened(id), '/incident resolve It is over')
  return until(async () => (await bot.incident(id)).pullRequest, `the pull request of ${id}`)
}

/** One that was resolved eight days ago, in a channel of then. */
const putOld = (bot: TestBot): Promise<string> =>
  bot.store.transaction(async (trx) => {
    const number = await nextNumber(trx)
    const id = `INC-${number}`
    const at = subDays(await bot.store.now(trx), 8).toISOString()
    const events: Event[] = [
      declared(number, { product: 'acme', title: 'Long ago' }),
      { type: 'channel-opened', v: 1, channel: 'C0LONGAGO', name: 'long-ago' },
      { type: 'resolved', v: 1, summary: 'It was over' },
    ]
    const recorded = events.map((event, index) => ({
      incident: id,
      seq: index + 1,
      at,
      occurredAt: at,
      by: { kind: 'bot' as const },
      event,
    }))
    await saveIncident(trx, replay(recorded)!, await appendEvents(trx, null, recorded))
    return id
  })

test('resolved incidents are proposed again; the latest have channels again, older ones none', async () => {
  const store = { url: await freshDatabase() }
  let old = ''
  {
    await using bot = await startTestBot({ store, options: fresh })
    await bot.say('alice', 'general', '/incident new acme P3 Red lights')
    await bot.say('alice', 'general', '/incident new acme P3 Green lights')
    expect(await resolve(bot, 'INC-2')).toMatch(/\/pull\/1$/)
    expect(await resolve(bot, 'INC-1')).toMatch(/\/pull\/2$/)
    await bot.say('bob', 'general', '/incident postmortem INC-2 done')
    await bot.idle()
    old = await putOld(bot)
  }

  await using bot = await startTestBot({ store, options: fresh })
  for (const id of ['INC-1', 'INC-2']) {
    const url = await until(async () => {
      const link = (await bot.incident(id)).pullRequest
      return link?.startsWith(bot.world.url) === true ? link : null
    }, `the new pull request of ${id}`)
    expect((await bot.say('alice', 'general', `/incident postmortem ${id}`)).text).toContain(url)
    const number = /\d+$/.exec(url)?.[0]
    const response = await fetch(`${bot.world.githubApiUrl}/repos/acme/incidents/pulls/${number}`, {
      headers: { authorization: 'Bearer ghp_test' },
    })
    expect((await response.json()) as object).toMatchObject({ title: expect.stringContaining(`${id}:`) as string })
    const published = (await bot.load(id))?.events.flatMap(({ event }) => (event.type === 'published' ? [event.url] : []))
    expect(published?.slice(1)).toEqual([null, url])
    await bot.sees(await bot.opened(id), 'It is over')
  }
  await bot.idle()
  expect((await bot.incident(old)).channel).toBeNull()
  expect(
    (await bot.channels())
      .map(({ name }) => name)
      .filter((name) => name.startsWith('inc-'))
      .toSorted(),
  ).toEqual(['inc-1-acme-red-lights', 'inc-2-acme-green-lights'])
  expect((await bot.health()).services['jobs']).toBe('healthy')
})
