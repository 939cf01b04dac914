/** `npm run doctor`: what is wrong, and what to do. Exit code 0: nothing, 1: something, 2: the settings cannot be used. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs, parseEnv } from 'node:util'
import { examineLive, examineStatic } from './doctor.ts'
import { exitCode, report, safe } from './doctor/finding.ts'
import { loadRegistry } from './registry.ts'

const usage = `npm run doctor -- [--static] [--strict] [--json]

  --static  only what needs no network
  --strict  warnings count as errors
  --json    { settings, findings: [{ level, where, what, todo }] }
`

const options = { static: { type: 'boolean' }, strict: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean' } } as const

const flags = () => {
  try {
    return parseArgs({ options }).values
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return null
  }
}

/** The exit code. */
const examine = async ({ static: still = false, strict = false, json = false }): Promise<0 | 1 | 2> => {
  const nothing = () => undefined
  const registry = await loadRegistry(resolve(import.meta.dirname, '..'))
  const file = existsSync('.env') ? parseEnv(readFileSync('.env', 'utf8')) : null
  const { findings, config, catalogue } = await examineStatic(process.env, file, registry)
  const live =
    still || config === null || catalogue === null
      ? []
      : await examineLive({
          config,
          catalogue,
          environment: process.env,
          registry,
          reach: true,
          thorough: true,
          now: () => Date.now(),
          wait: sleep,
          log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
        })
  const all = [...findings, ...live].map(safe)
  const settings = config !== null
  process.stdout.write(json ? `${JSON.stringify({ settings, findings: all }, null, 2)}\n` : `${report(all)}\n`)
  return exitCode(all, { strict, settings })
}

const given = flags()
if (given?.help === true) process.stdout.write(usage)
process.exitCode = given === null ? 2 : given.help === true ? 0 : await examine(given)
