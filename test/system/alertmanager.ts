/** A real Prometheus and its real Alertmanager, from Debian, on free loopback ports: a metric that a test sets makes a rule fire,
 *  and Alertmanager calls the webhook. The first call comes about 6 s after the
 *  start at the earliest (Prometheus looks for its targets every 5 s); later ones 2 to 3 s after `fire()` or `clear()`. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { find, type Package } from './debian.ts'

/** What `ensure` must find. */
export const alertingPackages: readonly Package[] = [
  { name: 'prometheus', binary: 'prometheus' },
  { name: 'prometheus-alertmanager', binary: 'prometheus-alertmanager' },
]

export type AlertingOptions = {
  /** Where Alertmanager posts, e.g. `http://127.0.0.1:3000/alerts/alertmanager`. */
  readonly webhookUrl: string
  /** Sent as `authorization: Bearer <token>`. */
  readonly token: string
  /** Labels of the alert beside those that the test's target gives it. */
  readonly labels?: { readonly product?: string; readonly severity?: string; readonly alertname?: string }
  readonly summary?: string
  /** How often Alertmanager repeats a firing alert; it repeats nothing by itself within a test unless this is short. */
  readonly repeatInterval?: string
}

export type Alerting = AsyncDisposable & {
  /** Makes the rule's condition true. */
  fire(): void
  /** Makes it false. */
  clear(): void
  readonly prometheusUrl: string
  readonly alertmanagerUrl: string
  /** What Alertmanager holds at present, for messages of failing tests. */
  alerts(): Promise<unknown>
}

/** A port that nobody has. */
export const freePort = async (): Promise<number> => {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** JSON is YAML. */
const yaml = (value: unknown): string => JSON.stringify(value, null, 2)

const alertmanagerConfig = ({ webhookUrl, token, repeatInterval = '1h' }: AlertingOptions) => ({
  global: { resolve_timeout: '5s' },
  route: { receiver: 'bot', group_by: ['alertname', 'product'], group_wait: '0s', group_interval: '1s', repeat_interval: repeatInterval },
  receivers: [
    {
      name: 'bot',
      webhook_configs: [{ url: webhookUrl, send_resolved: true, http_config: { authorization: { type: 'Bearer', credentials: token } } }],
    },
  ],
})

const prometheusConfig = (target: string, alertmanager: string, rules: string) => ({
  global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
  rule_files: [rules],
  alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
  scrape_configs: [{ job_name: 'product', static_configs: [{ targets: [target] }] }],
})

const rulesConfig = ({ labels = {}, summary }: AlertingOptions) => ({
  groups: [
    {
      name: 'product',
      rules: [
        {
          alert: labels.alertname ?? 'PaymentsFailing',
          expr: 'product_payments_failing > 0',
          labels: { product: labels.product ?? 'invoice2e', severity: labels.severity ?? 'critical' },
          annotations: { summary: summary ?? 'Payments fail: {{ $value }} in the last minute' },
        },
      ],
    },
  ],
})

/** A program that keeps its last words, and is ended with the test. */
export const start = (program: string, args: readonly string[]) => {
  const path = find(program)
  if (path === null) throw new Error(`${program} is not installed: call ensure(alertingPackages) first`)
  const child: ChildProcess = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const listen = (chunk: Buffer): void => {
    said = (said + chunk.toString()).slice(-4000)
  }
  child.stdout?.on('data', listen)
  child.stderr?.on('data', listen)
  const ended = once(child, 'exit')
  return {
    said: () => said,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    stop: async () => {
      child.kill('SIGTERM')
      await Promise.race([ended, sleep(3000, undefined, { ref: false })])
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Waits until the address answers. */
export const ready = async (url: string, program: ReturnType<typeof start>): Promise<void> => {
  const until = performance.now() + 20_000
  for (;;) {
    const answer = await fetch(url).catch(() => null)
    if (answer?.ok === true) return
    if (!program.isRunning() || performance.now() > until) throw new Error(`${url} does not become ready:\n${program.said()}`)
    await sleep(50)
  }
}

/** Starts both, and the target whose metric they watch. Throws with the program's last words when one does not become ready. */
export const startAlerting = async (options: AlertingOptions): Promise<Alerting> => {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-alerting-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))

  let failing = 0
  const target = createServer((_, response) => {
    response
      .setHeader('content-type', 'text/plain; version=0.0.4')
      .end(`# TYPE product_payments_failing gauge\nproduct_payments_failing ${failing}\n`)
  }).listen(0, '127.0.0.1')
  stack.defer(async () => {
    target.closeAllConnections()
    await new Promise((resolve) => target.close(resolve))
  })
  await once(target, 'listening')

  const [prometheus, alertmanager] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`]
  const file = (name: string): string => join(folder, name)
  await mkdir(file('alertmanager'))
  await mkdir(file('prometheus'))
  await writeFile(file('alertmanager.yml'), yaml(alertmanagerConfig(options)))
  await writeFile(file('rules.yml'), yaml(rulesConfig(options)))
  await writeFile(
    file('prometheus.yml'),
    yaml(prometheusConfig(`127.0.0.1:${(target.address() as AddressInfo).port}`, alertmanager, file('rules.yml'))),
  )

  const alerting = start('prometheus-alertmanager', [
    `--config.file=${file('alertmanager.yml')}`,
    `--storage.path=${file('alertmanager')}`,
    `--web.listen-address=${alertmanager}`,
    // Without peers: no gossip, no port for it.
    '--cluster.listen-address=',
  ])
  stack.defer(alerting.stop)
  const watching = start('prometheus', [
    `--config.file=${file('prometheus.yml')}`,
    `--storage.tsdb.path=${file('prometheus')}`,
    `--web.listen-address=${prometheus}`,
  ])
  stack.defer(watching.stop)
  await Promise.all([ready(`http://${alertmanager}/-/ready`, alerting), ready(`http://${prometheus}/-/ready`, watching)])

  const owned = stack.move()
  return {
    fire: () => {
      failing = 1
    },
    clear: () => {
      failing = 0
    },
    prometheusUrl: `http://${prometheus}`,
    alertmanagerUrl: `http://${alertmanager}`,
    alerts: async () => (await fetch(`http://${alertmanager}/api/v2/alerts`)).json(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
