/** What the announcements channel says of locks and of the switch that stops all actions. */
import type { Incident } from '../incident.ts'
import { author, line, type Message } from '../message.ts'
import { shorten } from '../text.ts'
import type { Control } from './controls.ts'

const words: Readonly<Record<Control['what'], (target: string) => string>> = {
  lock: (target) => `🔒 ${target} is locked: no action changes it`,
  unlock: (target) => `🔓 ${target} is unlocked`,
  freeze: () => '🧊 All actions are stopped, in all products',
  unfreeze: () => '✅ Actions run again, once they are approved',
}

/** One message for each thing that was said; of a private record neither its number nor what is written there. */
export const controlMessage = ({ seq, by, what, target, why, incident, private: hidden }: Control): Message => {
  const summary = shorten(words[what](target), 150)
  return line(`control:${seq}`, summary, [
    summary,
    ', by ',
    author(by),
    ...(hidden === true ? [' in a private record'] : incident === null ? [] : [' in ', { bold: incident }]),
    why === '' || hidden === true ? '.' : `: ${shorten(why, 500)}`,
  ])
}

/** What whoever said it is told of that. */
export const announced = (incident: Pick<Incident, 'private'> | null, why: string): string =>
  incident?.private === true
    ? 'The announcements channel says so, by you, in a private record: neither which, nor why.'
    : `The announcements channel says so${why === '' ? '' : ', with what you wrote'}.`
