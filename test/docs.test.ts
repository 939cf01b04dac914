/** What is promised beside the code, held against the code: settings, the Slack manifest, the README's commands, help. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { loadCatalogue } from '../src/catalogue.ts'
import { parseConfig, settings } from '../src/config.ts'
import { kindsOf, loadRegistry } from '../src/registry.ts'
import { createRequests } from '../src/requests.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string) => readFileSync(`${root}${file}`, 'utf8')
/** All sources of a folder, itself only. */
const readAll = (folder: string) =>
  readdirSync(`${root}${folder}`)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => read(`${folder}/${name}`))
    .join('\n')

type Manifest = {
  features: {
    app_home: { home_tab_enabled: boolean }
    shortcuts: { type: string; callback_id: string }[]
    slash_commands: { command: string; url: string; usage_hint: string }[]
  }
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
  'chat.getPermalink': [],
  'files.info': ['files:read'],
  'files.uploadV2': ['files:write'],
  'views.publish': [],
  'conversations.replies': ['channels:history', 'groups:history'],
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
  'conversations.join': ['channels:join'],
  'conversations.list': ['channels:read', 'groups:read'],
  'conversations.members': ['channels:read', 'groups:read'],
  'conversations.setTopic': ['channels:manage', 'groups:write'],
  'pins.add': ['pins:write'],
  'usergroups.list': ['usergroups:read'],
  'usergroups.users.list': ['usergroups:read'],
  'users.info': ['users:read', 'users:read.email'],
  'users.lookupByEmail': ['users:read', 'users:read.email'],
  'views.open': [],
  'views.update': [],
}

/** Events and the scopes without which Slack does not send them; empty: none is needed. */
const eventScopes: Readonly<Record<string, string>> = {
  app_home_opened: '',
  app_mention: 'app_mentions:read',
  'message.channels': 'channels:history',
  'message.groups': 'groups:history',
  pin_added: 'pins:read',
  pin_removed: 'pins:read',
  reaction_added: 'reactions:read',
  reaction_removed: 'reactions:read',
  channel_archive: 'channels:read',
  channel_deleted: 'channels:read',
  channel_left: 'channels:read',
  channel_rename: 'channels:read',
  channel_unarchive: 'channels:read',
  group_archive: 'groups:read',
  group_deleted: 'groups:read',
  group_left: 'groups:read',
  group_rename: 'groups:read',
  group_unarchive: 'groups:read',
  // Of public channels with channels:read, of private ones with groups:read.
  member_joined_channel: 'channels:read',
  member_left_channel: 'channels:read',
  user_change: 'users:read',
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
        ...['slack.ts', ...readdirSync(`${root}src/adapters/slack`).map((name) => `slack/${name}`)]
          .map((name) => read(`src/adapters/${name}`))
          .join('\n')
          .matchAll(/client\s*\.([a-zA-Z]+(?:\.[a-zA-Z0-9]+)+)\(/g),
      ].map((match) => match[1] ?? ''),
    ),
  ].toSorted()

  test('asks for the scopes that the calls need, and no others (field 17)', () => {
    expect(methods.length).toBeGreaterThan(8)
    expect(methods.filter((method) => scopesOf[method] === undefined)).toEqual([])
    const needed = new Set([
      ...methods.flatMap((method) => scopesOf[method] ?? []),
      ...manifest.settings.event_subscriptions.bot_events.flatMap((event) => eventScopes[event] || []),
      'commands',
    ])
    expect(new Set(manifest.oauth_config.scopes.bot)).toEqual(needed)
  })

  test('subscribes to the events that are listened to, and no others (field 17)', () => {
    const source = readAll('src/slack')
    const named = [
      ...source.matchAll(/'((?:channel|group|member|app|message|reaction|pin|user|team|tokens)_[a-z_]+)'/g),
      ...source.matchAll(/\.event\('([a-z_]+)'/g),
    ].map((match) => match[1] ?? '')
    // What Slack calls `message` arrives by two subscriptions; its kinds are no events of their own.
    const listened = named
      // Fields of events and requests have such names, too.
      .filter((name) => !name.startsWith('message_') && !/_(?:id|team)$/.test(name))
      .flatMap((name) => (name === 'message' ? ['message.channels', 'message.groups'] : [name]))
    expect(new Set(listened)).toEqual(new Set(manifest.settings.event_subscriptions.bot_events))
  })

  test('has the shortcuts and the home that are listened to, and no others', () => {
    const source = readAll('src/slack')
    const shortcuts = [...source.matchAll(/\.shortcut\('([a-z_-]+)'/g)].map((match) => match[1])
    expect(manifest.features.shortcuts.map((shortcut) => shortcut.callback_id)).toEqual(shortcuts)
    expect(manifest.features.app_home.home_tab_enabled).toBe(source.includes('app_home_opened'))
  })

  test('has the commands that are registered (field 17)', async () => {
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

describe('what earlier versions have put into channels and menus still works (field 18)', () => {
  /** Only ever added to: messages of years ago carry these buttons, and a workspace's manifest is not renewed with the bot. */
  const released = {
    buttons: [
      'ack',
      'actions',
      'approve',
      'break-glass',
      'checklist',
      'deny',
      'lines',
      'merge',
      'mitigate',
      'new',
      'note',
      'page',
      'pause',
      'phase',
      'postmortem',
      'reopen',
      'resolve',
      'resume',
      'role',
      'ruled-out',
      'run',
      'runbook',
      'severity',
      'snooze',
      'status',
      'suspect',
      'tick',
      'todo',
      'undo',
      'update',
    ],
    forms: [
      'break-glass',
      'change',
      'maintenance',
      'merge',
      'mitigate',
      'new',
      'note',
      'page',
      'pause',
      'phase',
      'reopen',
      'resolve',
      'role',
      'ruled-out',
      'run',
      'runbook',
      'severity',
      'suspect',
      'todo',
      'update',
    ],
    shortcuts: ['declare'],
    commands: ['/incident', '/diag'],
  }

  test('buttons', async () => {
    const { verbs } = await loadRegistry(root)
    const names = verbs.filter(({ command }) => command === 'incident').map(({ name }) => name)
    expect(released.buttons.filter((button) => !names.includes(button))).toEqual([])
    const sources = ['src/incident', 'src/incident/acting', 'src/incident/areas', 'src/slack', 'commands/incident'].map(readAll).join('\n')
    const present = [...sources.matchAll(/\baction: '([a-z-]+)'/g)].map((match) => match[1] ?? '')
    expect([...new Set(present)].toSorted()).toEqual(released.buttons)
  })

  test('forms', async () => {
    const { verbs } = await loadRegistry(root)
    expect(verbs.filter(({ definition: { submit, form } }) => submit !== undefined || form !== undefined).map(({ name }) => name)).toEqual(
      released.forms,
    )
  })

  test('shortcuts and commands', () => {
    expect(manifest.features.shortcuts.map((shortcut) => shortcut.callback_id)).toEqual(expect.arrayContaining(released.shortcuts))
    expect(manifest.features.slash_commands.map(({ command }) => command)).toEqual(expect.arrayContaining(released.commands))
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

  test('only these verbs are there: what does not exist is not promised (field 17)', async () => {
    const { verbs } = await loadRegistry(root)
    expect(verbs.filter(({ command }) => command === 'incident').map(({ name }) => name)).toEqual([
      'ack',
      'actions',
      'approve',
      'audit',
      'break-glass',
      'change',
      'channel',
      'checklist',
      'deny',
      'files',
      'freeze',
      'help',
      'lines',
      'list',
      'lock',
      'maintenance',
      'merge',
      'metrics',
      'mitigate',
      'new',
      'note',
      'now',
      'page',
      'pause',
      'phase',
      'postmortem',
      'reopen',
      'resolve',
      'resume',
      'role',
      'ruled-out',
      'run',
      'runbook',
      'severity',
      'snooze',
      'status',
      'suspect',
      'tick',
      'todo',
      'undo',
      'unfreeze',
      'unlock',
      'update',
    ])
  })
})

describe('README.md', () => {
  const text = read('README.md')

  test('every npm command in it exists', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = [...text.matchAll(/npm run ([a-z-]+)/g)].map((match) => match[1] ?? '')
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([])
  })

  test('every verb typed in it exists (field 17)', async () => {
    const { verbs } = await loadRegistry(root)
    const typed = [...text.matchAll(/['`]\/incident ([a-z-]+)/g)].map((match) => match[1] ?? '')
    expect(typed.length).toBeGreaterThan(5)
    expect(typed.filter((name) => !verbs.some((verb) => verb.command === 'incident' && verb.name === name))).toEqual([])
  })

  test('the action of its first screen needs no account, and as many approve and tick it off as it takes', async () => {
    const registry = await loadRegistry(root)
    const { catalogue } = loadCatalogue({
      runbooks: `${root}runbooks`,
      templates: `${root}templates`,
      ...kindsOf(registry),
      environment: {},
    })
    const lines = (text.split('## What you can type')[0] ?? '').split('\n')
    const typed = (verb: string) => lines.filter((line) => line.includes(`'/incident ${verb} `))
    const [, key = ''] = /'\/incident run (\S+)/.exec(typed('run')[0] ?? '') ?? []
    const offered = createRequests({ catalogue: catalogue!, kinds: registry.actions, environment: {} }).offered('invoice2e').get(key)
    expect(offered?.missing).toEqual([])
    const { options } = catalogue!.product('invoice2e')!.acting.actions.get(key)!
    const { steps, risk } = options as { steps: string[]; risk: 'low' | 'high' }
    expect(typed('approve')).toHaveLength(catalogue!.product('invoice2e')!.acting.approvals[risk])
    expect(typed('tick').map((line) => /'\/incident tick (.+)'/.exec(line)?.[1])).toEqual(steps.map((_, index) => `1 ${index + 1}`))
  })

  test('what is typed by hand runs with the Node that was installed', () =>
    expect(text.match(/(?<!npx )\bnode (--env-file|src\/)/g)).toBeNull())

  test('every file that it links to is there', () => {
    const linked = [...text.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map((match) => match[1] ?? '')
    expect(linked.filter((file) => !existsSync(`${root}${file}`))).toEqual([])
  })

  test('names every setting', () =>
    expect(Object.keys(settings).filter((name) => !text.includes(name) && !name.endsWith('_WEBHOOK_SECRET'))).toEqual([]))
})
