/** A real PgBouncer of Debian that pools transactions, as those of hosted databases do, on a free loopback port. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { identity } from '../postgres.ts'
import { freePort } from '../system/alertmanager.ts'
import { find, type Package } from '../system/debian.ts'

/** What `ensure` must find. */
export const poolerPackages: readonly Package[] = [{ name: 'pgbouncer', binary: 'pgbouncer' }]

/** In front of a database; it has one connection for all. */
export const startPooler = async (target: { readonly port: number; readonly database: string; readonly user: string }) => {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'pgbouncer-'))
  const as = identity()
  const file = join(folder, 'pgbouncer.ini')
  const { database, user } = target
  await writeFile(
    file,
    `[databases]
${database} = host=127.0.0.1 port=${target.port} dbname=${database} user=${user} pool_size=1
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
`,
  )
  if (as.uid !== undefined) for (const path of [folder, file]) chownSync(path, as.uid, as.gid)
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', find('pgbouncer') ?? 'pgbouncer', '-q', file], { ...as, stdio: 'ignore' })
  const url = `postgres://${user}@127.0.0.1:${port}/${database}`
  for (const started = performance.now(); ; await sleep(50)) {
    if (child.exitCode !== null || performance.now() - started > 30_000) throw new Error('PgBouncer did not start')
    const client = new Client({ connectionString: url })
    try {
      await client.connect()
      await client.query('select 1')
      break
    } catch {
      // Not ready yet: asked again until the time is over.
    } finally {
      await client.end().catch(() => undefined)
    }
  }
  return {
    port,
    url,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}
