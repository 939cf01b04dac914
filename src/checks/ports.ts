/** Ports (D13): whether a host has open what users need, and closed what nobody outside may reach. */
import { createConnection } from 'node:net'
import { z } from 'zod'
import { productFault } from '../checking/fault.ts'
import { Host, Port } from '../checking/address.ts'
import { socketFault } from '../checking/socket.ts'
import { type CheckContext, defineCheck } from '../define/check.ts'
import type { Finding } from '../incident/check.ts'
import { FetchFault } from '../ports.ts'

/** More would be a scan, which whoever owns the network may take for an attack. */
const mostPorts = 20

const options = z
  .strictObject({
    host: Host,
    /** Ports that must be open. */
    open: z.array(Port).default([]),
    /** Ports that must not be reachable from here. */
    closed: z.array(Port).default([]),
    /** Milliseconds after which a port that does not answer counts as filtered. */
    wait: z.int().min(100).max(30_000).default(3000),
  })
  .superRefine(({ open, closed }, context) => {
    const all = [...open, ...closed]
    const complain = (message: string) => context.addIssue({ code: 'custom', path: ['open'], message })
    if (all.length === 0) complain('name at least one port, under `open` or `closed`')
    if (all.length > mostPorts) complain(`at most ${mostPorts} ports are tried: more would be a scan`)
    if (new Set(all).size !== all.length) complain('each port stands once, under `open` or under `closed`')
  })

type State = 'open' | 'closed' | 'filtered'
type Tried = { readonly port: number; readonly state: State | FetchFault }

/** Connects, and closes at once: nothing is sent. */
const attempt = async (host: string, port: number, waitMs: number, { address, signal }: CheckContext): Promise<State> => {
  const found = await address(host, port)
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: found.address, family: found.family, port, timeout: waitMs })
    const giveUp = () => socket.destroy(new FetchFault('timeout', `${host}:${port} was not tried to the end.`))
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    const end = (state: State) => {
      resolve(state)
      socket.destroy()
    }
    socket.once('connect', () => end('open'))
    socket.once('timeout', () => end('filtered'))
    socket.once('close', () => signal.removeEventListener('abort', giveUp))
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET') end('closed')
      else if (error.code === 'EHOSTUNREACH' || error.code === 'ETIMEDOUT') end('filtered')
      else reject(error)
    })
  })
}

const tryPort = async (host: string, port: number, waitMs: number, context: CheckContext): Promise<Tried> => {
  try {
    return { port, state: await attempt(host, port, waitMs, context) }
  } catch (error) {
    const fault = socketFault(error, `${host}:${port}`)
    if (fault === null) throw error
    return { port, state: fault }
  }
}

const list = (tried: readonly Tried[]): string => tried.map(({ port }) => port).join(', ')
const plural = (tried: readonly Tried[], one: string, more: string): string =>
  tried.length === 1 ? `Port ${list(tried)} ${one}` : `Ports ${list(tried)} ${more}`

const judge = (host: string, open: readonly Tried[], closed: readonly Tried[]): Finding[] => {
  const are = (tried: readonly Tried[], ...states: State[]) => tried.filter(({ state }) => states.some((one) => one === state))
  const shut = are(open, 'closed')
  const silent = are(open, 'filtered')
  const exposed = are(closed, 'open')
  const findings: Finding[] = [
    ...(shut.length === 0 ? [] : [{ status: 'fail' as const, text: `${plural(shut, 'is', 'are')} closed on ${host}: nothing listens.` }]),
    ...(silent.length === 0
      ? []
      : [{ status: 'fail' as const, text: `${plural(silent, 'does', 'do')} not answer on ${host}: look at its firewall, or it is down.` }]),
    ...(exposed.length === 0
      ? []
      : [{ status: 'fail' as const, text: `${plural(exposed, 'is', 'are')} open on ${host} and must not be: close it in the firewall.` }]),
  ]
  const faults = [...open, ...closed].flatMap(({ state }) => (state instanceof FetchFault ? [state] : []))
  // The same for every port of a host that has no address, say: said once.
  const unknown = faults.filter(({ code }, index) => faults.findIndex((other) => other.code === code) === index).map(productFault)
  if (findings.length + unknown.length > 0) return [...findings, ...unknown]
  const parts = [open.length === 0 ? '' : `open: ${list(open)}`, closed.length === 0 ? '' : `closed: ${list(closed)}`]
  return [{ status: 'ok', text: `${host} is as it must be (${parts.filter((part) => part !== '').join('; ')}).` }]
}

export default defineCheck({
  summary: 'tries which of a few ports of a host are open, against what should be',
  options,
  hosts: ({ host, open, closed }) => [...open, ...closed].map((port) => `${host}:${port}`),
  timeoutMs: 10_000,
  concurrency: 2,
  run: async ({ host, open, closed, wait }, context) => {
    const all = (ports: readonly number[]) => Promise.all(ports.map((port) => tryPort(host, port, wait, context)))
    const [wanted, unwanted] = await Promise.all([all(open), all(closed)])
    const count = [...wanted, ...unwanted].filter(({ state }) => state === 'open').length
    return { findings: judge(host, wanted, unwanted), measurements: [{ name: 'open ports', value: count, unit: '' }] }
  },
})
