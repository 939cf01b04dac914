/** PostgreSQL's own programs, run on this machine: a list of arguments, never a shell, and where to connect only in their environment. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { credentialsOf, type Place, type Reach } from '../../checking/postgres/session.ts'

export type Ended = { readonly code: number | null; readonly output: string; readonly errors: string }

/** The program is not there. */
export class NoProgram extends Error {}

const longestOutput = 16 * 1024 * 1024
const longestErrors = 4_000

/** Runs one to its end; the signal ends it, at once if it does not listen. */
export const execute = (
  program: string,
  words: readonly string[],
  { environment = {}, signal }: { environment?: Readonly<Record<string, string>>; signal: AbortSignal },
): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, [...words], {
      env: { PATH: process.env['PATH'], LC_ALL: 'C', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
      killSignal: 'SIGKILL',
    })
    let output = ''
    let errors = ''
    child.stdout.on('data', (chunk: Buffer) => {
      if (output.length < longestOutput) output += chunk.toString('utf8')
    })
    child.stderr.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString('utf8')).slice(-longestErrors)
    })
    let failed: NodeJS.ErrnoException | null = null
    child.on('error', (error) => {
      failed = error
      if ('code' in error && error.code === 'ENOENT') reject(new NoProgram(`${program} is not installed where the bot runs.`))
    })
    child.on('close', (code) => {
      if (failed !== null && !signal.aborted) reject(failed)
      else resolve({ code, output, errors })
    })
  })

/** The environment in which they reach a database, at the address that was judged. It ends with its use: a certificate is a file. */
export const withEnvironment = async <Value>(
  place: Place,
  context: Reach,
  use: (environment: Readonly<Record<string, string>>) => Promise<Value>,
): Promise<Value> => {
  const { host, port, tls, ca } = place
  const { user, password, database } = credentialsOf(place, context.secret(place.secret))
  const { address } = await context.address(host, port)
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-'))
  try {
    const authority = join(folder, 'authorities.pem')
    // Older ones do not know the system's own.
    if (tls === 'verify') await writeFile(authority, ca ?? rootCertificates.join('\n'), { mode: 0o600 })
    return await use({
      PGHOST: host.replace(/^\[|\]$/g, ''),
      PGHOSTADDR: address,
      PGPORT: String(port),
      PGUSER: user,
      PGPASSWORD: password,
      // Nobody's own file is looked into.
      PGPASSFILE: join(folder, 'none'),
      PGDATABASE: database,
      PGSSLMODE: { verify: 'verify-full', unverified: 'require', none: 'disable' }[tls],
      ...(tls === 'verify' ? { PGSSLROOTCERT: authority } : {}),
      PGCONNECT_TIMEOUT: '10',
      PGAPPNAME: 'tocsin',
      HOME: folder,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
