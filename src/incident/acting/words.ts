/** Words for actions that several surfaces share. */
import { type ActionRequest, type ActionStatus, neededOf } from './request.ts'

/** `minutes=10 pattern=cache:*`, as it can be typed. */
export const inputWords = (input: Readonly<Record<string, string>>): string =>
  Object.entries(input)
    .map(([key, value]) => `${key}=${/\s/.test(value) ? `"${value}"` : value}`)
    .join(' ')

/** What a request is, in one word for people. */
export const statusWords: Readonly<Record<ActionStatus, string>> = {
  previewing: 'being previewed',
  waiting: 'waits for approval',
  approved: 'approved, about to start',
  running: 'running',
  verifying: 'done, being verified',
  done: 'done',
  failed: 'failed',
  unclear: 'unclear',
  denied: 'denied',
  withdrawn: 'withdrawn',
  expired: 'expired',
  refused: 'not run',
  closed: 'dropped',
}

export const statusIcons: Readonly<Record<ActionStatus, string>> = {
  previewing: '⏳',
  waiting: '✋',
  approved: '⏳',
  running: '⚙️',
  verifying: '🔎',
  done: '✅',
  failed: '🔴',
  unclear: '🔴',
  denied: '🚫',
  withdrawn: '🚫',
  expired: '⌛',
  refused: '⛔',
  closed: '🚫',
}

/** “2 people”, “one more person”. */
export const votesMissing = ({ rule, ruleNow, votes }: ActionRequest): string => {
  const missing = neededOf({ rule, ruleNow }) - votes.length
  const more = votes.length === 0 ? '' : ' more'
  return missing === 1 ? `one${more} person` : `${missing}${more} people`
}
