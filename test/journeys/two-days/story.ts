/** What happens from a Friday evening to a Monday noon, while Berlin's clocks go back an hour on Sunday at three. */
import { firing, group } from '../../bot.ts'
import { proposals } from './surfaces.ts'
import type { Weekend } from './world.ts'

type Done = { readonly ts: string }

/** What people saw on the way, and cannot see any more afterwards. */
export type Seen = {
  readonly support: string
  readonly channel: string
  readonly second: string
  readonly texts: Readonly<Record<string, string>>
}

const first = 'INC-1'
const second = 'INC-2'

const headerOf = async ({ bot }: Weekend, channel: string) =>
  (await bot.messages(channel)).find(({ shown }) => shown.startsWith(`${first} ·`))?.shown ?? ''

export const live = async (weekend: Weekend): Promise<Seen> => {
  const { bot, pass, settle, terminal } = weekend
  const texts: Record<string, string> = {}
  const act = (what: string, order: object) => bot.ask<Done>('POST', `/${what}`, order)
  const made = await fetch(`${bot.world.slackApiUrl}conversations.create`, {
    method: 'POST',
    headers: { authorization: 'Bearer xoxb-test', 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'support' }),
  })
  const support = ((await made.json()) as { channel: { id: string } }).channel.id
  await act('invite', { in: support, users: ['alice', 'bob', 'carol', 'dave'] })

  // Friday, in summer time. Dave sees it, Alice declares it from what he wrote.
  await pass('2026-10-23T17:42+02:00')
  const words = await act('say', { as: 'dave', in: support, text: 'Orders from the shop arrive twice in the warehouse' })
  await pass('2026-10-23T17:50+02:00')
  await act('shortcut', { as: 'alice', in: support, ts: words.ts, callback: 'declare' })
  await bot.until(async () => (await bot.ask<{ open: boolean }[]>('GET', '/views')).some(({ open }) => open), 'the form')
  await bot.submit('alice', { title: 'Orders arrive twice', product: 'kontor', severity: 'P2' })
  const channel = await bot.opened(first)
  await settle()
  const say = (as: string, text: string) => bot.say(as, channel, `/incident ${text}`)
  const write = (as: string, text: string) => act('say', { as, in: channel, text })

  await pass('2026-10-23T17:55+02:00')
  await bot.join('dave', channel)

  // At six nobody leads yet, and somebody is asked to.
  await pass('2026-10-23T18:02+02:00')
  await bot.press('bob', channel, 'ack')
  await pass('2026-10-23T18:05+02:00')
  await say('bob', 'role comms @carol')
  await pass('2026-10-23T18:06+02:00')
  const deploy = await write('bob', 'Deploy of v142 went out at 17:25')
  await pass('2026-10-23T18:20+02:00')
  await act('react', { as: 'carol', in: channel, ts: deploy.ts, name: 'pushpin' })
  await act('react', { as: 'dave', in: channel, ts: deploy.ts, name: 'pushpin' })
  await pass('2026-10-23T18:24+02:00')
  await say('bob', 'suspect The queue delivers twice since v142')
  await pass('2026-10-23T18:30+02:00')
  await say('carol', 'update Orders may arrive twice. We look at the deploy of this afternoon')

  // An alert of the same thing, which fires since before anybody saw it, opens another record.
  await pass('2026-10-23T19:00+02:00')
  const alert = { fingerprint: 'd0d0', startsAt: '2026-10-23T15:20:00.000Z', labels: { product: 'kontor', severity: 'high' } }
  await bot.alert(group(firing('DuplicateOrders', { ...alert, summary: '31 orders twice in 5 min' })))
  const other = await bot.opened(second)
  await settle()
  await pass('2026-10-23T19:08+02:00')
  texts['merge asked'] = (await bot.say('carol', other, `/incident merge ${first}`)).text
  texts['merge'] = (await bot.press('carol', other, 'merge')).text

  await pass('2026-10-23T21:40+02:00')
  await say('bob', 'role lead leave')
  await settle()
  texts['header without a lead'] = await headerOf(weekend, channel)
  await pass('2026-10-23T22:05+02:00')
  await say('dave', 'role lead')
  await pass('2026-10-23T22:15+02:00')
  await say('dave', 'update A filter holds duplicates back. Nobody has to watch it tonight')
  await pass('2026-10-23T22:30+02:00')
  texts['pause'] = (await say('dave', 'pause The filter holds, we sleep')).text
  await settle()
  texts['header at night'] = await headerOf(weekend, channel)
  texts['status at night'] = (await say('dave', 'status')).text

  // Saturday.
  await pass('2026-10-24T08:00+02:00')
  texts['resume'] = (await say('alice', 'resume')).text
  await settle()
  texts['header in the morning'] = await headerOf(weekend, channel)
  await pass('2026-10-24T11:30+02:00')
  await say('dave', 'update The filter is in all warehouses')
  await pass('2026-10-24T12:00+02:00')
  await bot.alert(group(firing('DuplicateOrders', { ...alert, endsAt: '2026-10-24T09:58:00.000Z' })))

  // Slack is away for an hour: the terminal does it.
  await pass('2026-10-24T14:00+02:00')
  await bot.fault({ service: 'slack', kind: 'down' })
  await pass('2026-10-24T14:10+02:00')
  texts['note at the terminal'] = await terminal(
    '--as',
    'carol',
    'incident',
    first,
    'note',
    'The provider says that messages are sent again after 30 s',
  )
  await pass('2026-10-24T14:20+02:00')
  texts['update at the terminal'] = await terminal(
    '--as',
    'carol',
    'incident',
    first,
    'update',
    'No new duplicates since noon',
    'next',
    '3h',
  )
  await pass('2026-10-24T14:35+02:00')
  texts['todo at the terminal'] = await terminal('--as', 'carol', 'incident', first, 'todo', 'Remove 412 duplicates')
  await pass('2026-10-24T15:00+02:00')
  await bot.mend()
  await bot.until(async () => (await bot.health()).services['slack'] === 'healthy', 'a healthy Slack', 60_000)
  await pass('2026-10-24T15:03+02:00')
  await pass('2026-10-24T17:00+02:00')
  await say('dave', 'update All quiet. Next on Sunday next 20h')

  // The night in which two o'clock comes twice; the bot is not there between the two.
  await pass('2026-10-25T02:30+02:00')
  await bot.bot.stop()
  weekend.sleep('2026-10-25T02:30+01:00')
  await bot.start()
  await weekend.quiet()

  // Sunday, in winter time. Reminders of the update, put off, and late.
  await pass('2026-10-25T10:15+01:00')
  texts['snooze'] = (await say('dave', 'snooze 1h')).text
  await pass('2026-10-25T12:20+01:00')
  texts['status on Sunday'] = (await say('carol', 'status')).text
  await say('carol', 'update Still quiet, dave writes the repair')
  await pass('2026-10-25T15:30+01:00')
  await say('dave', 'mitigate Duplicates are dropped at the door')
  await pass('2026-10-25T16:30+01:00')
  texts['resolve'] = (await say('dave', 'resolve Orders carry a key, the second is dropped')).text
  await settle()
  await pass('2026-10-25T16:35+01:00')
  texts['header when resolved'] = await headerOf(weekend, channel)

  // Monday: it was not over.
  await pass('2026-10-26T09:10+01:00')
  texts['reopen'] = (await say('carol', 'reopen Duplicates again in the north warehouse')).text
  await settle()
  texts['header when reopened'] = await headerOf(weekend, channel)
  await pass('2026-10-26T09:14+01:00')
  await say('alice', 'ack')
  await pass('2026-10-26T09:40+01:00')
  await say('carol', 'ruled-out 1 because north runs v141')
  await say('carol', 'note The north warehouse has an old reader at 09:00')
  await pass('2026-10-26T10:20+01:00')
  texts['status on Monday'] = (await say('dave', 'status')).text
  texts['post-mortem on Monday'] = (await proposals(bot))[0]?.text ?? ''
  await pass('2026-10-26T11:20+01:00')
  await say('dave', 'resolve The reader in the north is updated')
  await settle()
  await pass('2026-10-26T11:30+01:00')
  await say('carol', 'todo done 1')
  await pass('2026-10-26T12:00+01:00')
  texts['metrics'] = (await say('alice', 'metrics kontor')).text
  texts['audit'] = (await say('alice', 'audit')).text
  texts['status at the end'] = (await say('alice', 'status')).text
  texts['status of the second'] = (await bot.say('alice', other, '/incident status')).text
  await settle()
  return { support, channel, second: other, texts }
}
