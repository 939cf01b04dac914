/** `npm run agent`: a small program on a product's host, which runs for the bot what Docker's Engine API has no call for. It is nothing but
 *  this folder and Node. Exit code 2: the settings cannot be used. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { openDoor } from './door.ts'
import { claim, openChild } from './processes.ts'
import { openRecords } from './records.ts'
import { isAllowed } from './repository.ts'
import { askGit } from './program.ts'
import { createRuns } from './runs.ts'
import { createAgentServer } from './server.ts'
import { type AgentSettings, readSettings } from './settings.ts'

const lastWordsMs = 2_000
const now = () => Date.now()
const log = (text: string) => void process.stdout.write(`${new Date(now()).toISOString()} ${text}\n`)

/** What git has against the repository: another owner, or no such branch. */
const repositoryProblem = async (settings: AgentSettings): Promise<string | null> => {
  if (settings.repository === null) return null
  const { folder, branch } = settings.repository
  const { code, text } = await askGit(settings, ['rev-parse', '--verify', '--quiet', `refs/heads/${branch}^{commit}`])
  if (code === 0 && (await isAllowed(settings, text.trim()))) return null
  return `AGENT_REPOSITORY: git cannot read the branch ${branch} of ${folder}: look at its name, and whether this user owns the folder.`
}

const start = async (): Promise<number | null> => {
  const settings = readSettings(process.env)
  const problems = 'problems' in settings ? settings.problems : [await repositoryProblem(settings)].filter((problem) => problem !== null)
  if ('problems' in settings || problems.length > 0) {
    process.stderr.write(`The settings cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}\n`)
    return 2
  }
  const { data, secret, host, port } = settings
  claim(data)
  const child = openChild(data)
  const left = await child.endLeftOver()
  if (left !== null) log(`ended process ${left}, which an agent that was killed had left running`)
  const runs = createRuns(settings, openRecords(data, now), child, now, log)
  const server = createAgentServer({ settings, runs, admit: openDoor(data, secret, now), log })
  server.listen(port, host)
  await once(server, 'listening')
  server.on('error', (error) => log(`the server: ${error.message}`))
  const { address, port: at } = server.address() as AddressInfo
  log(`listening on ${address.includes(':') ? `[${address}]` : address}:${at}`)
  if (!/^(127\.|::1$)/.test(address))
    log('WARNING: other machines can reach it, and whoever is on the way reads what is sent: only a tunnel’s own address should stand here')
  if (process.getuid?.() === 0) log('WARNING: it runs as root: a user of its own that may use Docker is enough')
  // Nobody reads the log any more: what runs goes on to its end.
  process.stdout.on('error', () => undefined)
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.once(signal, () => {
      log(`${signal}: ends when nothing runs any more`)
      server.close()
      // Time for the last words; then nobody holds it up by a connection that says nothing.
      void runs.close().then(() => setTimeout(() => server.closeAllConnections(), lastWordsMs).unref())
    })
  return null
}

try {
  const code = await start()
  if (code !== null) process.exitCode = code
} catch (error) {
  process.stderr.write(`The agent did not start: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
