/** Supabase: whether the key is the secret one, and whether the tables that the bot publishes to are there. */
import { error, type Finding, ok } from './finding.ts'

type Answer = { readonly status: number; readonly code: string; readonly message: string }

export type Project = {
  readonly read: (table: string) => Promise<Answer>
  readonly callEmpty: (name: string) => Promise<Answer>
  readonly readAsNobody: (table: string) => Promise<Answer>
}

/** What the files in `supabase/migrations` make. */
export const madeBy = (migrations: readonly string[]): { tables: string[]; functions: string[] } => {
  const names = (pattern: RegExp) => [...new Set(migrations.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1] ?? '')))]
  return {
    tables: names(/create (?:or replace )?(?:table|view) (?:if not exists )?public\.(\w+)/gi),
    functions: names(/create (?:or replace )?function public\.(\w+)/gi),
  }
}

/** Why this key is not the one that publishes, or null: a public key says so itself. */
export const publicKey = (key: string): string | null => {
  if (key.startsWith('sb_publishable_')) return 'is a publishable key'
  const claims = /^eyJ[\w-]*\.([\w-]+)\.[\w-]*$/.exec(key)?.[1]
  if (claims === undefined) return null
  try {
    const { role } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as { role?: unknown }
    return typeof role !== 'string' || role === 'service_role' ? null : `is a key for the role ${role}`
  } catch {
    return null
  }
}

const absent = /^(PGRST(106|202|204|205)|42P01|42703|42883)$/

/** PostgreSQL refused the row, so the function was there and ran. */
const ran = /^(22|23)/

const setKey = 'Set SUPABASE_SECRET_KEY to the secret key: Project settings → API keys.'

/** `secretKey` is looked at, never shown. `migrations`: the texts of the files. `thorough`: whether functions are called, too, which
 *  the project logs as an error. */
export const examineSupabase = async (
  project: Project,
  { secretKey, migrations, thorough }: { secretKey: string; migrations: readonly string[]; thorough: boolean },
): Promise<Finding[]> => {
  const wrong = publicKey(secretKey)
  if (wrong !== null) return [error('SUPABASE_SECRET_KEY', `${wrong}: nothing can be published with it`, setKey)]
  const { tables, functions: made } = madeBy(migrations)
  const functions = thorough ? made : []
  const reads: [string, Answer][] = []
  for (const table of tables) {
    const answer = await project.read(table)
    if (answer.status === 0 || answer.status >= 500)
      return [
        {
          ...error('Supabase', `does not answer: ${answer.message}`, 'Check SUPABASE_URL, and whether the project is paused.'),
          passing: true,
        },
      ]
    if (answer.status === 401 || (answer.status === 403 && answer.code !== '42501'))
      return [error('SUPABASE_SECRET_KEY', `is not accepted: ${answer.message}`, setKey)]
    reads.push([table, answer])
  }
  const calls: [string, Answer][] = []
  for (const name of functions) calls.push([name, await project.callEmpty(name)])

  const missing = [...reads, ...calls].filter(([, { code }]) => absent.test(code)).map(([name]) => name)
  const refused = [...reads, ...calls].filter(([, { code }]) => code === '42501').map(([name]) => name)
  const odd = [...reads.filter(([, { code }]) => code !== ''), ...calls.filter(([, { code }]) => code !== '' && !ran.test(code))].filter(
    ([name]) => !missing.includes(name) && !refused.includes(name),
  )
  const nobody = tables[0] === undefined ? null : await project.readAsNobody(tables[0])
  return [
    ok('Supabase', 'answers'),
    ...(missing.length === 0
      ? [ok('Supabase', `all ${tables.length + functions.length} tables, views and functions`)]
      : [
          error(
            'Supabase',
            `lacks ${missing.join(', ')}`,
            'Apply supabase/migrations to the project: `supabase db push`, or paste them into the SQL editor.',
          ),
        ]),
    ...(refused.length === 0 ? [] : [error('SUPABASE_SECRET_KEY', `has no right to ${refused.join(', ')}`, setKey)]),
    ...odd.map(([name, { message }]) => error('Supabase', `${name}: ${message}`, 'Apply supabase/migrations to the project again.')),
    ...(nobody !== null && nobody.status >= 200 && nobody.status < 300
      ? [
          error(
            'Supabase',
            `${tables[0]} is read without any key`,
            'Take the proxy before the project away, or switch row-level security on.',
          ),
        ]
      : []),
  ]
}
