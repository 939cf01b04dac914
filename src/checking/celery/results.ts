/** What Celery's result backend holds of tasks that ran. Pure. */
import { z } from 'zod'
import type { CheckAnswer } from '../../define/check.ts'
import { type Interval, judgeAge, neverStatus } from '../age.ts'
import { count, finding, hold, lately, tally, together } from '../answer.ts'
import { foreign } from '../foreign.ts'
import type { Limit } from '../option.ts'

export type Result = {
  readonly status: string
  /** Null when Celery does not keep it (`result_extended`). */
  readonly task: string | null
  /** Milliseconds; null while it is not done. */
  readonly doneAt: number | null
}

const Meta = z.object({ status: z.string(), date_done: z.string().nullish(), name: z.string().nullish() })

/** A time with its offset, or in UTC without one, as older versions write it. */
const instantOf = (text: string | null | undefined): number | null => {
  const ms = Date.parse(text === null || text === undefined || /(Z|[+-]\d\d:?\d\d)$/.test(text) ? (text ?? '') : `${text}Z`)
  return Number.isFinite(ms) ? ms : null
}

/** Reads a result that is there as a whole; null for what is none. */
export const readResult = (text: string): Result | null => {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    return null
  }
  const meta = Meta.safeParse(data).data
  return meta === undefined ? null : { status: meta.status, task: meta.name ?? null, doneAt: instantOf(meta.date_done) }
}

/** Reads one of which only beginning and end were fetched, since what the task gave is too large: Celery writes the status first, and the
 *  time and the name behind what the task gave. */
export const readEnds = (begin: string, end: string): Result | null => {
  const [, status] = /^\{"status": ?"([A-Z]+)"/.exec(begin) ?? []
  const last = (name: string) => [...end.matchAll(new RegExp(`"${name}": ?"([^"\\\\]{1,200})"`, 'g'))].at(-1)?.[1] ?? null
  return status === undefined ? null : { status, task: last('name'), doneAt: instantOf(last('date_done')) }
}

export type Sample = {
  readonly results: readonly Result[]
  /** All that the backend holds; otherwise some of it. */
  readonly complete: boolean
  /** How many could not be read. */
  readonly unread: number
}

const sampled = ({ results, complete }: Sample): string => (complete ? '' : ` (of ${results.length} results that were looked at)`)

type Failures = { readonly failures?: Limit | undefined; readonly minimum: number; readonly window: number; readonly now: number }

/** The share of failures among tasks that ended in the window. */
export const judgeFailures = (sample: Sample, { failures, minimum, window, now }: Failures): CheckAnswer => {
  const recent = sample.results.filter(({ doneAt }) => doneAt !== null && doneAt >= now - window)
  const failed = recent.filter(({ status }) => status === 'FAILURE')
  const ended = recent.filter(({ status }) => status === 'SUCCESS').length + failed.length
  const span = lately(window)
  const unread = sample.unread === 0 ? '' : ` ${count(sample.unread, 'result')} could not be read.`
  if (ended < minimum)
    return finding(
      // Who set no limit did not ask.
      failures === undefined ? 'ok' : 'unknown',
      ended === 0
        ? `No task with a result ended in ${span}: no failure rate can be told. Tasks that ignore their result leave none.${unread}`
        : `Only ${count(ended, 'task')} ended in ${span}, too few for a failure rate.${unread}`,
    )
  const names = failed.flatMap(({ task }) => task ?? [])
  const which = names.length === 0 ? '' : `: ${tally(names)}`
  const isUnjudged = failed.length > 0 && failures === undefined
  return together(
    hold('task failure rate', (failed.length / ended) * 100, '%', 'most', failures),
    finding(
      isUnjudged ? 'warn' : 'ok',
      `${failed.length} of ${count(ended, 'task')} failed in ${span}${which}${sampled(sample)}.${unread}`,
    ),
  )
}

export type Scheduled = Interval & { readonly task: string }

/** How long Celery keeps results unless it is told otherwise. */
const keptMs = 86_400_000

/** When a scheduled task last succeeded, by its results. */
export const judgeScheduled = (sample: Sample, wanted: Scheduled, now: number): CheckAnswer => {
  const name = foreign(wanted.task, 60)
  if (sample.results.length > 0 && sample.results.every(({ task }) => task === null))
    return finding('unknown', `${name}: results do not name their task. Set result_extended in Celery’s settings.`)
  const mine = sample.results.filter(({ task }) => task === wanted.task)
  const done = mine.flatMap(({ status, doneAt }) => (status === 'SUCCESS' && doneAt !== null ? [doneAt] : []))
  if (done.length > 0) return judgeAge(name, 'last succeeded', now - Math.max(...done), wanted)
  if (!sample.complete) return finding('unknown', `${name}: no success is among the results that were looked at${sampled(sample)}.`)
  const failed = mine.filter(({ status }) => status === 'FAILURE').length
  const tried = failed === 0 ? '' : `, but ${count(failed, 'failure')}`
  if (wanted.within > keptMs && failed === 0)
    return finding(
      'unknown',
      `${name} has no result, which Celery keeps for a day unless it is told otherwise: too short for this schedule.`,
    )
  return finding(
    neverStatus(wanted),
    `${name} has no success among the results that are kept${tried}: look at beat, at the worker, and at the name.`,
  )
}
