/** What lies between two deployments: the commits, and the migrations among them, as GitHub knows them. */
import { z } from 'zod'
import type { LookContext } from '../../define/action.ts'
import { askJson } from '../../checking/json.ts'
import { below, hostOf } from '../../checking/address.ts'
import { shortCommit, subject } from '../../checking/commit.ts'
import { vendorFault } from '../../checking/fault.ts'
import { foreign } from '../../checking/foreign.ts'
import { apiUrl, SecretName } from '../../checking/option.ts'
import type { Deployment } from '../../checking/vercel/deployments.ts'
import { FetchFault } from '../../ports.ts'

/** Where a product's commits are; a preview without it says that nobody knows. */
export const Repository = z.strictObject({
  /** Left out where nobody has said it yet: that keeps nobody from a rollback. */
  repository: z
    .string()
    .regex(/^[A-Za-z0-9._-]+\/[A-Za-z0-9._-]+$/, 'must be `owner/name`')
    .optional(),
  /** The name of an access token's setting: contents, read. Without its value nothing is asked. */
  secret: SecretName,
  apiUrl: apiUrl('https://api.github.com'),
  /** The folder of the database's migrations. */
  migrations: z
    .string()
    .regex(/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/, 'must be a folder of the repository, such as `supabase/migrations`')
    .default('supabase/migrations'),
})
export type Repository = z.infer<typeof Repository>

export const repositoryHosts = (wanted: Repository | undefined): string[] => (wanted === undefined ? [] : [hostOf(wanted.apiUrl)])
export const repositorySecrets = (wanted: Repository | undefined): string[] => (wanted === undefined ? [] : [wanted.secret])

const Comparison = z.object({
  status: z.string(),
  total_commits: z.number(),
  commits: z.array(z.object({ sha: z.string(), commit: z.object({ message: z.string() }) })),
  files: z.array(z.object({ filename: z.string() })).optional(),
})

/** So many files GitHub lists at most. */
const mostFiles = 300
const mostNamed = 3

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`

const some = (names: readonly string[]): string =>
  `${names.slice(0, mostNamed).join('; ')}${names.length > mostNamed ? `; and ${names.length - mostNamed} more` : ''}`

/** What whoever approves is told of it. */
export type Between = { readonly effects: readonly string[]; readonly warnings: readonly string[] }

const unknown = (why: string): Between => ({
  effects: ['Commits and migrations in between: not known'],
  warnings: [`Nobody knows which commits and migrations lie in between: ${why}`],
})

/** What lies between the commits `older` and `newer`. `back`: it is taken away, and not added. GitHub being down is no hindrance. */
const askBetween = async (
  context: Pick<LookContext, 'fetch' | 'secret'>,
  wanted: Repository | undefined,
  older: string | null,
  newer: string | null,
  back: boolean,
): Promise<Between> => {
  if (older !== null && older === newer) return { effects: ['No commit in between: both were built from the same'], warnings: [] }
  if (wanted?.repository === undefined) return unknown('the action’s options name no repository.')
  if (older === null || newer === null) return unknown('Vercel does not say which commit was built.')
  const { repository, secret, migrations } = wanted
  const token = context.secret(secret)
  if (token === '') return unknown(`${secret} is not set.`)
  const url = below(wanted.apiUrl, `/repos/${repository}/compare/${encodeURIComponent(older)}...${encodeURIComponent(newer)}`)
  let asked
  try {
    // The guard's own limit is that of the whole preview.
    const fetch: typeof context.fetch = (address, options) => context.fetch(address, { ...options, timeoutMs: 10_000 })
    asked = await askJson({ fetch }, { vendor: 'GitHub', url, headers: { authorization: `Bearer ${token}` }, secret, schema: Comparison })
  } catch (error) {
    if (error instanceof FetchFault) return unknown(vendorFault(error).text)
    throw error
  }
  if ('findings' in asked) return unknown(asked.findings.map(({ text }) => text).join(' '))
  const { status, total_commits: total, commits, files } = asked.value
  const paths = (files ?? []).map(({ filename }) => filename)
  const touched = paths.filter((path) => path.startsWith(`${migrations}/`)).map((path) => foreign(path.slice(migrations.length + 1), 120))
  const newest = commits.toReversed().map(({ sha, commit }) => `${shortCommit(sha)} “${subject(commit.message, 60)}”`)
  const verb = back ? 'taken back' : 'added'
  return {
    effects: [
      total === 0 ? 'No commit in between' : `${count(total, 'commit')} ${total === 1 ? 'is' : 'are'} ${verb}: ${some(newest)}`,
      touched.length === 0
        ? `No migration among them (${migrations})`
        : `${count(touched.length, 'migration')} among them: ${some(touched)}`,
    ],
    warnings: [
      ...(touched.length === 0
        ? []
        : [
            back
              ? 'The database keeps what these migrations changed: make sure that the older code can live with it, or take them back first.'
              : 'The code comes with migrations: make sure that the database has them first.',
          ]),
      ...(status === 'diverged' || status === 'behind'
        ? ['The two commits do not follow each other: what is counted is what only the newer has.']
        : []),
      ...(paths.length >= mostFiles ? [`GitHub lists the first ${mostFiles} changed files only: there may be more migrations.`] : []),
    ],
  }
}

/** The same for two deployments: the newer one goes, or comes. */
export const askBetweenThem = (
  context: Pick<LookContext, 'fetch' | 'secret'>,
  wanted: Repository | undefined,
  current: Pick<Deployment, 'commit' | 'created'>,
  target: Pick<Deployment, 'commit' | 'created'>,
): Promise<Between> =>
  target.created <= current.created
    ? askBetween(context, wanted, target.commit, current.commit, true)
    : askBetween(context, wanted, current.commit, target.commit, false)
