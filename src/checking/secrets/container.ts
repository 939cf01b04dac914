/** The environment that containers were started with, from the Engine on a Unix socket: read by GET, and nothing of an answer is
 *  repeated. */
import type { Readable } from 'node:stream'
import Docker from 'dockerode'
import { z } from 'zod'
import type { CheckContext } from '../../define/check.ts'
import type { Finding } from '../../incident/check.ts'
import { productFault } from '../fault.ts'
import { foreign } from '../foreign.ts'
import { socketFault } from '../socket.ts'
import { type Environment, formOf, type Held, type Holder, type Names } from './judge.ts'

export type ContainerOptions = {
  readonly socket: string
  readonly service: string
  readonly composeProject?: string | undefined
  readonly target: Environment
  readonly names: Names
}

const Listed = z.array(z.object({ Id: z.string().regex(/^[a-f0-9]{12,64}$/), Names: z.array(z.string()).default([]) }))
const Inspected = z.object({
  Created: z.iso.datetime({ offset: true }),
  Config: z.object({ Env: z.array(z.string()).nullish() }),
})

/** Characters of one answer, and containers, that are read at most. */
const longest = 4_000_000
const mostContainers = 10

type Got<Value> = { readonly value: Value } | { readonly findings: readonly Finding[] }

const unknown = (text: string): { findings: Finding[] } => ({ findings: [{ status: 'unknown', text }] })

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '')

/** Why the Engine gave no answer: from a list, for an error's own words may hold anything. */
const trouble = (error: unknown, socket: string, signal: AbortSignal): { findings: readonly Finding[] } => {
  if (signal.aborted) return unknown(`Docker did not answer in time on ${socket}.`)
  const code = codeOf(error)
  if (code === 'ENOENT') return unknown(`There is no socket at ${socket}: look whether Docker runs here, and at \`socket\` in service.yml.`)
  if (code === 'EACCES') return unknown(`The bot may not open ${socket}: let its user read it.`)
  const fault = socketFault(error, socket)
  if (fault !== null) return { findings: [{ ...productFault(fault), status: 'unknown' }] }
  const status = error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : null
  return unknown(
    status === null
      ? `What answers on ${socket} does not speak as Docker does.`
      : `Docker answered ${status} on ${socket}: look at its log.`,
  )
}

const textOf = async (stream: Readable): Promise<string | null> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Uint8Array)
    size += bytes.byteLength
    if (size > longest) {
      stream.destroy()
      return null
    }
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString()
}

/** A GET, its answer as a stream: the client would hold one of any size, and write it to its debug log. */
const get = async <Schema extends z.ZodType>(
  docker: Docker,
  path: string,
  query: object,
  schema: Schema,
  { socket, signal }: { readonly socket: string; readonly signal: AbortSignal },
): Promise<Got<z.infer<Schema>>> => {
  try {
    const stream = await new Promise<Readable>((resolve, reject) => {
      docker.modem.dial(
        { path: `${path}?`, method: 'GET', options: query, statusCodes: { 200: true }, isStream: true, abortSignal: signal },
        (error, answer) => {
          if (error instanceof Error) reject(error)
          else resolve(answer as Readable)
        },
      )
    })
    const text = await textOf(stream)
    if (text === null) return unknown(`Docker’s answer is larger than ${longest / 1_000_000} MB.`)
    const parsed = schema.safeParse(JSON.parse(text))
    return parsed.success ? { value: parsed.data } : unknown('Docker’s answer is not as documented.')
  } catch (error) {
    return error instanceof SyntaxError ? unknown('Docker answered with what is not JSON.') : trouble(error, socket, signal)
  }
}

/** Asks for the containers of a service that run, and what each was started with. */
export const holdContainers = async (
  { signal }: Pick<CheckContext, 'signal'>,
  wanted: ContainerOptions,
): Promise<readonly Holder[] | { readonly findings: readonly Finding[] }> => {
  const { socket, service, composeProject, names, target } = wanted
  const docker = new Docker({ socketPath: socket })
  const where = { socket, signal }
  const label = [
    `com.docker.compose.service=${service}`,
    ...(composeProject === undefined ? [] : [`com.docker.compose.project=${composeProject}`]),
  ]
  const listed = await get(docker, '/containers/json', { filters: JSON.stringify({ label, status: ['running'] }) }, Listed, where)
  if ('findings' in listed) return listed
  if (listed.value.length === 0)
    return { findings: [{ status: 'fail', text: `No container of ${service} runs: start it, or look at \`service\` in service.yml.` }] }
  const found = await Promise.all(
    listed.value.slice(0, mostContainers).map(async ({ Id, Names: called }): Promise<Got<Holder>> => {
      const inspected = await get(docker, `/containers/${Id}/json`, {}, Inspected, where)
      if ('findings' in inspected) return inspected
      const { Created, Config } = inspected.value
      const held = new Map<string, Held>()
      for (const line of Config.Env ?? []) {
        const at = line.indexOf('=')
        const name = at < 0 ? line : line.slice(0, at)
        if (!Object.hasOwn(names, name)) continue
        const form = formOf(at < 0 ? '' : line.slice(at + 1), names[name]!.prefix, target)
        held.set(name, { form, since: Date.parse(Created), also: [], readable: false })
      }
      return {
        value: { where: `container ${foreign((called[0] ?? Id.slice(0, 12)).replace(/^\//, ''), 60)}`, held, dated: false, doubt: null },
      }
    }),
  )
  const troubled = found.find((one) => 'findings' in one)
  if (troubled !== undefined && 'findings' in troubled) return troubled
  return found.flatMap((one) => ('value' in one ? [one.value] : []))
}
