/** One incident from beginning to end, as people live it, on a bot that may be killed at any moment; and what is there of it in the
 *  end, everywhere, without what differs from run to run. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import type { TrueChannel, TrueMessage } from '../../src/embedded/truth.ts'
import { type BotProcess, type Surroundings, until } from './bots.ts'

/** How an incident begins: somebody declares it, or an alert does. */
export type Beginning = 'declared' | 'alerted'

/** A bot that is started again when it was killed. */
export type Keeper = { readonly bot: () => Promise<BotProcess> }

export type Row = {
  readonly surroundings: Surroundings
  readonly keeper: Keeper
  /** Straight to the database, past any proxy. */
  readonly database: string
  /** The incident's number. */
  readonly number: number
  readonly announce: string
}

const general = 'C000000001'

const alertOf = (number: number, status: 'firing' | 'resolved', startsAt: string) => ({
  version: '4',
  status,
  alerts: [
    {
      status,
      labels: { alertname: 'PaymentsFailing', product: 'acme', severity: 'critical', instance: `api-${number}` },
      annotations: { summary: 'Payments fail' },
      startsAt,
      endsAt: status === 'resolved' ? new Date().toISOString() : '0001-01-01T00:00:00Z',
      fingerprint: `fingerprint-${number}`,
    },
  ],
})

/** Does it again until a bot has answered, as a person or an Alertmanager would: a bot that is killed meanwhile gives no answer. */
const insist = async <T>(keeper: Keeper, work: (url: string) => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    const { url } = await keeper.bot()
    try {
      return await work(url)
    } catch (error) {
      if (tries === 5) throw error
      await sleep(100)
    }
  }
}

/** Lives the whole story. Every person types until they have an answer, and goes on when they see what they wait for. */
export const live = async (row: Row, beginning: Beginning): Promise<void> => {
  const { surroundings, keeper, number } = row
  const id = `INC-${number}`
  const database = new Client({ connectionString: row.database })
  await database.connect()
  const count = async (sql: string, ...values: unknown[]) =>
    Number((await database.query<{ count: string }>(`select count(*) ${sql}`, values)).rows[0]?.count)
  const shown = (...keys: string[]) =>
    until(
      async () => {
        const patterns = keys.map((key) => `%/${key}`)
        return (
          (await count(
            `from unnest($2::text[]) wanted where exists (select from tocsin.item where incident = $1 and state = 'done' and key like wanted)`,
            id,
            patterns,
          )) === keys.length
        )
      },
      `${keys.join(', ')} of ${id}`,
    )
  const happened = (type: string) => count(`from tocsin.event where incident = $1 and data->'event'->>'type' = $2`, id, type)
  const type = (as: string, channel: string, text: string) =>
    insist(keeper, async (url) => {
      const said = await surroundings.type(url, as, channel, text)
      if (said.status !== 200) throw new Error(`${text}: HTTP ${said.status}`)
      return said
    })
  const startsAt = new Date().toISOString()
  const alert = (status: 'firing' | 'resolved') =>
    insist(keeper, async (url) => {
      const answer = await surroundings.alert(url, alertOf(number, status, startsAt))
      if (answer !== 202) throw new Error(`an alert was answered ${answer}`)
    })

  try {
    if (beginning === 'declared') await type('alice', general, '/incident new acme P1 Payments fail')
    else await alert('firing')
    await shown('opening', 'checks:%', 'announcement')
    const channel =
      (await database.query<{ channel_id: string }>('select channel_id from tocsin.incident where id = $1', [id])).rows[0]?.channel_id ?? ''

    await type('bob', channel, '/incident ack')
    await shown('ack:%')

    // Nobody says the same thing twice who can see it in the channel.
    for (;;) {
      await keeper.bot()
      if ((await happened('updated')) > 0) break
      await surroundings.type((await keeper.bot()).url, 'bob', channel, '/incident update Rolling back next 2m').catch(() => sleep(100))
    }
    await shown('update:%')
    await shown('clock:update:%')
    if (beginning === 'alerted') {
      await alert('resolved')
      await shown('alerts')
    }

    await type('alice', channel, '/incident resolve Rolled back')
    await until(async () => (await happened('published')) > 0, `the post-mortem of ${id}`)
    await until(
      async () =>
        (await count(`from tocsin_jobs.job where state in ('created', 'retry', 'active') and start_after < now() + interval '5 s'`)) === 0,
      `rest in the queue of ${id}`,
    )
  } finally {
    await database.end()
  }
}

/** Everything that differs from run to run, in place of what it is. */
const normalised = (text: string, number: number, announce: string): string =>
  text
    .replaceAll(announce, 'ANNOUNCE')
    .replaceAll(new RegExp(`\\b(INC|inc)-${number}\\b`, 'g'), '$1-N')
    .replaceAll(`api-${number}`, 'api-N')
    .replaceAll(`fingerprint-${number}`, 'fingerprint-N')
    // Where Slack is slow to say who somebody is, the incident goes on with their handle.
    .replaceAll(/\b(alice|bob|carol|dave) Example\b/g, '$1')
    .replaceAll(/<!date\^\d+\^[^>]*>/g, 'DATE')
    .replaceAll(/\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?: ?Z| UTC)?)?/g, 'TIME')
    .replaceAll(/\b\d\d:\d\d(?::\d\d)?(?: UTC)?\b/g, 'TIME')
    .replaceAll(/\b\d{10}\.\d{6}\b/g, 'TS')
    .replaceAll(/\b(?:\d+(?:\.\d+)? ?(?:ms|min|s|h)\b ?)+/g, 'SPAN ')
    .replaceAll(/\b1\d{9}\b/g, '0')
    .replaceAll(/(minutes_to_\w+: )[\d.]+/g, '$1MINUTES')
    .replaceAll(`"number":${number},`, '"number":"N",')
    .replaceAll(/\b[0-9a-f]{12,64}\b/g, 'HASH')
    .replaceAll(/\bC[0-9A-Z]{8,10}\b/g, 'CHANNEL')
    .replaceAll(/\/pull\/\d+/g, '/pull/P')
    // A pull request says what it was opened from; the document in it goes on.
    .replaceAll(/Audit head `HASH` \(event \d+\)/g, 'Audit head')

type Message = { text: string; blocks: unknown; user: string; pinned: boolean }

const channelSeen = async (surroundings: Surroundings, channel: TrueChannel, number: number, isShared: boolean) => {
  const messages = await surroundings.ask<TrueMessage[]>('GET', `/channels/${channel.id}/messages`)
  return {
    name: channel.name,
    topic: channel.topic,
    members: [...channel.members].sort(),
    bookmarks: channel.bookmarks,
    pins: channel.pins?.length,
    messages: messages
      .filter((message) => message.subtype === undefined && message.ephemeralTo === undefined)
      // The announcements channel has those of other incidents, too.
      .filter((message) => !isShared || new RegExp(`\\bINC-${number}\\b`).test(JSON.stringify(message)))
      .map((message): Message => ({
        text: message.text,
        blocks: message.blocks,
        user: message.user,
        pinned: channel.pins?.includes(message.ts) === true,
      })),
  }
}

type EventRow = { data: { by: { kind: string }; event: Record<string, unknown> } }

/** What happened, in order; what the bot did by itself between two acts of people may come in any order. */
const eventsSeen = (rows: readonly EventRow[]): string[] => {
  const parts: string[][] = []
  for (const { data } of rows) {
    const { by, event } = data
    const said = ['type', 'clock', 'percent', 'phase', 'where', 'text', 'summary', 'level'].flatMap((key) =>
      event[key] === undefined ? [] : [`${key}=${JSON.stringify(event[key])}`],
    )
    if (by.kind !== 'bot' || parts.length === 0) parts.push([])
    parts.at(-1)?.push(`${by.kind} ${said.join(' ')}`)
  }
  return parts.flatMap(([first = '', ...rest]) => [first, ...rest.sort()])
}

/** What is there of the incident, everywhere. */
export const look = async ({ surroundings, keeper, database: url, number, announce }: Row): Promise<object> => {
  const id = `INC-${number}`
  const plain = (text: string) => normalised(text, number, announce)
  const database = new Client({ connectionString: url })
  await database.connect()
  try {
    const rows = async <R extends object>(sql: string) => (await database.query<R>(sql)).rows
    const channels = (await surroundings.channels()).filter(({ name }) => name === announce || name.startsWith(`inc-${number}-`))
    const seen = await Promise.all(
      channels.map(async ({ id: channel, name }) =>
        channelSeen(surroundings, await surroundings.ask<TrueChannel>('GET', `/channels/${channel}`), number, name === announce),
      ),
    )
    const pulls = await surroundings.github<{ title: string; state: string; body: string; head: { ref: string } }[]>(
      '/pulls?state=all&per_page=100&head=acme:postmortem/inc-' + number,
    )
    const mine = pulls.filter(({ head }) => head.ref === `postmortem/inc-${number}`)
    const path = `/contents/postmortems/${new Date().getUTCFullYear()}/${id}-payments-fail.md?ref=postmortem/inc-${number}`
    const file = await surroundings.github<{ content?: string }>(path)
    const [incident, timeline, postmortem] = await Promise.all([
      surroundings.supabase<object[]>(`incidents?id=eq.${id}`),
      surroundings.supabase<{ text: string; kind: string; who: string }[]>(`timeline_entries?incident_id=eq.${id}&order=occurred_at,seq`),
      surroundings.supabase<{ markdown: string; url: string }[]>(`postmortems?incident_id=eq.${id}`),
    ])
    const { url: botUrl } = await keeper.bot()
    const audit = await surroundings.type(botUrl, 'alice', general, `/incident audit ${id}`)
    const found = {
      audit: /whole/i.test(audit.text) ? 'whole' : audit.text,
      incidents: await rows(`select id, status, version from tocsin.incident where id = '${id}'`),
      events: eventsSeen(await rows<EventRow>(`select data from tocsin.event where incident = '${id}' order by seq`)),
      timers: await rows(
        `select data, state, count(*)::int from tocsin_jobs.job where name = 'timer' and data->>'incident' = '${id}' group by data, state order by data::text, state`,
      ),
      alerts: await rows(`select state, pending, incident, outcome from tocsin.alert where fingerprint = 'fingerprint-${number}'`),
      left: await rows(
        `select name, state, data from tocsin_jobs.job where data->>'incident' = '${id}' and (name = 'dead' or state = 'failed')`,
      ),
      items: await rows(
        `select regexp_replace(regexp_replace(key, '^[^:/]*/', ''), ':\\d+$', '') as key, state from tocsin.item where incident = '${id}' order by 1`,
      ),
      channels: seen.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      pulls: mine.map(({ title, state, body }) => ({ title, state, body })),
      document: lines(Buffer.from(file.content ?? '', 'base64').toString(), plain),
      record: {
        incident,
        timeline: timeline.map(({ text, kind, who }) => plain(`${kind} ${who} ${text}`)).toSorted(),
        postmortem: postmortem.map(({ markdown, url: address }) => ({ url: address, document: lines(markdown, plain) })),
      },
    }
    return JSON.parse(plain(JSON.stringify(found))) as object
  } finally {
    await database.end()
  }
}

/** A document's lines; those of what the bot did by itself may come in another order. */
const lines = (text: string, plain: (text: string) => string): string[] => plain(text).split('\n').toSorted()
