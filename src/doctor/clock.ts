/** Clocks that differ. */
import { duration } from '../incident/timeline.ts'
import { error, type Finding, ok, warning } from './finding.ts'

/** Seconds: from the first on it is worth a word, from the second on Slack's signatures are refused. */
const tolerated = { warning: 60, error: 300 }

const todo = 'Set the clock of this machine by NTP (`timedatectl set-ntp true`, or the host’s settings).'

const apart = (ms: number): string => `${duration(Math.abs(ms))} ${ms > 0 ? 'ahead' : 'behind'}`

/** `ms`: how far this machine is ahead of Slack. */
export const slackClock = (ms: number): Finding => {
  const seconds = Math.abs(ms) / 1000
  const what = `this machine’s clock is ${apart(ms)} of Slack’s`
  if (seconds > tolerated.error) return error('clock', `${what}: every command and event is refused as a replay`, todo)
  return seconds > tolerated.warning ? warning('clock', what, todo) : ok('clock', 'agrees with Slack’s')
}

/** `ms`: how far this machine is ahead of the database, whose clock incidents run by. */
export const databaseClock = (ms: number): Finding =>
  Math.abs(ms) / 1000 > tolerated.warning
    ? warning('clock', `this machine’s clock is ${apart(ms)} of the database’s, by which incidents run`, todo)
    : ok('clock', 'agrees with the database’s')
