/** A real Prometheus, from Debian, on a free loopback port, whose past a test writes: samples become blocks by promtool. It scrapes nothing. */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, ready, start } from '../system/alertmanager.ts'
import { find, type Package } from '../system/debian.ts'

/** What `ensure` must find. */
export const prometheusPackages: readonly Package[] = [
  { name: 'prometheus', binary: 'prometheus' },
  { name: 'prometheus', binary: 'promtool' },
]

/** `series`: a metric with its labels, and its samples by seconds before `now`. */
export const startPrometheus = async (now: string, series: Readonly<Record<string, Readonly<Record<number, number | string>>>>) => {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-prometheus-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const at = Date.parse(now) / 1000
  const lines = Object.entries(series).flatMap(([name, samples]) =>
    Object.entries(samples)
      .toSorted(([a], [b]) => Number(b) - Number(a))
      .map(([ago, value]) => `${name} ${value} ${at - Number(ago)}`),
  )
  await writeFile(join(folder, 'past.txt'), `${lines.join('\n')}\n# EOF\n`)
  await writeFile(join(folder, 'prometheus.yml'), 'global: {}\n')
  execFileSync(
    find('promtool') ?? 'promtool',
    ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'past.txt'), join(folder, 'data')],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  const address = `127.0.0.1:${await freePort()}`
  const program = start('prometheus', [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    '--storage.tsdb.retention.time=10y',
    `--web.listen-address=${address}`,
  ])
  stack.defer(program.stop)
  await ready(`http://${address}/-/ready`, program)
  const owned = stack.move()
  return { url: `http://${address}`, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
