/** `npm run backup`: writes a backup of the embedded database, through the bot that has it open if there is one, and prints the file. */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { backupFolder, writeBackup } from './backup.ts'
import { FolderInUse, openFolder } from './store/embedded.ts'

/** How long a running bot may take, in milliseconds. */
const patienceMs = 60_000

const data = process.env['TOCSIN_DATA'] || '.tocsin'

const written = async (): Promise<string[]> =>
  existsSync(backupFolder(data)) ? (await readdir(backupFolder(data))).filter((name) => name.endsWith('.tar.gz')).toSorted() : []

const askBot = async (pid: number): Promise<string> => {
  const before = new Set(await written())
  process.kill(pid, 'SIGUSR2')
  for (const started = performance.now(); performance.now() - started < patienceMs;) {
    const made = (await written()).find((name) => !before.has(name))
    if (made !== undefined) return join(backupFolder(data), made)
    await sleep(100)
  }
  throw new Error(`Process ${pid} has written no backup within ${patienceMs / 1000} s: its log says why.`)
}

const makeOne = async (folder: string): Promise<string> => {
  // What takes this process for a bot, another backup at the same time, must not end it.
  process.on('SIGUSR2', () => undefined)
  const { pglite, release } = await openFolder(folder, () => undefined)
  try {
    const { rows } = await pglite.query<{ now: Date }>('select now() as now')
    return await writeBackup(data, await pglite.dumpDataDir('none'), rows[0]!.now.toISOString())
  } finally {
    await pglite.close()
    await release()
  }
}

const backup = async (): Promise<string> => {
  if (process.env['DATABASE_URL']) throw new Error('The database is a PostgreSQL of your own (DATABASE_URL): back it up with pg_dump.')
  const folder = join(data, 'db')
  if (!existsSync(folder)) throw new Error(`There is no database in ${data}: set TOCSIN_DATA to the data folder of the bot.`)
  try {
    return await makeOne(folder)
  } catch (error) {
    if (error instanceof FolderInUse && error.pid !== null) return askBot(error.pid)
    throw error
  }
}

backup().then(
  (file) => console.log(file),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  },
)
