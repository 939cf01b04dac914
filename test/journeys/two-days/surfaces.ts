/** What each surface says in the end, read where people read it. */
import type { TestBot } from '../../bot.ts'

type Row = Readonly<Record<string, unknown>>

const github = async <Answer>(bot: TestBot, path: string): Promise<Answer> =>
  (await (
    await fetch(`${bot.world.githubApiUrl}/repos/acme/incidents/${path}`, { headers: { authorization: 'Bearer ghp_test' } })
  ).json()) as Answer

const path = 'postmortems/2026/INC-1-orders-arrive-twice.md'

/** The post-mortems that are proposed, each with its file. */
export const proposals = async (bot: TestBot): Promise<{ title: string; text: string }[]> => {
  const pulls = await github<{ title: string; head: { ref: string } }[]>(bot, 'pulls?state=all')
  return Promise.all(
    pulls.map(async ({ title, head }) => {
      const { content } = await github<{ content: string }>(bot, `contents/${path}?ref=${head.ref}`)
      return { title, text: Buffer.from(content, 'base64').toString() }
    }),
  )
}

/** The lines of a table of the document, cell by cell, without its head. */
export const table = (document: string, heading: string): string[][] =>
  (document.split(`## ${heading}\n`)[1]?.split('<!--')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
    .slice(1)
    .map((line) =>
      line
        .slice(2, -2)
        .split(' | ')
        .map((cell) => cell.trim()),
    )

/** The document's front matter. */
export const front = (document: string): Record<string, string> =>
  Object.fromEntries(
    (document.split('---\n')[1] ?? '')
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  )

export const read = async (bot: TestBot, channel: string, second: string) => {
  const rows = async (query: string): Promise<Row[]> => (await bot.world.supabase?.query<Row>(query)) ?? []
  const messages = await bot.messages(channel)
  const mine = messages.filter(({ user, ephemeralTo }) => user === bot.workspace.bot.id && ephemeralTo === undefined)
  const [header, ...posts] = mine.filter(({ subtype }) => subtype !== 'channel_topic').map(({ shown }) => shown)
  return {
    header: header ?? '',
    posts,
    /** What Slack itself says of each change of the topic. */
    topics: mine.filter(({ subtype }) => subtype === 'channel_topic').map(({ shown }) => shown),
    whispers: messages.flatMap(({ ephemeralTo, shown }) => {
      const to = bot.workspace.people.find(({ id }) => id === ephemeralTo)?.name
      return to === undefined ? [] : [{ to, shown }]
    }),
    written: messages.flatMap(({ user, shown }) => (user === bot.workspace.bot.id ? [] : [shown])),
    second: await bot.texts(second),
    announced: await bot.texts('incidents'),
    support: await bot.texts('support'),
    proposals: await proposals(bot),
    incidents: await rows('select * from public.incidents order by number'),
    timeline: await rows("select * from public.timeline_entries where incident_id = 'INC-1' order by occurred_at, record_id, seq"),
    postmortems: await rows('select * from public.postmortems'),
    times: await rows('select * from public.incident_times'),
  }
}

export type Surfaces = Awaited<ReturnType<typeof read>>
