/** Does what an action needs next: previews it, starts it once it is approved, and looks at what it did. What it finds in the record says
 *  what that is, so that it may run twice; a run that nobody saw the end of is read back, never repeated blindly (faults 53). */
import type { Hands } from '../acting.ts'
import { defineJob, type JobContext, type JobRun, type Loaded, type SurfaceSession } from '../define.ts'
import type { Json, Ran } from '../incident/acting/action.ts'
import { actionOf, type ActionRequest, isPending, isRunning, stricterNow } from '../incident/acting/request.ts'
import type { Instant } from '../incident/policy.ts'

/** How often a target that has not settled is looked at again, in milliseconds. */
const lookMs = 3_000

const later = (at: Instant, ms: number): Instant => new Date(Date.parse(at) + ms).toISOString()

type Asking = { readonly loaded: Loaded; readonly request: ActionRequest; readonly context: JobContext; readonly job: JobRun }
type Doing = Asking & { readonly session: SurfaceSession }

/** What stands, under the lease, for the part of a run that begins now: from its start, or from the last tick on. It is recorded before that
 *  part begins, by nobody who has lost the lease: where it is missing nothing was begun. */
const partOf = ({ ticks }: ActionRequest): string => `run:${ticks.length}`

/** How long what is to be taken back by itself is tried while that is not possible, in milliseconds, and how often. */
const patienceMs = 3_600_000
const againMs = 60_000

const productOf = ({ loaded }: Asking): string => loaded.incident.product.key

/** What an action that takes another back is given: what that one left. */
const backOf = ({ loaded, request }: Asking): Json | null => {
  if (request.undoes === null) return null
  const ran = actionOf(loaded.incident, request.undoes)?.ran
  return ran?.outcome === 'done' ? (ran.undo ?? null) : null
}

const preview = async (doing: Doing) =>
  backOf(doing) === null && doing.request.undoes !== null
    ? { unable: `Action ${doing.request.undoes} left nothing to take back.` }
    : doing.context.remedies.preview(productOf(doing), doing.request, backOf(doing), doing.job.signal)

/** When what is to be taken back by itself is tried again, although it is not possible now; undefined: not any more. */
const triesAgain = async ({ request: { automatic, asked }, context }: Doing): Promise<Instant | undefined> => {
  const now = await context.now()
  return automatic && now < later(asked.at, patienceMs) ? later(now, againMs) : undefined
}

const previewIt = async (doing: Doing): Promise<Instant | undefined> => {
  const { loaded, request, context } = doing
  const { id, product } = loaded.incident
  const [seen, before, against] = await Promise.all([
    preview(doing),
    context.runChecks(product.key, request.checks),
    context.actions.against(loaded.incident, request),
  ])
  const again = 'unable' in seen ? await triesAgain(doing) : undefined
  if (again !== undefined) return again
  const intent =
    'unable' in seen
      ? ({ type: 'refuse-action', action: request.action, why: seen.unable } as const)
      : ({ type: 'preview-action', action: request.action, ...seen, before, against } as const)
  await context.handle(id, intent)
  return undefined
}

/** Progress is recorded about once in this time, in milliseconds. */
const progressMs = 1_000

const handsOf = ({ loaded, request, context, job, session }: Doing): Hands => {
  const { id } = loaded.incident
  const { action } = request
  let memo = request.memo
  let next = 0
  return {
    // The number of a record comes again when the bot is set up anew, and a vendor would take that for the same.
    runKey: `${id.toLowerCase()}:${action}:${Date.parse(request.startedAt ?? loaded.incident.declaredAt).toString(36)}`,
    get memo() {
      return memo
    },
    ticked: request.ticks.length,
    signal: job.signal,
    remember: async (to) => {
      // Who has lost the lease stops here, before the step that would be done twice.
      await session.intend(partOf(request))
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
    if (found.outcome === 'resume') return await runIt(doing, hands, true)
    if (found.outcome === 'undone') {
      // Whoever ran it may still be at it, cut off from here: only when its time is over nothing more comes of it.
      const began = doing.session.items.get(partOf(request))?.at ?? request.startedAt ?? loaded.incident.declaredAt
      const over = later(began, context.remedies.timeoutMs(productOf(doing), request))
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

/** `hands`: those that ran it until now, which have what it remembered since the record was read. `resumed`: it goes on where it was cut
 *  off; cut off again, it is tried after a pause. */
const runIt = async (doing: Doing, hands = handsOf(doing), resumed = false): Promise<Instant | undefined> => {
  const { loaded, request, context } = doing
  if (loaded.incident.kind === 'drill') {
    await end(doing, { outcome: 'done', text: 'This is a drill: nothing was run.' })
    return undefined
  }
  await doing.session.intend(partOf(request))
  const ran = await context.remedies.run(productOf(doing), request, request.undoes !== null, request.preview?.plan ?? null, hands)
  if (ran.outcome === 'lost') {
    if (resumed) throw new Error(ran.why)
    return readBack(doing, ran.why, hands)
  }
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
  const { loaded, request, context, job, session } = doing
  const [{ id }, { action }] = [loaded.incident, request]
  const wanted = context.requests.anew(loaded.incident, request)
  // Where the catalogue does not have it any more, the preview says so.
  const rule = 'code' in wanted ? request.rule : wanted.rule
  const [lapsed, seen] = await Promise.all([context.approvers.lapsed(request, rule.approvers), preview(doing)])
  const again = 'unable' in seen ? await triesAgain(doing) : undefined
  if (again !== undefined) return again
  const role = lapsed === null ? null : ({ code: 'role', why: lapsed } as const)
  const unable = 'unable' in seen ? ({ code: 'unable', why: seen.unable } as const) : null
  const hindrance = role ?? stricterNow(request, rule) ?? unable
  // Before it is started: who takes over from here finds that it may have been begun.
  await session.intend(partOf(request))
  const started = await context.actions.start(id, action, 'unable' in seen ? '' : seen.hash, hindrance)
  if (started === 'later') return later(await context.now(), againMs)
  if (started === 'not') return undefined
  const now = await context.load(id)
  const running = now === null ? undefined : actionOf(now.incident, action)
  return now === null || running === undefined ? undefined : runIt({ loaded: now, request: running, context, job, session })
}

/** Looks at what it did, until that has settled or its time is over; then as long as the product watches it. */
const verifyIt = async (doing: Doing): Promise<Instant | undefined> => {
  const { loaded, request, context, session } = doing
  const { action, ran, checks, watchMinutes } = request
  const { id, product, kind } = loaded.incident
  const since = ran?.at ?? loaded.incident.declaredAt
  const now = await context.now()
  // What it found last changed the record, which is looked at again because of that: not at once.
  const planned = session.items.get(looking)?.ref ?? null
  if (planned !== null && now < planned) return planned
  const at = (next: Instant): Instant => {
    session.showed(looking, next, next)
    return next
  }
  const drill = kind === 'drill'
  const { findings, settled } = drill
    ? { findings: [], settled: true }
    : await context.remedies.verify(product.key, request, request.undoes !== null, request.preview?.plan ?? null, handsOf(doing))
  const limit = drill ? 0 : context.remedies.verifyMs(product.key, request)
  if (!settled && now < later(since, limit)) return at(later(now, lookMs))
  const results = await context.runChecks(product.key, checks)
  const until = later(since, watchMinutes * 60_000)
  const last = drill || checks.length === 0 || now >= until
  const shown = settled
    ? findings
    : [...findings, { status: 'fail' as const, text: `It had not settled ${Math.round(limit / 1000)} s after the run.` }]
  await context.handle(id, { type: 'verify-action', action, findings: shown, results, last })
  // A minute, or what is left of the watch.
  return last ? undefined : at(now < later(until, -againMs) ? later(now, againMs) : until)
}

/** What stands, under the lease, for when the target is looked at next. */
const looking = 'verify'

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
      const again = await (job.data['renew'] === undefined ? giveBack : askAgain)({ loaded, request, context, job })
      return again === undefined ? undefined : { again }
    }
    let next: Instant | undefined
    // Under a lease: two that run it, or one that runs it and one that reads back, must not be at it together.
    await context.surface(`action:${action}`, id, job.retryCount > 0, async (session, loaded) => {
      const request = actionOf(loaded.incident, action)
      next = request === undefined ? undefined : await step({ loaded, request, context, job, session })
    })
    return next === undefined ? undefined : { again: next }
  },
})

/** The next thing that this action needs. */
const step = async (doing: Doing): Promise<Instant | undefined> => {
  const { loaded, request, context, session } = doing
  switch (request.status) {
    case 'previewing':
      return previewIt(doing)
    case 'approved':
      return startIt(doing)
    case 'running':
      if (request.task !== null) return undefined
      // Ticked off, and nobody has gone on from there yet; or a drill, which begins nothing. Else whoever ran it is gone.
      return session.items.has(partOf(request)) && loaded.incident.kind !== 'drill'
        ? readBack(doing, 'The bot stopped while it ran.')
        : runIt(doing)
    case 'verifying':
      return verifyIt(doing)
    default:
      context.log.debug({ incident: loaded.incident.id, action: request.action, status: request.status }, 'nothing to do for an action')
      return undefined
  }
}

/** The target moved after it was approved: the same is asked for anew, as it is now, for whoever asked. */
const askAgain = async (asking: Asking): Promise<Instant | undefined> => {
  const { request, context } = asking
  const { incident } = asking.loaded
  const first = request.undoes === null ? undefined : actionOf(incident, request.undoes)
  if (request.automatic && first !== undefined) return giveBack({ ...asking, request: first })
  const wanted = context.requests.anew(incident, request)
  if ('code' in wanted) return undefined
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
  return undefined
}

/** The time is over that it was approved for. */
const giveBack = async ({ loaded: { incident }, request, context }: Asking): Promise<Instant | undefined> => {
  // Somebody may be about to, and may yet be denied it.
  const asked = incident.actions.some(
    (other) => other.undoes === request.action && !other.automatic && (isPending(other) || isRunning(other)),
  )
  if (asked) return later(await context.now(), againMs)
  const wanted = context.requests.back(incident, request)
  if ('code' in wanted) {
    context.log.error(
      { incident: incident.id, action: request.action, refused: wanted.code },
      'what was approved for a time cannot be taken back',
    )
    return undefined
  }
  await context.handle(incident.id, { type: 'return-action', action: request.action, wanted })
  return undefined
}
