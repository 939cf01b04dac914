/** The agent as a process of its own, on a host that is a temporary folder: with a `docker` that says and does what the test says, and a
 *  real git repository. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startHttp } from '../adapters/server.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
export const secret = 'a secret of the bot and its agent, 32 characters'

/** What the stand-in says when it is run with these arguments, and how it ends. */
export type Docker = (argv: readonly string[], say: (line: string) => void) => Promise<number> | number

/** It asks the test what to say, a line as soon as there is one. */
const standIn = `#!${process.execPath}
const { readFileSync } = require('node:fs')
const main = async () => {
  const body = JSON.stringify({ argv: process.argv.slice(2), env: process.env, cwd: process.cwd() })
  const answer = await fetch(readFileSync(__dirname + '/control', 'utf8'), { method: 'POST', body })
  let text = ''
  for await (const chunk of answer.body) {
    text += Buffer.from(chunk).toString()
    for (let at = text.indexOf('\\n'); at !== -1; at = text.indexOf('\\n')) {
      const said = JSON.parse(text.slice(0, at))
      text = text.slice(at + 1)
      if (said.line !== undefined) process.stdout.write(said.line + '\\n')
      if (said.exit !== undefined) process.exitCode = said.exit
    }
  }
}
main().catch((error) => { console.error(String(error)); process.exitCode = 99 })
`

export type Call = { readonly argv: readonly string[]; readonly env: Readonly<Record<string, string>>; readonly cwd: string }

/** The folder, the programs, and what they were called with. */
export const startHost = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'agent-host-'))
  const calls: Call[] = []
  let docker: Docker = () => 0
  const control = await startHttp((request, response: ServerResponse) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const call = JSON.parse(body) as Call
      calls.push(call)
      const say = (line: string) => void response.write(`${JSON.stringify({ line })}\n`)
      void Promise.resolve(docker(call.argv, say)).then((exit) => response.end(`${JSON.stringify({ exit })}\n`))
    })
  })
  // Whatever the mask of whoever runs this: the agent wants nobody else to write there.
  for (const name of ['bin', 'data', 'shop', 'shop/.git']) mkdirSync(join(folder, name), { mode: 0o755 })
  writeFileSync(join(folder, 'bin/control'), `http://${control.host}`)
  writeFileSync(join(folder, 'bin/docker'), standIn)
  chmodSync(join(folder, 'bin/docker'), 0o755)
  const repository = join(folder, 'shop')
  const git = (...argv: string[]): string =>
    execFileSync('git', ['-C', repository, ...argv], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
  git('init', '-q', '-b', 'main')
  git('config', 'user.email', 'alice@example.com')
  git('config', 'user.name', 'Alice')
  /** A commit that writes these files; gives its hash. */
  const commit = (subject: string, files: Readonly<Record<string, string>>): string => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(repository, name, '..'), { recursive: true })
      writeFileSync(join(repository, name), text, { mode: 0o644 })
    }
    git('add', '-A')
    git('commit', '-q', '-m', subject)
    return git('rev-parse', 'HEAD')
  }
  return {
    folder,
    repository,
    git,
    commit,
    calls,
    /** What was asked of Compose, without what is the same each time. */
    composed: () => calls.map(({ argv }) => argv.join(' ').replace(/^compose --ansi never -f \S+ (-p \S+ )?/, '')),
    answer: (next: Docker) => {
      docker = next
    },
    environment: {
      PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
      AGENT_LISTEN: '127.0.0.1:0',
      AGENT_SECRET: secret,
      AGENT_DATA: join(folder, 'data'),
      AGENT_COMPOSE_FILE: join(repository, 'compose.yml'),
      AGENT_PROJECT: 'shop',
      AGENT_SERVICES: 'api,celery_worker,redis',
      AGENT_SCALE: 'celery_worker=8,api=3',
      AGENT_REPOSITORY: repository,
    } as Record<string, string>,
    [Symbol.asyncDispose]: async () => {
      await control[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
export type Host = Awaited<ReturnType<typeof startHost>>

/** Starts the program, and waits for its end: what it said, and its exit code. */
export const runAgent = async (environment: Readonly<Record<string, string>>): Promise<{ code: number | null; said: string }> => {
  const child = spawn(process.execPath, [join(root, 'src/agent/main.ts')], { env: { ...environment }, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const output of [child.stdout, child.stderr]) output.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, said }
}

/** Starts the program, which goes on. */
export const startAgent = async (host: Host) => {
  let child: ChildProcess
  let log = ''
  let port = 0
  const start = async () => {
    const environment = { ...host.environment, AGENT_LISTEN: `127.0.0.1:${port}` }
    const started = spawn(process.execPath, [join(root, 'src/agent/main.ts')], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    child = started
    const before = log.length
    const listening = new Promise<number>((resolve, reject) => {
      const hear = (chunk: Buffer) => {
        log += chunk.toString()
        const [, at] = /listening on 127\.0\.0\.1:(\d+)/.exec(log.slice(before)) ?? []
        if (at !== undefined) resolve(Number(at))
      }
      for (const output of [started.stdout, started.stderr]) output.on('data', hear)
      started.once('exit', () => reject(new Error(`the agent did not start: ${log}`)))
    })
    port = await listening
  }
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }
  await start()
  return {
    url: () => `http://127.0.0.1:${port}`,
    host: () => `127.0.0.1:${port}`,
    log: () => log,
    kill: () => end('SIGKILL'),
    stop: (signal: NodeJS.Signals = 'SIGTERM') => end(signal),
    start,
    [Symbol.asyncDispose]: () => end('SIGKILL'),
  }
}
export type Agent = Awaited<ReturnType<typeof startAgent>>
