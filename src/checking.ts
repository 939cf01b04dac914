/** Runs a product's checks: each with what it may reach and which secrets it may read, side by side, and never failing as a whole. */
import { type AskableChecks, createAskable, missingSettings } from './askable.ts'
import type { Catalogue } from './catalogue.ts'
import type { Check } from './catalogue/checks.ts'
import type { Product } from './catalogue/product.ts'
import { networkFault, vendorFault } from './checking/fault.ts'
import { createMask, type Mask } from './checking/mask.ts'
import { shown } from './checking/shown.ts'
import { createTarget, type Target } from './check-target.ts'
import type { Log } from './define.ts'
import { type CheckAnswer, type CheckContext, type CheckDefinition, type Detail, worst } from './define/check.ts'
import type { CheckResult } from './incident/check.ts'
import { notConfigured } from './incident/check-groups.ts'
import type { Instant } from './incident/policy.ts'
import { shorten } from './incident/text.ts'
import type { Guarded } from './ports.ts'

export type Checking = {
  readonly catalogue: Catalogue
  readonly kinds: ReadonlyMap<string, CheckDefinition>
  readonly guarded: Guarded
  readonly now: () => Instant
  readonly elapsed: () => number
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly log: Log
}

/** A result, with what is more than a message holds. */
export type Checked = CheckResult & { readonly more?: Detail }

export type CheckRequest = {
  /** What was typed behind the check, `key=value`. */
  readonly words?: Readonly<Record<string, string>>
  /** The start of the incident; without one, now. */
  readonly around?: Instant
  /** Nobody waits for it: it has a queue of its own, so that no person waits for it either. */
  readonly background?: true
  /** Called with each result as it comes. */
  readonly onResult?: (result: Checked) => void
}

/** `which`: `auto` for those that run by themselves, `all`, one check's key, or several. An unknown
 *  product or key has none. */
export type RunChecks = (product: string, which: string | readonly string[], request?: CheckRequest) => Promise<Checked[]>

/** How long after its limit a check is given up that does not end by itself: most say better why. */
const graceMs = 250

const isWanted = (which: string | readonly string[]) => (check: Check) => {
  if (typeof which !== 'string') return which.includes(check.key)
  return which === 'all' || (which === 'auto' ? check.auto : check.key === which)
}

const unknown = (text: string): CheckAnswer => ({ findings: [{ status: 'unknown', text }], measurements: [] })

/** What a question is asked with. */
type Given = {
  readonly hosts: readonly string[]
  readonly words: Readonly<Record<string, unknown>>
  readonly around: Instant | undefined
  readonly limitMs: number
  readonly askedAt: number
  /** Called when its turn has come. */
  readonly onTurn: () => void
}

/** The same ways out, and whether anything has answered: a refusal, too, shows that a target lives. */
const hearing = (reach: ReturnType<Guarded>): ReturnType<Guarded> & { readonly heard: () => boolean } => {
  let isHeard = false
  const noted = <Response>(response: Response): Response => {
    isHeard = true
    return response
  }
  return {
    ...reach,
    fetch: async (...asked) => noted(await reach.fetch(...asked)),
    web: async (...asked) => noted(await reach.web(...asked)),
    heard: () => isHeard,
  }
}

/** An error in a sentence: what is of the network is a finding, the rest a bug. */
const failure = (error: unknown, note: (error: unknown) => void): CheckAnswer => {
  const fault = networkFault(error)
  if (fault !== null) return { findings: [vendorFault(fault)], measurements: [] }
  note(error)
  return unknown('The check itself failed; the log of the bot says why.')
}

/** Makes the runner of all checks. */
export const createChecking = ({ catalogue, kinds, guarded, now, elapsed, environment, log }: Checking): RunChecks => {
  const targets = new Map<string, Target>()
  /** Each product's own: what hangs for one keeps nobody waiting who asks something else, or for another. */
  const targetOf = (product: Product, { kind }: Check, hosts: readonly string[], concurrency: number, isBackground: boolean): Target => {
    const key = JSON.stringify([product.key, kind, isBackground, ...hosts.toSorted()])
    const target = targets.get(key) ?? createTarget(concurrency, elapsed)
    targets.set(key, target)
    return target
  }

  const masks = new Map<string, Mask>()
  const maskOf = ({ key, secrets }: Product): Mask => {
    const mask = masks.get(key) ?? createMask([...secrets].flatMap((name) => environment[name] ?? []))
    masks.set(key, mask)
    return mask
  }

  /** Asks one question, for so long; whatever happens is an answer. */
  const ask = async (product: Product, check: Check, definition: CheckDefinition, given: Given, leftMs: number) => {
    const { hosts, words, around, limitMs } = given
    given.onTurn()
    const needed = definition.needs?.(check.options) ?? []
    const ended = new AbortController()
    const reach = guarded({
      hosts,
      privateHosts: product.privateHosts,
      timeoutMs: Math.ceil(leftMs),
      signal: ended.signal,
      readOnly: { posts: definition.posts?.(check.options) ?? [] },
    })
    const { heard, ...ways } = hearing(reach)
    const context: CheckContext = {
      ...ways,
      now,
      elapsed,
      secret: (name) => {
        if (!needed.includes(name)) throw new Error(`the check asks for ${name}, which it does not say that it needs`)
        return environment[name] ?? ''
      },
      timeoutMs: Math.ceil(leftMs),
      signal: ended.signal,
      around: around ?? now(),
    }
    const note = (error: unknown) => log.error({ err: error, product: product.key, check: check.key }, 'a check failed')
    let timers: NodeJS.Timeout[] = []
    const late = new Promise<CheckAnswer>((resolve) => {
      timers = [
        setTimeout(() => ended.abort(), Math.ceil(leftMs)),
        setTimeout(() => resolve(unknown(`No answer within ${limitMs / 1000} s.`)), leftMs + graceMs),
      ]
    })
    try {
      // Not awaited alone: what comes after its time is heard by nobody.
      const running = (async () => definition.run(check.options, context, words))().catch((error: unknown) => failure(error, note))
      const answer = await Promise.race([running, late])
      return { answer, alive: !ended.signal.aborted && (heard() || worst(answer.findings) !== 'unknown') }
    } finally {
      for (const timer of timers) clearTimeout(timer)
      ended.abort()
    }
  }

  /** The answer, when its turn has come; at once, where it need not be asked. */
  const answerOf = async (
    product: Product,
    check: Check,
    definition: CheckDefinition,
    request: CheckRequest,
    turn: Pick<Given, 'askedAt' | 'onTurn'>,
  ): Promise<CheckAnswer> => {
    const missing = missingSettings(product, check, definition, environment)
    if (missing.length > 0) return unknown(`${notConfigured} set ${missing.join(', ')} in the bot’s environment.`)
    const typed = definition.words?.safeParse(request.words ?? {})
    if (typed?.success === false) {
      const [issue] = typed.error.issues
      return unknown(`${issue?.path.map(String).join('.') ?? 'What was typed'}: ${issue?.message ?? 'is not understood'}.`)
    }
    const limitMs = check.timeoutMs ?? definition.timeoutMs
    const hosts = definition.hosts(check.options)
    const given = { hosts, words: typed?.data ?? {}, around: request.around, limitMs, ...turn }
    return targetOf(
      product,
      check,
      hosts,
      definition.concurrency,
      request.background === true,
    )({
      askedAt: turn.askedAt,
      limitMs,
      ask: (leftMs) => ask(product, check, definition, given, leftMs),
      tooLate: () =>
        unknown(`Not asked: ${shorten(hosts.join(', '), 100) || check.kind} answered no other check within ${limitMs / 1000} s.`),
    })
  }

  const run = async (product: Product, check: Check, request: CheckRequest, askedAt: number): Promise<Checked> => {
    const definition = kinds.get(check.kind)
    if (definition === undefined) throw new Error(`the catalogue let a check of kind ${check.kind} pass, which does not exist`)
    let [startedAt, started] = [now(), elapsed()]
    // The wait for its turn is not the time that it took.
    const onTurn = () => {
      startedAt = now()
      started = elapsed()
    }
    const answer = await answerOf(product, check, definition, request, { askedAt, onTurn })
    const took = Math.round(elapsed() - started)
    const { findings, ...rest } = await shown(answer, maskOf(product))
    return {
      check: check.key,
      kind: check.kind,
      title: check.title,
      status: worst(findings),
      findings,
      startedAt,
      took,
      ...(check.link === null ? {} : { link: check.link }),
      ...rest,
    }
  }

  return async (productKey, which, request = {}) => {
    const product = catalogue.product(productKey)
    if (product === null) return []
    const askedAt = elapsed()
    return Promise.all(
      [...product.checks.values()].filter(isWanted(which)).map(async (check) => {
        const result = await run(product, check, request, askedAt)
        request.onResult?.(result)
        return result
      }),
    )
  }
}

/** What can be asked, and what asks it. */
export const createChecks = (checking: Checking): { readonly runChecks: RunChecks; readonly askable: AskableChecks } => ({
  runChecks: createChecking(checking),
  askable: createAskable(checking),
})
