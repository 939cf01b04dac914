/** Which folder may import what. A short allow-list, read off the sources: the table in words stands in CONTRIBUTING.md. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

const filesBelow = (folder: string): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)) : entry.name.endsWith('.ts') ? [join(folder, entry.name)] : [],
  )

/** What a file imports: packages by their name, own files by their path from the root. */
const importsOf = (file: string): string[] => {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(/^(?:import|export)\s[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm)].map((match) => {
    const name = match[1] ?? match[2] ?? match[3] ?? ''
    return name.startsWith('.') ? relative(root, normalize(join(root, dirname(file), name))) : name
  })
}

const words = ['src/define.ts', 'src/define/', 'src/ports.ts']
const pure = ['src/incident/', 'zod', 'date-fns', '@date-fns/tz']

/** Folder or file → what it may import, by prefix. The longest entry that fits a file counts. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'src/incident/': [...pure, 'mdast-util-from-markdown', 'mdast'],
  'src/define.ts': [
    ...pure,
    ...words,
    'src/acting.ts',
    'src/approvers.ts',
    'src/askable.ts',
    'src/catalogue.ts',
    'src/checking.ts',
    'src/controls.ts',
    'src/form.ts',
    'src/requests.ts',
  ],
  'src/define/': [...pure, ...words],
  'src/ports.ts': pure,
  'commands/': [
    ...pure,
    'src/define.ts',
    'src/askable.ts',
    'src/asked-action.ts',
    'src/asked-check.ts',
    'src/following.ts',
    'src/requests.ts',
    'src/whom.ts',
    'src/which.ts',
    'src/verb-help.ts',
  ],
  'src/askable.ts': [...pure, ...words, 'src/catalogue.ts', 'src/catalogue/'],
  'src/asked-action.ts': [...pure, ...words, 'src/requests.ts'],
  'src/requests.ts': [...pure, ...words, 'src/askable.ts', 'src/catalogue.ts', 'src/catalogue/'],
  'src/asked-check.ts': [...pure, ...words, 'src/askable.ts'],
  'src/following.ts': [...pure, ...words],
  'src/whom.ts': [...pure, ...words],
  'src/which.ts': [...pure, ...words, 'src/catalogue.ts'],
  'src/verb-help.ts': [...pure, ...words],
  'src/form.ts': pure,
  'src/jobs/': [...pure, ...words, 'src/acting.ts', 'src/checking.ts', 'src/surfaces/', 'node:crypto'],
  'src/surfaces/': [...pure, ...words],
  // A program of its own on a product's host: nothing of the bot, and no package.
  'src/agent/': ['src/agent/', 'node:'],
  'src/actions/': [...pure, ...words, 'src/acting/', 'src/checking/', 'node:', 'pg', 'ioredis', 'dockerode', '@octokit/rest'],
  'src/acting/agent/': [...pure, ...words, 'src/acting/', 'src/checking/', 'src/agent/protocol.ts', 'node:'],
  'src/acting/': [...pure, ...words, 'src/acting/', 'src/checking/', 'node:', 'pg', 'ioredis', 'dockerode', '@octokit/rest'],
  'src/acting/postgres/': [...pure, ...words, 'src/acting/', 'src/checking/', 'node:', 'pg', 'libpg-query'],
  'src/checks/': [
    ...pure,
    ...words,
    'src/checking/',
    'node:',
    'stripe',
    'openai',
    'dockerode',
    'ioredis',
    'pg',
    '@supabase/supabase-js',
    '@octokit/rest',
  ],
  'src/checking/': [...pure, ...words, 'src/checking/', '@secretlint/', 'node:tls', 'node:dns', 'node:net', 'node:crypto'],
  'src/checking/postgres/': [...pure, ...words, 'src/checking/', 'pg'],
  'src/checking/redis/': [...pure, ...words, 'src/checking/', 'ioredis'],
  'src/checking/docker/': [...pure, ...words, 'src/checking/', 'dockerode', 'node:'],
  'src/checking/github/': [...pure, ...words, 'src/checking/', '@octokit/rest'],
  'src/checking/secrets/': [...pure, ...words, 'src/checking/', 'dockerode', 'node:stream'],
  'src/alerts/': [...pure, ...words, 'src/secret.ts', 'node:crypto', 'node:buffer'],
  'src/doctor/': [...pure, ...words, 'src/doctor/', 'src/catalogue.ts', 'src/config.ts', 'node:buffer'],
  'src/catalogue/': [...pure, ...words, 'src/catalogue/', 'yaml', 'canonicalize', 'ipaddr.js', 'node:'],
  'src/catalogue.ts': [...pure, 'src/catalogue/', 'node:'],
  'src/store/': [
    ...pure,
    ...words,
    'src/store/',
    'kysely',
    'pg',
    'pg-boss',
    '@electric-sql/pglite',
    'proper-lockfile',
    'canonicalize',
    'uuid',
    'node:',
  ],
  'src/handle.ts': [...pure, 'src/store/', 'src/define.ts'],
  'src/worker.ts': [...pure, 'src/store/', ...words],
  'src/surface.ts': [...pure, 'src/store/', 'src/define.ts', 'node:crypto'],
  'src/adapters/slack': [...pure, 'src/ports.ts', 'src/adapters/slack', '@slack/'],
  'src/adapters/github': [...pure, 'src/ports.ts', 'src/adapters/github', '@octokit/', 'node:crypto'],
  'src/adapters/supabase': [...pure, 'src/ports.ts', '@supabase/supabase-js'],
  'src/adapters/alarm': [...pure, 'src/ports.ts', 'src/adapters/alarm', 'nodemailer'],
  'src/adapters/templates': [...pure, 'src/ports.ts', 'liquidjs', 'node:'],
  'src/adapters/fetch': [...pure, 'src/ports.ts', 'src/adapters/fetch', 'undici', 'ipaddr.js', 'node:'],
  'src/slack/': [...pure, ...words, 'src/slack/', 'src/handle.ts', 'src/store/reads.ts', '@slack/', 'express', 'node:'],
  'src/web/': [...pure, 'src/define.ts', 'src/web/', 'src/handle.ts', 'src/store/reads.ts', 'express', 'node:'],
  'src/embedded/': [
    'src/embedded/',
    'emulate',
    'express',
    '@supabase/lite',
    '@electric-sql/pglite',
    'p-queue',
    'proper-lockfile',
    'ws',
    'node:',
  ],
}

const ruleOf = (file: string) =>
  Object.entries(allowed)
    .filter(([prefix]) => file.startsWith(prefix))
    .toSorted(([a], [b]) => b.length - a.length)[0]

const sources = [...filesBelow('src'), ...filesBelow('commands')]

describe('architecture', () => {
  test('the sources are there', () => expect(sources.length).toBeGreaterThan(80))

  test.each(sources.filter((file) => ruleOf(file) !== undefined))('%s imports only what its folder may', (file) => {
    const [, may] = ruleOf(file) ?? ['', []]
    expect(
      importsOf(file).filter(
        (name) =>
          !may.some(
            (prefix) =>
              name === prefix ||
              name.startsWith(prefix.endsWith('/') || prefix.endsWith(':') ? prefix : `${prefix}/`) ||
              (prefix.startsWith('src/') && name.startsWith(prefix)),
          ),
      ),
    ).toEqual([])
  })

  test('nothing imports main.ts', () => expect(sources.filter((file) => importsOf(file).includes('src/main.ts'))).toEqual([]))

  test('commands and jobs never import each other', () => {
    const crossed = sources.flatMap((file) =>
      importsOf(file)
        .filter((name) => /^(commands|src\/jobs|src\/checks|src\/alerts)\//.test(name))
        .map((name) => `${file} → ${name}`),
    )
    expect(crossed).toEqual([])
  })

  test('Date.now() stands in the programs only', () => {
    const found = sources.filter(
      (file) =>
        !file.startsWith('src/embedded/') &&
        !['src/main.ts', 'src/cli.ts', 'src/doctor-cli.ts', 'src/agent/main.ts'].includes(file) &&
        /\bDate\.now\(\)|new Date\(\)/.test(readFileSync(join(root, file), 'utf8')),
    )
    expect(found).toEqual([])
  })

  test('no product is named in the program', () => {
    const products = readdirSync(join(root, 'runbooks'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
    expect(products).toHaveLength(5)
    const named = sources.filter((file) =>
      products.some((product) => readFileSync(join(root, file), 'utf8').toLowerCase().includes(product)),
    )
    expect(named).toEqual([])
  })

  test('no file has more than 300 lines', () => {
    expect(sources.filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length > 301)).toEqual([])
  })
})
