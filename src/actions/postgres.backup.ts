/** A backup now (A16): `pg_dump` to a folder of this machine, and what it wrote read again before it counts. */
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { access, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { z } from 'zod'
import { refusedBy } from '../acting/postgres/fault.ts'
import { type Ended, execute, NoProgram, withEnvironment } from '../acting/postgres/program.ts'
import { count, listed } from '../checking/answer.ts'
import { foreign } from '../checking/foreign.ts'
import { amount } from '../checking/measure.ts'
import { numeric } from '../checking/postgres/rows.ts'
import { inSession, place } from '../checking/postgres/session.ts'
import { type ActContext, defineAction, type LookContext } from '../define/action.ts'
import type { Ran } from '../incident/acting/action.ts'
import { FetchFault } from '../ports.ts'

const megabyte = 1024 * 1024
const kilobyte = 1024
/** In the largest unit that it has one of. */
const shown = (bytes: number): string =>
  bytes < kilobyte ? count(bytes, 'byte') : bytes < megabyte ? amount(bytes / kilobyte, 'KB') : amount(bytes / megabyte, 'MB')

const Options = z.strictObject({
  ...place,
  /** Where backups are kept. It must be there. */
  directory: z.string().max(500).refine(isAbsolute, 'must be an absolute path'),
  /** MB that the database and its backup may have, at most. */
  most: z.number().positive().default(10_000),
  /** MB of the disk that must stay free. */
  free: z.number().positive().default(1_000),
  /** Where `pg_dump` and `pg_restore` are, when not in PATH. */
  programs: z.string().max(500).refine(isAbsolute, 'must be an absolute path').optional(),
})
type Options = z.infer<typeof Options>

const program = ({ programs }: Options, name: 'pg_dump' | 'pg_restore'): string => (programs === undefined ? name : join(programs, name))

/** Thrown for what keeps a backup from being made; its message is a sentence for people. */
class NotMade extends Error {}

const majorOf = async (options: Options, signal: AbortSignal): Promise<number> => {
  const { output } = await execute(program(options, 'pg_dump'), ['--version'], { signal })
  return Number(/\) (\d+)/.exec(output)?.[1] ?? Number.NaN)
}

const freeOf = async ({ directory }: Options): Promise<number> => {
  const { bavail, bsize } = await statfs(directory)
  return bavail * bsize
}

const assertFolder = async ({ directory }: Options): Promise<void> => {
  try {
    await access(directory, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new NotMade(
      `The bot cannot write to ${directory}: make that folder, and let it write there. (${error instanceof Error && 'code' in error ? String(error.code) : ''})`,
    )
  }
}

/** What the user can read is what is in the backup, or there is none. */
const unreadable = `select format('%I.%I', n.nspname, c.relname) from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'S', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and not pg_catalog.has_table_privilege(c.oid, 'SELECT') order by 1`
const facts = `select pg_catalog.pg_database_size(current_database()), current_database(), current_setting('server_version_num')::int / 10000,
  (select count(*) from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema')`

const preview = async (options: Options, context: LookContext) => {
  const major = await majorOf(options, context.signal)
  await assertFolder(options)
  const seen = await inSession(options, context, async ({ read }) => {
    const [row] = (await read(facts)).rows
    const { rows } = await read(unreadable, [], 5)
    return { row: row ?? [], closed: rows.flatMap(([name]) => name ?? []) }
  })
  const [size, server, tables] = [numeric(seen.row[0]), numeric(seen.row[2]), numeric(seen.row[3])]
  const database = foreign(seen.row[1] ?? '', 63)
  if (server > major)
    throw new NotMade(
      `pg_dump ${major} reads no server of version ${server}: install postgresql-client-${server} where the bot runs, and name its folder as \`programs\`.`,
    )
  if (seen.closed.length > 0)
    throw new NotMade(
      `The user in ${options.secret} may not read everything, ${listed(seen.closed)} for one: a backup needs a user that may, such as a member of pg_read_all_data.`,
    )
  if (size > options.most * megabyte)
    throw new NotMade(
      `The database has ${shown(size)}, more than the ${amount(options.most, 'MB')} that service.yml allows: back it up in another way.`,
    )
  const free = await freeOf(options)
  // Compressed it is smaller, and nobody knows by how much.
  if (free - size < options.free * megabyte)
    throw new NotMade(
      `${options.directory} has ${shown(free)} left, too little for ${shown(size)} and ${amount(options.free, 'MB')} that must stay free: make room.`,
    )
  return {
    summary: `Backs ${database} up to ${options.directory}: ${count(tables, 'table')}, ${shown(size)} at most.`,
    calls: [
      `pg_dump --format=custom --no-password --lock-wait-timeout=10000 --file=${options.directory}/….dump`,
      'pg_restore --list of it',
    ],
    effects: [`${count(tables, 'table')}, ${shown(size)} before compression`, `${shown(free)} left in ${options.directory}`],
    reversible: 'the database is only read; the file can be deleted',
    warnings: ['The file holds everything, personal data as well: whoever can read it can read that.'],
    plan: { directory: options.directory, tables },
    state: { database },
  }
}

const nameOf = ({ runKey }: ActContext): string => runKey.replaceAll(':', '-')
const fileOf = (directory: string, context: ActContext): string => join(directory, `${nameOf(context)}.dump`)

const failing = (name: string, { code, errors }: Ended): NotMade =>
  new NotMade(
    `${name} ended with ${code ?? 'a signal'}: ${foreign(errors.trim().split('\n').slice(-3).join(' '), 300) || 'it did not say why'}`,
  )

/** Reads a backup's list of contents: a torn file has none. */
const readList = async (options: Options, file: string, signal: AbortSignal): Promise<number> => {
  const ended = await execute(program(options, 'pg_restore'), ['--list', file], { signal })
  if (ended.code !== 0) throw failing('pg_restore', ended)
  return [...ended.output.matchAll(/^\d+; \d+ \d+ TABLE DATA /gm)].length
}

const done = async (options: Options, file: string, signal: AbortSignal): Promise<Ran> => {
  const tables = await readList(options, file, signal)
  const { size } = await stat(file)
  return { outcome: 'done', text: `Backed up to ${file}: ${shown(size)}, data of ${count(tables, 'table')}, read again and whole.` }
}

const lookMs = 1_000

/** Dumps to `partial`. Ends it when it grows too large, or the disk too full. */
const dump = async (options: Options, partial: string, context: ActContext): Promise<void> => {
  const stop = new AbortController()
  let why = ''
  const look = async (): Promise<void> => {
    const { size } = await stat(partial)
    context.progress(`${shown(size)} written`)
    if (size > options.most * megabyte) why = `It grew beyond ${amount(options.most, 'MB')}, which is what service.yml allows.`
    else if ((await freeOf(options)) < options.free * megabyte) why = `Less than ${amount(options.free, 'MB')} of the disk were left.`
    if (why !== '') stop.abort()
  }
  const timer = setInterval(() => {
    // A file that cannot be looked at ends by itself.
    look().catch(() => stop.abort())
  }, lookMs)
  try {
    const words = ['--format=custom', '--no-password', '--lock-wait-timeout=10000', `--file=${partial}`]
    const signal = AbortSignal.any([context.signal, stop.signal])
    const ended = await withEnvironment(options, context, (environment) =>
      execute(program(options, 'pg_dump'), words, { environment, signal }),
    )
    if (context.signal.aborted) throw new NotMade('It was not done in time, or another process took over.')
    if (why === '') await look()
    if (why !== '') throw new NotMade(why)
    if (ended.code !== 0) throw failing('pg_dump', ended)
  } finally {
    clearInterval(timer)
  }
}

/** What earlier tries of the same run left. */
const removePartial = async (directory: string, context: ActContext): Promise<void> => {
  const left = (await readdir(directory)).filter((name) => name.startsWith(`${nameOf(context)}.`) && name.endsWith('.partial'))
  await Promise.all(left.map((name) => rm(join(directory, name), { force: true })))
}

const refusal = (error: unknown, { secret }: Options): string | null =>
  error instanceof NotMade || error instanceof NoProgram ? error.message : refusedBy(error, secret)

const isThere = async (file: string): Promise<boolean> => {
  try {
    await access(file)
    return true
  } catch {
    return false
  }
}

/** Backs a database up. */
export default defineAction({
  summary: 'A backup of the database now, verified by reading it',
  options: Options,
  input: z.strictObject({}),
  risk: () => 'low',
  target: ({ host }) => `backup:${host}`,
  hosts: ({ host, port }) => [`${host}:${port}`],
  needs: ({ secret }) => [secret],
  timeoutMs: 600_000,
  preview: async (options, _, context) => {
    try {
      return await preview(options, context)
    } catch (error) {
      const why = refusal(error, options)
      if (why === null) throw error
      return { unable: why }
    }
  },
  run: async (options, { directory, tables }, context) => {
    const file = fileOf(directory, context)
    const partial = join(directory, `${nameOf(context)}.${randomUUID()}.partial`)
    try {
      await assertFolder(options)
      await removePartial(directory, context)
      await context.remember({ file })
      // Readable for the bot alone, from its first byte.
      await (await open(partial, 'wx', 0o600)).close()
      await dump(options, partial, context)
      if (tables > 0 && (await readList(options, partial, context.signal)) === 0)
        throw new NotMade('What was written holds no table’s data.')
      const handle = await open(partial, 'r')
      await handle.sync()
      await handle.close()
      await rename(partial, file)
      return await done(options, file, context.signal)
    } catch (error) {
      // Nothing was changed, so that there is nothing to read back.
      const why = error instanceof FetchFault ? error.message : refusal(error, options)
      if (why === null) throw error
      return { outcome: 'failed', text: `${why} There is no backup of this try.` }
    } finally {
      await rm(partial, { force: true })
    }
  },
  recover: async (options, { directory }, context) => {
    const file = fileOf(directory, context)
    // It has this name only when it is whole. To dump once more changes nothing.
    if (await isThere(file)) return done(options, file, context.signal)
    return { outcome: context.memo === null ? 'undone' : 'resume' }
  },
})
