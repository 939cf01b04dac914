/** When something last happened, held against how often it must. */
import type { CheckAnswer } from '../define/check.ts'
import { duration } from '../incident/duration.ts'
import { finding, hold } from './answer.ts'

/** In milliseconds. */
export type Interval = { readonly within: number; readonly failAfter?: number | undefined }

/** How bad it is that it never happened. */
export const neverStatus = ({ failAfter }: Interval): 'warn' | 'fail' => (failAfter === undefined ? 'warn' : 'fail')

/** Judges. `did` is what happened: `last succeeded`. */
export const judgeAge = (name: string, did: string, ageMs: number, { within, failAfter }: Interval): CheckAnswer => {
  // A clock that is ahead by a little is no reason to doubt.
  if (ageMs < -60_000) return finding('unknown', `${name} ${did} in the future: look at the clock that writes it.`)
  const age = Math.max(ageMs, 0)
  const limit = { warn: within / 1000, ...(failAfter === undefined ? {} : { fail: failAfter / 1000 }) }
  const { measurements } = hold(`age of ${name}`, age / 1000, 's', 'most', limit)
  const isLate = failAfter !== undefined && age > failAfter
  const words = `${name} ${did} ${duration(age)} ago`
  if (age <= within && !isLate) return { ...finding('ok', `${words}.`), measurements }
  const passed = duration(isLate ? failAfter : within)
  return { ...finding(isLate ? 'fail' : 'warn', `${words}, more than ${passed}: look at its schedule and its log.`), measurements }
}
