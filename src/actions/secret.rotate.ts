/** A secret of the product's deployment rotated by people, step by step (A11). No value is seen here: only when it was set. */
import { z } from 'zod'
import { Rotation, stepsOf } from '../acting/rotation/steps.ts'
import { apiHost } from '../checking/option.ts'
import { Environment } from '../checking/secrets/judge.ts'
import { holdVercel } from '../checking/secrets/vercel.ts'
import { vercelOptions } from '../checking/vercel/api.ts'
import { defineAction, type LookContext } from '../define/action.ts'
import { duration } from '../incident/duration.ts'
import { FetchFault } from '../ports.ts'

const Page = z.url({ protocol: /^https?$/, error: 'must be an http(s) address' })

const Options = z.strictObject({
  /** Whose secrets they are, as in `/diag <product>`. */
  product: z.string().min(1).max(60),
  /** Each by the name of its variable. */
  secrets: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'must be the name of an environment variable, never a value'), Rotation)
    .refine((secrets) => Object.keys(secrets).length > 0, 'name at least one'),
  /** Where the deployment has its variables: it tells when each was set. */
  vercel: z.strictObject({ ...vercelOptions, target: Environment.default('production') }).optional(),
  /** The page of the variables. */
  variables: Page.optional(),
  /** How the deployment gets to know the new one. */
  deploy: z.string().trim().min(1).max(400).default('Deploy, so that the product runs with the new one'),
  deployLink: Page.optional(),
  /** Hours within which the old one is to be gone. */
  hours: z
    .int()
    .min(1)
    .max(24 * 31)
    .default(24),
})
type Options = z.infer<typeof Options>

const Plan = z.object({
  name: z.string(),
  steps: z.array(z.object({ task: z.string(), link: z.string().nullable(), confirms: z.boolean() })),
  /** When the variable was set, before; null where nobody says. */
  since: z.number().nullable(),
  /** Somebody else may have the old one: then no step has time. */
  breach: z.boolean().default(false),
})

const Memo = z.object({ start: z.string() })

/** When a variable was set, as far as Vercel says. */
type Held = { readonly since: number | null } | { readonly why: string }

const askHeld = async ({ vercel }: Options, name: string, context: LookContext): Promise<Held | null> => {
  if (vercel === undefined) return null
  if (context.secret(vercel.secret) === '') return { why: `${vercel.secret} is not set.` }
  try {
    const asked = await holdVercel(context, { ...vercel, names: { [name]: { prefix: [], optional: true } } })
    if ('findings' in asked) return { why: asked.findings.map(({ text }) => text).join(' ') }
    const [{ held, doubt }] = asked
    const variable = held.get(name)
    if (variable === undefined) return doubt === null ? { since: null } : { why: doubt.text }
    return { since: variable.since }
  } catch (error) {
    if (error instanceof FetchFault) return { why: error.message }
    throw error
  }
}

const isKnown = (held: Held | null): held is { since: number } => held !== null && 'since' in held && held.since !== null

const minute = (at: string): string => `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`

const later = (at: string, hours: number): string => new Date(Date.parse(at) + hours * 3_600_000).toISOString()

export default defineAction({
  summary: 'Rotates a secret, step by step: people do it, and each step is ticked off',
  options: Options,
  input: z.strictObject({ breach: z.enum(['no', 'yes']).default('no').describe('Somebody else may have it') }).loose(),
  inputOf: ({ secrets }) =>
    z.strictObject({
      name: z.enum(Object.keys(secrets), `must be one of ${Object.keys(secrets).join(', ')}`).describe('Secret'),
      breach: z.enum(['no', 'yes'], 'must be yes or no').default('no').describe('Somebody else may have it'),
    }),
  // What works on until the new one does is no great risk; where the old one goes before, or with it, it is.
  risk: ({ secrets }, { name, breach }) => (breach === 'yes' || secrets[String(name)]?.way === 'swap' ? 'high' : 'low'),
  target: ({ product }, { name }) => `secret:${product}:${String(name)}`,
  hosts: ({ vercel }) => (vercel === undefined ? [] : apiHost(vercel)),
  uses: ({ vercel }) => (vercel === undefined ? [] : [vercel.secret]),
  timeoutMs: 20_000,
  verifyMs: 15_000,
  preview: async (options, { name: chosen, breach }, context) => {
    const name = String(chosen)
    const rotation = Object.hasOwn(options.secrets, name) ? options.secrets[name] : undefined
    if (rotation === undefined)
      return { unable: `${name} is not among the secrets of service.yml: ${Object.keys(options.secrets).join(', ')}.` }
    const { vercel, variables, deploy, deployLink, hours, product } = options
    const place = {
      variables: vercel === undefined ? null : `Vercel, ${vercel.target} of ${vercel.project}`,
      variablesLink: variables ?? null,
      deploy,
      deployLink: deployLink ?? null,
    }
    const isBreach = breach === 'yes'
    const { way } = rotation
    const steps = stepsOf(name, rotation, place, product, isBreach)
    const held = way === 'rolling' ? null : await askHeld(options, name, context)
    const since = isKnown(held) ? held.since : null
    const now = Date.parse(context.now())
    return {
      summary: isBreach
        ? `${name} is rotated by people at once, in ${steps.length} steps: somebody else may have the old one, which ${way === 'swap' ? 'stops with the new one' : 'is removed as soon as there is a new one'}.`
        : `${name} is rotated by people, in ${steps.length} steps, within ${duration(hours * 3_600_000)}.`,
      calls: [],
      effects: [
        ...(since === null ? [] : [`${name} was set ${duration(Math.max(now - since, 0))} ago at Vercel`]),
        ...steps.map(({ task }, index) => `${index + 1}. ${task}`),
      ],
      reversible: isBreach || way === 'swap' ? null : 'people, who put the old one back, as long as it is not removed',
      warnings: [
        ...(held !== null && 'why' in held ? [`Whether the deployment gets the new one is not looked up: ${held.why}`] : []),
        ...(held !== null && 'since' in held && held.since === null
          ? [`Vercel has no ${name} there, or does not say when it was set: look whether it is called otherwise.`]
          : []),
        ...(way === 'swap' ? ['The old one stops with the new one: whoever uses it must be told.'] : []),
        ...(isBreach && way === 'both' ? ['What uses it fails from step 2 until the new one is deployed: that is meant so.'] : []),
        ...(isBreach && way !== 'both' ? ['Something may fail for a moment.'] : []),
      ],
      plan: { name, steps: steps.map((step) => ({ ...step })), since, breach: isBreach },
      state: { since },
    }
  },
  run: async (options, plan, context) => {
    const { name, steps, since, breach } = Plan.parse(plan)
    const start = context.memo === null ? context.now() : Memo.parse(context.memo).start
    if (context.memo === null) await context.remember({ start })
    const step = steps[context.ticked]
    if (step === undefined)
      return { outcome: 'done', text: `${name} was rotated by ${minute(context.now())}, in ${steps.length} steps, begun ${minute(start)}.` }
    const held = step.confirms && since !== null ? await askHeld(options, name, context) : null
    const warning =
      isKnown(held) && held.since === since
        ? `Not yet: at Vercel ${name} is still the one from before, so that removing it breaks the product; put the new one there and deploy first. `
        : held !== null && 'why' in held
          ? `Whether the deployment has the new one is not known: ${held.why} `
          : ''
    const due = later(start, options.hours)
    const when = breach ? 'at once' : `all by ${minute(due)}${context.now() > due ? ', which is over' : ''}`
    const task = `Step ${context.ticked + 1} of ${steps.length}, ${when}: ${warning}${step.task}`
    return { outcome: 'waits', task, ...(step.link === null ? {} : { link: step.link }) }
  },
  // Nothing is done but by people, and what they ticked off is known.
  recover: () => Promise.resolve({ outcome: 'resume' as const }),
  verify: async (options, plan, context) => {
    const { name, since } = Plan.parse(plan)
    if (since === null) return { findings: [], settled: true }
    const held = await askHeld(options, name, context)
    if (held !== null && 'why' in held) return { findings: [{ status: 'unknown', text: held.why }], settled: false }
    if (!isKnown(held)) return { findings: [{ status: 'fail', text: `Vercel has no ${name} any more.` }], settled: true }
    const age = duration(Math.max(Date.parse(context.now()) - held.since, 0))
    return held.since === since
      ? { findings: [{ status: 'fail', text: `${name} at Vercel has not changed since ${age}.` }], settled: false }
      : { findings: [{ status: 'ok', text: `${name} at Vercel was set ${age} ago.` }], settled: true }
  },
})
