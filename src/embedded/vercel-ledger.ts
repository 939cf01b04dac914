/** What the Vercel emulator does not know: what its deployments and variables are like beyond its own calls, logs of requests, shared
 *  variables, charges. */
import { randomBytes } from 'node:crypto'
import { object, string, type Json } from './json.ts'

/** `projects`, `deployments`, `variables`: fields that take the place of the emulator's, by id. `logs`: rows as the request log has them.
 *  `shared`: variables of the team. `charges`: lines of the bill. `releases`: the one in stages, by its project's id. `manners`: how long a
 *  project's traffic and builds take, `ms`, and whether they get there: `moves` and `builds`, `soon`, `never` or `fails`. */
const COLLECTIONS = ['projects', 'deployments', 'variables', 'logs', 'shared', 'charges', 'releases', 'manners'] as const
export type VercelCollection = (typeof COLLECTIONS)[number]

export const isVercelCollection = (name: string): name is VercelCollection => COLLECTIONS.some((each) => each === name)

export const createVercelLedger = () => {
  const kept = new Map<VercelCollection, Json[]>(COLLECTIONS.map((name) => [name, []]))
  const all = (collection: VercelCollection): Json[] => kept.get(collection) ?? []
  const find = (collection: VercelCollection, id: string): Json | undefined => all(collection).find((item) => item['id'] === id)

  const add = (collection: VercelCollection, given: Json): Json => {
    const known = given['id'] === undefined ? undefined : find(collection, string(given['id']))
    if (known !== undefined) return Object.assign(known, given)
    const item: Json = { id: `${collection}_${randomBytes(12).toString('hex')}`, ...given }
    all(collection).push(item)
    return item
  }

  return {
    all,
    add,
    find,
    /** The emulator's object with what is known better here. */
    whole: (collection: VercelCollection, item: Json): Json => {
      const { id: _, ...better } = object(find(collection, string(item['uid'] ?? item['id'])))
      return { ...item, ...better }
    },
  }
}

export type VercelLedger = ReturnType<typeof createVercelLedger>
