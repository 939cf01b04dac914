/** The main job on real input: a rule fires in a real Prometheus, its real Alertmanager calls the bot, and from there everything
 *  happens that an engineer expects, up to the post-mortem in the record and as a pull request. */
import { createClient } from '@supabase/supabase-js'
import { describe, expect, test } from 'vitest'
import { alertToken, startTestBot } from '../bot.ts'
import { alertingPackages, startAlerting } from './alertmanager.ts'
import { ensure } from './debian.ts'

const there = ensure(alertingPackages)

describe.skipIf(!there)('an alert of a real Prometheus', () => {
  test('opens an incident, is told when it clears, and ends as a post-mortem', { timeout: 60_000 }, async () => {
    await using bot = await startTestBot({ supabase: true })
    bot.target.status = 503
    await using alerting = await startAlerting({
      webhookUrl: `${bot.url}/alerts/alertmanager`,
      token: alertToken,
      labels: { product: 'acme', severity: 'critical', alertname: 'CheckoutDown' },
      summary: 'Checkout answers 503',
      repeatInterval: '2s',
    })
    alerting.fire()

    const channel = await bot.until(async () => (await bot.load('INC-1'))?.incident.channel?.name, 'the incident of the alert', 30_000)
    expect(channel).toBe('inc-1-acme-checkout-answers-503')
    const opened = await bot.incident('INC-1')
    expect(opened).toMatchObject({
      severity: 'P1',
      rule: 'CheckoutDown',
      title: 'Checkout answers 503',
      declaredBy: { kind: 'alert', source: 'alertmanager' },
    })
    expect(Date.parse(opened.response?.due ?? '') - Date.parse(opened.declaredAt)).toBe(15 * 60_000)
    await bot.sees(channel, 'please acknowledge by')
    expect(await bot.sees(channel, 'Checks at opening')).toContain('503')
    expect((await bot.channel(channel)).members).toEqual(expect.arrayContaining([bot.user('bob')]))
    expect(await bot.sees('incidents', 'Checkout answers 503')).toContain('INC-1')

    expect((await bot.say('bob', channel, '/incident ack')).text).toContain('INC-1 acknowledged')
    expect((await bot.say('bob', channel, '/diag health')).text).toContain('INC-1')

    bot.target.status = 200
    alerting.clear()
    await bot.sees(channel, 'All alerts have cleared', 30_000)
    expect((await bot.say('bob', channel, '/incident resolve Restarted the gateway')).text).toContain('INC-1 resolved')

    const pull = await bot.until(async () => (await bot.incident('INC-1')).pullRequest, 'the pull request')
    const page = await (await fetch(pull)).text()
    expect(page).toContain('CheckoutDown')
    expect(page).toContain('Restarted the gateway')
    // The checks before and after, compared.
    expect(page).toMatch(/\| Health endpoint \|[^|]*\| fail \| ok \|/)

    const people = createClient(bot.world.supabaseUrl, bot.world.supabaseSecretKey, { auth: { persistSession: false } })
    const row = await bot.until(async () => {
      const { data } = await people.from('postmortems').select('*').limit(1)
      return data?.[0] as Record<string, unknown> | undefined
    }, 'the published post-mortem')
    expect(JSON.stringify(row)).toContain('Restarted the gateway')

    // Alertmanager repeated itself all the while: one incident, and nothing said twice.
    expect(await bot.load('INC-2')).toBeNull()
    const texts = await bot.texts(channel)
    expect(texts.filter((text) => text.includes('All alerts have cleared'))).toHaveLength(1)
    expect((await bot.say('alice', channel, '/incident audit')).text).toContain('is whole')
  })
})
