/** A product's own endpoint, called (A5, A8): all that is called stands in the catalogue, but for a few typed values. */
import { z } from 'zod'
import { firstCall } from '../acting/first-call.ts'
import { judgeAnswer, Must, Result } from '../acting/http/answer.ts'
import { filled, misplaced, piecesIn, typed } from '../acting/http/address.ts'
import { askCount, askDone, Count, type Credentials, Done, grouped } from '../acting/http/question.ts'
import { inputOfParameters, Parameters } from '../acting/parameters.ts'
import { few, step } from '../acting/step.ts'
import { hostOf, HttpAddress } from '../checking/address.ts'
import { SecretName } from '../checking/option.ts'
import { type ActContext, defineAction, type LookContext } from '../define/action.ts'
import type { Finding } from '../incident/check.ts'
import type { Json, Ran } from '../incident/acting/action.ts'
import { FetchFault } from '../ports.ts'

const Wire = z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,59}$/, 'must be the name of a field')
const Plain = z.union([z.string(), z.number(), z.boolean()])

const Options = z
  .strictObject({
    /** What happens, in the words of a sentence: `The e-mail queue is worked off`. */
    what: z.string().trim().min(1).max(160),
    /** What is changed, for locks: `email-queue:shop`; without it, the address. */
    target: z.string().min(1).max(100).optional(),
    method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE', 'GET']).default('POST'),
    /** `:name` in place of a piece of its path is the parameter of that name. */
    url: HttpAddress,
    /** The setting whose value is sent as bearer token, or under `header`. */
    secret: SecretName.optional(),
    header: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,60}$/, 'must be the name of a header')
      .optional(),
    parameters: Parameters,
    /** Parameters that go into the query; those in no piece of the path go into the body. */
    query: z.array(z.string()).default([]),
    /** What the endpoint calls a parameter, where that is another name. */
    as: z.record(z.string(), Wire).default({}),
    /** Fields of the body that are always the same. */
    body: z.record(Wire, Plain).default({}),
    /** Statuses of an answer that says it was done. */
    expect: z.array(z.int().min(200).max(399)).min(1).default([200, 202, 204]),
    /** `true`: to call it twice is as good as once. `key`: it knows a call again by the header Idempotency-Key. */
    idempotent: z.union([z.boolean(), z.literal('key')]).default(false),
    count: Count.optional(),
    /** Its address may have the piece `:run`, which stands for the run's own key. */
    done: Done.optional(),
    /** A number of the answer that tells what it did: `processed`, of `mails`. */
    result: Result.optional(),
    /** What the answer must say: a status alone proves little. */
    answer: z.array(Must).max(10).default([]),
    /** What it reaches, and what to know, for whoever approves. */
    effects: z.array(z.string().max(300)).default([]),
    warnings: z.array(z.string().max(300)).default([]),
    /** How it is taken back by hand; without one it cannot be. */
    undo: z.string().max(500).optional(),
    risk: z.enum(['low', 'high']).default('high'),
  })
  .superRefine(({ url, method, parameters, query, as, body, count, done, idempotent }, context) => {
    const complain = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message })
    const names = parameters.map(({ name }) => name)
    if (new URL(url).hash !== '') complain(['url'], 'has a part behind #, which is never sent')
    const inPath = piecesIn(url)
    for (const name of inPath) if (!/^\w+$/.test(name)) complain(['url'], `\`:${name}\` must be letters and digits behind the colon`)
    for (const [field, address] of [
      ['url', url],
      ['count', count?.url],
      ['done', done?.url],
    ] as const)
      for (const name of address === undefined ? [] : piecesIn(address))
        if (!names.includes(name) && !(field === 'done' && name === 'run'))
          complain(field === 'url' ? ['url'] : [field, 'url'], `has the piece :${name}, and no parameter is called \`${name}\``)
    for (const [index, name] of query.entries())
      if (!names.includes(name) || inPath.includes(name))
        complain(['query', index], `\`${name}\` is ${inPath.includes(name) ? 'in the path already' : 'no parameter'}`)
    for (const name of Object.keys(as)) if (!names.includes(name)) complain(['as', name], `no parameter is called \`${name}\``)
    const inBody = names.filter((name) => !inPath.includes(name) && !query.includes(name))
    if (method === 'GET' && (inBody.length > 0 || Object.keys(body).length > 0))
      complain(['method'], 'GET sends no body: name the parameters under `query`')
    for (const name of inBody) if (Object.hasOwn(body, as[name] ?? name)) complain(['body', as[name] ?? name], 'is a parameter as well')
    if (method === 'GET' && idempotent === 'key') complain(['idempotent'], 'GET takes no key')
  })
type Options = z.infer<typeof Options>

const Plan = z.object({
  url: z.string(),
  body: z.record(z.string(), Plain).nullable(),
  /** The values, by the names of their parameters. */
  values: z.record(z.string(), z.string()),
  /** So many may be there when it is sent; null: they are not counted. */
  most: z.number().nullable(),
})
type Plan = z.infer<typeof Plan>

const Memo = z.object({
  /** How often it was tried to send it, this time included. The first time it was sent, or this is not kept. */
  sent: z.int(),
  /** How many there were before the first time, where that is known. */
  before: z.number().nullable(),
})

/** So often it is sent at most, where it may be sent more than once. */
const mostTries = 3

const credentialsOf = ({ secret, header }: Options, context: Pick<LookContext, 'secret'>): Credentials => {
  const value = secret === undefined ? '' : context.secret(secret)
  if (secret === undefined) return { headers: {}, secret: null }
  return { headers: header === undefined ? { authorization: `Bearer ${value}` } : { [header.toLowerCase()]: value }, secret }
}

const counted = async (options: Options, values: Readonly<Record<string, string>>, context: LookContext) => {
  const { count } = options
  if (count === undefined) return null
  return askCount(context, count, filled(count.url, new Map(Object.entries(values))), credentialsOf(options, context))
}

/** Why it is not sent now, however it was approved; else how many there are, null where they are not counted. */
const mayBeSent = async (
  options: Options,
  { values, most }: Pick<Plan, 'values' | 'most'>,
  context: LookContext,
): Promise<Ran | { readonly before: number | null }> => {
  const not = (why: string): Ran => ({ outcome: 'failed', text: `${why} Nothing was changed.` })
  try {
    const asked = await counted(options, values, context)
    if (asked === null || most === null) return { before: null }
    if ('why' in asked) return not(`How many it would reach by now is not known: ${asked.why}`)
    const { number } = asked.value
    return number <= most
      ? { before: number }
      : not(`There are ${grouped(number)} ${options.count?.of ?? ''} by now, and ${grouped(most)} were approved at most: ask for it again.`)
  } catch (error) {
    // Whose time is over says nothing more: another may be at it.
    if (!(error instanceof FetchFault) || context.signal.aborted) throw error
    return not(`How many it would reach by now is not known: ${error.message}`)
  }
}

const askedDone = (
  options: Options,
  done: Done,
  values: Readonly<Record<string, string>>,
  context: LookContext & Pick<ActContext, 'runKey'>,
) =>
  askDone(context, done, filled(done.url, new Map([...Object.entries(values), ['run', context.runKey]])), credentialsOf(options, context))

const memoOf = (memo: Json): z.infer<typeof Memo> => (memo === null ? { sent: 0, before: null } : Memo.parse(memo))

/** What can be seen of a call whose answer nobody has: that it was done, or what there is to say. Throws FetchFault. */
const lookBack = async (
  options: Options,
  { values }: Pick<Plan, 'values'>,
  before: number | null,
  context: ActContext,
): Promise<Ran | { readonly seen: readonly string[] }> => {
  const { count, done } = options
  const seen: string[] = []
  if (done !== undefined) {
    const asked = await askedDone(options, done, values, context)
    if ('why' in asked) seen.push(asked.why)
    else if (asked.value.done) return { outcome: 'done', text: `The answer was lost; ${asked.value.words}: it was done.` }
    else seen.push(`${asked.value.words}.`)
  }
  const asked = await counted(options, values, context)
  if (asked !== null && 'why' in asked) seen.push(asked.why)
  if (asked !== null && 'value' in asked) {
    const { number, words } = asked.value
    if (before !== null && before > 0 && number <= (count?.left ?? 0))
      return { outcome: 'done', text: `The answer was lost; before it there were ${grouped(before)} ${count?.of ?? ''}, now ${words}.` }
    seen.push(`There are ${words}${before === null ? '' : `, and were ${grouped(before)} before`}.`)
  }
  return { seen }
}

const doneFinding = (asked: Awaited<ReturnType<typeof askDone>>): Finding => {
  if ('why' in asked) return { status: 'unknown', text: asked.why }
  const { done, words } = asked.value
  return done ? { status: 'ok', text: `${words}.` } : { status: 'warn', text: `${words}: it is not done yet.` }
}

const leftFinding = ({ left }: Count, asked: Awaited<ReturnType<typeof askCount>>): Finding => {
  if ('why' in asked) return { status: 'unknown', text: asked.why }
  const { number, words } = asked.value
  return left === undefined || number <= left
    ? { status: 'ok', text: `There are ${words}.` }
    : { status: 'warn', text: `There are ${words}; at most ${grouped(left)} are to be left.` }
}

const send = async (options: Options, { url, body }: Pick<Plan, 'url' | 'body'>, first: boolean, context: ActContext): Promise<Ran> => {
  const { method, idempotent, count, done } = options
  const response = await context.web(url, {
    method,
    headers: {
      accept: 'application/json',
      'user-agent': 'tocsin',
      ...credentialsOf(options, context).headers,
      ...(body === null ? {} : { 'content-type': 'application/json' }),
      ...(idempotent === 'key' ? { 'idempotency-key': context.runKey } : {}),
    },
    ...(body === null ? {} : { body: JSON.stringify(body) }),
    signal: context.signal,
  })
  return judgeAnswer(options, url, response, { first, telling: done !== undefined || count?.left !== undefined })
}

export default defineAction({
  summary: 'Calls an endpoint of the product’s own, as the catalogue has it',
  options: Options,
  input: z.looseObject({}),
  inputOf: ({ parameters }) => inputOfParameters(parameters),
  risk: ({ risk }) => risk,
  target: ({ target, url }) => target ?? `http:${hostOf(url)}${new URL(url).pathname}`,
  hosts: ({ url, count, done }) => [...new Set([url, count?.url, done?.url].flatMap((one) => (one === undefined ? [] : [hostOf(one)])))],
  needs: ({ secret }) => (secret === undefined ? [] : [secret]),
  calls: ({ method, url }) => (method === 'GET' ? [] : [`${method} ${new URL(url).origin}${new URL(url).pathname}`]),
  // A batch of a queue takes its time.
  timeoutMs: 180_000,
  verifyMs: 60_000,
  preview: async (options, input, context) => {
    const { what, method, url, parameters, query, as, effects, warnings, undo, count } = options
    const given = new Map(parameters.map(({ name }) => [name, String(input[name])]))
    const why = [url, ...(count === undefined ? [] : [count.url])].flatMap((one) => misplaced(one, given) ?? [])[0]
    if (why !== undefined) return { unable: why }
    const inPath = piecesIn(url)
    const inBody = parameters.filter(({ name }) => !inPath.includes(name) && !query.includes(name))
    const body = {
      ...options.body,
      ...Object.fromEntries(inBody.map((one) => [as[one.name] ?? one.name, typed(one, given.get(one.name) ?? '')])),
    }
    const values = Object.fromEntries(given)
    const plan = {
      url: filled(url, given, Object.fromEntries(query.map((name) => [as[name] ?? name, given.get(name) ?? '']))),
      body: Object.keys(body).length === 0 ? null : body,
      values,
    }
    const asked = await counted(options, values, context)
    if (asked !== null && 'why' in asked) return { unable: `How many it would reach is not known: ${asked.why}` }
    const seen = asked?.value ?? null
    if (seen !== null && count?.most !== undefined && seen.number > count.most)
      return { unable: `There are ${seen.words}: more than ${grouped(count.most)} are not touched at once.` }
    const most = seen === null ? null : Math.min(step(seen.number, few), count?.most ?? Number.POSITIVE_INFINITY)
    const chosen = parameters.map(({ name }) => `${name}=${values[name]}`).join(', ')
    return {
      summary: `${what}${chosen === '' ? '' : ` (${chosen})`}.`,
      calls: [`${method} ${plan.url}${plan.body === null ? '' : ` ${JSON.stringify(plan.body)}`}`],
      effects: [
        ...(seen === null || most === null
          ? []
          : [`${seen.words} now; should it be more than ${grouped(most)} when it runs, nothing is sent`]),
        ...effects,
      ],
      reversible: undo === undefined ? null : `people, by hand: ${undo}`,
      warnings: [...(seen?.number === 0 ? ['There is nothing to do, as far as the product says.'] : []), ...warnings],
      plan: { ...plan, most },
      state: most === null ? null : { most },
    }
  },
  run: async (options, plan, context) => {
    const { sent, before: known } = memoOf(context.memo)
    const may = sent === 0 ? await mayBeSent(options, plan, context) : { before: known }
    if ('outcome' in may) return may
    const { before } = may
    await context.remember({ sent: sent + 1, before })
    const ran = await firstCall(context, () => send(options, plan, sent === 0, context))
    if ('unsent' in ran) return ran.unsent
    if (sent === 0 || ran.outcome !== 'failed') return ran
    // What is refused now says nothing of the call before, whose answer was lost: it may be just why this one is refused.
    const back = await lookBack(options, plan, before, context)
    if ('outcome' in back) return back
    const words = [`It was sent before, and its answer was lost; sent again: ${ran.text}`, ...back.seen]
    return { outcome: 'unclear', text: `${words.join(' ')} What became of the first is not known: look at ${hostOf(options.url)}.` }
  },
  recover: async (options, plan, context) => {
    const { sent, before } = memoOf(context.memo)
    // It is remembered before it is sent.
    if (sent === 0) return { outcome: 'undone' }
    const { idempotent, url } = options
    const back = await lookBack(options, plan, before, context)
    if ('outcome' in back) return back
    if (idempotent !== false && sent < mostTries) return { outcome: 'resume' }
    const times = sent === 1 ? 'It was sent' : `It was tried ${sent} times`
    return { outcome: 'unclear', text: [`${times}, and what became of it is not known: look at ${hostOf(url)}.`, ...back.seen].join(' ') }
  },
  verify: async (options, { values }, context) => {
    const { count, done } = options
    const known = done === undefined ? null : await askedDone(options, done, values, context)
    const told = known === null ? [] : [doneFinding(known)]
    const asked = await counted(options, values, context)
    const counts = asked === null || count === undefined ? [] : [leftFinding(count, asked)]
    const findings = [...told, ...counts]
    return { findings, settled: findings.every(({ status }) => status === 'ok') }
  },
})
