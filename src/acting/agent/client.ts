/** The agent on a product's host, asked and told. Only what it signed for the very request is believed. */
import { z } from 'zod'
import {
  type AgentRun,
  type AgentState,
  type Args,
  type Compared,
  headers,
  isSame,
  newNonce,
  type OperationName,
  paths,
  type Said,
  signAsk,
  signLine,
} from '../../agent/protocol.ts'
import { below, hostOf, HttpAddress } from '../../checking/address.ts'
import { foreign } from '../../checking/foreign.ts'
import { SecretName } from '../../checking/option.ts'
import type { ActContext, LookContext } from '../../define/action.ts'
import { FetchFault } from '../../ports.ts'

const Agent = z.strictObject({
  /** Its address alone: what is signed includes the path as the agent sees it. */
  url: HttpAddress.refine((text) => URL.parse(text)?.pathname === '/', 'must be an address without a path'),
  /** The setting with the secret that the agent has, too. */
  secret: SecretName,
})
export type Agent = z.infer<typeof Agent>

export type { Compared }

/** Option of everything that goes through the agent. */
export const agent = { agent: Agent }

export const agentHosts = ({ url }: Agent): string[] => [hostOf(url)]

export const agentCalls = ({ url }: Agent): string[] => [`POST ${below(url, paths.runs)}`]

/** The agent said no, or what answers there is not our agent; the message says why. */
export class AgentRefusal extends Error {
  /** It is at something else, or about to end: asked again later, it may say yes. */
  readonly busy: boolean
  constructor(message: string, busy = false) {
    super(message)
    this.busy = busy
  }
}

/** For a question, in milliseconds. */
const askMs = 20_000

const Line = z.object({ mac: z.string(), said: z.string() })

/** Reads signed lines, in their order. */
const reader = (secret: string, nonce: string) => {
  let index = 0
  return (line: string): Said => {
    let data: unknown
    try {
      data = JSON.parse(line)
    } catch {
      throw new AgentRefusal('What answers there is not the agent: its answer is not signed.')
    }
    const { mac, said } = Line.safeParse(data).data ?? {}
    if (mac === undefined || said === undefined || !isSame(mac, signLine(secret, nonce, index, said)))
      throw new AgentRefusal('What answers there is not the agent that has our secret: the signature of its answer is wrong.')
    index += 1
    return JSON.parse(said) as Said
  }
}

const signed = ({ url, secret }: Agent, context: LookContext, method: string, path: string, body: string) => {
  // As the agent reads it: a line's end of Windows is no part of it.
  const [nonce, at, key] = [newNonce(), String(Date.parse(context.now())), context.secret(secret).trim()]
  return {
    address: below(url, path),
    read: reader(key, nonce),
    headers: { [headers.at]: at, [headers.nonce]: nonce, [headers.signature]: signAsk(key, { method, path, at, nonce, body }) },
  }
}

const Message = z.object({ message: z.string() })

/** Another status than 200 is not signed: whoever answers, it says nothing of what happened. */
const unsigned = (place: Agent, status: number, body: string): string => {
  let why = ''
  try {
    why = Message.safeParse(JSON.parse(body)).data?.message ?? ''
  } catch {
    // No JSON: the status says what there is to say.
  }
  const says = why === '' ? '' : ` It says: ${foreign(why, 200)}`
  return status === 401
    ? `The agent does not let us in (401): look whether ${place.secret} is its AGENT_SECRET.${says}`
    : `What answers at ${hostOf(place.url)} answered ${status}, as the agent does not.${says}`
}

const ask = async <Type extends Said['type']>(
  place: Agent,
  context: LookContext,
  path: string,
  type: Type,
): Promise<Extract<Said, { type: Type }>> => {
  const { address, read, headers: sent } = signed(place, context, 'GET', path, '')
  const { status, body } = await context.fetch(address, { headers: sent, timeoutMs: askMs })
  if (status !== 200) throw new AgentRefusal(unsigned(place, status, body))
  const last = body
    .split('\n')
    .filter((line) => line !== '')
    .map(read)
    .at(-1)
  if (last?.type === 'refused') throw new AgentRefusal(`The agent says: ${foreign(last.why, 300)}`)
  if (last?.type !== type) throw new AgentRefusal('The agent’s answer is not whole.')
  return last as Extract<Said, { type: Type }>
}

export const askState = (place: Agent, context: LookContext): Promise<AgentState> => ask(place, context, paths.state, 'state')

/** How a commit stands to what is checked out there. */
export const askCompared = (place: Agent, context: LookContext, commit: string): Promise<Compared> =>
  ask(place, context, `${paths.commits}/${encodeURIComponent(commit)}`, 'compared')

/** What was run under a key; null: nothing. */
export const askRun = async (place: Agent, context: LookContext, key: string): Promise<AgentRun | null> =>
  (await ask(place, context, `${paths.runs}/${encodeURIComponent(key)}`, 'run')).run

/** Has an operation run, or follows it where it runs already under this key. Throws AgentRefusal only when it was not begun. */
export const runOn = async (
  place: Agent,
  context: ActContext,
  wanted: { readonly key: string; readonly operation: OperationName; readonly args: Args },
  onLine: (text: string) => void,
): Promise<AgentRun> => {
  const body = JSON.stringify(wanted)
  const { address, read, headers: sent } = signed(place, context, 'POST', paths.runs, body)
  const response = await context.web(address, { method: 'POST', headers: { ...sent, 'content-type': 'application/json' }, body })
  if (response.status !== 200) throw new FetchFault('reset', unsigned(place, response.status, await response.text()))
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of response.body ?? []) {
    const pieces = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = pieces.pop() ?? ''
    for (const piece of pieces) {
      let said: Said
      try {
        said = read(piece)
      } catch (error) {
        if (!(error instanceof AgentRefusal)) throw error
        // It may run all the same.
        throw new FetchFault('reset', error.message, error)
      }
      if (said.type === 'line') onLine(said.text)
      if (said.type === 'refused') throw new AgentRefusal(`The agent says: ${foreign(said.why, 300)}`, said.code === 'busy')
      if (said.type === 'run' && said.run !== null) return said.run
    }
  }
  throw new FetchFault('reset', 'The agent’s answer broke off.')
}
