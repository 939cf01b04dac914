/** Runs actions: each with what it may reach and which secrets it may read. Looks with hands that can only read; acts with what the kind
 *  says it calls, and nothing else. Whether it may run at all was decided before: see `src/incident/acting/`. */
import canonicalize from 'canonicalize'
import { createHash } from 'node:crypto'
import type { Catalogue } from './catalogue.ts'
import type { Action } from './catalogue/actions.ts'
import type { Product } from './catalogue/product.ts'
import { createMask, type Mask } from './checking/mask.ts'
import type { Log } from './define.ts'
import { type ActContext, type ActionDefinition, inputOf, type LookContext, type Move } from './define/action.ts'
import type { Json, Preview, Ran, Unable, Verification, Waits } from './incident/acting/action.ts'
import type { ActionRequest } from './incident/acting/request.ts'
import { shorten } from './incident/text.ts'
import type { Instant } from './incident/policy.ts'
import { FetchFault, type Guarded } from './ports.ts'

export type Acting = {
  readonly catalogue: Catalogue
  readonly kinds: ReadonlyMap<string, ActionDefinition>
  readonly guarded: Guarded
  readonly now: () => Instant
  readonly elapsed: () => number
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly log: Log
}

/** What a run is given, and gives while it goes on. */
export type Hands = Pick<ActContext, 'runKey' | 'memo' | 'remember' | 'progress' | 'ticked'> & { readonly signal: AbortSignal }

/** `lost`: nobody heard the end of it; `recover` tells. */
export type RunEnd = Ran | Waits | { readonly outcome: 'lost'; readonly why: string }

type Asked = Pick<ActionRequest, 'key' | 'kind' | 'input'>

/** An action that can be done now: its kind, and everything that it may use. */
export type Remedies = {
  /** What it would do. `back`: what the run left that is to be taken back; null: there, and not back. */
  readonly preview: (
    product: string,
    asked: Asked,
    back: Json | null,
    signal: AbortSignal,
  ) => Promise<{ readonly preview: Preview; readonly hash: string } | Unable>
  readonly run: (product: string, asked: Asked, back: boolean, plan: Json, hands: Hands) => Promise<RunEnd>
  readonly recover: (
    product: string,
    asked: Asked,
    back: boolean,
    plan: Json,
    hands: Hands,
  ) => Promise<Ran | { readonly outcome: 'undone' } | { readonly outcome: 'resume' }>
  readonly verify: (product: string, asked: Asked, back: boolean, plan: Json, hands: Hands) => Promise<Verification>
  /** Milliseconds after which a run is given up. */
  readonly timeoutMs: (product: string, asked: Asked) => number
  /** Milliseconds within which its target must settle. */
  readonly verifyMs: (product: string, asked: Asked) => number
}

const longest = 600

/** Thrown for what the catalogue or the settings have against it; shown to people. */
class NotPossible extends Error {}

type Known = { product: Product; action: Action; definition: ActionDefinition; move: Move<unknown, unknown, Json>; back: boolean }

/** sha256 of everything that is approved and everything that decides what runs: who approves one of these approves no other. The options
 *  are the catalogue's, which may be another when it runs. */
export const approvalHash = (bound: {
  product: string
  action: string
  kind: string
  options: unknown
  input: Readonly<Record<string, string>>
  back: boolean
  plan: Json
  state: Json
  returnsAfter: number | null
}): string =>
  createHash('sha256')
    .update(canonicalize(JSON.parse(JSON.stringify(bound))) ?? '')
    .digest('hex')

/** Ends when `work` does, or with a fault when the time is up and it does not end by itself. */
const within = async <Value>(ms: number, work: Promise<Value>): Promise<Value> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new FetchFault('timeout', `No answer within ${ms / 1000} s.`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** What is shorter than this stands in many a text by chance. */
const shortestSecret = 8

/** Lets what ends by itself at its limit say better why. */
const graceMs = 250

/** Makes the runner of all actions. */
export const createRemedies = ({ catalogue, kinds, guarded, now, elapsed, environment, log }: Acting): Remedies => {
  const find = (key: string, { key: actionKey, kind }: Asked, back: boolean): Known => {
    const product = catalogue.product(key)
    const action = product?.acting.actions.get(actionKey)
    const definition = action === undefined ? undefined : kinds.get(action.kind)
    if (product === null || action === undefined || definition === undefined || action.kind !== kind)
      throw new NotPossible(`${product?.name ?? key} has no action \`${actionKey}\` any more.`)
    const move = back ? definition.undo : definition
    if (move === undefined) throw new NotPossible(`\`${actionKey}\` cannot be taken back.`)
    const needed = definition.needs?.(action.options) ?? []
    const missing = [...action.unset, ...needed.filter((name) => !product.secrets.has(name) || (environment[name] ?? '') === '')]
    if (missing.length > 0) throw new NotPossible(`Not configured: set ${[...new Set(missing)].join(', ')} in the bot’s environment.`)
    return { product, action, definition, move: move as Move<unknown, unknown, Json>, back }
  }

  const masks = new Map<string, Mask>()
  const masked = async ({ product: { key, secrets } }: Known, text: string): Promise<string> => {
    const mask = masks.get(key) ?? createMask([...secrets].flatMap((name) => environment[name] ?? []))
    masks.set(key, mask)
    return shorten(await mask(text), longest)
  }

  /** What is kept of an action is read by everybody, and never masked: it must do without secrets. */
  const assertPlain = ({ product, action }: Known, kept: unknown) => {
    const text = JSON.stringify(kept)
    for (const name of product.secrets) {
      const value = environment[name] ?? ''
      if (value.length >= shortestSecret && text.includes(JSON.stringify(value).slice(1, -1)))
        throw new Error(`the plan of ${action.key} holds the value of ${name}`)
    }
  }

  const hands = ({ product, action, definition }: Known, signal: AbortSignal, calls: readonly string[] | undefined): LookContext => {
    const needed = [...(definition.needs?.(action.options) ?? []), ...(definition.uses?.(action.options) ?? [])]
    const reach = guarded({
      hosts: definition.hosts(action.options),
      privateHosts: product.privateHosts,
      timeoutMs: definition.timeoutMs,
      signal,
      readOnly: { posts: definition.reads?.(action.options) ?? [] },
      ...(calls === undefined ? {} : { calls }),
    })
    return {
      ...reach,
      now,
      elapsed,
      signal,
      secret: (name) => {
        if (!needed.includes(name)) throw new Error(`the action asks for ${name}, which it does not say that it needs`)
        if (!product.secrets.has(name)) return ''
        return environment[name] ?? ''
      },
    }
  }

  /** Runs `work` with a signal that is aborted when its time is up, when the caller's is, and when it is over. */
  const limited = async <Value>(known: Known, signal: AbortSignal, work: (signal: AbortSignal) => Promise<Value>): Promise<Value> => {
    const { timeoutMs } = known.definition
    const ended = new AbortController()
    const timer = setTimeout(() => ended.abort(), timeoutMs)
    try {
      return await within(timeoutMs + graceMs, work(AbortSignal.any([signal, ended.signal])))
    } finally {
      clearTimeout(timer)
      ended.abort()
    }
  }

  const acting = (known: Known, given: Hands, signal: AbortSignal): ActContext => ({
    ...hands(known, signal, known.definition.calls?.(known.action.options) ?? []),
    runKey: given.runKey,
    memo: given.memo,
    // Whose time is over is to stop here, before the next step: somebody else is at it.
    remember: async (memo) => {
      signal.throwIfAborted()
      await given.remember(memo)
    },
    progress: (text) => {
      masked(known, text).then(
        (shown) => (signal.aborted ? undefined : given.progress(shown)),
        (error: unknown) => note(error, known, 'progress'),
      )
    },
    ticked: given.ticked,
  })

  const end = async <Of extends Ran | Waits | { outcome: 'undone' } | { outcome: 'resume' }>(known: Known, ran: Of): Promise<Of> => {
    if ('text' in ran) return { ...ran, text: await masked(known, ran.text) }
    return 'task' in ran ? { ...ran, task: await masked(known, ran.task) } : ran
  }

  const note = (error: unknown, { product, action }: Known, what: string) =>
    log.error({ err: error, product: product.key, action: action.key, what }, 'an action failed')

  return {
    preview: async (product, asked, back, signal) => {
      let known: Known
      try {
        known = find(product, asked, back !== null)
      } catch (error) {
        if (error instanceof NotPossible) return { unable: error.message }
        throw error
      }
      const { definition, action, move } = known
      const parsed = back === null ? inputOf(definition, action.options).safeParse(asked.input) : { success: true as const, data: back }
      if (!parsed.success) return { unable: `${parsed.error.issues[0]?.path.join('.') ?? ''}: ${parsed.error.issues[0]?.message ?? ''}` }
      try {
        const preview = await limited(known, signal, (ended) => move.preview(action.options, parsed.data, hands(known, ended, undefined)))
        if ('unable' in preview) return { unable: await masked(known, preview.unable) }
        const shown = async (texts: readonly string[]) => Promise.all(texts.map((text) => masked(known, text)))
        const { plan, state } = preview
        // What takes something back is not for a time: it would be put there again.
        const { returnsAfter, ...seen } = preview
        const forTime = back !== null || returnsAfter === undefined ? {} : { returnsAfter }
        assertPlain(known, { plan, state })
        return {
          preview: {
            ...seen,
            ...forTime,
            reversible: preview.reversible === null ? null : await masked(known, preview.reversible),
            summary: await masked(known, preview.summary),
            calls: await shown(preview.calls),
            effects: await shown(preview.effects),
            warnings: await shown(preview.warnings),
          },
          hash: approvalHash({
            product: known.product.key,
            action: action.key,
            kind: action.kind,
            options: action.options,
            input: asked.input,
            back: back !== null,
            plan,
            state,
            returnsAfter: forTime.returnsAfter ?? null,
          }),
        }
      } catch (error) {
        if (error instanceof FetchFault)
          return { unable: `The target could not be asked, so nobody knows what it would do: ${await masked(known, error.message)}` }
        note(error, known, 'preview')
        return { unable: 'The preview itself failed; the log of the bot says why.' }
      }
    },
    run: async (product, asked, back, plan, given) => {
      // Another has taken over already: what is begun now would be done twice.
      if (given.signal.aborted) return { outcome: 'lost', why: 'The bot was stopped as it began.' }
      let known: Known
      try {
        known = find(product, asked, back)
      } catch (error) {
        if (error instanceof NotPossible) return { outcome: 'lost', why: error.message }
        throw error
      }
      const { action, move } = known
      try {
        return await end(known, await limited(known, given.signal, (ended) => move.run(action.options, plan, acting(known, given, ended))))
      } catch (error) {
        if (!(error instanceof FetchFault)) note(error, known, 'run')
        return {
          outcome: 'lost',
          why: error instanceof FetchFault ? await masked(known, error.message) : 'The action itself failed; the log of the bot says why.',
        }
      }
    },
    recover: async (product, asked, back, plan, given) => {
      const known = find(product, asked, back)
      const { action, move } = known
      const context = (ended: AbortSignal): ActContext => ({ ...acting(known, given, ended), ...hands(known, ended, undefined) })
      return end(known, await limited(known, given.signal, (ended) => move.recover(action.options, plan, context(ended))))
    },
    verify: async (product, asked, back, plan, { runKey, signal }) => {
      let known: Known
      try {
        known = find(product, asked, back)
      } catch (error) {
        if (error instanceof NotPossible) return { findings: [{ status: 'unknown', text: error.message }], settled: true }
        throw error
      }
      const { action, move } = known
      const { verify } = move
      if (verify === undefined) return { findings: [], settled: true }
      try {
        const { findings, settled } = await limited(known, signal, (ended) =>
          verify(action.options, plan, { ...hands(known, ended, undefined), runKey }),
        )
        return { settled, findings: await Promise.all(findings.map(async (each) => ({ ...each, text: await masked(known, each.text) }))) }
      } catch (error) {
        if (!(error instanceof FetchFault)) note(error, known, 'verify')
        return { settled: false, findings: [{ status: 'unknown', text: 'The target did not answer when it was looked at.' }] }
      }
    },
    timeoutMs: (_, asked) => kinds.get(asked.kind)?.timeoutMs ?? 0,
    verifyMs: (_, asked) => kinds.get(asked.kind)?.verifyMs ?? 0,
  }
}

export { NotPossible }
