/** Real programs from Debian, for tests that would prove little without them. */
import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A Debian package and the program of it that is needed: a name looked for in PATH, a full path, or who knows where to look. */
export type Package = { readonly name: string; readonly binary: string | (() => string | null) }

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Where the program is, or null. Debian keeps some out of an ordinary user's PATH. */
export const find = (binary: string): string | null => {
  if (binary.includes('/')) return isExecutable(binary) ? binary : null
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/sbin', '/usr/local/bin']
  return folders.map((folder) => join(folder, binary)).find(isExecutable) ?? null
}

const canInstall = (): boolean => process.getuid?.() === 0 && existsSync('/etc/debian_version') && find('apt-get') !== null

const apt = (...words: string[]): void => {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  execFileSync('apt-get', ['-o', 'DPkg::Lock::Timeout=120', '-qq', ...words], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 300_000,
  })
}

/** Whether all programs are there, after installing what is missing where that is possible: on Debian, as root. (A
 *  package may start a service; tests run programs of their own, on ports of their own.) Otherwise it prints what to install, so that what is skipped is seen. */
export const ensure = (packages: readonly Package[]): boolean => {
  const missing = () => packages.filter(({ binary }) => (typeof binary === 'string' ? find(binary) : binary()) === null)
  const names = missing().map(({ name }) => name)
  if (names.length === 0) return true
  let why = ''
  if (canInstall()) {
    try {
      apt('update')
      apt('install', '-y', '--no-install-recommends', ...names)
    } catch (error) {
      why = `: ${String(error instanceof Error ? error.message : error).slice(0, 300)}`
    }
    if (missing().length === 0) return true
  }
  console.warn(`Skipped, since programs are missing${why}. To run these tests: apt-get install ${names.join(' ')}`)
  return false
}
