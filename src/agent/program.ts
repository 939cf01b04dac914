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
const graceMs = 10_000

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

const pathOf = (settings: AgentSettings, program: Call['program']): string => {
  const path = program === 'docker' ? settings.docker : settings.git
  if (path === null) throw new Error(`there is no ${program}`)
  return path
}

/** Runs it to its end, or to the end of its time. */
export const run = (settings: AgentSettings, { program, argv }: Call, onLine: (line: string) => void): Promise<Ended> =>
  new Promise((resolve) => {
    const child = spawn(pathOf(settings, program), argv, {
      shell: false,
      // A group of its own: what it starts ends with it.
      detached: true,
      cwd: dirname(settings.composeFile),
      env: { ...settings.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let late: string | null = null
    const end = (signal: NodeJS.Signals) => {
      if (child.pid === undefined) return
      try {
        process.kill(-child.pid, signal)
      } catch (error) {
        // It may have ended in between.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      }
    }
    let killing: NodeJS.Timeout | undefined
    const limit = setTimeout(() => {
      late = `It did not end within ${settings.timeoutMs / 60_000} min, and was ended.`
      end('SIGTERM')
      killing = setTimeout(() => end('SIGKILL'), graceMs)
    }, settings.timeoutMs)
    const outputs = [lines(onLine), lines(onLine)] as const
    child.stdout.on('data', outputs[0].push)
    child.stderr.on('data', outputs[1].push)
    const settle = (ended: Ended) => {
      clearTimeout(limit)
      clearTimeout(killing)
      resolve(ended)
    }
    child.once('error', (error) => settle({ exit: null, why: `It could not be started: ${error.message}` }))
    child.once('close', (code, signal) => {
      for (const output of outputs) output.end()
      settle({ exit: late === null ? code : null, why: late ?? (signal === null ? null : `It was ended by ${signal}.`) })
    })
  })

/** Runs git for what it says. */
export const askGit = (settings: AgentSettings, argv: readonly string[]): Promise<{ readonly code: number; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const { repository } = settings
    if (repository === null) {
      reject(new Error('there is no repository'))
      return
    }
    const options = { cwd: repository.folder, env: { ...settings.environment }, timeout: 20_000, maxBuffer: 4 * 1024 * 1024, shell: false }
    execFile(pathOf(settings, 'git'), [...argv], options, (error, stdout) => {
      if (error === null) resolve({ code: 0, text: stdout })
      else if (typeof error.code === 'number') resolve({ code: error.code, text: stdout })
      else reject(error)
    })
  })
