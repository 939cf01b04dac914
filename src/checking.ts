/** Runs a product's checks: each with what it may reach and which secrets it may read, side by side, and never failing as a whole. */
import type { Catalogue } from './catalogue.ts'
import { type CheckContext, type CheckDefinition, type Log, worst } from './define.ts'
import type { CheckResult, Finding } from './incident/check.ts'
import type { Instant } from './incident/policy.ts'
import { mask, shorten } from './incident/text.ts'
import type { GuardedFetch } from './ports.ts'

export type Checking = {
  readonly catalogue: Catalogue
  readonly kinds: ReadonlyMap<string, CheckDefinition>
  readonly guardedFetch: (guard: { hosts: readonly string[]; privateHosts: readonly string[] }) => GuardedFetch
  readonly now: () => Instant
  readonly elapsed: () => number
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly log: Log
}

/** The longest text of a finding that is kept. */
const longestFinding = 500

/** `auto`: those that run by themselves at opening and resolution. `all`, or one check's key. An unknown product or key has none. */
export const createChecking = ({ catalogue, kinds, guardedFetch, now, elapsed, environment, log }: Checking) => {
  return async (productKey: string, which: string): Promise<CheckResult[]> => {
    const product = catalogue.product(productKey)
    const checks = [...(product?.checks.values() ?? [])].filter(
      (check) => which === 'all' || (which === 'auto' ? check.auto : check.key === which),
    )
    return Promise.all(
      checks.map(async (check): Promise<CheckResult> => {
        const startedAt = now()
        const started = elapsed()
        const result = (findings: readonly Finding[], measurements: CheckResult['measurements']): CheckResult => ({
          check: check.key,
          kind: check.kind,
          title: check.title,
          status: worst(findings),
          findings: findings.map((finding) => ({ ...finding, text: shorten(mask(finding.text), longestFinding) })),
          measurements,
          startedAt,
          took: Math.round(elapsed() - started),
        })
        const definition = kinds.get(check.kind)
        if (definition === undefined) return result([{ status: 'unknown', text: `There is no kind of check ${check.kind}.` }], [])
        if (check.unset.length > 0) return result([{ status: 'unknown', text: `Not configured yet: set ${check.unset.join(', ')}.` }], [])
        const context: CheckContext = {
          fetch: guardedFetch({ hosts: definition.hosts(check.options), privateHosts: product?.privateHosts ?? [] }),
          now,
          secret: (name) => (product?.secrets.has(name) === true ? environment[name] : undefined),
        }
        try {
          const { findings, measurements } = await definition.run(check.options, context)
          return result(findings, measurements)
        } catch (error) {
          log.error({ err: error, product: productKey, check: check.key }, 'a check failed')
          return result([{ status: 'unknown', text: 'The check itself failed; the log of the bot says why.' }], [])
        }
      }),
    )
  }
}
