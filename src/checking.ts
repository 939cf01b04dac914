/** Runs a product's checks: each with what it may reach and which secrets it may read, side by side, and never failing as a whole. */
import PQueue from 'p-queue'
import { type AskableChecks, createAskable, missingSettings } from './askable.ts'
import type { Catalogue } from './catalogue.ts'
import type { Check } from './catalogue/checks.ts'
import type { Product } from './catalogue/product.ts'
import { networkFault, vendorFault } from './checking/fault.ts'
import { maskSecrets } from './checking/mask.ts'
import type { Log } from './define.ts'
import { type CheckAnswer, type CheckContext, type CheckDefinition, type Detail, mostDetail, worst } from './define/check.ts'
import type { Change, CheckResult, Finding } from './incident/check.ts'
import { notConfigured } from './incident/check-report.ts'
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

/** The longest text of a finding that is kept, and how many findings and measurements one check may have. */
const longestFinding = 500
const mostFindings = 30
const mostMeasurements = 30
/** And how many changes. */
const mostChanges = 50

/** How long after its limit a check is given up that does not end by itself: most say better why. */
const graceMs = 250

const isWanted = (which: string | readonly string[]) => (check: Check) => {
  if (typeof which !== 'string') return which.includes(check.key)
  return which === 'all' || (which === 'auto' ? check.auto : check.key === which)
}

/** An error in a sentence: what is of the network is a finding, the rest a bug. */
const failure = (error: unknown, note: (error: unknown) => void): CheckAnswer => {
  const fault = networkFault(error)
  if (fault !== null) return { findings: [vendorFault(fault)], measurements: [] }
  note(error)
  return { findings: [{ status: 'unknown', text: 'The check itself failed; the log of the bot says why.' }], measurements: [] }
}

/** Makes the runner of all checks. */
export const createChecking = ({ catalogue, kinds, guarded, now, elapsed, environment, log }: Checking): RunChecks => {
  const queues = new Map<string, PQueue>()
  const queueOf = (kind: string, concurrency: number): PQueue => {
    const queue = queues.get(kind) ?? new PQueue({ concurrency })
    queues.set(kind, queue)
    return queue
  }

  /** Asks one question; whatever happens is an answer. */
  const ask = async (
    product: Product,
    check: Check,
    definition: CheckDefinition,
    { words = {}, around }: CheckRequest,
  ): Promise<CheckAnswer> => {
    const unknown = (text: string): CheckAnswer => ({ findings: [{ status: 'unknown', text }], measurements: [] })
    const missing = missingSettings(product, check, definition, environment)
    if (missing.length > 0) return unknown(`${notConfigured} set ${missing.join(', ')} in the bot’s environment.`)
    const needed = definition.needs?.(check.options) ?? []
    const typed = definition.words?.safeParse(words)
    if (typed?.success === false) {
      const [issue] = typed.error.issues
      return unknown(`${issue?.path.map(String).join('.') ?? 'What was typed'}: ${issue?.message ?? 'is not understood'}.`)
    }
    const timeoutMs = check.timeoutMs ?? definition.timeoutMs
    const ended = new AbortController()
    const reach = guarded({
      hosts: definition.hosts(check.options),
      privateHosts: product.privateHosts,
      timeoutMs,
      signal: ended.signal,
      readOnly: { posts: definition.posts?.(check.options) ?? [] },
    })
    const context: CheckContext = {
      ...reach,
      now,
      elapsed,
      secret: (name) => {
        if (!needed.includes(name)) throw new Error(`the check asks for ${name}, which it does not say that it needs`)
        return environment[name] ?? ''
      },
      timeoutMs,
      signal: ended.signal,
      around: around ?? now(),
    }
    const note = (error: unknown) => log.error({ err: error, product: product.key, check: check.key }, 'a check failed')
    let timers: NodeJS.Timeout[] = []
    const late = new Promise<CheckAnswer>((resolve) => {
      timers = [
        setTimeout(() => ended.abort(), timeoutMs),
        setTimeout(() => resolve(unknown(`No answer within ${timeoutMs / 1000} s.`)), timeoutMs + graceMs),
      ]
    })
    try {
      // Not awaited alone: what comes after its time is heard by nobody.
      const answer = (async () => definition.run(check.options, context, typed?.data ?? {}))().catch((error: unknown) =>
        failure(error, note),
      )
      return await Promise.race([answer, late])
    } finally {
      for (const timer of timers) clearTimeout(timer)
      ended.abort()
    }
  }

  const run = async (product: Product, check: Check, request: CheckRequest): Promise<Checked> => {
    const definition = kinds.get(check.kind)
    if (definition === undefined) throw new Error(`the catalogue let a check of kind ${check.kind} pass, which does not exist`)
    const line = request.background === true ? `${check.kind} in the background` : check.kind
    return queueOf(line, definition.concurrency).add(async (): Promise<Checked> => {
      const startedAt = now()
      const started = elapsed()
      const answer = await ask(product, check, definition, request)
      const took = Math.round(elapsed() - started)
      const secrets = [...product.secrets].flatMap((name) => environment[name] ?? [])
      const masked = (text: string) => maskSecrets(text, secrets)
      const hideChange = async (change: Change): Promise<Change> => ({
        ...change,
        title: shorten(await masked(change.title), 200),
        by: change.by === null ? null : await masked(change.by),
        // A link with a secret in it leads nowhere without it.
        url: change.url === null || (await masked(change.url)) !== change.url ? null : change.url,
      })
      const measurements = answer.measurements.slice(0, mostMeasurements)
      const findings = await Promise.all(
        answer.findings
          .slice(0, mostFindings)
          .map(async (finding): Promise<Finding> => ({ ...finding, text: shorten(await masked(finding.text), longestFinding) })),
      )
      const { detail, changes } = answer
      const more =
        detail === undefined ? undefined : { title: await masked(detail.title), text: await masked(detail.text.slice(0, mostDetail)) }
      return {
        check: check.key,
        kind: check.kind,
        title: check.title,
        status: worst(findings),
        findings,
        // Names may be labels of a series, or of a row.
        measurements: await Promise.all(measurements.map(async (one) => ({ ...one, name: await masked(one.name) }))),
        startedAt,
        took,
        ...(check.link === null ? {} : { link: check.link }),
        ...(changes === undefined
          ? {}
          : {
              changes: await Promise.all(changes.slice(0, mostChanges).map(hideChange)),
            }),
        ...(more === undefined ? {} : { more, detail: { title: more.title, lines: more.text.split('\n').length } }),
      }
    })
  }

  return async (productKey, which, request = {}) => {
    const product = catalogue.product(productKey)
    if (product === null) return []
    return Promise.all(
      [...product.checks.values()].filter(isWanted(which)).map(async (check) => {
        const result = await run(product, check, request)
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
