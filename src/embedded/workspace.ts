/** Who and what the local workspace starts with, as the emulator wants to be told. */
import { createHash } from 'node:crypto'

export type Person = {
  id: string
  name: string
  email: string
  realName: string
  token: string
  /** What `users.info` says of them beyond the emulator: `deleted`, `is_restricted`, `is_stranger`, `team_id` … */
  flags?: Record<string, unknown>
}
type Group = { id: string; handle: string; name: string; users: string[] }

export type Workspace = {
  team: { id: string; name: string; domain: string }
  appId: string
  /** The old verification token: sent with everything, checked by nobody. */
  verification: string
  signingSecret: string
  bot: { id: string; botId: string; name: string; token: string; appToken: string; scopes: readonly string[] }
  /** An administrator of the emulator, who sees all public channels. Not a person of the workspace. */
  admin: { token: string }
  people: Person[]
  groups: Group[]
  channels: { id: string; name: string }[]
}

export type WorkspaceOptions = {
  users: { name: string; email: string; realName: string }[]
  /** `appToken`: with which the bot may open sockets. `scopes`: what the token was granted; the usual ones of a bot if not given. */
  bot: { token: string; name: string; signingSecret: string; appToken?: string; scopes?: readonly string[] }
  channels?: string[]
  groups?: { handle: string; name: string; users: string[] }[]
}

const usualScopes: readonly string[] = [
  'chat:write,channels:read,channels:history,channels:join,channels:manage,groups:read,groups:history,groups:write,im:read,im:write',
  'users:read,users:read.email,usergroups:read,pins:read,pins:write,bookmarks:read,bookmarks:write,files:read,files:write,app_mentions:read,reactions:read,reactions:write,team:read,commands',
]
  .join(',')
  .split(',')

/** The same name has the same id for ever: the emulator draws new ones at each start, but databases remember the old. */
const stableId = (prefix: string, name: string): string =>
  prefix +
  createHash('sha256')
    .update(prefix + name)
    .digest('hex')
    .slice(0, 9)
    .toUpperCase()

export const workspaceOf = (options: WorkspaceOptions): Workspace => {
  const people = options.users.map((user) => ({
    id: stableId('U', user.name),
    name: user.name,
    email: user.email.toLowerCase(),
    realName: user.realName,
    token: `xoxp-${user.name}`,
  }))
  const idOf = (name: string): string => {
    const person = people.find((candidate) => candidate.name === name)
    if (!person) throw new Error(`group member ${name} is not among the users of the world: ${people.map((each) => each.name).join(', ')}`)
    return person.id
  }
  return {
    team: { id: 'T000000001', name: 'Local workspace', domain: 'local' },
    appId: 'A000000001',
    verification: 'local-verification-token',
    signingSecret: options.bot.signingSecret,
    bot: {
      id: stableId('U', `bot ${options.bot.name}`),
      botId: 'B000000001',
      name: options.bot.name,
      token: options.bot.token,
      appToken: options.bot.appToken ?? 'xapp-local',
      scopes: options.bot.scopes ?? usualScopes,
    },
    admin: { token: 'xoxp-local-admin' },
    people,
    groups: (options.groups ?? []).map((group) => ({
      id: stableId('S', group.handle),
      handle: group.handle,
      name: group.name,
      users: group.users.map(idOf),
    })),
    // The emulator always has `general`, under this id.
    channels: [
      { id: 'C000000001', name: 'general' },
      ...(options.channels ?? []).filter((name) => name !== 'general').map((name) => ({ id: stableId('C', name), name })),
    ],
  }
}

/** The emulator takes 5 000 calls an hour of one token, which a busy world exceeds: behind the front a token has several names. */
const TOKEN_NAMES = 50
const CALLS_PER_NAME = 4_900
const tokenNames = (token: string): string[] =>
  Array.from({ length: TOKEN_NAMES }, (_, index) => (index === 0 ? token : `${token}~${index}`))

/** The name to use for the next call with this token. */
export const createTokenNames = (): ((token: string) => string) => {
  const used = new Map<string, number>()
  return (token) => {
    const count = used.get(token) ?? 0
    used.set(token, count + 1)
    const index = Math.floor(count / CALLS_PER_NAME) % TOKEN_NAMES
    return index === 0 ? token : `${token}~${index}`
  }
}

/** The emulator's own seed for this workspace. */
export const slackSeed = (workspace: Workspace): Record<string, unknown> => ({
  team: { name: workspace.team.name, domain: workspace.team.domain },
  users: workspace.people.map((person) => ({ name: person.name, real_name: person.realName, email: person.email })),
  channels: workspace.channels.map(({ name }) => ({ name })),
  oauth_apps: [
    {
      app_id: workspace.appId,
      client_id: 'local',
      client_secret: 'local',
      name: workspace.bot.name,
      redirect_uris: [],
      scopes: [...workspace.bot.scopes],
      bot_id: workspace.bot.botId,
      bot_user_id: workspace.bot.id,
      bot_name: workspace.bot.name,
    },
  ],
  tokens: [
    ...tokenNames(workspace.bot.token).map((token) => ({
      token,
      type: 'bot',
      user_id: workspace.bot.id,
      app_id: workspace.appId,
      bot_id: workspace.bot.botId,
      bot_user_id: workspace.bot.id,
      scopes: [...workspace.bot.scopes],
    })),
    ...tokenNames(workspace.admin.token).map((token) => ({ token, user: 'admin' })),
    ...workspace.people.flatMap((person) => tokenNames(person.token).map((token) => ({ token, user: person.name }))),
  ],
})
