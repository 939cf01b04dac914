/** What stands against actions outside of a record: locks on a target, the switch that stops all of them, and the product's own times.
 *  Locks and freezes are a list of what was said; what holds now is folded from it. Pure. */
import { TZDate } from '@date-fns/tz/date'
import type { Actor } from '../events.ts'
import type { Instant } from '../policy.ts'

/** `target` is `*` for the switch. */
export type Control = {
  readonly seq: number
  readonly at: Instant
  readonly by: Actor
  readonly what: 'lock' | 'unlock' | 'freeze' | 'unfreeze'
  readonly target: string
  readonly why: string
  /** Where it was said; null: in no record. */
  readonly incident: string | null
  /** That record is private. */
  readonly private?: true
}

/** Why, for the readers of a record (null: of none): what is said in a private one is for those who are in it. */
export const whyFor = ({ why, incident, private: hidden }: Control, reader: string | null): string =>
  hidden === true && incident !== reader ? 'the reason stands in a private record' : why

export type Controls = {
  /** By target. */
  readonly locks: ReadonlyMap<string, Control>
  readonly frozen: Control | null
}

/** What holds now. */
export const controlsNow = (said: readonly Control[]): Controls => {
  const locks = new Map<string, Control>()
  let frozen: Control | null = null
  for (const control of said) {
    if (control.what === 'lock') locks.set(control.target, control)
    if (control.what === 'unlock') locks.delete(control.target)
    if (control.what === 'freeze') frozen = control
    if (control.what === 'unfreeze') frozen = null
  }
  return { locks, frozen }
}

/** A target and what it lies in, the nearest first: `compose:shop:maintenance` lies in `compose:shop`. */
export const around = (target: string): string[] => {
  const pieces = target.split(':')
  return Array.from({ length: Math.max(pieces.length - 1, 1) }, (_, index) => pieces.slice(0, pieces.length - index).join(':'))
}

/** The lock that keeps actions from a target: one on it, or on what it lies in. */
export const lockOn = ({ locks }: Pick<Controls, 'locks'>, target: string): Control | undefined =>
  around(target)
    .map((each) => locks.get(each))
    .find((lock) => lock !== undefined)

/** A time in which no action runs: from and to are points of the week, `Fri 16:00`, or dates, `2026-12-24` or `2026-12-24 16:00`. */
export type Freeze = { readonly from: string; readonly to: string; readonly why: string }

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** Minutes since the week began, Sunday 00:00. */
const ofWeek = (moment: string): number => {
  const [day = '', time = '00:00'] = moment.split(' ')
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return weekdays.indexOf(day) * 1440 + hours * 60 + minutes
}

const isDate = (moment: string): boolean => /^\d/.test(moment)
const two = (value: number): string => String(value).padStart(2, '0')

/** The time in which no action runs at `at`, or null. Times are local ones of `zone`; a date without a time begins it, or ends with it. */
export const frozenBy = (freezes: readonly Freeze[], at: Instant, zone: string): Freeze | null => {
  const local = new TZDate(at, zone)
  const date = `${local.getFullYear()}-${two(local.getMonth() + 1)}-${two(local.getDate())} ${two(local.getHours())}:${two(local.getMinutes())}`
  const week = local.getDay() * 1440 + local.getHours() * 60 + local.getMinutes()
  const holds = ({ from, to }: Freeze): boolean => {
    if (isDate(from) !== isDate(to)) return false
    if (isDate(from)) {
      const start = from.includes(' ') ? from : `${from} 00:00`
      const end = to.includes(' ') ? to : `${to} 24:00`
      return date >= start && date < end
    }
    const [start, end] = [ofWeek(from), ofWeek(to)]
    return start <= end ? week >= start && week < end : week >= start || week < end
  }
  return freezes.find(holds) ?? null
}
