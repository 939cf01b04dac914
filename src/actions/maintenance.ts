import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { caddy, caddyHosts, CaddyRefusal, type Page, pageCalls, pagesUp, putUp, takeAway } from '../acting/caddy/page.ts'
import { containersNow, isPlace, placeMessage, standingNow } from '../acting/compose/target.ts'
import { withControls } from '../acting/docker/control.ts'
import { judgeServices, Service, steady, verifyServices, lookAtProject } from '../acting/docker/project.ts'
import { listed } from '../checking/answer.ts'
import { EngineRefusal } from '../checking/docker/engine.ts'
import { place, placeHosts, placeSecrets } from '../checking/docker/place.ts'
import { type ActContext, defineAction, type LookContext } from '../define/action.ts'
import type { Ran, Waits } from '../incident/acting/action.ts'
import { FetchFault } from '../ports.ts'

const html = `<!doctype html><meta charset="utf-8"><title>Maintenance</title><h1>We’ll be back soon</h1><p>This site is being maintained. Please try again in a few minutes.</p>`

const Options = z
  .strictObject({
    ...place,
    ...steady,
    ...caddy,
    /** What is stopped meanwhile. */
    services: z.array(Service).min(1).max(20),
    /** What visitors see. */
    page: z.string().min(1).max(50_000).default(html),
    /** Seconds after which visitors’ programs may try again. */
    retryAfter: z.int().min(1).max(86_400).default(300),
    stopSeconds: z.int().min(0).max(30).default(10),
    /** Seconds that a service may take to be well after its start. */
    startSeconds: z.int().min(0).max(240).default(120),
    /** What somebody does in between. */
    task: z.string().trim().min(1).max(1000).default('Do the work.'),
  })
  .refine(isPlace, placeMessage)
type Options = z.infer<typeof Options>

type Plan = { note: string }

const Memo = z
  .object({
    step: z.string(),
    tries: z.int(),
    ticked: z.int(),
    /** A service may have been stopped. */
    touched: z.boolean().default(true),
  })
  .nullable()
  .catch(null)

/** How often a step is tried that breaks off. */
const mostTries = 3

const pageOf = ({ caddy: known, project, page, retryAfter }: Options): Page => ({
  caddy: known,
  id: `tocsin-maintenance-${project}`,
  html: page,
  retryAfter,
})

const pollMs = 500

/** What people are told of an error that they can do something about; others are thrown. */
const refusedWords = (error: unknown): string => {
  if (error instanceof CaddyRefusal || error instanceof EngineRefusal) return error.message
  throw error
}

/** The steps of one run, and what it has touched. */
const trailOf = (context: ActContext) => {
  const { ticked } = context
  const before = Memo.parse(context.memo)
  let touched = before?.touched ?? false
  return {
    touched: (): boolean => touched,
    /** Does one step, and remembers before that it is at it; `touch` comes before a service is changed. What breaks off again and again is
     *  a refusal: else it would be tried for ever. */
    at: async <Value>(step: string, work: (touch: () => Promise<void>) => Promise<Value>): Promise<Value> => {
      const tries = before?.step === step && before.ticked === ticked ? before.tries + 1 : 1
      await context.remember({ step, tries, ticked, touched })
      try {
        return await work(async () => {
          if (touched) return
          await context.remember({ step, tries, ticked, touched: true })
          touched = true
        })
      } catch (error) {
        throw error instanceof FetchFault && tries >= mostTries ? new EngineRefusal(error.message) : error
      }
    },
  }
}

/** Ends where the run's time is over: whoever takes over goes on. */
const inTime = ({ signal }: ActContext): void => {
  if (signal.aborted) throw new FetchFault('timeout', 'The time of the run was over.')
}

/** What is up and what is not. */
const standing = async (options: Options, context: LookContext): Promise<string> => {
  let page: string
  try {
    page = (await pagesUp(pageOf(options), context)) > 0 ? 'The page is up.' : 'The page is away.'
  } catch (error) {
    page = `Whether the page is up is not known: ${error instanceof FetchFault ? error.message : refusedWords(error)}`
  }
  return `${page} ${await standingNow(options, context)}`
}

/** Stops or starts what does not stand as it should. */
const bring = (options: Options, verb: 'stop' | 'start', context: ActContext, touch?: () => Promise<void>): Promise<void> =>
  withControls(options, context, [verb], async (controls) => {
    for (const { id, name, service, state } of await containersNow(options, context)) {
      if (!options.services.includes(service) || (state === 'running') === (verb === 'start')) continue
      inTime(context)
      context.progress(verb === 'stop' ? `Stopping ${name}` : `Starting ${name}`)
      await touch?.()
      await controls.act(verb, id, verb === 'stop' ? options.stopSeconds : undefined)
    }
  })

/** Waits until the services are well; else what is wrong with them. */
const becomeWell = async (options: Options, context: ActContext): Promise<string | null> => {
  const until = context.elapsed() + options.startSeconds * 1000
  for (;;) {
    const how = { now: context.now(), steadySeconds: options.steadySeconds }
    const { findings, settled } = judgeServices(await containersNow(options, context), options.services, how)
    if (settled) return null
    if (context.elapsed() >= until)
      return findings
        .filter(({ status }) => status !== 'ok')
        .map(({ text }) => text)
        .join(' ')
    inTime(context)
    await sleep(pollMs)
  }
}

/** Before the work: page up, services stopped. What cannot be done is taken back. */
const open = async (options: Options, plan: Plan, context: ActContext): Promise<Ran | Waits> => {
  const page = pageOf(options)
  const { at, touched } = trailOf(context)
  try {
    context.progress('Putting the page up')
    await at('page', () => putUp(page, context))
    await at('stop', (touch) => bring(options, 'stop', context, touch))
  } catch (error) {
    const why = refusedWords(error)
    try {
      // Where nothing was stopped, Docker need not answer for visitors to get in again.
      if (touched()) await bring(options, 'start', context)
      await takeAway(page, context)
    } catch (again) {
      return {
        outcome: 'failed',
        text: `${why} And it could not be taken back: ${refusedWords(again)} ${await standing(options, context)}`,
      }
    }
    return { outcome: 'failed', text: `${why} It was taken back. ${await standing(options, context)}` }
  }
  return {
    outcome: 'waits',
    task: [`The page is up, and ${listed(options.services)} stopped. ${options.task}`, plan.note].join(' ').trim(),
  }
}

/** After the work: services started and well, then page away. What keeps it from that is for a person to mend, who then ticks it off again. */
const close = async (options: Options, context: ActContext): Promise<Ran | Waits> => {
  const again = async (why: string): Promise<Waits> => ({
    outcome: 'waits',
    task: `${why} ${await standing(options, context)} Mend that, and tick it off: then it is tried again.`,
  })
  const { at } = trailOf(context)
  try {
    await at('start', () => bring(options, 'start', context))
    context.progress('Waiting until all is well')
    const ill = await becomeWell(options, context)
    if (ill !== null) return await again(`The page stays: ${ill}`)
    context.progress('Taking the page away')
    await at('away', () => takeAway(pageOf(options), context))
  } catch (error) {
    return again(refusedWords(error))
  }
  return { outcome: 'done', text: `The page is away; ${listed(options.services)} ${options.services.length === 1 ? 'runs' : 'run'}.` }
}

/** Caddy serves a page, services are stopped, somebody works, services are started, the page goes away. */
export default defineAction({
  summary: 'Maintenance mode: a page in front, services stopped, somebody works, and all back again',
  options: Options,
  input: z.strictObject({ note: z.string().trim().max(300).default('').describe('What is done meanwhile') }),
  risk: () => 'high' as const,
  // Not the project itself: while somebody works it may be just its containers that must be restarted, scaled or built.
  target: ({ project }) => `compose:${project}:maintenance`,
  hosts: (options) => [...placeHosts(options), ...caddyHosts(options.caddy)],
  needs: placeSecrets,
  calls: (options) => pageCalls(pageOf(options)),
  timeoutMs: 600_000,
  verifyMs: 120_000,
  preview: async (options, { note }, context) => {
    try {
      const page = pageOf(options)
      if ((await pagesUp(page, context)) > 0)
        return { unable: `The page is up already: whoever put it up must end that first, or take it away with ${pageCalls(page)[1]}.` }
      const all = (await lookAtProject(options, context)).filter(({ service }) => options.services.includes(service))
      const missing = options.services.filter((name) => all.every(({ service }) => service !== name))
      if (missing.length > 0) return { unable: `Docker has no container of ${listed(missing, 10)} in ${options.project}.` }
      const { hosts } = options.caddy
      return {
        summary: `Visitors see a page, ${listed(options.services)} ${options.services.length === 1 ? 'is' : 'are'} stopped, somebody works; ticked off, all comes back.`,
        calls: [
          ...pageCalls(page).slice(0, 1),
          ...all.map(({ id, name }) => `POST /containers/${id.slice(0, 12)}/stop?t=${options.stopSeconds} (${name})`),
          ...all.map(({ id, name }) => `POST /containers/${id.slice(0, 12)}/start (${name})`),
          ...pageCalls(page).slice(1),
        ],
        effects: [
          `Page: for ${hosts.length === 0 ? 'everybody' : listed(hosts, 10)}, status 503`,
          ...all.map(({ name, status }) => `${name}: ${status}`),
          `Work: ${options.task}${note === '' ? '' : ` ${note}`}`,
        ],
        reversible: 'by ticking off the work: what was stopped starts, and the page goes away',
        warnings: [
          'From the start until the work is ticked off, visitors cannot use the product.',
          'Whoever reloads Caddy’s own configuration meanwhile takes the page away.',
          ...all
            .filter(({ state }) => state !== 'running')
            .map(({ name, state }) => `${name} does not run now (${state}); it will be started afterwards.`),
        ],
        plan: { note },
        state: { containers: all.map(({ id, state }) => ({ id, state })) },
      }
    } catch (error) {
      return { unable: refusedWords(error) }
    }
  },
  run: (options, plan: Plan, context) => (context.ticked === 0 ? open(options, plan, context) : close(options, context)),
  recover: async (options, _, context) => {
    if (context.memo === null) return { outcome: 'undone' }
    const touched = Memo.parse(context.memo)?.touched ?? true
    try {
      // Every step looks first what is there; both must be there to look at. Docker is not waited for while the page alone is up.
      await Promise.all([pagesUp(pageOf(options), context), touched ? containersNow(options, context) : []])
      return { outcome: 'resume' }
    } catch (error) {
      throw error instanceof FetchFault ? error : new FetchFault('refused', refusedWords(error), error)
    }
  },
  verify: async (options, _, context) => {
    const { findings, settled } = await verifyServices(options, options.services, context)
    try {
      const up = (await pagesUp(pageOf(options), context)) > 0
      const page = up
        ? ({ status: 'fail', text: 'The page is still up.' } as const)
        : ({ status: 'ok', text: 'The page is away.' } as const)
      return { findings: [page, ...findings], settled: settled && !up }
    } catch (error) {
      return { findings: [{ status: 'unknown', text: refusedWords(error) }, ...findings], settled: false }
    }
  },
})
