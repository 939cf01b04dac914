/** How a kind of action is declared: one remedy with typed input, a preview that changes nothing, a run, and how it is verified and
 *  taken back. Who may run it, when, and how often is not its business: see `src/incident/areas/acting.ts`. */
import type { z } from 'zod'
import type { Json, Preview, Ran, Risk, Unable, Verification, Waits } from '../incident/acting/action.ts'
import type { Instant } from '../incident/policy.ts'
import type { GuardedFetch, WebFetch } from '../ports.ts'

/** What a kind may use to look. It can only read: GET and HEAD, and what `reads` names. Secrets are the product's own, by the name in its
 *  `service.yml`. */
export type LookContext = {
  readonly fetch: GuardedFetch
  /** The same for vendors' clients that take a `fetch` of their own. */
  readonly web: WebFetch
  /** Where a client of another protocol may connect to: the address behind one of `hosts`. Throws FetchFault. */
  readonly address: (host: string, port: number) => Promise<{ readonly address: string; readonly family: number }>
  readonly now: () => Instant
  /** Milliseconds on a clock that only goes forward, for durations. */
  readonly elapsed: () => number
  /** The value of a setting that `needs` or `uses` names; empty for one of `uses` that is not set. */
  readonly secret: (name: string) => string
  /** Aborted when the time is up, or when another process has taken over: what was opened must be closed, and nothing begun, then. */
  readonly signal: AbortSignal
}

/** What a kind may use to act: `fetch` and `web` also call what `calls` names. */
export type ActContext = LookContext & {
  /** The same for every try of one run, and for no other: for vendors that take an idempotency key, and for markers. At most 60
   *  characters of `[a-z0-9:-]`. */
  readonly runKey: string
  /** What the run has recorded of itself; null at first. */
  readonly memo: Json
  /** Records how far it is, before it goes on: whoever takes over after a crash has it as `memo`. Recorded when it resolves.
   *  Null: nothing was begun after all. */
  readonly remember: (memo: Json) => Promise<void>
  /** Shown on the card, about once a second; the last one stays. */
  readonly progress: (text: string) => void
  /** How many of its `waits` people have ticked off so far. */
  readonly ticked: number
}

/** What a kind may use to look at the target after a run. */
export type VerifyContext = LookContext & Pick<ActContext, 'runKey'>

/** One way to change the target: there, or back again. */
export type Move<Options, Input, Plan extends Json> = {
  /** Looks, decides everything that is to be decided, and says what would happen. */
  readonly preview: (
    options: Options,
    input: Input,
    context: LookContext,
  ) => Promise<(Omit<Preview, 'plan'> & { readonly plan: Plan }) | Unable>
  /** Does it, once. Only a fault of the network (FetchFault) may be thrown: `recover` is asked then what became of it. After `waits` it is
   *  run again, with one more `ticked` and the memo that it left. */
  readonly run: (options: Options, plan: Plan, context: ActContext) => Promise<Ran | Waits>
  /** Reads back what became of a run whose end nobody saw: the process died, or the answer was lost. Changes nothing. `undone`: it did
   *  not happen, and did not happen in part: it may be run. Where only a part happened and `run` goes on from its memo, `resume`. */
  readonly recover: (
    options: Options,
    plan: Plan,
    context: ActContext,
  ) => Promise<Ran | { readonly outcome: 'undone' } | { readonly outcome: 'resume' }>
  /** How the target is after the run. Asked again every few seconds until it is settled or `verifyMs` are over. */
  readonly verify?: (options: Options, plan: Plan, context: VerifyContext) => Promise<Verification>
}

export type ActionDefinition<
  Schema extends z.ZodType = z.ZodType,
  Input extends z.ZodObject = z.ZodObject,
  Plan extends Json = Json,
  Back extends Json = Json,
> = Move<z.infer<Schema>, z.infer<Input>, Plan> & {
  /** One line for `/incident run`. */
  readonly summary: string
  /** Its options in a product's `service.yml`: which target, within which bounds. Names of secrets stand under `secret` or `…Secret`. */
  readonly options: Schema
  /** What can be typed behind it, `key=value`: strings in, typed values out. A description (`.describe`) is the field's label in the
   *  form. What may not be chosen by whoever asks belongs into the options. */
  readonly input: Input
  /** Where the options say what can be typed: that, in place of `input`. */
  readonly inputOf?: (options: z.infer<Schema>) => z.ZodObject
  /** Without a product's own word. May depend on what is asked. */
  readonly risk: (options: z.infer<Schema>, input: z.infer<Input>) => Risk
  /** What it changes, `vercel:shop`: one action at a time changes the same target, and locks name it. One that lies in
   *  another, `compose:shop:maintenance` in `compose:shop`, is not begun while that one is locked or changed, and does not hold it up. */
  readonly target: (options: z.infer<Schema>, input: z.infer<Input>) => string
  /** Hosts that these options reach, `host` or `host:port`: nothing else can be connected to. */
  readonly hosts: (options: z.infer<Schema>) => readonly string[]
  /** Names of the settings that it cannot do without. */
  readonly needs?: (options: z.infer<Schema>) => readonly string[]
  /** Names of the settings that it makes use of, and can do without. */
  readonly uses?: (options: z.infer<Schema>) => readonly string[]
  /** What may be called to change something: `POST https://api.vercel.com/v9/projects/:project/rollback/:id`, where `:word` is any one piece of a
   *  path. The query is free. */
  readonly calls?: (options: z.infer<Schema>) => readonly string[]
  /** Addresses that a question is POSTed to although it changes nothing. */
  readonly reads?: (options: z.infer<Schema>) => readonly string[]
  /** Milliseconds for a preview, a run, a recovery, each. */
  readonly timeoutMs: number
  /** Milliseconds after the run within which `verify` must settle. */
  readonly verifyMs?: number
  /** The way back: its input is the `undo` that the run left. */
  readonly undo?: Move<z.infer<Schema>, Back, Json>
}

/** What can be typed behind an action with these options. */
export const inputOf = ({ input, inputOf: own }: Pick<ActionDefinition, 'input' | 'inputOf'>, options: unknown): z.ZodObject =>
  own?.(options) ?? input

/** Declares a kind of action; its name is its file's. */
export const defineAction = <Schema extends z.ZodType, Input extends z.ZodObject, Plan extends Json, Back extends Json = Json>(
  definition: ActionDefinition<Schema, Input, Plan, Back>,
): ActionDefinition<Schema, Input, Plan, Back> => definition
