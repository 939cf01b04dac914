/** An emulated workspace, and the adapter as one of its bots. */
import { WebClient } from '@slack/web-api'
import { slackChat } from '../../src/adapters/slack.ts'
import { startWorld } from '../../src/embedded/world.ts'
import type { Message } from '../../src/incident/message.ts'
import { PortFault } from '../../src/ports.ts'
import { render } from '../../src/slack/blocks.ts'

const botToken = 'xoxb-contract'
const group = { handle: 'oncall', name: 'On call', users: ['ann', 'bea'] }
const person = (name: string) => ({ name, email: `${name}@example.com`, realName: name })

type Known = { people: { id: string; name: string; token: string }[]; groups: { id: string }[] }
type Posted = { ts?: string; text?: string; blocks?: { type?: string }[]; metadata?: object; subtype?: string }

export const startWorkspace = async () => {
  const world = await startWorld({
    users: ['ann', 'bea', ...Array.from({ length: 120 }, (_, index) => `user${index}`)].map(person),
    bot: { token: botToken, name: 'tocsin', signingSecret: 'secret' },
    groups: [group],
    github: { owner: 'acme', repo: 'incidents', token: 'ghp_x' },
  })
  const warned: string[] = []
  const log = { debug: () => undefined, warn: (_: object, message: string) => void warned.push(message) }
  const connectTo = (apiUrl: string, token = botToken, timeoutMs = 5000) => slackChat({ token, apiUrl, render, log, timeoutMs })
  /** The same workspace, past the adapter. */
  const slack = new WebClient(botToken, { slackApiUrl: world.slackApiUrl })

  const control = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${world.url}/world${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    if (!answer.ok) throw new Error(await answer.text())
    return answer.json()
  }

  return {
    url: world.slackApiUrl,
    chat: connectTo(world.slackApiUrl),
    slack,
    connectTo,
    /** What the adapter has warned of. */
    warned,
    known: (await control('GET', '/workspace')) as Known,
    /** Orders faults of the world: `drop-after` has the effect and breaks the connection. */
    order: (fault: object) => control('POST', '/faults', { service: 'slack', ...fault }),
    /** What Slack says of somebody from now on. */
    change: (as: string, flags: object) => control('PUT', '/person', { as, ...flags }),
    calls: async (method: string) =>
      ((await control('GET', '/calls')) as { method: string; channel?: string }[]).filter((call) => call.method === method),
    forget: async () => {
      warned.length = 0
      await control('DELETE', '/faults')
      await control('DELETE', '/calls')
    },
    messagesIn: async (channel: string): Promise<Posted[]> =>
      ((await slack.conversations.history({ channel, include_all_metadata: true })).messages ?? []).filter(({ subtype }) => !subtype),
    membersOf: async (channel: string) => (await slack.conversations.members({ channel, limit: 1000 })).members ?? [],
    close: world.close,
  }
}

/** The PortFault that it throws. */
export const fault = async (work: Promise<unknown>): Promise<PortFault> => {
  const error = await work.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown,
  )
  if (error instanceof PortFault) return error
  throw error
}

let count = 0
/** A channel's name that no other test has. */
export const name = () => `inc-${(count += 1)}-contract`
export const text = (words: string): Message => ({ key: 'k', summary: words, parts: [{ kind: 'text', spans: [words] }] })
/** Before everything. */
export const since = '2026-01-01T00:00:00.000Z'
