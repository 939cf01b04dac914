/** Keys that say by their prefix whether they are for the real thing, as Stripe's and Clerk's do. */
import type { CheckAnswer } from '../define/check.ts'
import { finding } from './answer.ts'

type Mode = 'live' | 'test'

/** What a key is for, by its prefix; null for one that has neither. */
const modeOf = (key: string): Mode | null => {
  const [, mode] = /^[a-z]{2}_(live|test)_/.exec(key) ?? []
  return mode === 'live' || mode === 'test' ? mode : null
}

/** A key of the wrong mode reaches the wrong customers, or none. */
export const judgeMode = (key: string, secret: string, wanted: Mode | undefined): CheckAnswer => {
  const mode = modeOf(key)
  if (mode === null)
    return finding('warn', `The key in ${secret} begins neither as a live nor as a test key does: look whether it is the right one.`)
  if (wanted !== undefined && mode !== wanted)
    return finding('fail', `The key in ${secret} is a ${mode} key where a ${wanted} key belongs: set the other one.`)
  return finding('ok', `The key in ${secret} is a ${mode} key.`)
}
