import { z } from 'zod'
import { firstCall } from '../acting/first-call.ts'
import {
  askBuilt,
  awaitBuild,
  type Build,
  buildCall,
  buildCalls,
  type Built,
  findBuild,
  longestBuildMs,
  startBuild,
} from '../acting/vercel/build.ts'
import { type ActingVercel, actOnVercel } from '../acting/vercel/call.ts'
import { aged, askServed, isRolledBack } from '../acting/vercel/production.ts'
import { askName, askVariable, secretsOf, Value, valueOf } from '../acting/vercel/variable.ts'
import { foreign } from '../checking/foreign.ts'
import { apiHost, Span } from '../checking/option.ts'
import { vercelOptions } from '../checking/vercel/api.ts'
import { type ActContext, defineAction, type LookContext, type Move } from '../define/action.ts'
import type { Json, Ran, Unable } from '../incident/acting/action.ts'
import { duration } from '../incident/duration.ts'
import type { Instant } from '../incident/policy.ts'
import { FetchFault } from '../ports.ts'

const Name = z
  .string('must be given: the name of a value')
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, 'must be a short word of letters, digits, `.`, `_` and `-`')

const Options = z.strictObject({
  ...vercelOptions,
  /** The variable of production. */
  variable: z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,199}$/, 'must be the name of a variable'),
  /** What it may be, by the names that people choose from: `brevo: brevo`, `new: { secret: NEW_KEY }`. */
  values: z.record(Name, Value).refine((values) => Object.keys(values).length > 1, 'must name two values or more'),
  /** For how long it may be switched, returning by itself; `preset` is what it is without a word. Without bounds it stays until it is taken
   *  back. */
  for: z.strictObject({ preset: Span.optional(), least: Span.prefault('5m'), most: Span.prefault('1d') }).optional(),
  risk: z.enum(['low', 'high']).default('low'),
})
type Options = z.infer<typeof Options>

/** Everything by its name: no value stands here. */
type Plan = Build & { readonly variable: string; readonly from: string; readonly to: string; readonly production: string }
type Back = { readonly from: string; readonly to: string }
type Seen = Awaited<ReturnType<Move<Options, unknown, Plan>['preview']>>

/** A call that was not answered has arrived by then, or never will. In milliseconds. */
const arrivedMs = 60_000

/** `began`: when its first step was, or later in the same run; left out by an older version. */
const Memo = z.object({ step: z.enum(['set', 'build', 'back']), at: z.string(), began: z.string().optional() })

/** When it was begun; null: nobody knows. */
const beganOf = ({ memo, now }: ActContext): Instant | null => (memo === null ? now() : (Memo.safeParse(memo).data?.began ?? null))

const remember = (context: ActContext, step: z.infer<typeof Memo>['step']): Promise<void> => {
  const began = beganOf(context)
  return context.remember({ step, at: context.now(), ...(began === null ? {} : { began }) })
}

/** For how long, in minutes; null: until it is taken back. */
const spanOf = ({ for: bounds }: Options, asked: string): number | null | Unable => {
  if (bounds === undefined)
    return asked === ''
      ? null
      : { unable: 'This action is not for a time: service.yml gives it no bounds (`for`). Ask without `for`, and undo it.' }
  const wanted = asked === '' ? { success: true as const, data: bounds.preset } : Span.safeParse(asked)
  if (!wanted.success) return { unable: `\`for\`: ${wanted.error.issues[0]?.message ?? ''}.` }
  const { data: ms } = wanted
  if (ms === undefined) return null
  if (ms < bounds.least || ms > bounds.most)
    return { unable: `It can be switched for ${duration(bounds.least)} to ${duration(bounds.most)}, and ${duration(ms)} was asked for.` }
  return Math.round(ms / 60_000)
}

const hands = (context: LookContext, options: Options): ActingVercel => actOnVercel(context, options, { quiet: true })

const addressOf = (vercel: ActingVercel, { project, variable }: Pick<Plan, 'project' | 'variable'>): string =>
  vercel.address(`/v9/projects/${encodeURIComponent(project)}/env/${encodeURIComponent(variable)}`)

const look = async (options: Options, to: string, context: LookContext): Promise<Seen> => {
  const { variable: key, values } = options
  if (!Object.hasOwn(values, to)) return { unable: `${key} can be ${Object.keys(values).join(', ')}, and nothing else.` }
  const vercel = hands(context, options)
  const served = await askServed(vercel)
  if ('unable' in served) return served
  const { project, current, rolling } = served
  const variable = await askVariable(vercel, project.id, key, values, context.secret)
  if ('unable' in variable) return variable
  const { name: from } = variable
  if (from === null)
    return {
      unable: `${key} has a value that is none of ${Object.keys(values).join(', ')}: set one of them by hand first, so that it can be put back.`,
    }
  if (from === to) return { unable: `${key} is ${to} already.` }
  if (rolling !== null) return { unable: `A release in stages to ${foreign(rolling.canary, 60)} is under way: let it end first.` }
  if (isRolledBack(project))
    return {
      unable:
        'Production was rolled back, so a new build would not be served: promote a deployment first (`vercel.promote`), or set the variable by hand.',
    }
  const build: Build = { project: project.id, name: project.name, source: current.id, target: 'production' }
  const plan: Plan = { ...build, variable: variable.id, from, to, production: current.id }
  const now = Date.parse(context.now())
  return {
    plan,
    summary: `${key} goes from ${from} to ${to}, and production is built anew.`,
    calls: [`PATCH ${addressOf(vercel, plan)} (${key}: the value of ${to})`, buildCall(vercel, build)],
    effects: [`${key}: ${from} → ${to}`, `Production is built anew from ${aged(current, now, 'live for')}`],
    reversible: `${key} is put back to ${from}, and production is built anew`,
    warnings: [
      'It works only when the build is done, some minutes later. The build takes every other variable as it is now, too.',
      ...(variable.elsewhere.length === 0
        ? []
        : [`The same variable holds for ${variable.elsewhere.join(' and ')}, and changes there with the next build.`]),
    ],
    state: { variable: variable.id, value: from, production: current.id },
  }
}

const nameNow = (vercel: ActingVercel, { values }: Options, { project, variable }: Plan, { secret }: LookContext) =>
  askName(vercel, project, variable, values, secret)

const set = (vercel: ActingVercel, { values }: Options, plan: Plan, name: string, { secret }: LookContext) =>
  vercel.change('PATCH', addressOf(vercel, plan), { value: valueOf(values, name, secret) })

/** Production goes on with what it had: so must the variable, for the next build. */
const putBack = async (vercel: ActingVercel, options: Options, plan: Plan, context: ActContext, why: string): Promise<Ran> => {
  const { variable: key } = options
  await remember(context, 'back')
  if ((await nameNow(vercel, options, plan, context)) === plan.to) {
    const asked = await set(vercel, options, plan, plan.from, context)
    if ('refused' in asked)
      return {
        outcome: 'unclear',
        text: `${why} ${key} is ${plan.to} now, which the next build takes, and could not be put back: ${asked.refused}`,
      }
  }
  return { outcome: 'failed', text: `${why} Production serves what it did, and ${key} is ${plan.from} as before.` }
}

const endOf = ({ variable: key }: Options, { from, to }: Plan, id: string, built: Built): Ran | null => {
  const undo: Back = { from: to, to: from }
  const it = foreign(id, 60)
  switch (built.at) {
    case 'served':
      return { outcome: 'done', text: `${key} is ${to}, and production serves ${it}, which has it.`, undo }
    case 'passed':
      return { outcome: 'done', text: `${key} is ${to}, and production serves ${foreign(built.by, 60)}, which is newer.`, undo }
    case 'stages':
      return { outcome: 'done', text: `${key} is ${to}, and a release in stages to ${it}, which has it, has begun.`, undo }
    case 'staged':
    case 'ready':
      return {
        outcome: 'done',
        text: `${key} is ${to}, and ${it}, which has it, is built and not served: promote it (\`vercel.promote\`).`,
        undo,
      }
    default:
      return null
  }
}

const run = async (options: Options, plan: Plan, context: ActContext): Promise<Ran> => {
  const vercel = hands(context, options)
  const { variable: key } = options
  const memo = Memo.safeParse(context.memo).data
  if (memo?.step === 'back') return putBack(vercel, options, plan, context, 'The build failed.')
  const is = await nameNow(vercel, options, plan, context)
  if (is === plan.from) {
    await remember(context, 'set')
    const asked = await firstCall(context, () => set(vercel, options, plan, plan.to, context))
    if ('unsent' in asked) return asked.unsent
    if ('refused' in asked) return { outcome: 'failed', text: asked.refused }
  } else if (is !== plan.to) {
    return {
      outcome: 'failed',
      text: `${key} is neither ${plan.from} nor ${plan.to} by now: somebody else has set it, and nothing was changed here.`,
    }
  }
  context.progress(`${key} is ${plan.to}; production is built anew.`)
  const found = await findBuild(vercel, plan, context.runKey, beganOf(context))
  if (found !== null && 'outcome' in found) return { ...found, text: `${key} is ${plan.to}. ${found.text}` }
  let id = found?.id
  if (id === undefined) {
    await remember(context, 'build')
    const started = await startBuild(vercel, plan, context.runKey)
    if ('refused' in started) return putBack(vercel, options, plan, context, started.refused)
    id = started.id
  }
  const built = await awaitBuild(vercel, plan, id, context)
  return (
    endOf(options, plan, id, built) ?? putBack(vercel, options, plan, context, built.at === 'failed' ? built.why : 'The build is lost.')
  )
}

const recover: Move<Options, unknown, Plan>['recover'] = async (options, plan, context) => {
  // It is remembered before anything is changed.
  if (context.memo === null) return { outcome: 'undone' }
  const vercel = hands(context, options)
  const memo = Memo.safeParse(context.memo).data
  const now = Date.parse(context.now())
  const is = await nameNow(vercel, options, plan, context)
  const found = await findBuild(vercel, plan, context.runKey, beganOf(context))
  if (found === null) {
    if (memo?.step === 'back') return { outcome: 'resume' }
    if (is === plan.from) return { outcome: 'undone' }
    if (is !== plan.to)
      return {
        outcome: 'unclear',
        text: `${options.variable} is neither ${plan.from} nor ${plan.to}: look in Vercel who set it, and what is served.`,
      }
    // Vercel may not list yet what it was asked for just now.
    if (memo?.step === 'build' && now - Date.parse(memo.at) < arrivedMs)
      throw new FetchFault('reset', 'Vercel does not list the build yet, and may do so in a moment.')
    return { outcome: 'resume' }
  }
  if ('outcome' in found)
    return memo?.step === 'back'
      ? { outcome: 'resume' }
      : { ...found, text: `${options.variable} is ${is ?? 'something else'}. ${found.text}` }
  const built = await askBuilt(vercel, plan, found.id)
  if (built.at === 'building' && now - found.created > longestBuildMs)
    return {
      outcome: 'unclear',
      text: `${foreign(found.id, 60)} is neither built nor served after 50 min: look in Vercel’s dashboard what holds it.`,
    }
  return endOf(options, plan, found.id, built) ?? { outcome: 'resume' }
}

const verify: NonNullable<Move<Options, unknown, Plan>['verify']> = async (options, plan, context) => {
  const vercel = hands(context, options)
  const { variable: key } = options
  const served = await askServed(vercel)
  if ('unable' in served) return { settled: false, findings: [{ status: 'unknown', text: served.unable }] }
  const is = await nameNow(vercel, options, plan, context)
  const { current } = served
  const isAnew = current.id !== plan.production
  return {
    settled: is === plan.to && isAnew,
    findings: [
      { status: is === plan.to ? 'ok' : 'fail', text: `${key} is ${is ?? 'something else'}.` },
      {
        status: isAnew ? 'ok' : 'fail',
        text: `Production serves ${foreign(current.id, 60)}${isAnew ? '' : ', which was built before'}.`,
      },
    ],
  }
}

/** A7: a variable of production is one of the values that the options allow, for a time where they say so. */
export default defineAction({
  summary: 'Switches a variable of production at Vercel between fixed values, and builds production anew',
  options: Options,
  input: z.strictObject({
    to: Name.describe('Value, by its name'),
    for: z
      .string()
      .trim()
      .regex(/^(\d{1,4} ?(m|min|h|d))?$/, 'must be a time such as 30m or 2h')
      .default('')
      .describe('For how long, such as 2h'),
  }),
  risk: ({ risk }) => risk,
  target: ({ project }) => `vercel:${project}`,
  hosts: apiHost,
  needs: ({ secret, values }) => [secret, ...secretsOf(values)],
  calls: ({ apiUrl }) => [`PATCH ${apiUrl.replace(/\/+$/, '')}/v9/projects/:project/env/:id`, ...buildCalls(apiUrl)],
  timeoutMs: 720_000,
  verifyMs: 60_000,
  preview: async (options, { to, for: asked }, context) => {
    const span = spanOf(options, asked)
    if (span !== null && typeof span === 'object') return span
    const seen = await look(options, to, context)
    return 'unable' in seen || span === null ? seen : { ...seen, returnsAfter: span }
  },
  run,
  recover,
  verify,
  undo: {
    preview: async (options, { from, to }: Back, context: LookContext) => {
      const seen = await look(options, to, context)
      if ('unable' in seen || seen.plan.from === from) return seen
      return { unable: `${options.variable} is ${seen.plan.from}, not ${from} that it was switched to: somebody else has set it since.` }
    },
    run: (options, plan: Json, context) => run(options, plan as Plan, context),
    recover: (options, plan: Json, context) => recover(options, plan as Plan, context),
    verify: (options, plan: Json, context) => verify(options, plan as Plan, context),
  },
})
