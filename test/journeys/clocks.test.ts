/** Pauses, reopenings, deadlines and the kinds of record, as people see them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { firing, group, startTestBot, type TestBot } from '../bot.ts'
import { until } from '../until.ts'

const beta = `name: Beta
contacts:
  first: { name: Bob, email: bob@example.test }
ladder: [first]
severities:
  P1:
    meaning: Nobody can pay
    response: 15 min
    page: true
    clocks:
      customers: { title: Customer communication, within: 30 min, until: update }
      review: { title: Post-incident review, within: 24 h, from: resolved, until: reviewed }
  P3:
    clocks:
      fix: { title: Fix, within: 24 h, until: resolved }
disaster:
  rto: 4 h
  rpo: 6 h
  phases:
    assessment: { title: Assessment, task: Determine the scope, by: 15 min }
    recovery: { title: Recovery, task: Restore the services, by: 4 h }
    validation: { title: Validation, task: Verify integrity, within: 2 h, after: recovery }
`

let bot: TestBot
beforeAll(async () => {
  bot = await startTestBot({ supabase: true, files: { 'beta/service.yml': beta } })
})
afterAll(() => bot[Symbol.asyncDispose]())

const contents = () =>
  `${bot.world.githubApiUrl}/repos/acme/incidents/contents/postmortems/${new Date().getUTCFullYear()}/INC-1-payments-fail.md`
const authorization = 'Bearer ghp_test'
const readFile = async (ref: string) => {
  const answer = (await (await fetch(`${contents()}?ref=${ref}`, { headers: { authorization } })).json()) as {
    content?: string
    sha: string
  }
  return { text: Buffer.from(answer.content ?? '', 'base64').toString(), sha: answer.sha }
}
/** The post-mortem of INC-1 on a branch, once these words stand in it. */
const file = (ref: string, words: string) =>
  until(async () => {
    const { text } = await readFile(ref)
    return text.includes(words) ? text : null
  }, `“${words}” in the post-mortem on ${ref}`)
/** Somebody writes in the post-mortem. */
const edit = async (ref: string, from: string, to: string) => {
  const { text, sha } = await readFile(ref)
  const answer = await fetch(contents(), {
    method: 'PUT',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ branch: ref, message: 'By hand', sha, content: Buffer.from(text.replace(from, to)).toString('base64') }),
  })
  expect(answer.status).toBe(200)
}

const header = async (channel: string) => (await bot.messages(channel)).find(({ shown }) => /^INC-\d+ ·/.test(shown))?.shown ?? ''
const heads = (channel: string, words: string | RegExp) =>
  until(
    async () => {
      const shown = await header(channel)
      return (typeof words === 'string' ? shown.includes(words) : words.test(shown)) ? shown : null
    },
    `${String(words)} in the header of ${channel}`,
  )

const pulls = async () =>
  (await (
    await fetch(`${bot.world.githubApiUrl}/repos/acme/incidents/pulls?state=all`, { headers: { authorization: 'Bearer ghp_test' } })
  ).json()) as { number: number; title: string; head: { ref: string }; state: string }[]

describe('paused, resumed, resolved, opened again', () => {
  let channel = ''

  test('a pause needs a reason, stops all clocks, and says so in the channel', async () => {
    await bot.say('alice', 'general', '/incident new acme P1 Payments fail')
    channel = await bot.opened('INC-1')
    expect((await bot.say('alice', channel, '/incident pause')).form).toBe(true)
    expect(await bot.submit('alice', { why: 'Waiting for the provider' })).toMatchObject({ closed: true })
    await bot.sees(channel, '⏸ @alice paused the clocks: Waiting for the provider')
    await heads(channel, /Ack ⏸ 14 min left · Update ⏸ 29 min left · ⏸ paused since/)
    expect((await bot.say('bob', channel, '/incident pause Again')).text).toContain('The clocks stand since')
    expect((await bot.say('bob', channel, '/incident status')).text).toContain('paused since')
  })

  test('resuming gives back what was left', async () => {
    expect((await bot.say('bob', channel, '/incident resume')).text).toMatch(
      /^▶ The clocks run again\. Acknowledgement due .* Status update due/,
    )
    await bot.sees(channel, /▶ @bob let the clocks run again after \d+ s\. Acknowledgement due/)
    await heads(channel, /Ack due .* · Update due .*, paused \d+ s/)
    expect((await bot.say('bob', channel, '/incident resume')).text).toContain('The clocks are not paused')
    const { response, pauses } = await bot.incident('INC-1')
    const stood = pauses.reduce((sum, { from, to }) => sum + Date.parse(to) - Date.parse(from), 0)
    expect(Date.parse(response?.due ?? '') - Date.parse((await bot.incident('INC-1')).declaredAt)).toBe(15 * 60_000 + stood)
  })

  test('resolved while paused; opened again with a new clock; the announcement and the record follow', async () => {
    await bot.say('bob', channel, '/incident ack')
    await bot.say('bob', channel, '/incident pause Waiting for the bank')
    await bot.say('bob', channel, '/incident resolve Rolled back to v141')
    await bot.sees(channel, '📄 The post-mortem is ready')
    await edit('postmortem/inc-1', '_Three sentences that', 'Bea wrote this. _Three sentences that')
    expect((await bot.say('bob', channel, '/incident resolve again')).text).toContain('/incident reopen <why>')
    expect((await bot.say('carol', channel, '/incident reopen')).form).toBe(true)
    expect(await bot.submit('carol', { why: 'Payments fail again' })).toMatchObject({ closed: true })
    await bot.sees(channel, '🔁 @carol opened it again: Payments fail again')
    await heads(channel, '🔴 Declared')
    await until(async () => (await bot.texts('incidents'))[0]?.includes('🔴 Declared') === true, 'the announcement open again')
    expect(await bot.texts('incidents')).toHaveLength(1)
    const supabase = bot.world.supabase
    await until(async () => {
      const rows = await supabase?.query<{ status: string; resolved_at: string | null }>(
        "select * from public.incidents where id = 'INC-1'",
      )
      return rows?.[0]?.status === 'declared' && rows[0].resolved_at === null
    }, 'the record open again')
    // Nobody reads of a resolution that did not hold, neither there nor in Supabase; what people wrote stays.
    const document = await file('postmortem/inc-1', 'Open again')
    expect(document).toContain('Payments fail again')
    expect(document).toContain('Bea wrote this')
    expect(document).not.toContain('How it ended')
    await until(async () => {
      const rows = await supabase?.query<{ markdown: string }>("select markdown from public.postmortems where incident_id = 'INC-1'")
      return rows?.[0]?.markdown.includes('Open again') === true
    }, 'the post-mortem in Supabase open again')
    expect(await bot.sees(channel, '🔁 @carol opened it again')).toContain('says so, and is completed at the next resolution.')
    expect((await bot.say('carol', channel, '/incident reopen Twice')).text).toContain('INC-1 is open; nothing changed')
  })

  test('the checks run again at the next resolution, and the pull request is the same one, brought up to date', async () => {
    expect(await pulls()).toHaveLength(1)
    await bot.say('bob', channel, '/incident ack')
    await bot.say('bob', channel, '/incident resolve The second index was missing, too')
    await until(
      async () => (await bot.texts(channel)).filter((text) => text.startsWith('🩺 Checks at resolution')).length === 2,
      'the checks again',
    )
    const [pull] = await pulls()
    const text = await file(pull?.head.ref ?? '', 'The second index was missing')
    expect(text).toContain('Opened it again: Payments fail again')
    expect(text).toContain('Bea wrote this')
    expect(text).not.toContain('**Open again**')
    await bot.sees(channel, /The second index was missing, too\n📄 The post-mortem \S+ is brought up to date\./)
    expect(await pulls()).toHaveLength(1)
  })

  test('opened again after the pull request was merged: a new one says so at once, on a branch of its own, and is completed', async () => {
    const [pull] = await pulls()
    await bot.idle()
    const merged = await fetch(`${bot.world.githubApiUrl}/repos/acme/incidents/pulls/${pull?.number}/merge`, {
      method: 'PUT',
      headers: { authorization: 'Bearer ghp_test', 'content-type': 'application/json' },
      body: '{}',
    })
    expect(merged.status).toBe(200)
    // The local code host merges what the pull request was opened with, without what was written since.
    await edit('main', '_Three sentences that', 'Bea wrote this. _Three sentences that')
    await bot.say('bob', channel, '/incident postmortem done')
    await bot.sees(channel, 'marked the post-mortem as reviewed')
    await bot.say('bob', channel, '/incident reopen Once more')
    const all = await until(async () => {
      const now = await pulls()
      return now.length === 2 ? now : null
    }, 'a second pull request')
    expect(all.map(({ head }) => head.ref).toSorted()).toEqual(['postmortem/inc-1', 'postmortem/inc-1-2'])
    expect(await bot.sees(channel, '📄 The post-mortem was merged already')).toMatch(
      /: a new pull request \S+pull\/2\S* says that it is open again/,
    )
    expect(await file('postmortem/inc-1-2', 'Once more')).toContain('**Open again**')
    expect((await bot.say('bob', channel, '/incident postmortem')).text).toContain('INC-1 is open again: it says so')
    await bot.idle()
    await bot.say('bob', channel, '/incident resolve Now for good')
    const text = await file('postmortem/inc-1-2', 'Now for good')
    expect(text).toContain('Bea wrote this')
    expect(text).not.toContain('**Open again**')
    expect(await pulls()).toHaveLength(2)
  })
})

test('a reopening into an alert rule that is taken is refused, and names the other', async () => {
  await bot.alert(group(firing('Checkout', { fingerprint: 'a1' })))
  const first = await until(
    async () => (await bot.ask<{ name: string }[]>('GET', '/channels?detail=false')).find(({ name }) => name.includes('checkout'))?.name,
    'its channel',
  )
  const id = /inc-\d+/.exec(first)?.[0].toUpperCase() ?? ''
  await bot.say('bob', first, '/incident resolve Over')
  await bot.alert(group(firing('Checkout', { fingerprint: 'a2' })))
  const second = await until(
    async () =>
      (await bot.ask<{ name: string }[]>('GET', '/channels?detail=false')).find(({ name }) => name.includes('checkout') && name !== first)
        ?.name,
    'the channel of the second',
  )
  const other = /inc-\d+/.exec(second)?.[0].toUpperCase() ?? ''
  expect((await bot.say('bob', first, '/incident reopen It is back')).text).toBe(
    `${other} is already open for the alert Checkout. Go on there.`,
  )
  await bot.say('bob', second, '/incident resolve Over, too')
  expect((await bot.say('bob', first, '/incident reopen It is back')).text).toContain(`🔁 ${id} is open again`)
  // The alert is known there, so that the next one joins it.
  await bot.alert(group(firing('Checkout', { fingerprint: 'a3' })))
  await bot.sees(first, 'alerts firing')
  await bot.say('bob', first, '/incident resolve Over')
})

/** Declares, and gives the id that the answer names. */
const declare = async (text: string): Promise<{ id: string; channel: string; said: string }> => {
  const said = await bot.say('alice', 'general', text)
  const id = /INC-\d+/.exec(said.text)?.[0] ?? ''
  return { id, channel: await bot.opened(id), said: said.text }
}

describe('deadlines', () => {
  test('of the severity stand in the header and in the status, and follow a change of severity', async () => {
    const { channel } = await declare('/incident new beta P3 Exports hang')
    await heads(channel, /Fix by /)
    const status = await bot.say('alice', channel, '/incident status')
    expect(status.text).toMatch(/Fix due .*: P3, 1 d from the declaration/)
    expect(status.text).toMatch(/Acknowledgement due .*: P3, 4 h from the declaration/)
    await bot.say('alice', channel, '/incident severity P1 nobody can pay')
    await bot.sees(channel, /changed the severity from P3 to P1.* · Customer communication by .*\. Not due any more: Fix/)
    await heads(channel, /Customer communication by /)
    await bot.say('alice', channel, '/incident update We tell everybody')
    await bot.say('alice', channel, '/incident resolve Rolled back')
    await bot.sees(channel, '⏱ Post-incident review due')
    await heads(channel, /Post-incident review by /)
    await bot.say('alice', channel, '/incident postmortem done')
    await until(async () => !(await header(channel)).includes('review by'), 'no review in the header')
  })
})

describe('kinds of record', () => {
  test('a change: a channel, led by whoever plans it, and no clock', async () => {
    expect((await bot.say('alice', 'general', '/incident change')).form).toBe(true)
    expect((await bot.say('alice', 'general', '/incident change bettta Deploy')).text).toContain('is not a product')
    const { id, channel, said } = await declare('/incident change beta Deploy v143')
    expect(said).toMatch(/^🛠 INC-\d+ Change of Beta: Deploy v143\. Its channel opens in a moment; you lead it\./)
    await heads(channel, /🛠 Change · Deploy v143/)
    expect(await header(channel)).toMatch(/Lead @alice/)
    expect(await header(channel)).not.toContain('Severity')
    expect((await bot.say('bob', channel, '/incident ack')).text).toContain('A change has no response clock')
    expect((await bot.say('bob', channel, '/incident pause x')).text).toContain(`No clock of ${id} runs`)
    await bot.say('alice', channel, '/incident resolve Deployed')
    await bot.sees(channel, '📄 The post-mortem is ready')
  })

  test('a disaster: phases, one after the other', async () => {
    const { channel } = await declare('/incident new beta The data centre is gone --disaster')
    const opening = await bot.sees(channel, '🆘 Disaster. RTO 4 h · RPO 6 h')
    expect(opening).toContain('☐ Recovery: Restore the services')
    await heads(channel, /Assessment by .* · Recovery by /)
    expect((await bot.say('bob', channel, '/incident phase')).text).toMatch(/Assessment due [\s\S]*Validation has not begun/)
    expect((await bot.say('bob', channel, '/incident phase validation')).text).toContain('has not begun')
    expect((await bot.say('bob', channel, '/incident phase Recovery Restored from 02:00')).text).toContain(
      '🏁 Done. Still to do: Assessment, Validation.',
    )
    await bot.sees(channel, '🏁 @bob finished Recovery: Restored from 02:00')
    await bot.sees(channel, '⏱ Validation due')
    await bot.say('bob', channel, '/incident resolve Restored')
  })

  test('a drill says that it is one, everywhere; no alert joins it', async () => {
    const { id, channel, said } = await declare('/incident new beta P1 Restore from the backup --drill')
    expect(said).toContain(`🧪 DRILL ${id} P1`)
    await bot.sees(channel, '🧪 This is a drill: nothing real is broken.')
    await heads(channel, `${id} · 🧪 DRILL · Restore from the backup`)
    expect((await bot.say('alice', 'general', '/incident list')).text).toContain(`${id} 🧪 DRILL P1`)
    await bot.sees('incidents', '🧪 DRILL P1 Beta')
    await bot.alert(group(firing('Slow', { labels: { product: 'beta', severity: 'warning' } })))
    await bot.idle()
    expect((await bot.incident(id)).alerts).toEqual([])
    await bot.say('bob', channel, '/incident ack')
    await bot.say('bob', channel, '/incident resolve Drilled')
  })

  test('metrics: what really went wrong, of one product or all; drills and planned work are left out', async () => {
    const all = (await bot.say('alice', 'general', '/incident metrics')).text
    expect(all).toMatch(/^All products, last 30d: 5 declared, 0 of them open · P1 5 /)
    expect(all).toMatch(/Time to acknowledge \(MTTA\) median \d+ s, mean \d+ s \(1\)/)
    expect(all).toMatch(/Responses in time \d+(\.\d)? % \(\d of \d\)/)
    expect((await bot.say('alice', 'general', '/incident metrics beta 12w')).text).toMatch(/^Beta, last 12w: 2 declared/)
    expect((await bot.say('alice', 'general', '/incident metrics unassigned 1h')).text).toBe(
      'Unassigned, last 1h: no data, since nothing was declared.',
    )
    expect((await bot.say('alice', 'general', '/incident metrics 900w')).text).toContain('is not a period from 1h to 104w')
    expect((await bot.say('alice', 'general', '/incident metrics bettta')).text).toContain('Did you mean Beta')
  })

  test('a minute later: a maintenance that is overdue, an update that somebody is reminded of', { timeout: 150_000 }, async () => {
    expect((await bot.say('alice', 'general', '/incident maintenance beta 25:00 26:00 Move it')).text).toContain(
      '25:00 26:00 is not from when to when',
    )
    const { channel } = await declare('/incident maintenance beta now 1m Move the database')
    await bot.sees(channel, '▶ The maintenance window begins, until')
    const other = await declare('/incident new beta P2 Slow pages')
    expect((await bot.say('bob', other.channel, '/incident snooze soon')).text).toContain('is not a time from 1m to 24h')
    await bot.say('bob', other.channel, '/incident update Looking next 1m')
    expect((await bot.say('bob', other.channel, '/incident snooze 1m')).text).toMatch(/^💤 You are reminded at /)
    await bot.sees(channel, /Maintenance window due/, 60_000)
    await bot.sees(channel, /@alice ⏰ Maintenance window overdue since/, 60_000)
    await bot.sees(other.channel, /🔔 .*Status update overdue since[\s\S]*\[Post update\]/, 60_000)
    const breached = (await bot.load(other.id))?.events.filter(({ event }) => event.type === 'clock-breached') ?? []
    expect(breached).toHaveLength(1)
    expect((await bot.texts(other.channel)).filter((text) => text.includes('⏰'))).toEqual([expect.stringMatching(/^INC-/)])
    expect((await bot.press('bob', other.channel, 'snooze')).text).toMatch(/^💤 You are reminded at /)
    await bot.say('alice', channel, '/incident resolve Moved')
    await bot.say('bob', other.channel, '/incident resolve Faster')
  })
})
