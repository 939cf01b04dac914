/** The five products, pointed at stand-ins for their vendors: what whoever is woken by a payment outage finds in the channel. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestBot } from '../bot.ts'
import { ensurePostgres } from '../postgres.ts'
import { startProducts, startStandIns } from './payment-outage/stand-ins.ts'

describe.skipIf(!ensurePostgres())('a payment outage', () => {
  let standIns: Awaited<ReturnType<typeof startStandIns>>
  let bot: TestBot
  beforeAll(async () => {
    standIns = await startStandIns()
    bot = await startProducts(standIns)
    expect(bot.bot.problems).toEqual([])
  })
  afterAll(async () => {
    await bot?.[Symbol.asyncDispose]()
    await standIns?.[Symbol.asyncDispose]()
  })

  /** Where the checks at the opening of an incident are shown, when all have answered. */
  const checksIn = (channel: string) => bot.sees(channel, /🩺 Checks at opening\n(?![\s\S]*Still running)/)
  const openingOf = async (id: string) => (await bot.incident(id)).checks.find(({ phase }) => phase === 'opening')

  test('shows failing webhooks, the e-mail queue, what was deployed before it, and the runbook whose first step is a button', async () => {
    const said = await bot.say('alice', 'general', '/incident new ttml P1 Payments fail')
    expect(said.text).toContain('🚨 INC-1 P1 for Talk-To-My-Lawyer: Payments fail')
    const channel = await bot.opened('INC-1')

    const checks = await checksIn(channel)
    expect(checks).toMatch(
      /🔴 Stripe webhook failures in 15 minutes 12 of \d+ events of the last 15 min did not arrive: payment_intent\.succeeded 8, checkout\.session\.completed 4\. Look at what the endpoint answers/,
    )
    expect(checks).toMatch(/failed events 12 \(limit 10\) · delivery success [\d.]+ %/)
    expect(checks).toContain(
      '🔴 Payment failure rate in 1 hour 3 of 7 payments of the last hour failed: processing_error 2, insufficient_funds 1.',
    )
    expect(checks).toContain('🔴 Detailed system status Service stripe is "unhealthy".')
    expect(checks).toContain('E-mail queue by status; what waits too long 37 rows pending for more than 5 min')
    expect(checks).toContain('sent 412 · pending 37 · failed 2')
    expect(checks).toContain('✅ 2 fine: Basic health check, Where Stripe sends its events, and which')
    // What tells changes stands with the changes, and nothing lacks a setting.
    expect(checks).not.toMatch(/near the start|migrations|not configured|itself failed/)

    const changed = await bot.sees(channel, 'What changed before it began')
    const [first = ''] = changed.split('\n').filter((line) => line.startsWith('•'))
    expect(first).toMatch(/^• deployment, 1[23] min before: Verify webhook signatures with the new secret \(abc1234\), by Ann · show/)
    expect(changed).not.toContain('Not seen')

    const offer = await bot.sees(channel, 'May help')
    expect(offer).toContain('📖 May help: Stripe payment failures\n1. List the webhook endpoints that Stripe knows')
    expect(offer).toContain('[Run its first step]')
    const pressed = await bot.press('bob', channel, 'Run its first step')
    expect(pressed.text).toContain('Step 1 of “Stripe payment failures”: what was asked comes in INC-1’s channel.')
    const answer = await bot.sees(channel, /🩺 Diagnosis\n(?![\s\S]*Still running)/)
    expect(answer).toMatch(/12 of \d+ events of the last 15 min did not arrive/)
    expect(answer).toMatch(/✅ 2 fine: .*What Stripe says of itself/)
    const shown = await bot.sees(channel, 'R10 Stripe payment failures')
    expect(shown).toContain('☐ 1. List the webhook endpoints that Stripe knows')

    // What was found is the opening’s only; nothing that the stand-ins hold in secret is anywhere.
    const run = await openingOf('INC-1')
    expect(run?.results.map(({ check }) => check).toSorted()).toEqual(
      [
        'health',
        'detailed',
        'stripe.webhooks',
        'stripe.deliveries',
        'stripe.payments',
        'email-queue',
        'vercel.changes',
        'github.changes',
        'database.migrations',
      ].toSorted(),
    )
    const everything = [JSON.stringify((await bot.load('INC-1'))?.events), JSON.stringify(bot.lines), ...(await bot.texts(channel))].join()
    for (const secret of standIns.secrets) expect(everything).not.toContain(secret)
  })

  test('declared by the form it is the same', async () => {
    const { form } = await bot.say('carol', 'general', '/incident new')
    expect(form).toBe(true)
    const declared = await bot.submit('carol', { title: 'Checkout fails', product: 'talk-to-my-lawyer', severity: 'P1' })
    expect(declared.body).toContain('Also open for Talk-To-My-Lawyer:')
    const channel = await bot.opened('INC-2')
    expect(await checksIn(channel)).toContain('🔴 Stripe webhook failures in 15 minutes')
    expect(await bot.sees(channel, 'May help')).toContain('May help: Stripe payment failures')
    expect(await bot.sees(channel, 'What changed before it began')).toContain('• deployment')
  })

  test.each([
    ['invoice2e', ['health', 'stripe.webhooks', 'stripe.payments', 'vercel.deployment', 'database.connections']],
    ['napoleon', ['health', 'vercel.deployment', 'supabase', 'stripe.webhooks', 'stripe.payments']],
    ['schnittwerk', ['health', 'vercel.deployment', 'sentry', 'stripe.payments']],
    ['fair-edge', ['health', 'docker.containers', 'celery', 'stripe.deliveries', 'stripe.payments']],
  ])('%s: what is asked at its opening answers, and what fails is seen', async (product, keys) => {
    const { text } = await bot.say('alice', 'general', `/incident new ${product} P1 Payments fail`)
    const [id = ''] = /INC-\d+/.exec(text) ?? []
    const channel = await bot.opened(id)
    const checks = await checksIn(channel)
    const run = await openingOf(id)
    const judged = run?.asked.filter((asked) => asked.for === undefined).map(({ check }) => check)
    expect(judged?.toSorted()).toEqual(keys.toSorted())
    // Without a Redis on this machine Celery cannot be asked, and says what to set.
    const lacking = standIns.hasRedis ? [] : ['celery']
    for (const { check, status, findings } of run?.results ?? []) {
      if (lacking.includes(check)) expect([check, status]).toEqual([check, 'unknown'])
      else expect([check, status, findings]).toEqual([check, expect.not.stringMatching('unknown'), findings])
      expect(findings.map(({ text: said }) => said).join()).not.toContain('itself failed')
    }
    // Payments are what is broken: whoever asks Stripe must not say that all is well.
    const status = (check: string) => run?.results.find((result) => result.check === check)?.status
    expect(['warn', 'fail']).toContain(status('stripe.payments'))
    if (keys.includes('stripe.deliveries')) expect(['warn', 'fail']).toContain(status('stripe.deliveries'))
    expect(checks).toMatch(/[🔴🟡] .*3 of 7 payments of the last hour failed/u)
    expect(await bot.sees(channel, 'May help')).toContain('1. ')
    expect(await bot.sees(channel, 'What changed before it began')).toContain('Verify webhook signatures with the new secret')
  })
})
