/** Which files there are, and one file read against its schema with its variables filled in. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Path, Problem } from './problems.ts'
import type { Source } from './source.ts'
import { validate } from './validate.ts'
import { Slug } from './values.ts'
import { interpolate, Variable, type Environment } from './variables.ts'

/** Whether something in it keeps it from being used. */
export const failed = (source: Source): boolean => source.problems.some(({ level }) => level === 'error')

/** The file's content as the schema has it, or null. `unset`: see `interpolate`. */
export const readAs = <Schema extends z.ZodType>(
  schema: Schema,
  source: Source,
  environment: Environment,
): { value: z.infer<Schema>; unset: ReadonlyMap<Path, readonly string[]> } | null => {
  if (source.data === undefined) return null
  const declared = Declared.safeParse(source.data).data?.variables ?? {}
  const { data, unset } = interpolate(source.data, declared, environment, source.report)
  for (const name of new Set([...unset.values()].flat()))
    source.report(['variables', name], `not set in the environment: the placeholder \`${declared[name]?.placeholder}\` stands in for it`, {
      level: 'warning',
      key: true,
    })
  const value = validate(schema, data, source.report)
  return value === null ? null : { value, unset }
}

const Declared = z.object({ variables: z.record(z.string(), Variable) })

const wayOut = 'make a folder with a `service.yml` in it for each product, or set TOCSIN_RUNBOOKS to where they are'

/** Why the folder has not even a broken product, and what to do; null when it has one. A wrong path is likelier than a team without
 *  products. */
export const noProducts = (runbooks: string): string | null => {
  if (statSync(runbooks, { throwIfNoEntry: false })?.isDirectory() !== true) return `there is no such folder: ${wayOut}`
  const has = readdirSync(runbooks).some((name) => existsSync(join(runbooks, name, 'service.yml')))
  return has ? null : `no product is in this folder: ${wayOut}`
}

/** The keys of all products, in order. Folders that hold no product are reported. */
export const productFolders = (runbooks: string, problems: Problem[]): string[] => {
  const complain = (file: string, message: string): void => {
    problems.push({ level: 'error', file, line: 1, column: 1, path: '', message })
  }
  const none = noProducts(runbooks)
  if (none !== null) {
    complain(runbooks, none)
    return []
  }
  const folders = readdirSync(runbooks, { withFileTypes: true }).filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
  return folders
    .map(({ name }) => name)
    .toSorted()
    .filter((name) => {
      if (!Slug.safeParse(name).success)
        complain(join(runbooks, name), 'the folder of a product is named in small letters, digits and dashes, such as `web-shop`')
      else if (!existsSync(join(runbooks, name, 'service.yml'))) complain(join(runbooks, name), 'the folder has no `service.yml`')
      else return true
      return false
    })
}
