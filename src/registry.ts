/** The scanned folders: each file's default export, under its file's name. A file of the wrong shape stops the start, and is named. */
import { readdirSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { z } from 'zod'
import type { AlertSource, CommandDefinition, JobDefinition, Verb } from './define.ts'
import type { ActionDefinition } from './define/action.ts'
import type { CheckDefinition } from './define/check.ts'

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .flatMap((entry) =>
      entry.isDirectory() ? filesBelow(join(folder, entry.name)) : entry.name.endsWith('.ts') ? [join(folder, entry.name)] : [],
    )

/** Every definition below `folder`, by its path without ending, `/` as `-`. `needed`: fields that make one. */
const scan = async <Definition>(folder: string, needed: readonly string[]): Promise<Map<string, Definition>> => {
  const found = new Map<string, Definition>()
  for (const file of filesBelow(folder)) {
    const module = (await import(pathToFileURL(file).href)) as { default?: unknown }
    const definition = module.default
    const missing = needed.filter((field) => typeof definition !== 'object' || definition === null || !(field in definition))
    if (missing.length > 0)
      throw new Error(`${file}: its default export lacks ${missing.join(', ')}; make it with the define… function of src/define.ts`)
    const name = relative(folder, file).replace(/\.ts$/, '').replaceAll('/', '-')
    if (found.has(name)) throw new Error(`${file}: ${name} is defined twice`)
    found.set(name, definition as Definition)
  }
  return found
}

export type Registry = {
  readonly verbs: readonly Verb[]
  readonly checks: ReadonlyMap<string, CheckDefinition>
  readonly actions: ReadonlyMap<string, ActionDefinition>
  readonly alertSources: ReadonlyMap<string, AlertSource>
  readonly jobs: ReadonlyMap<string, JobDefinition>
}

const optionsOf = (kinds: ReadonlyMap<string, { readonly options: z.ZodType }>): Readonly<Record<string, z.ZodType>> =>
  Object.fromEntries([...kinds].map(([name, { options }]) => [name, options]))

/** The kinds that a product's file may name. */
export const kindsOf = ({ checks, actions }: Pick<Registry, 'checks' | 'actions'>) => ({
  kinds: Object.fromEntries(checks),
  actionKinds: optionsOf(actions),
})

/** Reads all scanned folders below the project's `root`. Throws when a file has the wrong shape, naming it. */
export const loadRegistry = async (root: string): Promise<Registry> => {
  const verbs = await Promise.all(
    (['incident', 'diag'] as const).map(async (command) =>
      [...(await scan<CommandDefinition>(join(root, 'commands', command), ['summary', 'usage', 'examples', 'needs', 'run']))].map(
        ([name, definition]): Verb => ({ command, name: basename(name), definition }),
      ),
    ),
  )
  return {
    verbs: verbs.flat(),
    checks: await scan(join(root, 'src/checks'), ['summary', 'options', 'hosts', 'timeoutMs', 'concurrency', 'run']),
    actions: await scan(join(root, 'src/actions'), [
      'summary',
      'options',
      'input',
      'risk',
      'target',
      'hosts',
      'timeoutMs',
      'preview',
      'run',
      'recover',
    ]),
    alertSources: await scan(join(root, 'src/alerts'), ['summary', 'verify', 'parse']),
    jobs: await scan(join(root, 'src/jobs'), ['summary', 'expireInSeconds', 'retryLimit', 'concurrency', 'coalesce', 'run']),
  }
}
