/** The agent's settings, from its own environment. Whatever is wrong is named at once; half configured it does not start. */
import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

export type AgentSettings = {
  readonly host: string
  readonly port: number
  readonly secret: string
  /** Where the records of its runs are kept. */
  readonly data: string
  readonly composeFile: string
  /** The Compose project, where the file's folder does not give it. */
  readonly project: string | null
  readonly services: readonly string[]
  /** How many of each service there may be; a service that is not here is not scaled. */
  readonly scales: ReadonlyMap<string, number>
  /** What may be checked out: the commits of a branch of this repository. */
  readonly repository: { readonly folder: string; readonly branch: string } | null
  readonly timeoutMs: number
  /** The programs, by their full paths. */
  readonly docker: string
  readonly git: string | null
  /** All that a program is given of the environment. */
  readonly environment: Readonly<Record<string, string>>
}

type Environment = Readonly<Record<string, string | undefined>>

const service = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/
const names = [
  'AGENT_LISTEN',
  'AGENT_SECRET',
  'AGENT_DATA',
  'AGENT_COMPOSE_FILE',
  'AGENT_PROJECT',
  'AGENT_SERVICES',
  'AGENT_SCALE',
  'AGENT_REPOSITORY',
  'AGENT_BRANCH',
  'AGENT_TIMEOUT_MINUTES',
]

const find = (program: string, path: string): string | null => {
  for (const folder of path.split(delimiter)) {
    const file = join(folder, program)
    try {
      accessSync(file, constants.X_OK)
      if (statSync(file).isFile()) return file
    } catch {
      // Not there: the next folder of PATH.
    }
  }
  return null
}

const kindOf = (path: string): 'file' | 'folder' | null => {
  try {
    const stat = statSync(realpathSync(path))
    return stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : null
  } catch {
    return null
  }
}

/** Whether somebody else may write it than this user and root. */
const isOpen = (path: string): boolean => {
  const { uid, mode } = statSync(path)
  return (mode & 0o022) !== 0 || ![0, process.getuid?.()].includes(uid)
}

/** What is wrong with the first of these that others may write: they could put what they like in its place. */
const openAmong = (name: string, paths: readonly string[]): string[] => {
  const open = paths.find(isOpen)
  return open === undefined
    ? []
    : [
        `${name}: others than the agent’s user and root can write ${open}, and who does has this machine: chown it to that user, chmod go-w.`,
      ]
}

const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')

/** Of the environment only this reaches a program: neither the secret nor anything that changes what it does. */
const kept = ['HOME', 'XDG_RUNTIME_DIR', 'DOCKER_HOST', 'DOCKER_CONFIG', 'DOCKER_CERT_PATH', 'DOCKER_TLS_VERIFY']

/** The settings, or everything that is wrong with them, a line each. */
export const readSettings = (environment: Environment): AgentSettings | { readonly problems: readonly string[] } => {
  const problems: string[] = []
  const given = (name: string): string => (environment[name] ?? '').trim()
  const needed = (name: string, what: string): string => {
    if (given(name) === '') problems.push(`${name} is not set: ${what}.`)
    return given(name)
  }
  for (const name of Object.keys(environment))
    if (name.startsWith('AGENT_') && !names.includes(name))
      problems.push(`${name} is no setting of the agent: there are ${names.join(', ')}.`)

  const [, bracketed, plain, portText = ''] =
    /^(?:\[([0-9a-f:]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(given('AGENT_LISTEN') || '127.0.0.1:7423') ?? []
  const [host, port] = [bracketed ?? plain ?? '', Number(portText || '-1')]
  if (host === '' || port < 0 || port > 65_535) problems.push('AGENT_LISTEN must be an address and a port, as in 127.0.0.1:7423.')

  const secret = needed('AGENT_SECRET', 'the secret that the bot has, too; at least 32 characters, from `openssl rand -hex 32`')
  if (secret !== '' && secret.length < 32) problems.push('AGENT_SECRET must have at least 32 characters.')
  // Whoever has seen one request can try secrets on it, as many as they like.
  else if (secret !== '' && new Set(secret).size < 10) problems.push('AGENT_SECRET must be drawn at random: `openssl rand -hex 32`.')
  const data = needed('AGENT_DATA', 'a folder for the records of its runs')
  if (data !== '' && (!data.startsWith('/') || kindOf(data) !== 'folder'))
    problems.push('AGENT_DATA must be the absolute path of a folder that exists.')
  else if (data !== '' && isOpen(data))
    problems.push('AGENT_DATA must belong to the agent’s user, and nobody else may write there: chmod 700.')
  const composeFile = needed('AGENT_COMPOSE_FILE', 'the Compose file of the product')
  if (composeFile !== '' && (!composeFile.startsWith('/') || kindOf(composeFile) !== 'file'))
    problems.push('AGENT_COMPOSE_FILE must be the absolute path of a file that exists.')
  else if (composeFile !== '') {
    const file = realpathSync(composeFile)
    problems.push(...openAmong('AGENT_COMPOSE_FILE', [file, dirname(file), dirname(composeFile)]))
  }
  const project = given('AGENT_PROJECT')
  if (project !== '' && !/^[a-z0-9][a-z0-9_-]{0,62}$/.test(project)) problems.push('AGENT_PROJECT must be the name of a Compose project.')

  const services = listOf(needed('AGENT_SERVICES', 'the services that it may touch, with commas between them'))
  for (const name of services) if (!service.test(name)) problems.push(`AGENT_SERVICES: “${name.slice(0, 80)}” is no name of a service.`)
  const scales = new Map<string, number>()
  for (const entry of listOf(given('AGENT_SCALE'))) {
    const [, name = '', most = ''] = /^([^=]+)=(\d{1,3})$/.exec(entry) ?? []
    if (Number(most) < 1) problems.push(`AGENT_SCALE: “${entry.slice(0, 80)}” is no service with a number, as in worker=5.`)
    else if (!services.includes(name)) problems.push(`AGENT_SCALE: ${name.slice(0, 80)} is not among AGENT_SERVICES.`)
    else scales.set(name, Number(most))
  }

  const folder = given('AGENT_REPOSITORY')
  const branch = given('AGENT_BRANCH') || 'main'
  if (folder === '' && given('AGENT_BRANCH') !== '') problems.push('AGENT_BRANCH is set without AGENT_REPOSITORY.')
  if (folder !== '' && (!folder.startsWith('/') || kindOf(join(folder, '.git')) === null))
    problems.push('AGENT_REPOSITORY must be the absolute path of a git checkout.')
  else if (folder !== '') problems.push(...openAmong('AGENT_REPOSITORY', [folder, join(folder, '.git')]))
  if (!/^[A-Za-z0-9][A-Za-z0-9_./-]{0,99}$/.test(branch) || branch.includes('..'))
    problems.push('AGENT_BRANCH must be the name of a branch, as in main.')
  const minutes = given('AGENT_TIMEOUT_MINUTES') || '30'
  if (!/^\d{1,3}$/.test(minutes) || Number(minutes) < 1 || Number(minutes) > 120)
    problems.push('AGENT_TIMEOUT_MINUTES must be a number from 1 to 120.')

  // Of a relative folder the programs would be those of the project's.
  const path = (environment['PATH'] ?? '')
    .split(delimiter)
    .filter((each) => each.startsWith('/'))
    .join(delimiter)
  const [docker, git] = [find('docker', path), folder === '' ? null : find('git', path)]
  if (docker === null) problems.push('There is no program `docker` in PATH.')
  if (folder !== '' && git === null) problems.push('There is no program `git` in PATH, which AGENT_REPOSITORY needs.')
  if (problems.length > 0 || docker === null) return { problems }
  return {
    host,
    port,
    secret,
    data,
    composeFile,
    project: project === '' ? null : project,
    services,
    scales,
    repository: folder === '' ? null : { folder, branch },
    timeoutMs: Number(minutes) * 60_000,
    docker,
    git,
    environment: {
      PATH: path,
      LANG: 'C.UTF-8',
      GIT_TERMINAL_PROMPT: '0',
      ...Object.fromEntries(kept.flatMap((name) => (given(name) === '' ? [] : [[name, given(name)]]))),
    },
  }
}
