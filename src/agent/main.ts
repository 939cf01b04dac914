/** `npm run agent`: a small program on a product's host, which runs for the bot what Docker's Engine API has no call for. It is nothing but
 *  this folder and Node. Exit code 2: the settings cannot be used. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { openDoor } from './door.ts'
import { openRecords } from './records.ts'
import { isAllowed } from './repository.ts'
import { askGit } from './program.ts'
import { createRuns } from './runs.ts'
import { createAgentServer } from './server.ts'
import { type AgentSettings, readSettings } from './settings.ts'

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
  const runs = createRuns(settings, openRecords(data, now), now, log)
  const server = createAgentServer({ settings, runs, admit: openDoor(data, secret, now), log })
  server.listen(port, host)
  await once(server, 'listening')
  const { address, port: at } = server.address() as AddressInfo
  log(`listening on ${address.includes(':') ? `[${address}]` : address}:${at}`)
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      log(`${signal}: ends when nothing runs any more`)
      server.close()
      void runs.close()
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
