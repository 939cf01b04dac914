/** Celery on Redis (D12): how many tasks wait, how many fail, when each scheduled one last ran. */
import { z } from 'zod'
import { judgeAge, neverStatus } from '../checking/age.ts'
import { count, finding, found, hold, together } from '../checking/answer.ts'
import { lastSent } from '../checking/celery/redbeat.ts'
import {
  judgeFailures,
  judgeScheduled,
  readEnds,
  readResult,
  type Result,
  type Sample,
  type Scheduled,
} from '../checking/celery/results.ts'
import { productFault } from '../checking/fault.ts'
import { foreign } from '../checking/foreign.ts'
import { Limit, sinceWord, Span } from '../checking/option.ts'
import { type Read, redisFinding } from '../checking/redis/commands.ts'
import { place, withRedis } from '../checking/redis/connect.ts'
import { lengthOf, scan } from '../checking/redis/server.ts'
import { type CheckAnswer, defineCheck } from '../define/check.ts'

const Name = z.string().min(1).max(200)

const options = z.strictObject({
  /** The broker; `db` is its database. */
  ...place,
  /** The database of the result backend, on the same Redis; the broker's when not given. */
  resultDb: place.db.unwrap().optional(),
  queues: z.array(Name).min(1).max(20).default(['celery']),
  /** Tasks that wait in each queue, at most. */
  waiting: Limit.optional(),
  /** `global_keyprefix`, where it is set. */
  prefix: z.string().max(100).default(''),
  /** Per cent of tasks that fail, at most: of those whose results are kept. */
  failures: Limit.optional(),
  window: Span.prefault('1h'),
  /** Fewer than that give no rate. */
  minimum: z.int().min(1).default(1),
  /** Tasks that must succeed again and again. */
  scheduled: z
    .array(z.strictObject({ task: Name, within: Span, failAfter: Span.optional() }))
    .max(30)
    .default([]),
  /** Where their last run is found: among the results, which must name their task (`result_extended`), or in RedBeat's schedule, under the
   *  name of the entry. Celery's own beat keeps it in a file. */
  scheduledIn: z.enum(['results', 'redbeat']).default('results'),
  redbeatPrefix: z.string().max(100).default('redbeat:'),
})
type Options = z.infer<typeof options>

/** Tasks of another priority wait in lists of their own, by the steps that Celery has unless it is told otherwise. */
const priorities = ['', '\u0006\u00163', '\u0006\u00166', '\u0006\u00169']

const askQueues = async (read: Read, { queues, prefix, waiting }: Options): Promise<CheckAnswer> => {
  const lengths = await Promise.all(
    queues.map(async (queue) => {
      const parts = await Promise.all(priorities.map((priority) => lengthOf(read, `${prefix}${queue}${priority}`)))
      return { queue: foreign(queue, 40), length: parts.reduce<number>((sum, part) => sum + (part ?? Number.NaN), 0) }
    }),
  )
  const taken = Number(await read('HLEN', `${prefix}unacked`))
  const total = lengths.reduce((sum, { length }) => sum + length, 0)
  // An empty queue and a misspelt one look the same.
  if (total === 0 && taken === 0 && (await read('EXISTS', `${prefix}_kombu.binding.celery.pidbox`)) !== 1)
    return finding(
      'unknown',
      'Redis holds no trace of a Celery worker: look at `db` and `prefix` in service.yml, or no worker ever started.',
    )
  return together(
    ...lengths.map(({ queue, length }) => hold(`queue ${queue}`, length, '', 'most', waiting)),
    { ...found(), measurements: [{ name: 'tasks taken', value: taken, unit: '' }] },
    finding(
      'ok',
      `${lengths.map(({ queue, length }) => `${count(length, 'task waits', 'tasks wait')} in ${queue}`).join(', ')}; workers have taken ${taken}.`,
    ),
  )
}

const mostResults = 2000
/** Characters of a result that are read. */
const mostOfOne = 8192
const batch = 100

const readOne = async (read: Read, key: string): Promise<Result | null> => {
  const begin = String(await read('GETRANGE', key, 0, mostOfOne - 1))
  return begin.length < mostOfOne / 4
    ? readResult(begin)
    : (readResult(begin) ?? readEnds(begin, String(await read('GETRANGE', key, -4096, -1))))
}

const sample = async (read: Read, prefix: string): Promise<Sample> => {
  const { keys, complete } = await scan(read, `${prefix}celery-task-meta-*`, mostResults)
  const wanted = [...keys].slice(0, mostResults)
  const results: (Result | null)[] = []
  for (let from = 0; from < wanted.length; from += batch)
    results.push(...(await Promise.all(wanted.slice(from, from + batch).map((key) => readOne(read, key)))))
  const readable = results.filter((result) => result !== null)
  return { results: readable, complete: complete && keys.size <= mostResults, unread: results.length - readable.length }
}

const askRedbeat = async (read: Read, prefix: string, wanted: Scheduled, now: number): Promise<CheckAnswer> => {
  const name = foreign(wanted.task, 60)
  const text = await read('HGET', `${prefix}${wanted.task}`, 'meta')
  if (typeof text !== 'string')
    return finding('unknown', `RedBeat has no entry ${name}: look at its name and \`redbeatPrefix\` in service.yml.`)
  const sent = lastSent(text)
  if (sent === undefined) return finding('unknown', `${name}: RedBeat’s entry is not as documented.`)
  if (sent === null) return finding(neverStatus(wanted), `${name} was never sent: look at beat.`)
  return judgeAge(name, 'was last sent', now - sent, wanted)
}

export default defineCheck({
  summary: 'asks Celery’s Redis how many tasks wait, how many fail (since=1h), and when scheduled ones last ran',
  options,
  words: sinceWord,
  hosts: ({ host, port }) => [`${host}:${port}`],
  needs: ({ secret }) => (secret === undefined ? [] : [secret]),
  timeoutMs: 15_000,
  concurrency: 2,
  run: async (wanted, context, { since }) => {
    const { db, resultDb = db, prefix, scheduled, scheduledIn, failures, minimum } = wanted
    const window = since ?? wanted.window
    const now = Date.parse(context.now())
    try {
      return await withRedis(wanted, context, async (read, choose) => {
        if (db !== 0) await choose(db)
        const queues = await askQueues(read, wanted)
        const sent: CheckAnswer[] = []
        if (scheduledIn === 'redbeat') for (const one of scheduled) sent.push(await askRedbeat(read, wanted.redbeatPrefix, one, now))
        if (resultDb !== db) await choose(resultDb)
        const results = await sample(read, prefix)
        const done = scheduledIn === 'results' ? scheduled.map((one) => judgeScheduled(results, one, now)) : sent
        return together(queues, judgeFailures(results, { failures, minimum, window, now }), ...done)
      })
    } catch (error) {
      return found(redisFinding(error, wanted.secret ?? null, productFault))
    }
  },
})
