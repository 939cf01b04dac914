/** Does what an action needs next: previews it, starts it once it is approved, and looks at what it did. What it finds in the record says
 *  what that is, so that it may run twice; a run that nobody saw the end of is read back, never repeated blindly (faults 53). */
import type { Hands } from '../acting.ts'
import { defineJob, type JobContext, type JobRun, type Loaded } from '../define.ts'
import type { Json, Ran } from '../incident/acting/action.ts'
import { actionOf, type ActionRequest } from '../incident/acting/request.ts'
import type { Instant } from '../incident/policy.ts'

/** How often a target that has not settled is looked at again, in milliseconds. */
const lookMs = 3_000

const later = (at: Instant, ms: number): Instant => new Date(Date.parse(at) + ms).toISOString()

type Doing = { readonly loaded: Loaded; readonly request: ActionRequest; readonly context: JobContext; readonly job: JobRun }

const productOf = ({ loaded }: Doing): string => loaded.incident.product.key

/** What an action that takes another back is given: what that one left. */
const backOf = ({ loaded, request }: Doing): Json | null => {
  if (request.undoes === null) return null
  const ran = actionOf(loaded.incident, request.undoes)?.ran
  return ran?.outcome === 'done' ? (ran.undo ?? null) : null
}

const preview = async (doing: Doing) =>
  backOf(doing) === null && doing.request.undoes !== null
    ? { unable: `Action ${doing.request.undoes} left nothing to take back.` }
    : doing.context.remedies.preview(productOf(doing), doing.request, backOf(doing), doing.job.signal)

const previewIt = async (doing: Doing): Promise<void> => {
  const { loaded, request, context } = doing
  const { id, product } = loaded.incident
  const [seen, before] = await Promise.all([preview(doing), context.runChecks(product.key, request.checks)])
  const intent =
    'unable' in seen
      ? ({ type: 'refuse-action', action: request.action, why: seen.unable } as const)
      : ({ type: 'preview-action', action: request.action, ...seen, before } as const)
  await context.handle(id, intent)
}

/** Progress is recorded about once in this time, in milliseconds. */
const progressMs = 1_000

const handsOf = ({ loaded, request, context, job }: Doing): Hands => {
  const { id } = loaded.incident
  const { action } = request
  let memo = request.memo
  let next = 0
  return {
    runKey: `${id.toLowerCase()}:${action}`,
    get memo() {
      return memo
    },
    ticked: request.ticks.length,
    signal: job.signal,
    remember: async (to) => {
      await context.handle(id, { type: 'progress-action', action, text: null, memo: to })
      memo = to
    },
    progress: (text) => {
      if (performance.now() < next) return
      next = performance.now() + progressMs
      context.handle(id, { type: 'progress-action', action, text }).catch((error: unknown) => {
        // The end of the run tells it anyway.
        context.log.warn({ err: error, incident: id, action }, 'progress of an action was not recorded')
      })
    },
  }
}

const end = async ({ loaded, request, context }: Doing, ran: Ran): Promise<void> => {
  await context.actions.end(loaded.incident.id, request.action, ran)
}

/** Nobody heard the end of a run: its target tells. */
const readBack = async (doing: Doing, why: string, hands = handsOf(doing)): Promise<Instant | undefined> => {
  const { loaded, request, context, job } = doing
  const plan = request.preview?.plan ?? null
  try {
    const found = await context.remedies.recover(productOf(doing), request, request.undoes !== null, plan, hands)
    if (found.outcome === 'resume') return await runIt(doing, hands)
    if (found.outcome === 'undone') {
      // Whoever ran it may still be at it, cut off from here: only when its time is over nothing more comes of it.
      const over = later(request.startedAt ?? loaded.incident.declaredAt, context.remedies.timeoutMs(productOf(doing), request))
      if ((await context.now()) < over) return over
      await end(doing, { outcome: 'failed', text: `It did not happen: ${why} Nothing was changed.` })
      return undefined
    }
    await end(doing, found)
    return undefined
  } catch (error) {
    // The target may answer again in a moment; who waits sees why.
    if (job.retryCount >= mostTries - 1) {
      await end(doing, { outcome: 'unclear', text: `${why} And its target does not say what became of it: look there.` })
      return undefined
    }
    context.log.warn({ err: error, incident: doing.loaded.incident.id, action: request.action }, 'an action could not be read back')
    throw error
  }
}

/** `hands`: those that ran it until now, which have what it remembered since the record was read. */
const runIt = async (doing: Doing, hands = handsOf(doing)): Promise<Instant | undefined> => {
  const { loaded, request, context } = doing
  if (loaded.incident.kind === 'drill') {
    await end(doing, { outcome: 'done', text: 'This is a drill: nothing was run.' })
    return undefined
  }
  const ran = await context.remedies.run(productOf(doing), request, request.undoes !== null, request.preview?.plan ?? null, hands)
  if (ran.outcome === 'lost') return readBack(doing, ran.why, hands)
  if (ran.outcome === 'waits') {
    const { task, link = request.link } = ran
    await context.handle(loaded.incident.id, { type: 'wait-action', action: request.action, task, link })
    return undefined
  }
  await end(doing, ran)
  return undefined
}

/** Starts what is approved, if all is still as it was then. */
const startIt = async (doing: Doing): Promise<Instant | undefined> => {
  const { loaded, request, context, job } = doing
  const { id } = loaded.incident
  const { action } = request
  const lapsed = request.forced === null ? await context.approvers.lapsed(request.votes, request.rule.approvers) : null
  const seen = await preview(doing)
  const hindrance =
    lapsed !== null ? ({ code: 'role', why: lapsed } as const) : 'unable' in seen ? ({ code: 'unable', why: seen.unable } as const) : null
  const started = await context.actions.start(id, action, 'unable' in seen ? '' : seen.hash, hindrance)
  if (!started) return undefined
  const now = await context.load(id)
  const running = now === null ? undefined : actionOf(now.incident, action)
  return now === null || running === undefined ? undefined : runIt({ loaded: now, request: running, context, job })
}

/** Looks at what it did, until that has settled or its time is over; then as long as the product watches it. */
const verifyIt = async (doing: Doing): Promise<Instant | undefined> => {
  const { loaded, request, context, job } = doing
  const { action, ran, checks, watchMinutes } = request
  const { id, product, kind } = loaded.incident
  const since = ran?.at ?? loaded.incident.declaredAt
  const now = await context.now()
  const drill = kind === 'drill'
  const { findings, settled } = drill
    ? { findings: [], settled: true }
    : await context.remedies.verify(product.key, request, request.undoes !== null, request.preview?.plan ?? null, job.signal)
  const limit = drill ? 0 : context.remedies.verifyMs(product.key, request)
  if (!settled && now < later(since, limit)) return later(now, lookMs)
  const results = await context.runChecks(product.key, checks)
  const until = later(since, watchMinutes * 60_000)
  const last = drill || checks.length === 0 || now >= until
  const shown = settled
    ? findings
    : [...findings, { status: 'fail' as const, text: `It had not settled ${Math.round(limit / 1000)} s after the run.` }]
  await context.handle(id, { type: 'verify-action', action, findings: shown, results, last })
  // A minute, or what is left of the watch.
  return last ? undefined : [later(now, 60_000), until].toSorted()[0]
}

const mostTries = 20

export default defineJob({
  summary: 'Previews, runs and verifies actions',
  expireInSeconds: 900,
  retryLimit: mostTries,
  concurrency: 4,
  coalesce: false,
  run: async (job, context) => {
    const id = String(job.data['incident'])
    const action = Number(job.data['action'])
    // These only ask: whoever has the lease would not know that they were meant to.
    if (job.data['renew'] !== undefined || job.data['back'] !== undefined) {
      const loaded = await context.load(id)
      const request = loaded === null ? undefined : actionOf(loaded.incident, action)
      if (loaded === null || request === undefined) return undefined
      await (job.data['renew'] === undefined ? giveBack : askAgain)({ loaded, request, context, job })
      return undefined
    }
    let next: Instant | undefined
    // Under a lease: two that run it, or one that runs it and one that reads back, must not be at it together.
    await context.surface(`action:${action}`, id, job.retryCount > 0, async (_, loaded) => {
      const request = actionOf(loaded.incident, action)
      next = request === undefined ? undefined : await step({ loaded, request, context, job })
    })
    return next === undefined ? undefined : { again: next }
  },
})

/** The next thing that this action needs. */
const step = async (doing: Doing): Promise<Instant | undefined> => {
  const { loaded, request, context, job } = doing
  switch (request.status) {
    case 'previewing':
      await previewIt(doing)
      return undefined
    case 'approved':
      return startIt(doing)
    case 'running':
      if (request.task !== null) return undefined
      // Ticked off: it goes on from there. Else whoever ran it is gone.
      return job.data['tick'] === request.ticks.length && job.retryCount === 0
        ? runIt(doing)
        : readBack(doing, 'The bot stopped while it ran.')
    case 'verifying':
      return verifyIt(doing)
    default:
      context.log.debug({ incident: loaded.incident.id, action: request.action, status: request.status }, 'nothing to do for an action')
      return undefined
  }
}

/** The target moved after it was approved: the same is asked for anew, as it is now, for whoever asked. */
const askAgain = async ({ loaded: { incident }, request, context }: Doing): Promise<void> => {
  const first = request.undoes === null ? undefined : actionOf(incident, request.undoes)
  const wanted = first === undefined ? context.requests.want(incident, request.key, request.input) : context.requests.back(incident, first)
  if ('code' in wanted) return
  const { by, identities } = request.asked
  await context.handle(
    incident.id,
    {
      type: 'ask-action',
      wanted,
      reason: request.reason,
      identities,
      renews: request.action,
      ...(request.undoes === null ? {} : { undoes: request.undoes }),
    },
    by,
  )
}

/** The time is over that it was approved for. */
const giveBack = async ({ loaded: { incident }, request, context }: Doing): Promise<void> => {
  const wanted = context.requests.back(incident, request)
  if ('code' in wanted) {
    context.log.error(
      { incident: incident.id, action: request.action, refused: wanted.code },
      'what was approved for a time cannot be taken back',
    )
    return
  }
  await context.handle(incident.id, { type: 'return-action', action: request.action, wanted })
}
