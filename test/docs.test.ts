/** What is promised beside the code, held against the code: settings, the Slack manifest, the README's commands, help. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseConfig, settings } from '../src/config.ts'
import { loadRegistry } from '../src/registry.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string) => readFileSync(`${root}${file}`, 'utf8')

type Manifest = {
  features: { slash_commands: { command: string; url: string; usage_hint: string }[] }
  oauth_config: { scopes: { bot: string[] } }
  settings: {
    event_subscriptions: { request_url: string; bot_events: string[] }
    interactivity: { is_enabled: boolean; request_url: string }
  }
}

const manifest = parse(read('manifest.yml')) as Manifest

/** The scopes that each method of the Web API asks for, by the vendor's reference. A method that is not listed fails the test. */
const scopesOf: Readonly<Record<string, readonly string[]>> = {
  // With the app's own token, not the bot's.
  'apps.connections.open': [],
  'auth.test': [],
  'bookmarks.add': ['bookmarks:write'],
  'bookmarks.list': ['bookmarks:read'],
  // Without being in the channel: chat:write.public, for the announcements channel that people made themselves.
  'chat.postMessage': ['chat:write', 'chat:write.public'],
  'chat.postEphemeral': ['chat:write'],
  'chat.update': ['chat:write'],
  'conversations.create': ['channels:manage', 'groups:write'],
  'conversations.history': ['channels:history', 'groups:history'],
  'conversations.info': ['channels:read', 'groups:read'],
  'conversations.invite': ['channels:manage', 'groups:write'],
  'conversations.list': ['channels:read', 'groups:read'],
  'conversations.setTopic': ['channels:manage', 'groups:write'],
  'pins.add': ['pins:write'],
  'usergroups.list': ['usergroups:read'],
  'usergroups.users.list': ['usergroups:read'],
  'users.info': ['users:read'],
  'users.lookupByEmail': ['users:read', 'users:read.email'],
  'views.open': [],
}

/** Events and the scopes without which Slack does not send them. */
const eventScopes: Readonly<Record<string, string>> = {
  channel_archive: 'channels:read',
  channel_deleted: 'channels:read',
  group_archive: 'groups:read',
  group_deleted: 'groups:read',
}

describe('.env.example', () => {
  const lines = read('.env.example').split('\n')
  const examples = new Map(
    lines
      .filter((line) => /^[A-Z_]+=/.test(line))
      .map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )

  test('names every setting and no other', () => expect([...examples.keys()].toSorted()).toEqual(Object.keys(settings).toSorted()))

  test('as it stands is the same as no settings at all', () => expect(parseConfig(Object.fromEntries(examples))).toEqual(parseConfig({})))

  test('explains every setting', () => {
    const bare = lines.filter((line, index) => /^[A-Z_]+=/.test(line) && !/^(#|[A-Z_]+=)/.test(lines[index - 1] ?? ''))
    expect(bare).toEqual([])
  })
})

describe('manifest.yml', () => {
  const methods = [
    ...new Set(
      [
        ...`${read('src/adapters/slack.ts')}${read('src/adapters/slack/inspect.ts')}`.matchAll(/client\s*\.([a-zA-Z]+(?:\.[a-zA-Z]+)+)\(/g),
      ].map((match) => match[1] ?? ''),
    ),
  ].toSorted()

  test('asks for the scopes that the calls need, and no others', () => {
    expect(methods.length).toBeGreaterThan(8)
    expect(methods.filter((method) => scopesOf[method] === undefined)).toEqual([])
    const needed = new Set([
      ...methods.flatMap((method) => scopesOf[method] ?? []),
      ...manifest.settings.event_subscriptions.bot_events.map((event) => eventScopes[event]),
      'commands',
    ])
    expect(new Set(manifest.oauth_config.scopes.bot)).toEqual(needed)
  })

  test('subscribes to the events that are listened to, and no others', () => {
    const listened = [
      ...read('src/slack/app.ts').matchAll(/'((?:channel|group|member|app|message|reaction|pin|user|team|tokens)_[a-z_]+)'/g),
    ].map((match) => match[1])
    expect(new Set(listened)).toEqual(new Set(manifest.settings.event_subscriptions.bot_events))
  })

  test('has the commands that are registered', async () => {
    const commands = [...new Set((await loadRegistry(root)).verbs.map((verb) => `/${verb.command}`))].toSorted()
    expect(manifest.features.slash_commands.map(({ command }) => command).toSorted()).toEqual(commands)
  })

  test('sends everything to the one endpoint', () => {
    const urls = [
      ...manifest.features.slash_commands.map(({ url }) => url),
      manifest.settings.event_subscriptions.request_url,
      manifest.settings.interactivity.request_url,
    ]
    expect(new Set(urls.map((url) => new URL(url).pathname))).toEqual(new Set(['/slack/events']))
  })
})

describe('help', () => {
  test.each(['incident', 'diag'] as const)('/%s: every verb has examples that begin with it', async (command) => {
    const { verbs } = await loadRegistry(root)
    for (const { name, definition } of verbs.filter((verb) => verb.command === command)) {
      expect(definition.examples.length, name).toBeGreaterThan(0)
      for (const example of definition.examples)
        expect(example).toMatch(command === 'incident' ? new RegExp(`^/incident ${name}\\b`) : /^\/diag/)
      if (command === 'incident') expect(definition.usage.split(' ')[0]).toBe(name)
    }
  })

  test('only these verbs are there: what does not exist is not promised', async () => {
    const { verbs } = await loadRegistry(root)
    expect(verbs.filter(({ command }) => command === 'incident').map(({ name }) => name)).toEqual([
      'ack',
      'audit',
      'help',
      'list',
      'mitigate',
      'new',
      'note',
      'postmortem',
      'resolve',
      'severity',
      'status',
      'update',
    ])
  })
})

describe('README.md', () => {
  const text = read('README.md')

  test('every npm command in it exists', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = [...text.matchAll(/npm run ([a-z]+)/g)].map((match) => match[1] ?? '')
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([])
  })

  test('every verb typed in it exists', async () => {
    const { verbs } = await loadRegistry(root)
    const typed = [...text.matchAll(/['`]\/incident ([a-z]+)/g)].map((match) => match[1] ?? '')
    expect(typed.length).toBeGreaterThan(5)
    expect(typed.filter((name) => !verbs.some((verb) => verb.command === 'incident' && verb.name === name))).toEqual([])
  })

  test('every file that it links to is there', () => {
    const linked = [...text.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map((match) => match[1] ?? '')
    expect(linked.filter((file) => !existsSync(`${root}${file}`))).toEqual([])
  })

  test('names every setting', () =>
    expect(Object.keys(settings).filter((name) => !text.includes(name) && !name.endsWith('_WEBHOOK_SECRET'))).toEqual([]))
})
