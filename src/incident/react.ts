/** What has to be done because of an event: jobs, written in the same transaction. Sync jobs carry no content, so they coalesce. */
import { addMinutes } from 'date-fns/addMinutes'
import { jobsOfAreas } from './areas.ts'
import { runOfChecks, unanswered } from './areas/checking.ts'
import { searchForLead } from './areas/roles.ts'
import { clockNames, runOf, running, thresholds } from './clocks.ts'
import type { ClockName, Event, EventType, Recorded } from './events.ts'
import type { Incident } from './incident.ts'
import type { Instant } from './policy.ts'

export type QueueName =
  | 'sync-channel'
  | 'sync-announcement'
  | 'sync-record'
  | 'sync-pull-request'
  | 'action'
  | 'check'
  | 'watch'
  | 'timer'
  | 'file'
  | 'lead-here'
  | 'todo-told'
  | 'action-rule'
  | 'homes'
  | 'merge-link'
  | 'handed-over'
  | 'held'

export type Job = {
  readonly queue: QueueName
  readonly data: Readonly<Record<string, string | number>>
  /** While a job with this key waits, another is not queued. */
  readonly key?: string
  /** What the job means: a job that means the same exists once, for ever. */
  readonly once?: string
  readonly startAfter?: Instant
}

/** Events that the announcement shows. It waits for the channel, so that its first version links to it. */
const announced: ReadonlySet<EventType> = new Set([
  'channel-opened',
  'channel-lost',
  'acknowledged',
  'severity-changed',
  'updated',
  'mitigated',
  'resolved',
  'reviewed',
  'published',
  'reopened',
  'merged',
  'absorbed',
  'channel-renamed',
  'role-taken',
  'role-left',
  'unanswered',
  'window-begun',
  'action-started',
])

/** Events that change nothing in anybody's home. */
const unseenAtHome: ReadonlySet<EventType> = new Set([
  'action-held',
  'noted',
  'checked',
  'checks-started',
  'checks-answered',
  'lines-shown',
  'watch-started',
  'watch-changed',
  'watch-stopped',
  'clock-warned',
  'escalated',
  'paged',
  'unanswered',
  'lead-wanted',
  'snoozed',
  'reminded',
  'runbook-shown',
  'runbook-opened',
  'runbook-step',
  'checklist-marked',
  'suspected',
  'ruled-out',
  'message-kept',
  'message-edited',
  'message-deleted',
  'message-dropped',
  'alert-joined',
  'alert-resolved',
  'published',
  'step-failed',
  'step-mended',
  'bot-removed',
  'bot-returned',
  'action-suggested',
  'action-asked',
  'action-previewed',
  'action-rule-changed',
  'action-approved',
  'action-unanswered',
  'action-forced',
  'action-ended',
  'action-refused',
  'action-started',
  'action-progressed',
  'action-waits',
  'action-ticked',
  'action-ran',
  'action-verified',
])

/** Homes are made anew at most once in this time, whatever happens meanwhile. */
const homesMs = 5_000

/** Events that the post-mortem does not tell: they say what became of it, and must not make it a new document. */
export const untold: ReadonlySet<EventType> = new Set([
  'published',
  'step-failed',
  'step-mended',
  'reviewed',
  'bot-removed',
  'bot-returned',
])

/** How long a post-mortem waits for the checks that run at resolution. */
const patienceMinutes = 1

const timers = (incident: Incident, clock: ClockName): Job[] => {
  const run = runOf(incident, clock)
  if (!running(run)) return []
  return (
    thresholds(clock, run)
      // What was said before the clock stood is not said again.
      .filter(({ percent }) => percent > run.warned)
      .map(({ percent, at }) => ({
        queue: 'timer',
        data: { incident: incident.id, clock, run: run.run, at },
        once: `clock:${incident.id}:${clock}:${run.run}:${percent}`,
        startAfter: at,
      }))
  )
}

/** One that was merged has none of its own, unless it stood as resolved before. */
const mayHavePostmortem = ({ stamps, mergedInto, reopenings }: Incident): boolean =>
  stamps.resolve !== null && (mergedInto === null || reopenings.length > 0)

/** Results that others follow: the document is made anew with the last of them. */
const isHalfChecked = (event: Event, after: Incident): boolean => {
  const run = event.type === 'checks-started' || event.type === 'checks-answered' ? runOfChecks(after, event.run) : undefined
  return run !== undefined && unanswered(run).length > 0
}

const startedRun = (before: Incident | null, after: Incident, clock: ClockName) =>
  (before === null ? 0 : (runOf(before, clock)?.run ?? 0)) !== (runOf(after, clock)?.run ?? 0)

/** The jobs that one event causes. */
export const react = (before: Incident | null, recorded: Recorded, after: Incident): Job[] => {
  const { event, at } = recorded
  const id = after.id
  const jobs: Job[] = []
  const step = event.type === 'step-failed' || event.type === 'step-mended'
  // The channel's own job, which records its steps, looks again by itself: a job more would try what has just failed without a pause.
  if (!step || event.surface !== 'channel') jobs.push({ queue: 'sync-channel', data: { incident: id }, key: id })
  if (!step) jobs.push({ queue: 'sync-record', data: { incident: id }, key: id })
  // Where nothing can be posted in the channel, the announcement says so.
  const unopened = step && (event.step === 'outside' || (event.type === 'step-failed' && event.step === 'channel'))
  const asked = event.type === 'checks-answered' ? runOfChecks(after, event.run) : event.type === 'checked' ? event : undefined
  const rechecked = asked?.phase === 'resolution'
  if ((announced.has(event.type) || unopened || rechecked) && !after.private)
    jobs.push({ queue: 'sync-announcement', data: { incident: id }, key: id })
  if (!unseenAtHome.has(event.type)) {
    // All that happens in the same few seconds waits for the same job.
    const startAfter = new Date(Math.ceil(Date.parse(at) / homesMs + 1 / homesMs) * homesMs).toISOString()
    jobs.push({ queue: 'homes', data: {}, key: 'all', startAfter })
  }
  for (const clock of clockNames(after)) if (startedRun(before, after, clock)) jobs.push(...timers(after, clock))
  if (event.type === 'escalated' && event.why !== 'page' && after.policy.ladder[event.level + 1] !== undefined) {
    const next = addMinutes(at, after.policy.escalateEvery).toISOString()
    jobs.push({
      queue: 'timer',
      data: { incident: id, escalation: event.level + 1, run: event.run, at: next },
      once: `escalation:${id}:${event.run}:${event.level + 1}`,
      startAfter: next,
    })
  }
  if (before !== null) jobs.push(...jobsOfAreas(before, recorded, after))
  if (event.type === 'declared') jobs.push(...searchForLead(after, at))
  if (event.type === 'declared') jobs.push({ queue: 'check', data: { incident: id, phase: 'opening' }, once: `check:${id}:opening` })
  if (event.type === 'resolved') {
    // Once for each resolution: the first has no number, as before there were reopenings.
    const which = after.reopenings.length === 0 ? '' : `:${after.reopenings.length + 1}`
    jobs.push({ queue: 'check', data: { incident: id, phase: 'resolution' }, once: `check:${id}:resolution${which}` })
    jobs.push({
      queue: 'sync-pull-request',
      data: { incident: id },
      key: `${id}:patience`,
      startAfter: addMinutes(at, patienceMinutes).toISOString(),
    })
  } else if (event.type === 'reopened' || (mayHavePostmortem(after) && !untold.has(event.type) && !isHalfChecked(event, after))) {
    jobs.push({ queue: 'sync-pull-request', data: { incident: id }, key: id })
  }
  return jobs
}
