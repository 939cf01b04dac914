/** A runbook and the severity's checklist, from the file to the post-mortem. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { firing, group, startTestBot, type TestBot } from '../bot.ts'

let bot: TestBot
beforeAll(async () => {
  bot = await startTestBot({
    files: {
      'acme/payments.md': `---
id: R1
title: Payments fail
when: [checkout fails, WebhookFailures]
url: https://wiki.example.test/payments
---

Keep calm.

1. Ask the health endpoint. \`check: health\`
2. Ask the provider: <!channel>

## Fix

3. Go back. \`action: vercel.rollback\`
`,
      'acme/database.md':
        '---\ntitle: Database slow\nwhen: [connection pool, checkout fails]\nseverity: [P1, P3]\n---\n1. Look at the pool. `/diag site`\n',
    },
  })
})
afterAll(() => bot[Symbol.asyncDispose]())

const tsOf = async (channel: string, text: string): Promise<string> =>
  (await bot.messages(channel)).find(({ shown }) => shown.includes(text))?.ts ?? ''

test('the best match is offered, opened, run, ticked off by two people at once, and told in the post-mortem', async () => {
  await bot.say('alice', 'general', '/incident new acme P2 The checkout fails')
  const channel = await bot.opened('INC-1')
  const offer = await bot.sees(channel, 'May help')
  expect(offer).toContain('May help: Payments fail\n1. Ask the health endpoint. check: health')
  await bot.sees(channel, 'Checks at opening')

  // The offer's own button runs the first step: the runbook is open then, too.
  const ran = await bot.press('bob', channel, 'Run its first step')
  expect(ran.text).toContain('Step 1 of “Payments fail”: the result is in INC-1’s channel and timeline.')
  expect(await bot.sees(channel, '🩺 Diagnosis')).toContain('Health endpoint')
  const shown = await bot.sees(channel, 'R1 Payments fail')
  expect(shown).toContain('Keep calm.')
  expect(shown).toContain('☐ 1. Ask the health endpoint. check: health')
  expect(shown).toContain('☐ 2. Ask the provider: <!channel>')
  expect(shown).toContain('🔒 `vercel.rollback` asks for approval: not there yet')
  await bot.press('bob', channel, 'Run 1')
  const asked = await bot.until(async () => {
    const found = (await bot.incident('INC-1')).checks.filter(({ phase }) => phase === 'asked')
    return found.length === 2 ? found : null
  }, 'two diagnoses')
  expect(asked.map(({ results }) => results.map(({ check }) => check))).toEqual([['health'], ['health']])

  const ts = await tsOf(channel, 'R1 Payments fail')
  const pressed = await Promise.all(['bob', 'carol'].map((who) => bot.press(who, channel, 'Done 1', { ts })))
  expect(pressed.map(({ text }) => text).toSorted()).toEqual([
    expect.stringMatching(/^Step 1 is done already, by \w+.* To open it again: \/incident runbook open 1/),
    expect.stringContaining('✅ Done: step 1 of “Payments fail”. Next: 2.'),
  ])
  expect((await bot.say('carol', channel, '/incident runbook skip 2')).text).toContain('⏭ Skipped: step 2')
  const edited = await bot.sees(channel, '1 of 3 steps done, 1 skipped · opened by')
  expect(edited).toMatch(/✅ 1\. Ask[\s\S]*⏭ 2\. Ask[\s\S]*☐ 3\. Go back/)
  expect(await tsOf(channel, '1 of 3 steps done, 1 skipped · opened by')).toBe(ts)
  const events = (await bot.load('INC-1'))?.events.flatMap(({ event }) =>
    event.type === 'runbook-step' ? [`${event.step} ${event.state}`] : [],
  )
  expect(events).toEqual(['1 done', '2 skipped'])

  // Opened again it shows how far it is, to who asks; what does not exist is refused.
  expect((await bot.say('dave', channel, '/incident runbook r1')).text).toMatch(/1 of 3 steps done[\s\S]*✅ 1\.[\s\S]*☐ 3\./)
  expect((await bot.say('dave', channel, '/incident runbook done databse 1')).text).toContain('Did you mean /incident runbook database?')
  expect((await bot.say('dave', channel, '/incident runbook done database 1')).text).toContain('is not open yet')
  expect((await bot.say('dave', channel, '/incident runbook run 3')).text).toContain('names no check')

  await bot.say('alice', channel, '/incident resolve Back again')
  const url = await bot.until(async () => (await bot.incident('INC-1')).pullRequest, 'a pull request')
  expect(url).toContain('/pull/')
  const pull = `${bot.world.githubApiUrl}/repos/acme/incidents/contents/postmortems/${new Date().getUTCFullYear()}/INC-1-the-checkout-fails.md?ref=postmortem/inc-1`
  const file = await fetch(pull, { headers: { authorization: 'Bearer ghp_test' } })
  const text = Buffer.from(((await file.json()) as { content: string }).content, 'base64').toString('utf8')
  const section = /tocsin:begin runbooks[\s\S]*?tocsin:end runbooks/.exec(text)?.[0] ?? ''
  expect(section).toContain('[R1 Payments fail](<https://wiki.example.test/payments>), opened by')
  expect(section).toContain(': 1 of 3 steps done, 1 skipped.')
  expect(section.split('\n').filter((line) => /^\| \d/.test(line))).toEqual([
    expect.stringMatching(/^\| 1 \| Ask the health endpoint\. \| done by \w+.* \|$/),
    expect.stringMatching(/^\| 2 \| Ask the provider.*\| \*\*skipped\*\* by .* \|$/),
    expect.stringMatching(/^\| 3 \| Go back.*\| not done \|$/),
  ])
})

test('the runbook that the alert means comes first; the checklist is ticked off by a button', async () => {
  await bot.alert(group(firing('WebhookFailures', { summary: 'The connection pool of the shop is full' })))
  const channel = await bot.opened('INC-2')
  const offer = await bot.sees(channel, 'May help')
  expect(offer).toContain('May help: Payments fail')
  expect(offer).toContain('Also: Database slow `/incident runbook database`')
  expect(offer).toMatch(/☐ Confirm the severity[\s\S]*☐ Name a lead/)
  expect((await bot.press('bob', channel, '✓ Name a lead')).text).toContain('✅ Ticked off. Still to do: Confirm the severity')
  expect((await bot.say('carol', channel, '/incident checklist done 2')).text).toContain('is ticked off already, by')
  await bot.say('bob', channel, '/incident ack')
  expect(await bot.sees(channel, '✅ Confirm the severity')).toContain('✅ Name a lead')
  expect((await bot.say('bob', channel, '/incident status')).text).toContain('Ticked off: Name a lead')
})
