/** Bots that are killed while several vendors keep their answers, and started again.
 *
 *  Scenes live in lanes: a lane has a database of its own, and its scenes live in it group by group, each with a product and a record of its
 *  own. A group is as many as one bot runs at a time; the bot that is started after its kill is the one that the next group begins on. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pool } from 'pg'
import { stringify } from 'yaml'
import type { ActionRequest } from '../../src/incident/acting/request.ts'
import actionJob from '../../src/jobs/action.ts'
import type { Postgres } from '../postgres.ts'
import { startProcess, type Surroundings } from './bots.ts'
import { startDatabaseProxy } from './database-proxy.ts'
import { type OpenRecord, openRecord } from './record.ts'
import type { Builder, Scene } from './scenes/scene.ts'

export type Row = {
  readonly name: string
  readonly scene: Builder
  /** Number of the action that is killed; 1 without it. */
  readonly action?: number
  /** No action runs when it is killed. */
  readonly idle?: boolean
}

/** What was seen of an action that was killed. */
export type Seen = {
  /** What is killed, as it was thought of. */
  readonly scene: Scene
  /** What the record said when nobody was there, and in the end. */
  readonly left: ActionRequest | undefined
  readonly after: ActionRequest
  /** Events that say that it began, and that it ended. */
  readonly began: number
  readonly ended: number
  readonly cards: readonly string[]
  /** Actions of the record that have not ended. */
  readonly running: readonly number[]
  /** Another one that changes the same, and was asked for afterwards. */
  readonly next: ActionRequest
  readonly deeds: readonly string[]
}

type Around = { readonly postgres: Postgres; readonly surroundings: Surroundings; readonly stack: AsyncDisposableStack }

/** What a vendor is waited for at most, in milliseconds. */
const patienceMs = 60_000

/** Lanes that live at a time: much of each is waiting. */
const lanes = 3

/** A product whose action `it` is the scene's; `other` changes the same, by hand. */
const productOf = (name: string, { kind, options, target }: Scene): string =>
  stringify({
    name,
    privateHosts: ['127.0.0.1', '127.0.0.2'],
    actions: {
      it: { kind, title: 'The remedy', risk: 'low', options },
      other: { kind: 'manual', title: 'Another remedy', options: { target, risk: 'low', steps: ['Look at it.'] } },
    },
  })

type Playing = { readonly row: Row; readonly product: string; readonly scene: Scene; readonly incident: { id: string } }

/** What is there at the end. */
const look = async ({ row: { action = 1 }, scene }: Playing, record: OpenRecord, left: ActionRequest | undefined): Promise<Seen> => {
  await scene.afterwards?.(record)
  const after = await record.becomes(action, ({ ran, status }) => ran !== null && status !== 'verifying', 'an end')
  const [cards, running, began, ended] = await Promise.all([
    record.cards(action, after.status),
    record.running(),
    record.count('action-started', action),
    record.count('action-ran', action),
  ])
  await record.ask(action + 1, 'other because it is not over')
  await record.approve(action + 1)
  const next = await record.becomes(action + 1, ({ status }) => status === 'running', 'another remedy')
  return { scene, left, after, began, ended, cards, running, next, deeds: await scene.deeds() }
}

/** Each one's own fault stays its own. */
const settled = async <From, To>(all: readonly PromiseSettledResult<From>[], work: (one: From, index: number) => Promise<To>) =>
  Promise.allSettled(
    all.map(async (each, index) => {
      if (each.status === 'rejected') throw each.reason
      return work(each.value, index)
    }),
  )

/** A vendor that is never asked keeps no answer. */
const inTime = (happened: Promise<unknown>): Promise<unknown> =>
  new Promise((resolve, reject) => {
    AbortSignal.timeout(patienceMs).addEventListener('abort', () => reject(new Error('the vendor was never asked, or has answered')))
    happened.then(resolve, reject)
  })

/** Lives groups one after the other; gives what was seen of each of their rows. */
const liveLane = async (
  { postgres, surroundings, stack }: Around,
  lane: number,
  groups: readonly (readonly Row[])[],
  tell: (row: Row, end: PromiseSettledResult<Seen>) => void,
): Promise<void> => {
  const name = `killed-${lane}`
  const url = await postgres.createDatabase(name)
  const proxy = await startDatabaseProxy(url)
  stack.defer(() => proxy.close())
  const database = new Pool({ connectionString: url, max: 4 })
  stack.defer(() => database.end())
  const runbooks = mkdtempSync(join(tmpdir(), 'killed-'))
  stack.defer(() => rmSync(runbooks, { recursive: true, force: true }))

  const all = surroundings.settings(name, proxy.url, `announce-${lane}`)
  // Nothing is published: that is no business of actions, and takes its time.
  const settings: Record<string, string> = Object.fromEntries(Object.entries(all).filter(([key]) => !/^(SUPABASE|GITHUB)_/.test(key)))
  settings['TOCSIN_RUNBOOKS'] = runbooks
  const build = async (row: Row): Promise<Playing> => {
    const incident = { id: '' }
    const scene = await row.scene({ postgres, surroundings, proxy, stack, incident: () => incident.id })
    const product = `kiosk-${row.name.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`
    mkdirSync(join(runbooks, product))
    writeFileSync(join(runbooks, product, 'service.yml'), productOf(product, scene))
    Object.assign(settings, scene.environment)
    return { row, product, scene, incident }
  }
  const built = await Promise.all(groups.map((group) => Promise.allSettled(group.map(build))))
  let bot = await startProcess(settings).ready
  // Channels are named after the numbers of their records, and all lanes have one Slack.
  await database.query('update tocsin.counter set value = $1', [lane * 100])

  for (const [index, group] of groups.entries()) {
    const opened = await settled(built[index] ?? [], async ({ product, scene, incident, row: { action = 1 } }) => {
      const record = await openRecord({ surroundings, database, url: () => bot.url, product })
      incident.id = record.id
      await record.ask(1, `it ${scene.input ?? ''} because payments fail`)
      return { record, scene, action }
    })
    /** Until its vendor keeps its answer. */
    const lived = async (isSlow: boolean) =>
      settled(opened, async ({ record, scene }) => {
        if ((scene.until !== undefined) !== isSlow) return
        const { happened } = await scene.keep()
        await record.approve(1)
        await scene.until?.(record)
        await inTime(happened)
      })
    // What takes its time goes first: nobody waits for ever for the answer of a vendor.
    const parts = [await lived(true), await lived(false)]
    await bot.kill('SIGKILL')
    const killed = await settled(opened, async ({ record, scene, action }, at) => {
      for (const part of parts) if (part[at]?.status === 'rejected') throw part[at].reason
      const left = await record.request(action)
      scene.goOn?.()
      return { record, left }
    })
    bot = await startProcess(settings).ready
    const seen = await settled(killed, async ({ record, left }, at) => {
      const playing = built[index]?.[at]
      if (playing?.status !== 'fulfilled') throw playing?.reason
      return look(playing.value, record, left)
    })
    for (const [at, row] of group.entries()) {
      const end = seen[at]
      if (end !== undefined) tell(row, end)
    }
  }
  await bot.kill('SIGKILL')
}

/** Rows in groups, each of as many as run at a time; those at which none runs have room in the last. */
const grouped = (rows: readonly Row[]): readonly (readonly Row[])[] => {
  const most = actionJob.concurrency
  const [running, idle] = [rows.filter((row) => row.idle !== true), rows.filter((row) => row.idle === true)]
  const groups = Array.from({ length: Math.ceil(running.length / most) }, (_, group) => running.slice(group * most, (group + 1) * most))
  return [...groups.slice(0, -1), [...(groups.at(-1) ?? []), ...idle]]
}

/** Begins to live rows, and gives what will be seen of each. */
export const liveRows = (rows: readonly Row[], around: Around): ReadonlyMap<string, Promise<Seen>> => {
  const ends = new Map(rows.map(({ name }) => [name, Promise.withResolvers<Seen>()]))
  for (const { promise } of ends.values()) promise.catch(() => undefined)
  const tell = ({ name }: Row, end: PromiseSettledResult<Seen>) => {
    if (end.status === 'fulfilled') ends.get(name)?.resolve(end.value)
    else ends.get(name)?.reject(end.reason)
  }
  const groups = grouped(rows)
  for (let lane = 0; lane < lanes; lane += 1) {
    const mine = groups.filter((_, index) => index % lanes === lane)
    liveLane(around, lane + 1, mine, tell).catch((reason: unknown) => {
      for (const row of mine.flat()) tell(row, { status: 'rejected', reason })
    })
  }
  return new Map([...ends].map(([name, { promise }]) => [name, promise]))
}
