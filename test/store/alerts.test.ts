import { expect, test } from 'vitest'
import type { ParsedAlert } from '../../src/define.ts'
import { adoptStarts, alertsToMatch, markAlert, neverFired, recentAlerts, writeAlerts } from '../../src/store/alerts.ts'
import { eachStore } from '../stores.ts'

const alert = (more: Partial<ParsedAlert> = {}): ParsedAlert => ({
  fingerprint: 'f1',
  startsAt: '2026-11-21T03:00:00.000Z',
  rule: 'Down',
  summary: 'It is down',
  severity: 'critical',
  labels: { job: 'api', pod: 'a' },
  product: 'invoice2e',
  state: 'firing',
  startKnown: true,
  endsAt: null,
  cleaned: [],
  ...more,
})
const over = (more: Partial<ParsedAlert> = {}) => alert({ state: 'resolved', endsAt: '2026-11-21T04:00:00.000Z', ...more })
const key = { source: 'alertmanager', fingerprint: 'f1', startsAt: '2026-11-21T03:00:00.000Z' }

eachStore((open) => {
  test('an alert without a start of its own is the open one with its fingerprint', async () => {
    const store = await open.store()
    const adopt = (...given: [string, ParsedAlert[]]) => store.transaction((trx) => adoptStarts(trx, ...given))
    const later = { startKnown: false, startsAt: '2026-11-21T05:00:00.000Z' }
    const [first] = await adopt('generic', [alert({ startKnown: false })])
    expect(first?.startsAt).toBe('2026-11-21T03:00:00.000Z')
    await writeAlerts(store.db, 'generic', [alert({ startKnown: false })])
    const adopted = await adopt('generic', [
      alert(later),
      over({ ...later, endsAt: '2026-11-21T05:00:00.000Z' }),
      alert({ ...later, fingerprint: 'f9' }),
    ])
    expect(adopted.map(({ startsAt }) => startsAt)).toEqual([
      '2026-11-21T03:00:00.000Z',
      '2026-11-21T03:00:00.000Z',
      '2026-11-21T05:00:00.000Z',
    ])
    // A start that was given is an identity, and another source has its own.
    expect((await adopt('generic', [alert({ ...later, startKnown: true })]))[0]?.startsAt).toBe('2026-11-21T05:00:00.000Z')
    expect((await adopt('other', [alert(later)]))[0]?.startsAt).toBe('2026-11-21T05:00:00.000Z')
    // Once it is over, the next one is new.
    await writeAlerts(store.db, 'generic', [over({ startKnown: false })])
    expect((await adopt('generic', [alert(later)]))[0]?.startsAt).toBe('2026-11-21T05:00:00.000Z')
  })

  test('payloads without starts at once begin one alert, and one "resolved" ends it', async () => {
    const store = await open.store()
    const receive = (given: ParsedAlert) =>
      store.transaction(async (trx) => writeAlerts(trx, 'generic', await adoptStarts(trx, 'generic', [given])))
    const at = (minute: number) => `2026-11-21T05:0${minute}:00.000Z`
    await Promise.all([1, 2, 3, 4, 5, 6].map((minute) => receive(alert({ startKnown: false, startsAt: at(minute) }))))
    expect(await recentAlerts(store.db, 10)).toMatchObject([{ state: 'firing', repeats: 5 }])
    // A sender that gave its starts for a while left two open.
    await writeAlerts(store.db, 'generic', [alert({ startsAt: at(8) })])
    await receive(over({ startKnown: false, startsAt: at(9), endsAt: at(9) }))
    expect((await recentAlerts(store.db, 10)).map(({ state, endsAt }) => [state, endsAt])).toEqual([
      ['resolved', at(9)],
      ['resolved', at(9)],
    ])
  })

  test('an alert is matched until it is marked; repeats and a second Alertmanager only count (faults 22)', async () => {
    const store = await open.store()
    const write = (...alerts: ParsedAlert[]) => writeAlerts(store.db, 'alertmanager', alerts)
    expect(await write()).toEqual([])
    expect(
      await write(alert(), alert({ fingerprint: 'f2' }), alert({ fingerprint: 'f3', rule: 'Slow', product: null, url: 'http://x' })),
    ).toEqual([
      { product: 'invoice2e', rule: 'Down' },
      { product: null, rule: 'Slow' },
    ])
    expect(await write(alert())).toEqual([{ product: 'invoice2e', rule: 'Down' }])
    await store.transaction(async (trx) => {
      const found = await alertsToMatch(trx, 'invoice2e', 'Down')
      expect(found.map(({ fingerprint, repeats, state, incident }) => ({ fingerprint, repeats, state, incident }))).toEqual([
        { fingerprint: 'f1', repeats: 1, state: 'firing', incident: null },
        { fingerprint: 'f2', repeats: 0, state: 'firing', incident: null },
      ])
      expect(found[0]).toMatchObject({ ...key, labels: { job: 'api', pod: 'a' }, severity: 'critical', summary: 'It is down' })
      expect(await alertsToMatch(trx, null, 'Slow')).toMatchObject([{ fingerprint: 'f3', url: 'http://x', product: null }])
      for (const each of found) await markAlert(trx, each, { incident: 'INC-1', outcome: 'opened INC-1' })
    })
    expect(await write(alert(), alert(), alert({ fingerprint: 'f2' }))).toEqual([])
    expect(await store.transaction((trx) => alertsToMatch(trx, 'invoice2e', 'Down'))).toEqual([])

    expect(await write(over())).toEqual([{ product: 'invoice2e', rule: 'Down' }])
    await store.transaction(async (trx) => {
      expect(await alertsToMatch(trx, 'invoice2e', 'Down')).toMatchObject([
        { fingerprint: 'f1', state: 'resolved', incident: 'INC-1', endsAt: '2026-11-21T04:00:00.000Z' },
      ])
      await markAlert(trx, key, { outcome: 'resolved in INC-1' })
    })
    // The second Alertmanager's end and a late repeat of the firing change nothing.
    expect(await write(over({ endsAt: '2026-11-21T05:00:00.000Z' }))).toEqual([])
    expect(await write(alert())).toEqual([])
    expect((await recentAlerts(store.db, 10)).find((row) => row.fingerprint === 'f1')).toMatchObject({
      state: 'resolved',
      endsAt: '2026-11-21T04:00:00.000Z',
      repeats: 5,
      incident: 'INC-1',
      outcome: 'resolved in INC-1',
    })
    // The same alert later has another start: it is another alert.
    expect(await write(alert({ startsAt: '2026-11-21T06:00:00.000Z' }))).toEqual([{ product: 'invoice2e', rule: 'Down' }])
  })

  test('an alert that is over before it fired opens nothing, even when the firing comes after (faults 23)', async () => {
    const store = await open.store()
    expect(await writeAlerts(store.db, 'alertmanager', [over()])).toEqual([])
    expect(await writeAlerts(store.db, 'alertmanager', [alert()])).toEqual([])
    expect(await recentAlerts(store.db, 10)).toMatchObject([{ state: 'resolved', outcome: neverFired }])
  })

  test('two payloads with the same alerts at once wait for neither for ever (faults 21, 22)', async () => {
    const store = await open.store()
    const alerts = Array.from({ length: 500 }, (_, i) => alert({ fingerprint: `f${i}`, rule: `r${i % 7}` }))
    await Promise.all([alerts, alerts.toReversed(), alerts, alerts.toReversed()].map((each) => writeAlerts(store.db, 'alertmanager', each)))
    const rows = await recentAlerts(store.db, 1_000)
    expect(rows).toHaveLength(500)
    expect(rows.every((row) => row.repeats === 3)).toBe(true)
  })
})
