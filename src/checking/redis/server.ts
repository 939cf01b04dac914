/** What Redis is asked, over whatever way. */
import { z } from 'zod'
import type { CheckAnswer, CheckContext } from '../../define/check.ts'
import { duration } from '../../incident/duration.ts'
import { count, finding, found, hold, once, together } from '../answer.ts'
import { foreign } from '../foreign.ts'
import { atMost } from '../json.ts'
import { amount } from '../measure.ts'
import { Limit } from '../option.ts'
import { type Read, redisFinding, RedisRefusal } from './commands.ts'

/** A key, or a pattern of keys. Dots alone would be steps in a path. */
const Key = z
  .string()
  .min(1)
  .max(500)
  .refine((text) => !/^\.{1,2}$/.test(text) && text.isWellFormed(), 'must be text, and not only dots')

/** Options of what is asked. */
export const questions = {
  /** Milliseconds for a PING. */
  latency: Limit.optional(),
  /** Per cent of the memory that it may use, at most. */
  memory: Limit.optional(),
  /** MB that it must be limited to. */
  maxmemory: z.number().positive().optional(),
  /** What it must do when the memory is full, such as `allkeys-lru`. */
  policy: z
    .string()
    .regex(/^[a-z-]+$/)
    .optional(),
  /** Per cent of look-ups that find their key, at least. */
  hitRate: Limit.optional(),
  /** Keys thrown out to make room, an hour, at most. */
  evictions: Limit.optional(),
  /** Keys that are counted by a pattern. */
  keys: z
    .array(z.strictObject({ pattern: Key, most: Limit.optional(), least: Limit.optional() }))
    .max(5)
    .default([]),
  /** Lists whose length is a queue. */
  queues: z
    .array(z.strictObject({ key: Key, most: Limit.optional() }))
    .max(20)
    .default([]),
}
type Questions = z.infer<z.ZodObject<typeof questions>>

const nothing: CheckAnswer = { findings: [], measurements: [] }
const megabyte = 1024 * 1024

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

type Info = (name: string) => number | null

/** INFO takes some ten thousand characters. */
const longestInfo = 200_000

/** The fields of INFO. */
const readInfo = (text: string): { readonly number: Info; readonly word: (name: string) => string | null } => {
  const fields = new Map(
    [...text.slice(0, longestInfo).matchAll(/^([a-z0-9_]+):(.*?)\r?$/gim)].map(([, name = '', value = '']) => [name, value]),
  )
  const word = (name: string) => fields.get(name) ?? null
  return {
    word,
    number: (name) => {
      const value = Number(word(name) ?? Number.NaN)
      return Number.isFinite(value) && value >= 0 ? value : null
    },
  }
}

const silent = (what: string): CheckAnswer => finding('unknown', `Redis does not say ${what}.`)

const judgeMemory = (number: Info, policy: string | null, wanted: Questions): CheckAnswer => {
  const [used, most] = [number('used_memory'), number('maxmemory')]
  const isAsked = wanted.memory !== undefined || wanted.maxmemory !== undefined
  const parts: CheckAnswer[] = []
  if (used !== null) parts.push({ findings: [], measurements: hold('memory used', used / megabyte, 'MB', 'most', undefined).measurements })
  if (used === null || most === null) {
    if (isAsked) parts.push(silent('how much memory it uses, and may use'))
  } else if (most === 0) {
    if (isAsked)
      parts.push(
        finding(
          'warn',
          `Redis has no limit of memory (maxmemory 0), and uses ${amount(used / megabyte, 'MB')}: it grows until the machine ends it.`,
        ),
      )
  } else {
    parts.push(hold('memory', (used / most) * 100, '%', 'most', wanted.memory))
    if (wanted.maxmemory !== undefined && Math.round(most / megabyte) !== wanted.maxmemory)
      parts.push(finding('warn', `Redis may use ${amount(most / megabyte, 'MB')}, not the ${wanted.maxmemory} MB that it should.`))
  }
  if (wanted.policy !== undefined && policy !== wanted.policy)
    parts.push(
      policy === null
        ? silent('what it does when its memory is full')
        : finding('warn', `When its memory is full, Redis does ${foreign(policy, 40)}, not ${wanted.policy}: set maxmemory-policy.`),
    )
  return together(...parts)
}

/** Redis counts since it started, or since its statistics were reset: the mean of weeks says little of now. */
const sinceStart = ' since it started'
const averages: readonly string[] = ['hit rate', 'evictions an hour']
const onAverage = ({ findings, measurements }: CheckAnswer): CheckAnswer => ({
  findings: findings.map(({ status, text }) => ({ status, text: `${text.slice(0, -1)}, on average${sinceStart}.` })),
  measurements,
})

const judgeStats = (number: Info, wanted: Questions): CheckAnswer => {
  const [hits, misses, evicted, uptime] = ['keyspace_hits', 'keyspace_misses', 'evicted_keys', 'uptime_in_seconds'].map(number)
  const parts: CheckAnswer[] = []
  if (typeof hits === 'number' && typeof misses === 'number' && hits + misses > 0)
    parts.push(onAverage(hold('hit rate', (hits / (hits + misses)) * 100, '%', 'least', wanted.hitRate)))
  else if (wanted.hitRate !== undefined)
    parts.push(finding('unknown', 'No key was looked up yet since Redis began to count: there is no hit rate.'))
  if (typeof evicted === 'number' && typeof uptime === 'number') {
    parts.push({ findings: [], measurements: [{ name: 'evicted keys', value: evicted, unit: '' }] })
    // An hour is not over yet right after the start.
    if (wanted.evictions !== undefined)
      parts.push(onAverage(hold('evictions an hour', evicted / Math.max(uptime / 3600, 1), '', 'most', wanted.evictions)))
  } else if (wanted.evictions !== undefined) parts.push(silent('how many keys it threw out'))
  return together(...parts)
}

/** How long Redis is watched for what it does now, and how many look-ups in that time make a rate. */
const watchedMs = 1000
const enough = 50

/** Waits, but not longer than there is time: the question that follows says that it is up. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, Math.max(ms, 0))
    signal.addEventListener('abort', done, { once: true })
  })

/** What it did between two looks at its counters, `ms` apart. Counters that went back were reset. */
const judgeNow = (before: Info, after: Info, ms: number, wanted: Questions): CheckAnswer => {
  const done = (name: string): number => Math.max((after(name) ?? 0) - (before(name) ?? 0), 0)
  const [hits, misses, evicted] = [done('keyspace_hits'), done('keyspace_misses'), done('evicted_keys')]
  const anHour = (evicted / ms) * 3_600_000
  return together(
    hits + misses < enough ? nothing : hold('hit rate now', (hits / (hits + misses)) * 100, '%', 'least', wanted.hitRate),
    evicted === 0 || wanted.evictions === undefined ? nothing : hold('evictions an hour now', anHour, '', 'most', wanted.evictions),
  )
}

/** SCAN looks at about as many keys as it is told to. */
const batch = 1000
const batches = 50

/** A server that gives many more than it was asked for is read no further. */
const mostAtOnce = 10 * batch

const Scanned = z.tuple([z.coerce.string(), atMost(z.string(), mostAtOnce)])

/** The keys of a pattern, so far as they are found in `batches` steps. KEYS would hold up everybody else. */
export const scan = async (
  read: Read,
  pattern: string,
  most = Number.POSITIVE_INFINITY,
): Promise<{ keys: Set<string>; complete: boolean }> => {
  const keys = new Set<string>()
  let cursor = '0'
  for (let step = 0; step < batches && keys.size < most; step += 1) {
    const answer = Scanned.safeParse(await read('SCAN', cursor, 'MATCH', pattern, 'COUNT', batch))
    if (!answer.success) throw new RedisRefusal('ERR its answer to SCAN is not as documented')
    const [next, batchOfKeys] = answer.data
    for (const key of batchOfKeys) keys.add(key)
    if (batchOfKeys.length === mostAtOnce) return { keys, complete: false }
    if (next === '0') return { keys, complete: true }
    cursor = next
  }
  return { keys, complete: false }
}

const askKeys = async (read: Read, { pattern, most, least }: Questions['keys'][number]): Promise<CheckAnswer> => {
  const { keys, complete } = await scan(read, pattern)
  const name = `keys ${foreign(pattern, 40)}`
  const above = hold(name, keys.size, '', 'most', most)
  if (!complete && above.findings.length === 0)
    return finding('unknown', `At least ${count(keys.size, 'key')} like ${foreign(pattern)}: there are too many to count them all.`)
  if (least === undefined) return above
  const below = hold(name, keys.size, '', 'least', least)
  return most === undefined ? below : together(above, found(...below.findings))
}

/** The length of a list, null for what is no number. */
export const lengthOf = async (read: Read, key: string): Promise<number | null> => {
  const length = await read('LLEN', key)
  return typeof length === 'number' && Number.isInteger(length) && length >= 0 ? length : null
}

const askQueue = async (read: Read, { key, most }: Questions['queues'][number]): Promise<CheckAnswer> => {
  const length = await lengthOf(read, key)
  const name = `queue ${foreign(key, 40)}`
  return length === null ? finding('unknown', `${name}: Redis gives no length.`) : hold(name, length, '', 'most', most)
}

/** Asks everything. A part that is refused does not keep the others from being told; `refused` says why. */
export const askRedis = async (
  read: Read,
  wanted: Questions,
  { elapsed, signal }: Pick<CheckContext, 'elapsed' | 'signal'>,
  secret: string | null,
): Promise<CheckAnswer> => {
  const part = async (what: string, ask: () => Promise<CheckAnswer>): Promise<CheckAnswer> => {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof RedisRefusal)) throw error
      const { status, text } = redisFinding(error, secret)
      return finding(status, what === '' ? text : `${what}: ${text}`)
    }
  }
  const looks: { readonly number: Info; readonly at: number }[] = []
  const started = elapsed()
  const pong = await read('PING')
  const took = elapsed() - started
  if (pong !== 'PONG') return finding('unknown', 'What answers there is not Redis: look at its address in service.yml.')
  const reached = hold('ping', took, 'ms', 'most', wanted.latency)
  const info = await part('', async () => {
    const { number, word } = readInfo(textOf(await read('INFO')))
    if (wanted.hitRate !== undefined || wanted.evictions !== undefined) looks.push({ number, at: elapsed() })
    const version = word('redis_version')
    const uptime = number('uptime_in_seconds')
    const since = uptime === null ? '' : `, up for ${duration(uptime * 1000)}`
    const answer = together(judgeMemory(number, word('maxmemory_policy'), wanted), judgeStats(number, wanted))
    const told = answer.measurements
      .filter(({ name }) => name !== 'evicted keys')
      .map(({ name, value, unit }) => `${name} ${amount(value, unit)}${averages.includes(name) ? sinceStart : ''}`)
    const gist = `Redis ${foreign(version ?? '', 20)} answers${since}`.replace('  ', ' ')
    return together(answer, finding('ok', `${gist}${told.length === 0 ? '' : `: ${told.join(', ')}`}.`))
  })
  const parts: CheckAnswer[] = []
  for (const keys of wanted.keys) parts.push(await part(foreign(keys.pattern), () => askKeys(read, keys)))
  for (const queue of wanted.queues) parts.push(await part(foreign(queue.key), () => askQueue(read, queue)))
  const [first] = looks
  const current =
    first === undefined
      ? nothing
      : await part('', async () => {
          await pause(watchedMs - (elapsed() - first.at), signal)
          const { number } = readInfo(textOf(await read('INFO')))
          return judgeNow(first.number, number, elapsed() - first.at, wanted)
        })
  const counted = parts.flatMap(({ measurements }) => measurements).map(({ name, value }) => `${name} ${value}`)
  return together(...once([reached, info, current, ...parts]), counted.length === 0 ? nothing : finding('ok', `${counted.join(', ')}.`))
}
