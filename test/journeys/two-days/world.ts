/** A bot, its world and its database, all in this process and all by one clock that stands still until it is set. So that nothing is
 *  later than it should be, however slow the machine, and two days take two minutes. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { vi } from 'vitest'
import type { Workspace } from '../../../src/embedded/workspace.ts'
import { root, startTestBot, testWorld } from '../../bot.ts'
import { clockwork } from '../../clockwork.ts'

/** People work from 9 to 17 in Berlin; the response to a P2 is promised in working time, all else round the clock. */
const kontor = (target: string): string => `name: Kontor
aliases: [warehouse]
links: [{ name: Kontor dashboard, url: "${target}/dashboard", kind: dashboard }]
contacts:
  first: { name: Bob, email: bob@example.test }
  second: { name: Carol, email: carol@example.test }
ladder: [first, second]
calendar: { zone: Europe/Berlin }
severities:
  P2:
    meaning: Orders are wrong
    response: 2 h
    hours: business
    update: 4 h
    nagLead: 10 min
    checklist: [Confirm the severity, Find the cause]
    clocks:
      fix: { title: Fix, within: 48 h, until: resolved }
      review: { title: Review, within: 24 h, from: resolved, until: reviewed }
privateHosts: [127.0.0.1]
checks:
  health: { kind: http, auto: true, title: Health endpoint, options: { url: "${target}/api/health", json: true } }
`

/** Those on the ladder are known by more than their name in Slack; Alice and Dave are not. */
const known = [
  ['bob', 'Bob Berg'],
  ['carol', 'Carol Coe'],
] as const

const peopleFile = (workspace: Workspace): string =>
  known
    .map(([key, name]) => {
      const slack = workspace.people.find((person) => person.name === key)?.id ?? ''
      return `${key}: { name: ${name}, email: ${key}@example.test, slack: ${slack} }\n`
    })
    .join('')

/** Starts everything at `at`. */
export const startWeekend = async (at: string, folder: string) => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date(at) })
  const world = await testWorld({ supabase: { migrations: join(root, 'supabase/migrations') } })
  const workspace = (await (await fetch(`${world.url}/world/workspace`)).json()) as Workspace
  const bot = await startTestBot({
    world,
    files: { 'kontor/service.yml': kontor, 'people.yml': peopleFile(workspace) },
    options: { database: { dataDir: join(folder, 'db') }, doorFile: join(folder, 'terminal.json') },
  })

  const { quiet, pass } = clockwork(bot)

  return {
    bot,
    pass,
    quiet,
    /** Nobody does anything for half a minute: what was put off so that a burst costs one edit is done. */
    settle: () => pass(new Date(Date.now() + 30_000).toISOString()),
    /** The clock goes on while the bot does not run. */
    sleep: (until: string) => void vi.setSystemTime(new Date(until)),
    /** `npm run tocsin -- incident …`, a process of its own on the server. */
    terminal: (...args: string[]): Promise<string> =>
      new Promise((resolve, reject) => {
        execFile(
          process.execPath,
          [join(root, 'src/cli.ts'), ...args],
          { cwd: root, env: { PATH: process.env['PATH'], TOCSIN_DATA: folder } },
          (error, out) => (error === null ? resolve(out) : reject(error)),
        )
      }),
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await bot[Symbol.asyncDispose]()
      await world.close()
      vi.useRealTimers()
    },
  }
}

export type Weekend = Awaited<ReturnType<typeof startWeekend>>
