/** Asks a product's checks. Told only of a phase it starts a run, once; told of a run it asks what has not answered yet, and records what
 *  comes, about once a second. Whoever takes over from one that died asks the rest. */
import type { Checked } from '../checking.ts'
import { defineJob, type JobContext, type Loaded } from '../define.ts'
import { crossed } from '../incident/acting/criteria.ts'
import {
  type AskedCheck,
  beganAt,
  type CheckRun,
  everyCheck,
  hasChecked,
  linesFile,
  runOfChecks,
  unanswered,
} from '../incident/areas/checking.ts'
import type { CheckResult } from '../incident/check.ts'
import { inFull } from '../incident/check-groups.ts'
import type { EventType } from '../incident/events.ts'
import { recordingBatches } from '../surfaces/batches.ts'

const causes = { opening: 'declared', severity: 'severity-changed', resolution: 'resolved' } as const satisfies Record<string, EventType>

const isPhase = (phase: string): phase is keyof typeof causes => Object.hasOwn(causes, phase)

/** Starts what the bot asks by itself, unless that was done since what it is asked for. */
const start = async ({ incident, events }: Loaded, phase: keyof typeof causes, context: JobContext): Promise<void> => {
  const since = events.findLast(({ event }) => event.type === causes[phase])?.at ?? incident.declaredAt
  // Looked at here, too: a job that comes again must not cost a transaction.
  if (hasChecked(incident, phase, since)) return
  const checks = [...context.askable(incident.product.key).values()]
    .filter(({ auto, tellsChanges }) => auto || (phase === 'opening' && tellsChanges))
    .map(({ key, kind, title, auto }): AskedCheck => ({ check: key, kind, title, ...(auto ? {} : { for: 'changes' }) }))
  if (phase === 'severity' && checks.length === 0) return
  await context.handle(incident.id, { type: 'start-checks', phase, which: 'auto', checks, since })
}

/** Keeps a text beside the record. */
const keepFile = async (id: string, run: number, check: string, text: string, context: JobContext): Promise<void> => {
  const content = Buffer.from(text)
  await context.saveFile(id, { ...linesFile(id, run, check), type: 'text/plain', bytes: content.length }, content)
}

/** Records results; the lines behind one are kept first, so that whoever reads of them finds them. `known`: with those of before. */
const record = async (
  id: string,
  { run, asked }: CheckRun,
  results: readonly Checked[],
  known: readonly CheckResult[],
  context: JobContext,
): Promise<void> => {
  for (const { check, more } of results) if (more !== undefined) await keepFile(id, run, check, `${more.title}\n\n${more.text}\n`, context)
  // A message may have no room for all of them.
  if (asked.length > 1 && known.length >= asked.length) await keepFile(id, run, everyCheck, `${inFull(known)}\n`, context)
  const outcome = await context.handle(id, { type: 'answer-checks', run, results })
  if ('refused' in outcome) return
  const criteria = context.catalogue.product(outcome.incident.product.key)?.acting.criteria ?? []
  for (const suggestion of crossed(criteria, results)) await context.handle(id, { type: 'suggest-action', ...suggestion })
}

export default defineJob({
  summary: 'Asks checks and records what they answer',
  expireInSeconds: 300,
  retryLimit: 3,
  concurrency: 4,
  coalesce: false,
  run: async ({ data }, context) => {
    const id = String(data['incident'])
    const loaded = await context.load(id)
    if (loaded === null) return
    const { incident } = loaded
    const phase = String(data['phase'])
    if (isPhase(phase)) return start(loaded, phase, context)
    const run = runOfChecks(incident, Number(data['run']))
    const waiting = run === undefined ? [] : unanswered(run)
    if (run === undefined || waiting.length === 0) return
    const known = [...run.results]
    const batches = recordingBatches((results: readonly Checked[]) => {
      known.push(...results)
      return record(id, run, results, known, context)
    }, waiting.length)
    const keys = waiting.map(({ check }) => check)
    try {
      await context.runChecks(incident.product.key, keys, { words: run.words, around: beganAt(incident), onResult: batches.add })
    } finally {
      await batches.end()
    }
    // Of what is not asked any more nothing will ever come.
    await context.handle(id, { type: 'finish-checks', run: run.run, why: 'This product has no such check any more.' })
  },
})
