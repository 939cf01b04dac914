/** The keys of a pattern removed, piece by piece. How many may have been removed is remembered before each lot, so that the cap holds over
 *  crashes. */
import { z } from 'zod'
import { count } from '../../checking/answer.ts'
import type { Read } from '../../checking/redis/commands.ts'
import type { ActContext } from '../../define/action.ts'
import type { Ran } from '../../incident/acting/action.ts'
import { firstCall } from '../first-call.ts'
import { anyKey, countKeys, pieces } from './keys.ts'
import { type Change, refusedBy, type Server } from './server.ts'

/** Over TCP as over REST, one piece is one command. */
const unlinkAtOnce = 500
/** How often it is gone on with after it broke off. */
const mostTries = 5
/** How often it is remembered how far it is, at most: each time is an event. */
const mostLots = 50

/** `removed`: as Redis counted them. `lost`: what tries that broke off may have removed besides. `lot`: what may have been removed since this
 *  was remembered. */
const Memo = z.object({
  removed: z.int().default(0),
  lost: z.int().default(0),
  lot: z.int().default(0),
  tries: z.int().default(0),
})

/** What an earlier try has left; its lot may have been removed. */
const before = ({ memo }: ActContext) => {
  const { removed, lost, lot, tries } = Memo.parse(memo ?? {})
  return { removed, lost: lost + lot, tries }
}

const told = (removed: number, lost: number, called: string): string =>
  `${count(removed, 'key')}${called}${lost === 0 ? '' : `, and up to ${lost} before it broke off`}`

const byThen = (removed: number, lost: number): string => `${told(removed, lost, '')} had been removed by then.`

/** What is gone already, of a run that cannot go on. */
export const removedBefore = (context: ActContext): string => {
  const { removed, lost } = before(context)
  return byThen(removed, lost)
}

/** The keys as they are unlinked: SCAN's own pieces may hold one each. */
async function* chunks(read: Read, pattern: string): AsyncGenerator<readonly string[]> {
  let waiting: readonly string[] = []
  for await (const keys of pieces(read, pattern)) {
    waiting = [...waiting, ...keys]
    for (; waiting.length >= unlinkAtOnce; waiting = waiting.slice(unlinkAtOnce)) yield waiting.slice(0, unlinkAtOnce)
  }
  if (waiting.length > 0) yield waiting
}

/** Removes them, and no more than `most` in all tries together. */
export const removeKeys = async (
  server: Server,
  { pattern, most }: { readonly pattern: string; readonly most: number },
  read: Read,
  change: Change,
  context: ActContext,
): Promise<Ran> => {
  const { removed: earlier, lost, tries } = before(context)
  const lots = Math.max(unlinkAtOnce, Math.ceil(most / mostLots))
  let removed = earlier
  let sent = 0
  /** What may still be removed before it is remembered again. */
  let lot = 0
  const left = async (): Promise<string> => {
    const { keys, complete } = await countKeys(read, pattern)
    return `${complete ? '' : 'at least '}${keys}`
  }
  try {
    for await (const chunk of chunks(read, pattern)) {
      for (let at = 0; at < chunk.length;) {
        const room = most - lost - removed
        if (room <= 0)
          return {
            outcome: 'failed',
            text: `Removed ${told(removed, lost, '')}, as many as were approved at most; ${await left()} more like ${pattern} are left${lost === 0 ? ', which were written since' : ''}. Ask for it again.`,
          }
        const piece = chunk.slice(at, at + room)
        at += piece.length
        if (piece.length > lot) {
          lot = piece.length < unlinkAtOnce ? piece.length : Math.min(lots, room)
          await context.remember({ removed, lost, lot, tries: tries + 1 })
        }
        const unlink = async () => ({ answer: await change('UNLINK', ...piece) })
        const unlinked = await (sent === 0 ? firstCall(context, unlink) : unlink())
        if ('unsent' in unlinked) return unlinked.unsent
        sent += piece.length
        lot -= piece.length
        removed += z.coerce.number().int().catch(0).parse(unlinked.answer)
        context.progress(`Removed ${count(removed, 'key')}`)
      }
    }
    if (sent > 0 && removed === earlier && (await anyKey(read, pattern)))
      return {
        outcome: 'failed',
        text: `Redis was told to remove ${count(sent, 'key')}, and says that it removed none. Left like ${pattern}: ${await left()}.`,
      }
  } catch (error) {
    const why = refusedBy(error, server)
    if (why === null) throw error
    return { outcome: 'failed', text: `${why} ${byThen(removed, lost)}` }
  }
  return { outcome: 'done', text: `Removed ${told(removed, lost, ` like ${pattern}`)}.` }
}

/** What became of it. */
export const readBackKeys = async (
  { pattern }: { readonly pattern: string },
  read: Read,
  context: ActContext,
): Promise<Ran | { readonly outcome: 'resume' }> => {
  if (!(await anyKey(read, pattern))) return { outcome: 'done', text: `No key is left like ${pattern}.` }
  const { removed, lost, tries } = before(context)
  if (tries >= mostTries)
    return {
      outcome: 'failed',
      text: `It broke off ${tries} times, with ${told(removed, lost, '')} removed, and some are left: ask for it again.`,
    }
  // To remove again what matches does no harm: it is what was approved, whoever wrote it in between, and a key that is gone stays gone.
  return { outcome: 'resume' }
}
