/** Where migrations are written: a folder of this machine, or one of a repository at GitHub. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { below } from '../../checking/address.ts'
import { vendorRefusal } from '../../checking/fault.ts'
import { said } from '../../checking/json.ts'
import { apiUrl, SecretName } from '../../checking/option.ts'
import type { LookContext } from '../../define/action.ts'
import { Impossible } from './impossible.ts'

const Path = z
  .string()
  .max(300)
  .refine((text) => text.split('/').every((piece) => piece !== '..' && piece !== ''), 'must be a path without `..`')

export const Source = z.discriminatedUnion('from', [
  z.strictObject({ from: z.literal('folder'), path: z.string().min(1).max(500) }),
  z.strictObject({
    from: z.literal('github'),
    repository: z.string().regex(/^[A-Za-z0-9._-]+\/[A-Za-z0-9._-]+$/, 'must be `owner/name`'),
    branch: z.string().min(1).max(255).default('main'),
    /** Where they are for staging, before they are on the branch of production; without it, there. */
    stagingBranch: z.string().min(1).max(255).optional(),
    path: Path.default('supabase/migrations'),
    secret: SecretName,
    apiUrl: apiUrl('https://api.github.com'),
  }),
])
export type Source = z.infer<typeof Source>

/** Where the migrations of an environment are written. */
export const sourceOf = (source: Source, environment: 'staging' | 'production'): Source =>
  source.from === 'github' && environment === 'staging' ? { ...source, branch: source.stagingBranch ?? source.branch } : source

/** How both are read: names of a folder's files, and one file's text. A folder that is not there has none. */
type Reader = { readonly names: (folder: string) => Promise<readonly string[]>; readonly text: (path: string) => Promise<string> }

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'

const folderReader = (path: string): Reader => ({
  names: async (folder) => {
    try {
      return (await readdir(join(path, folder), { withFileTypes: true })).flatMap((entry) => (entry.isFile() ? [entry.name] : []))
    } catch (error) {
      if (isMissing(error)) return []
      throw new Impossible(`The folder ${join(path, folder)} cannot be read: ${error instanceof Error ? error.message : ''}`)
    }
  },
  text: async (file) => {
    try {
      return await readFile(join(path, file), 'utf8')
    } catch (error) {
      throw new Impossible(`${join(path, file)} cannot be read: ${error instanceof Error ? error.message : ''}`)
    }
  },
})

const Entries = z.array(z.object({ name: z.string(), type: z.string() }))

const githubReader = (source: Extract<Source, { from: 'github' }>, { fetch, secret }: LookContext): Reader => {
  const ask = async (path: string, accept: string) => {
    const address = below(source.apiUrl, `repos/${source.repository}/contents/${path.split('/').map(encodeURIComponent).join('/')}`)
    return fetch(`${address}?ref=${encodeURIComponent(source.branch)}`, {
      headers: { accept, authorization: `Bearer ${secret(source.secret)}`, 'x-github-api-version': '2022-11-28' },
    })
  }
  const refuse = ({ status, body }: { status: number; body: string }) =>
    new Impossible(vendorRefusal('GitHub', status, source.secret, said(body)).text)
  return {
    names: async (folder) => {
      const answer = await ask(join(source.path, folder), 'application/vnd.github+json')
      if (answer.status === 404 && folder !== '') return []
      if (answer.status !== 200) throw refuse(answer)
      let data: unknown
      try {
        data = JSON.parse(answer.body)
      } catch {
        throw new Impossible('GitHub answered with what is not JSON.')
      }
      const entries = Entries.safeParse(data)
      if (!entries.success) throw new Impossible(`${source.path} is no folder of ${source.repository}.`)
      return entries.data.flatMap(({ name, type }) => (type === 'file' ? [name] : []))
    },
    text: async (file) => {
      const answer = await ask(join(source.path, file), 'application/vnd.github.raw+json')
      if (answer.status !== 200) throw refuse(answer)
      return answer.body
    },
  }
}

export type Migration = {
  readonly version: string
  readonly name: string
  /** Where its text is, below the source; and where what takes it back is, if anywhere. */
  readonly file: string
  readonly down: string | null
}

/** Supabase's own form of a name. */
const form = /^(\d{1,20})_(.*)\.sql$/

const readerOf = (source: Source, context: LookContext): Reader =>
  source.from === 'folder' ? folderReader(source.path) : githubReader(source, context)

/** All migrations, in their order. */
export const migrationsOf = async (source: Source, context: LookContext): Promise<readonly Migration[]> => {
  const reader = readerOf(source, context)
  const names = await reader.names('')
  const kept = new Set(await reader.names('down'))
  const beside = new Set(names)
  const found = names
    .filter((file) => !file.endsWith('.down.sql'))
    .flatMap((file): Migration[] => {
      const [, version, name] = form.exec(file) ?? []
      if (version === undefined || name === undefined) return []
      const base = file.slice(0, -'.sql'.length)
      const down = [
        ...(beside.has(`${base}.down.sql`) ? [`${base}.down.sql`] : []),
        ...[`${base}.sql`, `${base}.down.sql`].flatMap((other) => (kept.has(other) ? [`down/${other}`] : [])),
      ]
      return [{ version, name, file, down: down[0] ?? null }]
    })
    .toSorted((a, b) => (a.version < b.version ? -1 : 1))
  const twice = found.find(({ version }, index) => version === found[index + 1]?.version)
  if (twice !== undefined) throw new Impossible(`Two migrations have the version ${twice.version}.`)
  if (found.length === 0)
    throw new Impossible('There is no migration in that place, such as 20261120101500_add_status.sql: look at `source` in service.yml.')
  return found
}

const longest = 500_000

/** A file's text, and its sha256: what is approved is this text and no other. */
export const textOf = async (
  source: Source,
  file: string,
  context: LookContext,
): Promise<{ readonly text: string; readonly sha256: string }> => {
  const text = await readerOf(source, context).text(file)
  if (text.length > longest) throw new Impossible(`${file} is longer than ${longest / 1000} kB.`)
  return { text, sha256: createHash('sha256').update(text).digest('hex') }
}
