/** Who acts at a terminal on the server, and not in the chat. That is kept with them: whoever has the server's account may call
 *  themselves anybody. */
import type { Actor } from './events.ts'

const mark = ' (terminal)'

/** The name under which somebody acts there. */
export const atTerminal = (name: string): string => `${name}${mark}`

/** Whether this was done there, where nobody in the chat could see it. Events of before `via` have only the name. */
export const isAtTerminal = (by: Actor): boolean => by.kind === 'person' && (by.via === 'terminal' || by.name.endsWith(mark))
