/** Checks: a run is started with what is asked, and answered batch by batch, so that what is known is shown while the rest is still
 *  asked, and a run whose process died is finished by another. */
import { addMinutes } from 'date-fns/addMinutes'
import { changeParts, changesSummary, rankChanges, type Seen } from '../changes.ts'
import { type CheckResult, kept } from '../check.ts'
import { isUnset } from '../check-groups.ts'
import { checkParts, checkSummary, compareParts, gist, headingOf } from '../check-report.ts'
import { sentenceOf } from '../check-words.ts'
import type { CheckPhase } from '../events.ts'
import type { Incident } from '../incident.ts'
import { asking, type Message, type Part } from '../message.ts'
import type { Instant } from '../policy.ts'
import type { Job } from '../react.ts'
import { refuse } from '../refusals.ts'
import type { Area } from './area.ts'

/** A check that is asked, as the catalogue has it then. */
export type AskedCheck = {
  readonly check: string
  readonly kind: string
  readonly title: string
  /** Asked for what it says was changed, and for nothing else: it stands with the changes, not among the findings. */
  readonly for?: 'changes'
}

export type CheckingEvent =
  | {
      readonly type: 'checks-started'
      readonly v: 1
      readonly run: number
      readonly phase: CheckPhase
      /** What was asked for: `auto`, `all`, or a check's key. */
      readonly which: string
      readonly checks: readonly AskedCheck[]
      /** What was typed behind it. */
      readonly words?: Readonly<Record<string, string>>
      /** The run that its results are compared with. */
      readonly against?: number
    }
  | { readonly type: 'checks-answered'; readonly v: 1; readonly run: number; readonly results: readonly CheckResult[] }
  /** Somebody wants to see all the lines of a result. */
  | {
      readonly type: 'lines-shown'
      readonly v: 1
      readonly run: number
      readonly check: string
      readonly file: string
      readonly name: string
    }

export type CheckingIntent =
  | {
      readonly type: 'start-checks'
      readonly phase: CheckPhase
      readonly which: string
      readonly checks: readonly AskedCheck[]
      /** What the bot asks by itself it asks once since then. */
      readonly since?: Instant
      readonly words?: Readonly<Record<string, string>>
      readonly against?: number
    }
  | { readonly type: 'answer-checks'; readonly run: number; readonly results: readonly CheckResult[] }
  /** What has not answered is not waited for any more. */
  | { readonly type: 'finish-checks'; readonly run: number; readonly why: string }
  | { readonly type: 'show-lines'; readonly run: number; readonly check: string }

export type CheckRun = {
  readonly run: number
  readonly phase: CheckPhase
  readonly at: Instant
  readonly asked: readonly AskedCheck[]
  readonly results: readonly CheckResult[]
  readonly words: Readonly<Record<string, string>>
  readonly against: number | null
  /** Checks whose lines were asked for. */
  readonly shown: readonly string[]
}

export type CheckingState = { readonly checks: readonly CheckRun[] }

export const noChecks: CheckingState = { checks: [] }

/** A run that is not over after so long is finished as it stands: its job was given up. */
const patienceMinutes = 10

/** What has not answered yet. */
export const unanswered = ({ asked, results }: CheckRun): readonly AskedCheck[] =>
  asked.filter(({ check }) => !results.some((result) => result.check === check))

/** The run without what was asked for changes alone: what it found about how the product is. */
export const judging = <Run extends Pick<CheckRun, 'asked' | 'results'>>(run: Run): Run => {
  const others = new Set(run.asked.flatMap(({ check, for: only }) => (only === 'changes' ? [check] : [])))
  return {
    ...run,
    asked: run.asked.filter(({ check }) => !others.has(check)),
    results: run.results.filter(({ check }) => !others.has(check)),
  }
}

/** A run by its number. */
export const runOfChecks = ({ checks }: CheckingState, run: number): CheckRun | undefined => checks.find((each) => each.run === run)

/** Whether a run of this phase began at `since` or later: what the bot asks by itself, it asks once. */
export const hasChecked = ({ checks }: CheckingState, phase: CheckPhase, since: Instant): boolean =>
  checks.some((run) => run.phase === phase && run.at >= since)

/** Instead of a check's key: all that a run found. No check can be called so, as it is typed for all of them. */
export const everyCheck = 'all'

/** The file that holds the lines of a result, or all results of a run, beside the record. */
export const linesFile = (incident: string, run: number, check: string): { readonly id: string; readonly name: string } => ({
  id: `check:${run}:${check}`,
  name: `${incident.toLowerCase()}-${check.replaceAll(/[^\w-]+/g, '-')}-${run}.txt`,
})

/** What a file of lines is of; null where a run has no such file. */
export const linesTitle = (run: CheckRun, check: string): string | null => {
  if (check === everyCheck) return unanswered(run).length === 0 ? 'All results in full' : null
  const result = run.results.find((each) => each.check === check)
  return result?.detail === undefined ? null : result.title
}

/** A run after the others. `asked` without results is what is still running. */
export const withRun = (incident: Incident, more: Pick<CheckRun, 'phase' | 'at' | 'asked' | 'results'> & Partial<CheckRun>): Incident => ({
  ...incident,
  checks: [...incident.checks, { run: incident.checks.length + 1, words: {}, against: null, shown: [], ...more }],
})

const changeRun = (incident: Incident, number: number, change: (run: CheckRun) => CheckRun): Incident => ({
  ...incident,
  checks: incident.checks.map((run) => (run.run === number ? change(run) : run)),
})

/** What to do when the checks at the resolution say that it is not over. */
export const stillFailing = (
  { id, stamps }: Incident,
  { phase, results }: { readonly phase: CheckPhase; readonly results: readonly CheckResult[] },
): Part[] =>
  phase === 'resolution' && stamps.resolve !== null && results.some(({ status }) => status === 'fail')
    ? [
        {
          kind: 'text',
          spans: [`⚠ ${id} is resolved, but the checks still fail. If it is not over: `, { code: '/incident reopen <why>' }, '.'],
        },
        { kind: 'buttons', buttons: [{ label: 'Reopen', action: 'reopen', value: id }] },
      ]
    : []

const reportOf = (incident: Incident, run: CheckRun) => ({
  heading: run.against === null ? headingOf(run.phase) : 'Now, against the checks at opening',
  results: run.results,
  waiting: unanswered(run).map(({ title }) => title),
  zone: incident.policy.calendar.zone,
  at: run.at,
  lines: ({ check }: CheckResult) => ({ action: 'lines', value: `${incident.id} ${run.run} ${check}` }),
  // What is still asked would be missing in it.
  ...(unanswered(run).length > 0
    ? {}
    : { everything: { label: 'All results in full', action: 'lines', value: `${incident.id} ${run.run} ${everyCheck}` } }),
})

/** One message a run, edited in place. None before there is something to say of how the product is. */
const runMessages = (incident: Incident, all: CheckRun): Message[] => {
  const run = judging(all)
  if (run.asked.length === 0 || (run.results.length === 0 && run.phase !== 'asked')) return []
  const report = reportOf(incident, run)
  const before = run.against === null ? undefined : runOfChecks(incident, run.against)
  const failing = stillFailing(incident, run)
  const parts = before === undefined ? [...checkParts(report), ...failing] : compareParts(report, before.results)
  const message = { key: `checks:${run.run}`, summary: checkSummary(report.heading, run.results, report.waiting.length), parts }
  return [failing.length === 0 ? message : asking({ kind: 'reopening', before: incident.reopenings.length }, message)]
}

/** When it began, as far as anybody knows. */
export const beganAt = ({ stamps, declaredAt }: Incident): Instant => stamps.detect ?? declaredAt

/** What was changed before it began, as the checks at the opening saw it, and what they could not see. Null: none of them looks for
 *  changes. */
export const changesOf = ({ checks }: CheckingState): Seen | null => {
  const run = checks.find(({ phase }) => phase === 'opening')
  const wanted = new Set(run?.asked.flatMap(({ check, for: only }) => (only === 'changes' ? [check] : [])))
  const looked = run?.results.filter(({ check, changes }) => changes !== undefined || wanted.has(check)) ?? []
  return looked.length === 0
    ? null
    : {
        changes: looked.flatMap(({ changes }) => changes ?? []),
        unseen: looked.flatMap((result) =>
          result.status === 'ok' ? [] : [{ title: result.title, why: isUnset(result) ? null : gist(result) }],
        ),
      }
}

const changesMessage = (incident: Incident, run: CheckRun): Message[] => {
  const seen = run.phase === 'opening' ? changesOf(incident) : null
  if (seen === null) return []
  const start = beganAt(incident)
  const [first] = rankChanges(seen.changes, start)
  // That there are none is known only when all have answered.
  if (first === undefined && unanswered(run).length > 0) return []
  return [{ key: 'changes', summary: changesSummary(seen, start), parts: changeParts(seen, start) }]
}

const jobsOf = (incident: string, run: number, at: Instant): Job[] => {
  const due = addMinutes(at, patienceMinutes).toISOString()
  return [
    { queue: 'check', data: { incident, run }, once: `checks:${incident}:${run}` },
    { queue: 'timer', data: { incident, checks: run, at: due }, once: `checks-due:${incident}:${run}`, startAfter: due },
  ]
}

export const checkingArea: Area<CheckingIntent, CheckingEvent> = {
  whileOpen: [],
  decide: {
    'start-checks': (incident, { phase, which, checks, since, words, against }) =>
      since !== undefined && hasChecked(incident, phase, since)
        ? []
        : [
            {
              type: 'checks-started',
              v: 1,
              run: incident.checks.length + 1,
              phase,
              which,
              checks,
              ...(words === undefined || Object.keys(words).length === 0 ? {} : { words }),
              ...(against === undefined ? {} : { against }),
            },
          ],
    'answer-checks': (incident, { run: number, results }) => {
      const run = runOfChecks(incident, number)
      const waiting = new Set(run === undefined ? [] : unanswered(run).map(({ check }) => check))
      const fresh = results.filter(({ check }) => waiting.has(check))
      return fresh.length === 0 ? [] : [{ type: 'checks-answered', v: 1, run: number, results: fresh.map(kept) }]
    },
    'finish-checks': (incident, { run: number, why }, { at }) => {
      const run = runOfChecks(incident, number)
      const waiting = run === undefined ? [] : unanswered(run)
      const result = (asked: AskedCheck): CheckResult => ({
        ...asked,
        status: 'unknown',
        findings: [{ status: 'unknown', text: why }],
        measurements: [],
        startedAt: run?.at ?? at,
        took: 0,
      })
      return waiting.length === 0 ? [] : [{ type: 'checks-answered', v: 1, run: number, results: waiting.map(result) }]
    },
    'show-lines': (incident, { run: number, check }) => {
      const run = runOfChecks(incident, number)
      const title = run === undefined ? null : linesTitle(run, check)
      if (run === undefined || title === null) return refuse('no_lines', { check, run: number })
      if (run.shown.includes(check)) return refuse('lines_are_shown', { title })
      const { id, name } = linesFile(incident.id, number, check)
      return [{ type: 'lines-shown', v: 1, run: number, check, file: id, name }]
    },
  },
  evolve: {
    'checks-started': (incident, { run, phase, checks, words = {}, against = null }, { at }) =>
      withRun(incident, { run, phase, at, asked: checks, results: [], words, against }),
    'checks-answered': (incident, { run: number, results }) =>
      changeRun(incident, number, (run) => ({ ...run, results: [...run.results, ...results] })),
    'lines-shown': (incident, { run: number, check }) => changeRun(incident, number, (run) => ({ ...run, shown: [...run.shown, check] })),
  },
  tell: {
    'checks-started': () => null,
    // Told once, when the last of them has answered.
    'checks-answered': ({ run }, { events, seq }) => {
      const same = events.flatMap(({ seq: at, event }) => (event.type === 'checks-answered' && event.run === run ? [{ at, event }] : []))
      const started = events.find(({ event }) => event.type === 'checks-started' && event.run === run)?.event
      if (same.at(-1)?.at !== seq || started?.type !== 'checks-started') return null
      const { asked, results } = judging({ asked: started.checks, results: same.flatMap(({ event }) => event.results) })
      return asked.length === 0 ? null : { kind: 'check', text: sentenceOf(started.phase, results, asked.length - results.length) }
    },
    'lines-shown': () => null,
  },
  posts: {
    // What the bot asks by itself is shown with its first answers.
    'checks-started': (incident, { run: number, phase, checks }) => {
      const run = runOfChecks(incident, number)
      return run === undefined || phase !== 'asked' || checks.length === 0 ? [] : runMessages(incident, run)
    },
    'checks-answered': (incident, { run: number }) => {
      const run = runOfChecks(incident, number)
      return run === undefined ? [] : [...runMessages(incident, run), ...changesMessage(incident, run)]
    },
    'lines-shown': () => [],
  },
  react: (_, { event, seq, at }, { id }) => {
    if (event.type === 'checks-started') return event.checks.length === 0 ? [] : jobsOf(id, event.run, at)
    return event.type === 'severity-changed'
      ? [{ queue: 'check', data: { incident: id, phase: 'severity' }, once: `check:${id}:severity:${seq}` }]
      : []
  },
}
