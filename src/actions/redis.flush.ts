/** Keys of Redis removed, by a pattern or all of them (A5, faults 54). */
import { z } from 'zod'
import { empty, emptying, readBackEmpty, sizeNow, type Whole, wholeOf } from '../acting/redis/empty.ts'
import { countKeys, example, patternRefusal, Prefix, sizeOf } from '../acting/redis/keys.ts'
import { readBackKeys, removedBefore, removeKeys } from '../acting/redis/remove.ts'
import { few, step } from '../acting/step.ts'
import { nameOf, refusedBy, serverOptions, withServer } from '../acting/redis/server.ts'
import { count } from '../checking/answer.ts'
import type { Read } from '../checking/redis/commands.ts'
import { changesAt } from '../checking/redis/rest.ts'
import { defineAction } from '../define/action.ts'
import type { Ran, Unable } from '../incident/acting/action.ts'
import type { Finding } from '../incident/check.ts'

const Options = serverOptions({
  /** What a pattern must begin with. */
  prefixes: z.array(Prefix).max(20).default([]),
  /** Keys, at most, that are removed by a pattern. */
  most: z.int().min(1).max(1_000_000).default(10_000),
  /** Whether everything may be removed: of the database, or of all databases of the server. */
  all: z.enum(['no', 'database', 'server']).default('no'),
}).refine(({ prefixes, all }) => prefixes.length > 0 || all !== 'no', '`prefixes` is empty and `all` is no: then nothing can be asked for')
type Options = z.infer<typeof Options>

const Typed = z.object({ pattern: z.string().default(''), all: z.enum(['yes', 'no']).default('no') })

const inputOf = ({ prefixes, all }: Options): z.ZodObject => {
  const pattern = z
    .string()
    .refine((text) => text === '' || patternRefusal(text, prefixes) === null, {
      error: ({ input }) => patternRefusal(String(input), prefixes) ?? '',
    })
    .describe(`Pattern${prefixes.length === 0 ? '' : `, such as ${prefixes[0]}*`}`)
  if (all === 'no') return z.strictObject({ pattern: pattern.min(1, 'must be given') })
  const everything = z.enum(['no', 'yes']).describe('Everything')
  if (prefixes.length === 0) return z.strictObject({ all: everything })
  return z
    .strictObject({ pattern: pattern.default(''), all: everything.default('no') })
    .refine((given) => (given.pattern === '') === (given.all === 'yes'), {
      path: ['pattern'],
      error: 'must be given, or all=yes, and not both',
    })
}

/** `keys` that were shown; `most`: as many more as may have come since. */
type Counted = { readonly keys?: number; readonly most: number }
type Plan = ({ readonly pattern: string } & Counted) | ({ readonly all: Whole } & Counted)

const previewAll = async (options: Options, read: Read) => {
  const { all } = options
  if (all === 'no') return { unable: 'service.yml does not allow that everything is removed: ask for a pattern.' }
  const keys = await sizeNow(all, read)
  if (keys === 0) return { unable: `There is nothing in ${nameOf(options)}.` }
  const most = step(keys, few)
  return {
    summary: `Removes ${wholeOf(options, all)}: ${count(keys, 'key')}.`,
    calls: [`${emptying[all]} ASYNC`],
    effects: [`all ${count(keys, 'key')}; should it be more than ${most} when it runs, nothing is removed`],
    reversible: null,
    warnings: ['Everything is gone, whoever put it there: sessions, queues, locks and counters as well as what was cached.'],
    plan: { all, keys, most },
    state: { all, most },
  }
}

const previewPattern = async (options: Options, pattern: string, read: Read) => {
  const why = patternRefusal(pattern, options.prefixes)
  if (why !== null) return { unable: `The pattern ${why}.` }
  const { keys, some, complete } = await countKeys(read, pattern)
  const size = await sizeOf(read)
  const many = complete ? count(keys, 'key') : `at least ${count(keys, 'key')}`
  if (keys > options.most)
    return { unable: `${many} match ${pattern}, more than the ${options.most} that service.yml allows: take a narrower pattern.` }
  if (!complete) return { unable: `There are too many keys to count those like ${pattern}: at least ${size}. Take another way.` }
  if (keys === 0) return { unable: `No key of ${size} matches ${pattern}: there is nothing to remove.` }
  const most = Math.min(step(keys, few), options.most)
  return {
    summary: `Removes the keys like ${pattern} from ${nameOf(options)}: ${keys} of ${size}.`,
    calls: [`SCAN … MATCH ${pattern}`, 'UNLINK each of them'],
    effects: [
      `${many} ${keys === 1 ? 'matches' : 'match'} now, such as ${some.map((key) => example(key, pattern)).join(', ')}`,
      `it stops at ${most}`,
    ],
    reversible: null,
    warnings: ['What is written meanwhile and matches may be removed as well.'],
    plan: { pattern, keys, most },
    state: { pattern, most },
  }
}

/** What is there afterwards, against what was there. As many may have been written meanwhile: nobody else can tell. */
const leftOf = (plan: Plan, left: number, name: string): Finding => {
  const what = 'all' in plan ? `in ${name}` : `like ${plan.pattern}`
  if (left === 0) return { status: 'ok', text: `No key is left ${what}.` }
  const text = `${count(left, 'key')} ${left === 1 ? 'is' : 'are'} there now ${what}`
  const { keys } = plan
  if (keys === undefined) return { status: 'unknown', text: `${text}.` }
  return left < keys
    ? { status: 'ok', text: `${text}, ${keys} before.` }
    : { status: 'warn', text: `${text}, ${keys} before: look whether they are new.` }
}

/** The database; the server where all of its databases go, in which each of them lies. */
const targetOf = (options: Options, input: unknown): string => {
  if (options.via === 'upstash') return `redis:${nameOf(options)}`
  const server = `redis:${options.host}:${options.port}`
  return options.all === 'server' && Typed.parse(input).all === 'yes' ? server : `${server}:${options.db}`
}

/** Removes keys. */
export default defineAction({
  summary: 'Removes keys of Redis by a pattern, or all of them',
  options: Options,
  input: z.looseObject({}),
  inputOf,
  risk: (_, input) => (Typed.parse(input).all === 'yes' ? 'high' : 'low'),
  target: targetOf,
  hosts: (options) => [options.via === 'upstash' ? new URL(options.apiUrl).host : `${options.host}:${options.port}`],
  needs: ({ secret }) => (secret === undefined ? [] : [secret]),
  calls: (options) => (options.via === 'upstash' ? [`POST ${changesAt(options)}`] : []),
  timeoutMs: 120_000,
  verifyMs: 10_000,
  preview: async (options, input, context) => {
    const { pattern, all } = Typed.parse(input)
    try {
      return await withServer(options, context, (read): Promise<Unable | Awaited<ReturnType<typeof previewAll | typeof previewPattern>>> =>
        all === 'yes' ? previewAll(options, read) : previewPattern(options, pattern, read),
      )
    } catch (error) {
      const why = refusedBy(error, options)
      if (why === null) throw error
      return { unable: why }
    }
  },
  run: async (options, plan: Plan, context) => {
    try {
      return await withServer(options, context, (read, change) =>
        'all' in plan ? empty(options, plan, read, change, context) : removeKeys(options, plan, read, change, context),
      )
    } catch (error) {
      const why = refusedBy(error, options)
      if (why === null) throw error
      // Only the keys of a pattern are gone on with.
      const gone = context.memo === null || 'all' in plan ? 'Nothing was removed.' : removedBefore(context)
      return { outcome: 'failed', text: `${why} ${gone}` }
    }
  },
  recover: async (options, plan, context) => {
    if (context.memo === null) return { outcome: 'undone' }
    return withServer(options, context, (read): Promise<Ran | { outcome: 'undone' } | { outcome: 'resume' }> =>
      'all' in plan ? readBackEmpty(options, plan, read, context) : readBackKeys(plan, read, context),
    )
  },
  verify: async (options, plan, context) => {
    try {
      return await withServer(options, context, async (read) => {
        const left = 'all' in plan ? await sizeNow(plan.all, read) : (await countKeys(read, plan.pattern)).keys
        return { findings: [leftOf(plan, left, nameOf(options))], settled: true }
      })
    } catch (error) {
      const why = refusedBy(error, options)
      if (why === null) throw error
      return { findings: [{ status: 'unknown', text: why }], settled: false }
    }
  },
})
