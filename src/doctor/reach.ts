/** The addresses that checks ask: whether they can be reached from here, through the same guarded fetch. What they answer is for the
 *  checks to judge. */
import type { Catalogue, Product } from '../catalogue.ts'
import type { CheckDefinition } from '../define/check.ts'
import { FetchFault, type FetchFaultCode, type GuardedFetch } from '../ports.ts'
import { type Finding, ok, warning } from './finding.ts'

type Guarded = (guard: { hosts: readonly string[]; privateHosts: readonly string[] }) => GuardedFetch

const patienceMs = 5_000

const todos: Readonly<Record<FetchFaultCode, string>> = {
  dns: 'Correct the host in service.yml, or look at the DNS of this machine.',
  refused: 'Start the service, or correct its port.',
  tls: 'Renew its certificate, or correct the address.',
  timeout: 'See whether a firewall stands between, from this machine.',
  redirect: 'Give the address that it leads to.',
  forbidden: 'List the host under privateHosts in service.yml, if it may be asked.',
  reset: 'See whether a firewall stands between, from this machine.',
  'too-large': 'Give an address with a smaller answer.',
}

const urlsIn = (options: unknown): string[] => {
  if (typeof options === 'string') return /^https?:\/\//.test(options) && URL.canParse(options) ? [options] : []
  return typeof options === 'object' && options !== null ? Object.values(options).flatMap(urlsIn) : []
}

/** Without its query, which may hold a token. */
const shown = (url: string): string => `${new URL(url).origin}${new URL(url).pathname}`

const examineProduct = async (product: Product, kinds: ReadonlyMap<string, CheckDefinition>, guarded: Guarded): Promise<Finding[]> => {
  const found: Finding[] = []
  const asked = new Set<string>()
  for (const check of product.checks.values()) {
    const definition = kinds.get(check.kind)
    // What a placeholder stands for is said by the catalogue.
    if (definition === undefined || check.unset.length > 0) continue
    const fetch = guarded({ hosts: definition.hosts(check.options), privateHosts: product.privateHosts })
    for (const url of urlsIn(check.options)) {
      if (asked.has(url)) continue
      asked.add(url)
      try {
        await fetch(url, { method: 'HEAD', timeoutMs: patienceMs })
      } catch (fault) {
        if (!(fault instanceof FetchFault)) throw fault
        // It answered.
        if (fault.code === 'too-large') continue
        found.push(warning(`${product.name}: ${check.key}`, `${shown(url)} cannot be asked: ${fault.message}`, todos[fault.code]))
      }
    }
  }
  return found.length > 0 || asked.size === 0 ? found : [ok('checks', `${product.name} can be reached`)]
}

/** All products side by side; the checks of one, one after the other. */
export const examineReach = async (
  catalogue: Catalogue,
  kinds: ReadonlyMap<string, CheckDefinition>,
  guarded: Guarded,
): Promise<Finding[]> =>
  (await Promise.all([...catalogue.products.values()].map((product) => examineProduct(product, kinds, guarded)))).flat()
