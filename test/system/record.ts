/** A record as people use it through Slack, on whichever bot lives, and as it stands in the database. */
import { stripVTControlCharacters } from 'node:util'
import type { Pool } from 'pg'
import { plainMessage } from '../../src/embedded/plain.ts'
import type { TrueMessage } from '../../src/embedded/truth.ts'
import { type ActionRequest, actionOf } from '../../src/incident/acting/request.ts'
import type { Recorded } from '../../src/incident/events.ts'
import { replay } from '../../src/incident/evolve.ts'
import { type Surroundings, until } from './bots.ts'

const nobody = { users: new Map<string, string>(), channels: new Map<string, string>(), groups: new Map<string, string>() }
const general = 'C000000001'

type Given = {
  readonly surroundings: Surroundings
  /** Past any proxy. */
  readonly database: Pool
  /** Of the bot that lives now. */
  readonly url: () => string
  readonly product: string
}

/** Declares an incident of the product, and waits for its channel. */
export const openRecord = async ({ surroundings, database, url, product }: Given) => {
  /** Nothing relies on what is said at once: a bot that is slow says it later. */
  const type = async (as: string, where: string, text: string): Promise<string> => {
    const { status, text: answer } = await surroundings.type(url(), as, where, text)
    if (status !== 200) throw new Error(`${text}: HTTP ${status}`)
    return answer
  }
  const rowsOf = async <Row extends object>(sql: string, ...values: unknown[]) => (await database.query<Row>(sql, values)).rows
  const answer = await type('alice', general, `/incident new ${product} P1 Payments fail`)
  const { id, channel } = await until(
    async () =>
      (
        await rowsOf<{ id: string; channel: string }>(
          'select id, channel_id as channel from tocsin.incident where product = $1 and channel_id is not null',
          product,
        )
      )[0],
    `the channel of ${product}; it was answered: ${answer}`,
  )
  const request = async (action: number): Promise<ActionRequest | undefined> => {
    const events = await rowsOf<{ text: string }>('select text from tocsin.event where incident = $1 order by seq', id)
    const incident = replay(events.map(({ text }) => JSON.parse(text) as Recorded))
    return incident === null ? undefined : actionOf(incident, action)
  }
  /** What an action is when it is as wanted. It throws at once when it never will be. */
  const becomes = async (action: number, what: (request: ActionRequest) => boolean, words: string): Promise<ActionRequest> => {
    const found = await until(async () => {
      const now = await request(action)
      return now !== undefined && (what(now) || now.ended !== null || now.ran !== null) ? now : null
    }, words)
    if (what(found)) return found
    // It has run, and is looked at.
    if (found.status === 'verifying')
      return until(async () => {
        const now = await request(action)
        return now !== undefined && what(now) ? now : null
      }, words)
    throw new Error(`${words} did not come: it was ${found.status}. ${found.ended?.why ?? found.ran?.text ?? ''}`)
  }
  return {
    id,
    request,
    becomes,
    say: (as: string, text: string) => type(as, channel, text),
    /** Asks for one, and waits for its preview. */
    ask: async (action: number, words: string): Promise<void> => {
      await type('alice', channel, `/incident run ${words}`)
      await becomes(action, ({ status }) => status === 'waiting', 'a preview')
    },
    /** Somebody else approves it. */
    approve: async (action: number): Promise<void> => {
      await type('bob', channel, `/incident approve ${action}`)
      await becomes(action, ({ votes }) => votes.length > 0, 'an approval')
    },
    /** What was approved for a time is over now. */
    expire: async (): Promise<void> => {
      await database.query(
        `update tocsin_jobs.job set start_after = now() where name = 'action' and state = 'created' and data->>'incident' = $1 and data ? 'back'`,
        [id],
      )
    },
    /** How often there is this event of an action. */
    count: async (event: string, action: number): Promise<number> =>
      (
        await rowsOf(
          `select from tocsin.event where incident = $1 and data->'event'->>'type' = $2 and data->'event'->>'action' = $3`,
          id,
          event,
          String(action),
        )
      ).length,
    /** Actions whose targets are not free. */
    running: async (): Promise<readonly number[]> =>
      (await rowsOf<{ action: number }>('select action from tocsin.action_run where incident = $1 and ended_at is null', id)).map(
        (row) => row.action,
      ),
    /** The cards of an action, as soon as one says that it has this end. */
    cards: (action: number, status: string): Promise<readonly string[]> =>
      until(async () => {
        const messages = await surroundings.ask<TrueMessage[]>('GET', `/channels/${channel}/messages`)
        const cards = messages
          .map(({ blocks, text }) => stripVTControlCharacters(plainMessage({ blocks, text }, nobody).join('\n')))
          .filter((text) => text.includes(`Action ${action}: `) && /Asked by|By itself/.test(text))
        return cards.some((text) => text.includes(`– ${status}\n`)) ? cards : null
      }, 'the end on the card'),
  }
}

export type OpenRecord = Awaited<ReturnType<typeof openRecord>>
