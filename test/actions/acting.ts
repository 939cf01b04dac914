/** What tests of actions do with them: real servers, through the same guard as in the bot. A crash is a hand that is let go: the memo and
 *  the target are all that is left of it. */
import type { z } from 'zod'
import { guarded } from '../../src/adapters/fetch.ts'
import { type ActContext, type ActionDefinition, inputOf, type LookContext, type Move } from '../../src/define/action.ts'
import type { Json, Preview, Ran, Unable, Verification, Waits } from '../../src/incident/acting/action.ts'

export type Acting = {
  /** Values of the settings that the action needs. */
  readonly secrets?: Readonly<Record<string, string>>
  readonly isPrivate?: boolean
  readonly timeoutMs?: number
  readonly runKey?: string
  readonly now?: () => string
  /** What an earlier hand has remembered. */
  readonly memo?: Json
  /** What happens when it remembers something. */
  readonly remembered?: () => Promise<void>
}

export type Hand<Plan extends Json> = {
  readonly preview: () => Promise<(Omit<Preview, 'plan'> & { readonly plan: Plan }) | Unable>
  /** The preview, which must be possible. */
  readonly plan: () => Promise<Omit<Preview, 'plan'> & { readonly plan: Plan }>
  readonly run: (plan: Plan) => Promise<Ran | Waits>
  readonly recover: (plan: Plan) => Promise<Ran | { readonly outcome: 'undone' } | { readonly outcome: 'resume' }>
  readonly verify: (plan: Plan) => Promise<Verification>
  /** What it has remembered, and said of its progress. */
  readonly memo: () => Json
  readonly said: () => readonly string[]
  /** A person has done what it waited for. */
  readonly tick: () => void
}

const handOf = <Options, Given, Plan extends Json>(
  definition: Pick<ActionDefinition, 'timeoutMs'> & {
    readonly hosts: (options: Options) => readonly string[]
    readonly needs?: ((options: Options) => readonly string[]) | undefined
    readonly uses?: ((options: Options) => readonly string[]) | undefined
    readonly calls?: ((options: Options) => readonly string[]) | undefined
    readonly reads?: ((options: Options) => readonly string[]) | undefined
  },
  move: Move<Options, Given, Plan>,
  options: Options,
  given: Given,
  more: Acting,
): Hand<Plan> => {
  const hosts = definition.hosts(options)
  const needed = [...(definition.needs?.(options) ?? []), ...(definition.uses?.(options) ?? [])]
  const timeoutMs = more.timeoutMs ?? definition.timeoutMs
  let memo: Json = more.memo ?? null
  let ticked = 0
  const said: string[] = []
  const within = async <Value>(acts: boolean, work: (context: ActContext) => Promise<Value>): Promise<Value> => {
    const ended = new AbortController()
    const giveUp = setTimeout(() => ended.abort(), timeoutMs)
    const look: LookContext = {
      ...guarded({
        hosts,
        privateHosts: more.isPrivate === false ? [] : hosts,
        timeoutMs,
        signal: ended.signal,
        readOnly: { posts: definition.reads?.(options) ?? [] },
        ...(acts ? { calls: definition.calls?.(options) ?? [] } : {}),
      }),
      now: more.now ?? (() => new Date().toISOString()),
      elapsed: () => performance.now(),
      secret: (name) => {
        if (!needed.includes(name)) throw new Error(`${name} is not among what the action says that it needs`)
        return more.secrets?.[name] ?? ''
      },
      signal: ended.signal,
    }
    try {
      return await work({
        ...look,
        runKey: more.runKey ?? 'inc-1:1',
        memo,
        remember: async (next) => {
          memo = structuredClone(next)
          await more.remembered?.()
        },
        progress: (text) => void said.push(text),
        ticked,
      })
    } finally {
      clearTimeout(giveUp)
      ended.abort()
    }
  }
  const preview = () => within(false, (context) => move.preview(options, given, context))
  return {
    preview,
    plan: async () => {
      const seen = await preview()
      if ('unable' in seen) throw new Error(`not possible: ${seen.unable}`)
      return seen
    },
    run: (plan) => within(true, (context) => move.run(options, plan, context)),
    recover: (plan) => within(false, (context) => move.recover(options, plan, context)),
    verify: (plan) => within(false, (context) => move.verify?.(options, plan, context) ?? Promise.resolve({ findings: [], settled: true })),
    memo: () => memo,
    said: () => said,
    tick: () => {
      ticked += 1
    },
  }
}

/** An action at hand: parsed options and input, only what they name can be reached, only the secrets that it needs can be read, and nothing
 *  changed but by what it says it calls. */
export const hand = <Schema extends z.ZodType, Input extends z.ZodObject, Plan extends Json, Back extends Json>(
  definition: ActionDefinition<Schema, Input, Plan, Back>,
  given: z.input<Schema>,
  input: Readonly<Record<string, string>>,
  more: Acting = {},
): Hand<Plan> => {
  const options = definition.options.parse(given)
  const schema = inputOf(definition as unknown as ActionDefinition, options)
  return handOf(definition, definition, options, schema.parse(input) as z.infer<Input>, more)
}

/** The way back from what a run left. */
export const handBack = <Schema extends z.ZodType, Input extends z.ZodObject, Plan extends Json, Back extends Json>(
  definition: ActionDefinition<Schema, Input, Plan, Back>,
  given: z.input<Schema>,
  undo: Json,
  more: Acting = {},
): Hand<Json> => {
  if (definition.undo === undefined) throw new Error('this kind cannot be taken back')
  return handOf(definition, definition.undo, definition.options.parse(given), undo as Back, more)
}
