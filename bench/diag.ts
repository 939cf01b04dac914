/** Claim: 30 checks that answer in 200 ms each are answered in all within a second; with one that hangs, the others are as quick, and that
 *  one is reported at its limit. Baseline in the same run: the slowest of them, asked alone. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { guarded } from '../src/adapters/fetch.ts'
import { loadCatalogue } from '../src/catalogue.ts'
import { createChecking } from '../src/checking.ts'
import { loadRegistry } from '../src/registry.ts'
import { startHttp } from '../test/adapters/server.ts'
import { root } from '../test/bot.ts'
import { silent } from '../test/silent.ts'
import { baseline, claim, ratio } from './claim.ts'

const [count, answerMs, limitSeconds] = [30, 200, 3]

await using target = await startHttp((request, response) => {
  if (request.url !== '/hangs') setTimeout(() => response.end('{"status":"healthy"}'), answerMs)
})

// All of one kind, which are asked side by side only up to a limit: the worst case.
const { checks: kinds } = await loadRegistry(root)

const folder = mkdtempSync(join(tmpdir(), 'bench-diag-'))
mkdirSync(join(folder, 'shop'))
const check = (index: number, path: string, more = {}) => [
  `c${index}`,
  { kind: 'http', title: `Check ${index}`, options: { url: `http://${target.host}/${path}` }, ...more },
]
const checks = Array.from({ length: count }, (_, index) => check(index, `${index}`))
const service = (list: unknown[]) =>
  JSON.stringify({
    name: 'Shop',
    ladder: [],
    privateHosts: ['127.0.0.1'],
    checks: Object.fromEntries(list as [string, object][]) as object,
  })

const runner = (list: unknown[]) => {
  writeFileSync(join(folder, 'shop/service.yml'), service(list))
  const { catalogue, problems } = loadCatalogue({
    runbooks: folder,
    templates: join(root, 'templates'),
    kinds: Object.fromEntries(kinds),
  })
  const wrong = problems.filter(({ level }) => level === 'error')
  if (catalogue === null || wrong.length > 0) throw new Error(JSON.stringify(wrong))
  return createChecking({
    catalogue,
    kinds,
    guarded,
    now: () => new Date().toISOString(),
    elapsed: () => performance.now(),
    environment: {},
    log: silent,
  })
}

/** When each of them had answered, in milliseconds since they were asked. */
const ask = async (list: unknown[], which: string): Promise<Map<string, { ms: number; status: string }>> => {
  const run = runner(list)
  const started = performance.now()
  const answered = new Map<string, { ms: number; status: string }>()
  await run('shop', which, { onResult: ({ check: key, status }) => void answered.set(key, { ms: performance.now() - started, status }) })
  return answered
}
const last = (answered: Map<string, { ms: number }>) => Math.max(...[...answered.values()].map(({ ms }) => ms))

// The first pays for what is loaded on the way.
await ask(checks, 'c0')
const single = last(await ask(checks, 'c1'))
const all = await ask(checks, 'all')
const hanging = await ask([...checks, check(count, 'hangs', { timeout: `${limitSeconds}s` })], 'all')
const hung = hanging.get(`c${count}`)
const others = new Map([...hanging].filter(([key]) => key !== `c${count}`))
rmSync(folder, { recursive: true })

baseline('one check that answers in 200 ms, alone', single, 'ms')
claim(`${count} of them`, last(all), 'ms', { most: 1000 })
ratio('  of it', last(all) / single)
claim('with one more that hangs, the others', last(others), 'ms', { most: 1000 })
ratio('  of it', last(others) / single)
claim('those of them that were not answered', [...others.values()].filter(({ status }) => status !== 'ok').length, '', { most: 0 })
claim('the one that hangs, reported after', hung?.ms ?? Number.NaN, 'ms', { most: limitSeconds * 1000 + 500 })
claim('  and as not answered', hung?.status === 'fail' ? 1 : 0, '', { least: 1 })
