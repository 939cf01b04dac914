/** Two bots on one PostgreSQL: a slot is asked once, and a date has one digest. */
import { expect, test } from 'vitest'
import { digestOf } from '../../src/incident/digest.ts'
import { addDays } from '../../src/incident/calendar.ts'
import { openStore } from '../../src/store/database.ts'
import { digestPosted, saveDigest } from '../../src/store/digests.ts'
import { startTestBot, testWorld } from '../bot.ts'
import { silent } from '../silent.ts'
import { freshDatabase } from '../stores.ts'
import { until } from '../until.ts'

const kiosk =
  (at: string) =>
  (target: string): string =>
    `name: Kiosk
digest: { channel: kiosk-daily, at: "${at}", zone: UTC }
privateHosts: [127.0.0.1]
checks:
  health: { kind: http, title: Health endpoint, sample: 1 min, options: { url: "${target}/api/health", json: true } }
`

test(
  'two bots that come back after days post the newest date once, and ask each slot once (faults 9, 47)',
  { timeout: 180_000 },
  async () => {
    const world = await testWorld()
    const url = await freshDatabase()
    // The last digest was posted three days ago.
    const store = await openStore({ url, log: silent })
    // Due six hours ago, and not again while the test runs.
    const due = new Date(Date.parse(await store.now()) - 6 * 3_600_000).toISOString()
    const [today, at] = [due.slice(0, 10), due.slice(11, 16)]
    const last = addDays(today, -3)
    const during = { from: `${addDays(last, -1)}T00:00:00.000Z`, to: `${last}T00:00:00.000Z` }
    const empty = digestOf({
      product: { key: 'kiosk', name: 'Kiosk' },
      during,
      zone: 'UTC',
      sampled: [],
      unset: [],
      results: [],
      records: { open: [], over: [] },
      bot: { dead: 0, away: {} },
    })
    await saveDigest(store.db, 'kiosk', last, empty)
    await digestPosted(store.db, 'kiosk', last)

    const start = () => startTestBot({ world, store: { url }, github: false, files: { 'kiosk/service.yml': kiosk(at) } })
    const bots = await Promise.all([start(), start()])
    const [one] = bots
    try {
      await one.sees('kiosk-daily', 'There was no digest for')
      // Both are awake at the next slot.
      const asked = () => bots.reduce((sum, { target }) => sum + target.asked, 0)
      const slots = () => store.db.selectFrom('sample').select('slot').orderBy('slot').execute()
      await until(async () => (await slots()).length >= 1, 'a sample', 90_000)
      const kept = await slots()
      expect(asked()).toBe(kept.length)
      expect(new Set(kept.map(({ slot }) => slot)).size).toBe(kept.length)

      await one.idle()
      const texts = await one.texts('kiosk-daily')
      expect(texts).toHaveLength(1)
      expect(texts[0]).toContain(`There was no digest for ${addDays(today, -2)} and ${addDays(today, -1)}.`)
      expect((await store.db.selectFrom('digest').select('date').orderBy('date').execute()).map(({ date }) => date)).toEqual([last, today])
    } finally {
      for (const bot of bots) await bot[Symbol.asyncDispose]()
      await store.close()
      await world.close()
    }
  },
)
