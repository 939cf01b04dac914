/** What the announcements channel says of locks and of the switch that stops all actions. */
import { author, line, type Message } from '../message.ts'
import { shorten } from '../text.ts'
import type { Control } from './controls.ts'

const words: Readonly<Record<Control['what'], (target: string) => string>> = {
  lock: (target) => `🔒 ${target} is locked: no action changes it`,
  unlock: (target) => `🔓 ${target} is unlocked`,
  freeze: () => '🧊 All actions are stopped, in all products',
  unfreeze: () => '✅ Actions run again, once they are approved',
}

/** One message for each thing that was said. */
export const controlMessage = ({ seq, by, what, target, why, incident }: Control): Message => {
  const summary = shorten(words[what](target), 150)
  return line(`control:${seq}`, summary, [
    summary,
    ', by ',
    author(by),
    ...(incident === null ? [] : [' in ', { bold: incident }]),
    why === '' ? '.' : `: ${shorten(why, 500)}`,
  ])
}
