/** A Redis emptied, all of it, and how it is known afterwards whether that happened: by a marker that goes with the rest, and by how many keys
 *  there are. The marker alone does not tell: a Redis that evicts keys may drop it, and one that starts from an older snapshot has never had it. */
import { z } from 'zod'
import { count } from '../../checking/answer.ts'
import type { Read } from '../../checking/redis/commands.ts'
import type { ActContext } from '../../define/action.ts'
import type { Ran } from '../../incident/acting/action.ts'
import { firstCall } from '../first-call.ts'
import { sizeOf, sizeOfAll } from './keys.ts'
import { type Change, nameOf, refusedBy, type Server } from './server.ts'

export type Whole = 'database' | 'server'

export const emptying = { database: 'FLUSHDB', server: 'FLUSHALL' } as const

export const sizeNow = (all: Whole, read: Read): Promise<number> => (all === 'server' ? sizeOfAll(read) : sizeOf(read))

/** What goes, in a sentence. */
export const wholeOf = (server: Server, all: Whole): string =>
  `everything in ${all === 'server' ? 'all databases' : 'the database'} of ${nameOf(server)}`

/** So long its marker stays where everything else stays, too. */
const markerSeconds = 3600

/** `keys`: how many there were. */
const Memo = z.object({ marker: z.string(), until: z.string(), keys: z.int().optional() })

/** Removes everything, where that is not more than `most`. */
export const empty = async (
  server: Server,
  { all, most }: { readonly all: Whole; readonly most: number },
  read: Read,
  change: Change,
  context: ActContext,
): Promise<Ran> => {
  const keys = await sizeNow(all, read)
  if (keys > most)
    return {
      outcome: 'failed',
      text: `There are ${count(keys, 'key')} by now, and ${most} were approved at most: ask for it again. Nothing was removed.`,
    }
  const marker = `tocsin:${context.runKey}`
  await change('SET', marker, 'emptying', 'EX', String(markerSeconds))
  await context.remember({ marker, until: new Date(Date.parse(context.now()) + markerSeconds * 1000).toISOString(), keys })
  const emptied = await firstCall(context, async () => ({ answer: await change(emptying[all], 'ASYNC') }))
  if ('unsent' in emptied) return emptied.unsent
  const text = `Removed ${wholeOf(server, all)}.`
  try {
    const left = await sizeNow(all, read)
    if (left > 0 && (left >= keys || Number(await read('EXISTS', marker)) > 0))
      return {
        outcome: 'unclear',
        text: `${nameOf(server)} said that it removed everything, and ${count(left, 'key')} of ${keys} are there: look at it.`,
      }
  } catch (error) {
    const why = refusedBy(error, server)
    if (why === null) throw error
    return { outcome: 'done', text: `${text} What is left could not be counted: ${why}` }
  }
  return { outcome: 'done', text }
}

/** What became of it. */
export const readBackEmpty = async (
  server: Server,
  { all }: { readonly all: Whole },
  read: Read,
  context: ActContext,
): Promise<Ran | { readonly outcome: 'undone' }> => {
  const memo = Memo.safeParse(context.memo).data
  if (memo === undefined || context.now() >= memo.until)
    return { outcome: 'unclear', text: `Nobody can tell any more whether everything was removed: look at ${nameOf(server)}.` }
  if (Number(await read('EXISTS', memo.marker)) > 0) return { outcome: 'undone' }
  const left = await sizeNow(all, read)
  // So few were written since, at most.
  if (left === 0 || left * 10 <= (memo.keys ?? 0)) return { outcome: 'done', text: `Removed ${wholeOf(server, all)}.` }
  return {
    outcome: 'unclear',
    text: `${count(left, 'key')} are in ${nameOf(server)}${memo.keys === undefined ? '' : `, of ${memo.keys} before`}. Either everything was removed and written again, or its marker alone is gone: a Redis that evicts keys, or starts from an older snapshot, loses it. Look there.`,
  }
}
