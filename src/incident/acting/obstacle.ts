/** What stands for some time against an action from outside of its record: a lock, the switch, the product's own times, another run on the
 *  same target, how much was done already. It is said before anybody agrees to the action, and keeps it from starting. Pure. */
import { addHours } from 'date-fns/addHours'
import type { Actor } from '../events.ts'
import type { Incident } from '../incident.ts'
import type { Span } from '../message.ts'
import type { Instant } from '../policy.ts'
import { when } from '../when-shown.ts'
import { type Controls, type Freeze, frozenBy, lockOn, whyFor } from './controls.ts'

export type Obstacle = {
  readonly code: 'locked' | 'busy' | 'frozen' | 'cap'
  /** Who or what it is, since when, and why: whole sentences. */
  readonly why: string
  /** How it passes, in a sentence; it ends before `command` where there is one. */
  readonly remedy: string
  readonly command: string | null
  /** Whether a P1 or P2 is not held up by it. */
  readonly thaws: boolean
}

/** What is known outside of the record. */
export type Facts = {
  readonly at: Instant
  readonly controls: Controls
  /** The run that changes the target, or what it lies in, now. */
  readonly running: {
    readonly incident: string
    readonly action: number
    readonly target: string
    readonly since: Instant
    readonly private?: true
  } | null
  /** Null: the product is not in the catalogue any more. */
  readonly limits: { readonly freezes: readonly Freeze[]; readonly perHour: number } | null
  /** When the runs of the product began in the last hour, oldest first. */
  readonly recent: readonly Instant[]
}

const nameOf = (by: Actor): string => (by.kind === 'person' ? by.name : 'Tocsin')

const ended = (text: string): string => text.replace(/[.!?]?$/, '.')

/** In an incident that hurts, nobody waits for the end of a freeze or of the hour. */
export const mayThaw = ({ kind, severity }: Pick<Incident, 'kind' | 'severity'>): boolean =>
  (kind === 'incident' || kind === 'disaster') && (severity === 'P1' || severity === 'P2')

/** What stands against the action now; null: nothing. A drill changes nothing, so nothing stands against what it asks for. */
export const obstacleTo = (
  incident: Incident,
  { target, undoes }: { readonly target: string; readonly undoes: number | null },
  { at, controls: { locks, frozen }, running, limits, recent }: Facts,
): Obstacle | null => {
  if (incident.kind === 'drill') return null
  const { zone } = incident.policy.calendar
  const firm = { command: null, thaws: false }
  if (frozen !== null)
    return {
      ...firm,
      code: 'frozen',
      why: ended(`All actions are stopped since ${when(frozen.at, zone)}, by ${nameOf(frozen.by)}: ${whyFor(frozen, incident.id)}`),
      remedy: 'To let them run:',
      command: '/incident unfreeze',
    }
  const lock = lockOn({ locks }, target)
  if (lock !== undefined)
    return {
      ...firm,
      code: 'locked',
      why: ended(`${lock.target} is locked since ${when(lock.at, zone)}, by ${nameOf(lock.by)}: ${whyFor(lock, incident.id)}`),
      remedy: 'To open it:',
      command: `/incident unlock ${lock.target}`,
    }
  if (running !== null) {
    const hidden = running.private === true && running.incident !== incident.id
    return {
      ...firm,
      code: 'busy',
      why: `${hidden ? 'An action of a private record' : `Action ${running.action} of ${running.incident}`} is changing ${running.target}, since ${when(running.since, zone)}.`,
      remedy: hidden ? 'Wait for its end.' : 'Wait for its end: its card says how far it is.',
    }
  }
  // What takes back something is not held up by how much was done, nor by the time of day.
  if (limits === null || undoes !== null || mayThaw(incident)) return null
  const freeze = frozenBy(limits.freezes, at, zone)
  if (freeze !== null)
    return {
      code: 'frozen',
      why: ended(`No action of ${incident.product.name} runs from ${freeze.from} to ${freeze.to} (${zone}): ${freeze.why}`),
      remedy: 'It holds for all but an incident of P1 or P2.',
      command: null,
      thaws: true,
    }
  const { perHour } = limits
  const free = recent[recent.length - perHour]
  return free === undefined
    ? null
    : {
        code: 'cap',
        why: `${recent.length} actions of ${incident.product.name} ran in the last hour, and more than ${perHour} are not meant to.`,
        remedy: `The next may run from ${when(addHours(free, 1).toISOString(), zone)} on; an incident of P1 or P2 need not wait.`,
        command: null,
        thaws: true,
      }
}

/** Whether people are told the same of these. */
export const sameObstacle = (a: Obstacle | null, b: Obstacle | null): boolean =>
  a?.code === b?.code && a?.why === b?.why && a?.remedy === b?.remedy && a?.command === b?.command

/** What is known to stand against a request in this record; null: nothing does. */
export const standing = (
  incident: Pick<Incident, 'kind' | 'severity'>,
  { against }: { readonly against: Obstacle | null },
): Obstacle | null => (against === null || (against.thaws && mayThaw(incident)) ? null : against)

/** What keeps people from approving it, for certain: nobody says when a time is over. */
export const held = (incident: Pick<Incident, 'kind' | 'severity'>, request: { readonly against: Obstacle | null }): Obstacle | null => {
  const against = standing(incident, request)
  return against?.thaws === true ? null : against
}

/** For people, with what can be typed. */
export const obstacleSpans = ({ why, remedy, command }: Obstacle): Span[] => [
  `${why} ${remedy}`,
  ...(command === null ? [] : [' ', { code: command }]),
]
