/** Runs a program with a list of arguments: never through a shell, in an environment of its own, within a time. */
import { execFile, spawn } from 'node:child_process'
import { dirname } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import { stripVTControlCharacters } from 'node:util'
import type { AgentSettings } from './settings.ts'

export type Call = { readonly program: 'docker' | 'git'; readonly argv: readonly string[] }

/** `why`: what ended it, where it did not end by itself. */
export type Ended = { readonly exit: number | null; readonly why: string | null }

const longestLine = 500
/** Between the signal that asks it to end and the one that ends it. */
export const graceMs = 10_000
/** How long its last words are awaited when it has ended, and something that it started still holds its output. */
const lastWordsMs = 2_000

/** What a repository's own configuration could have git run: nobody has listed it. Nor does git ask another machine for what is missing. */
const gitOptions = ['core.hooksPath=/dev/null', 'core.fsmonitor=false', 'log.showSignature=false', 'safe.bareRepository=explicit'].flatMap(
  (option) => ['-c', option],
)
const gitEnvironment = { GIT_ALLOW_PROTOCOL: 'none', GIT_NO_LAZY_FETCH: '1', GIT_NO_REPLACE_OBJECTS: '1', GIT_OPTIONAL_LOCKS: '0' }

/** Lines of an output, without what moves a terminal's cursor. What has no end of line is cut. */
const lines = (onLine: (line: string) => void) => {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  const say = (line: string) => {
    const text = stripVTControlCharacters(line)
      .replace(/\p{Cc}/gu, ' ')
      .trimEnd()
      .slice(0, longestLine)
    if (text !== '') onLine(text)
  }
  return {
    push: (chunk: Buffer) => {
      const pieces = (rest + decoder.write(chunk)).split(/\r\n|\n|\r/)
      rest = (pieces.pop() ?? '').slice(0, longestLine * 4)
      for (const piece of pieces) say(piece)
    },
    end: () => say(rest),
  }
}

/** The program by its full path, all of its arguments, and its environment. */
const processOf = (settings: AgentSettings, { program, argv }: Call) => {
  const isGit = program === 'git'
  const path = isGit ? settings.git : settings.docker
  if (path === null) throw new Error(`there is no ${program}`)
  return {
    path,
    argv: [...(isGit ? gitOptions : []), ...argv],
    env: { ...settings.environment, ...(isGit ? gitEnvironment : {}) },
  }
}

/** To a program and what it has started. */
export const signalGroup = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    // It may have ended in between.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Runs it to its end, or to the end of its time. */
export const run = (
  settings: AgentSettings,
  call: Call,
  onStarted: (pid: number) => void,
  onLine: (line: string) => void,
): Promise<Ended> =>
  new Promise((resolve) => {
    const { path, argv, env } = processOf(settings, call)
    // A group of its own: what it starts ends with it.
    const child = spawn(path, argv, {
      shell: false,
      detached: true,
      cwd: dirname(settings.composeFile),
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const { pid } = child
    if (pid !== undefined) onStarted(pid)
    let late: string | null = null
    const end = (signal: NodeJS.Signals) => {
      if (pid !== undefined) signalGroup(pid, signal)
    }
    let killing: NodeJS.Timeout | undefined
    let closing: NodeJS.Timeout | undefined
    const limit = setTimeout(() => {
      late = `It did not end within ${settings.timeoutMs / 60_000} min, and was ended.`
      end('SIGTERM')
      killing = setTimeout(() => end('SIGKILL'), graceMs)
    }, settings.timeoutMs)
    const outputs = [lines(onLine), lines(onLine)] as const
    child.stdout.on('data', outputs[0].push)
    child.stderr.on('data', outputs[1].push)
    const settle = (ended: Ended) => {
      for (const timer of [limit, killing, closing]) clearTimeout(timer)
      if (late !== null) end('SIGKILL')
      resolve(ended)
    }
    child.once('error', (error) => settle({ exit: null, why: `It could not be started: ${error.message}` }))
    child.once('exit', () => {
      // What has left the group and keeps the output open would keep the agent busy for ever.
      closing = setTimeout(() => {
        end('SIGKILL')
        child.stdout.destroy()
        child.stderr.destroy()
      }, lastWordsMs)
    })
    child.once('close', (code, signal) => {
      for (const output of outputs) output.end()
      settle({ exit: late === null ? code : null, why: late ?? (signal === null ? null : `It was ended by ${signal}.`) })
    })
  })

/** Runs git for what it says. */
export const askGit = (settings: AgentSettings, asked: readonly string[]): Promise<{ readonly code: number; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const { repository } = settings
    if (repository === null) {
      reject(new Error('there is no repository'))
      return
    }
    const { path, argv, env } = processOf(settings, { program: 'git', argv: asked })
    const options = { cwd: repository.folder, env, timeout: 20_000, maxBuffer: 4 * 1024 * 1024, shell: false }
    execFile(path, argv, options, (error, stdout) => {
      if (error === null) resolve({ code: 0, text: stdout })
      else if (typeof error.code === 'number') resolve({ code: error.code, text: stdout })
      else reject(error)
    })
  })
