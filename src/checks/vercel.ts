/** Vercel (D7): what production serves, errors at run time, use of functions, and what was changed. */
import { z } from 'zod'
import { hostOf, HttpAddress } from '../checking/address.ts'
import { finding, found, lately } from '../checking/answer.ts'
import { around, changesAnswer } from '../checking/changes.ts'
import { Limit, sinceWord, Span } from '../checking/option.ts'
import { createVercel, vercelOptions, type Vercel } from '../checking/vercel/api.ts'
import {
  aliasChange,
  askDeployments,
  askProject,
  changeOf,
  judgeProduction,
  type Project,
  withServed,
} from '../checking/vercel/deployments.ts'
import { askVariables, settingChange } from '../checking/vercel/environment.ts'
import { askPast, judgeLogged, listen } from '../checking/vercel/logs.ts'
import { askUsage } from '../checking/vercel/usage.ts'
import { type CheckAnswer, type CheckContext, defineCheck } from '../define/check.ts'

const options = z.discriminatedUnion('ask', [
  z.strictObject({
    ask: z.literal('deployment'),
    ...vercelOptions,
    /** What production is built from: anything else is worth a look. */
    branch: z.string().min(1).optional(),
    /** How many of the last deployments are looked at. */
    recent: z.int().min(1).max(100).default(10),
  }),
  z.strictObject({
    ask: z.literal('errors'),
    ...vercelOptions,
    /** `past`: the log of requests, as Vercel's command line reads it. `live`: what a deployment logs while we listen. */
    log: z.enum(['past', 'live']).default('past'),
    window: Span.prefault('1h'),
    /** For how long the live log is listened to, in milliseconds. */
    listenMs: z.int().min(100).max(60_000).default(8_000),
    /** Where the log of the past is. */
    logsUrl: HttpAddress.default('https://vercel.com'),
    /** Errors, at most. */
    errors: Limit.optional(),
  }),
  z.strictObject({
    ask: z.literal('functions'),
    ...vercelOptions,
    /** Per cent above the average of the days before, at most. */
    rise: Limit.optional(),
  }),
  z.strictObject({
    ask: z.literal('changes'),
    ...vercelOptions,
    ...around,
  }),
])
type Options = z.infer<typeof options>
type Of<Ask extends Options['ask']> = Extract<Options, { ask: Ask }>

/** The most deployments of a window. */
const mostDeployments = 100

const errors = async (
  vercel: Vercel,
  project: Project,
  wanted: Of<'errors'>,
  context: CheckContext,
  window: number,
): Promise<CheckAnswer> => {
  const { log, logsUrl, listenMs, errors: limit } = wanted
  const { id: projectId, accountId, targets: current } = project
  if (log === 'live') {
    if (current === null) return finding('fail', `${project.name} has no production deployment: nothing logs.`)
    const heard = await listen(vercel, context, { projectId, deployment: current.id, ms: listenMs })
    return 'findings' in heard ? found(...heard.findings) : judgeLogged(heard, `${listenMs / 1000} s of listening`, limit)
  }
  if (accountId === undefined) return finding('unknown', 'Vercel does not say whose the project is: its log cannot be asked for.')
  const to = Date.parse(context.now())
  const asked = await askPast(vercel, { logsUrl, projectId, ownerId: accountId, from: to - window, to })
  return 'findings' in asked ? found(...asked.findings) : judgeLogged(asked, lately(window), limit)
}

const changes = async (
  vercel: Vercel,
  project: Project,
  wanted: Of<'changes'>,
  context: CheckContext,
  before: number,
): Promise<CheckAnswer> => {
  const start = Date.parse(context.around)
  const window = { since: start - before, until: start + wanted.after }
  const [deployed, variables] = await Promise.all([
    askDeployments(vercel, project.id, mostDeployments, window),
    askVariables(vercel, () => null),
  ])
  const list = 'findings' in deployed ? [] : deployed.value.list
  return changesAnswer({
    what: 'deployment or variable of Vercel’s',
    around: context.around,
    window,
    changes: [
      ...list.map(changeOf),
      ...aliasChange(project, list),
      ...('findings' in variables
        ? []
        : variables.value.list.filter(({ target }) => target.length === 0 || target.includes('production')).flatMap(settingChange)),
    ],
    trouble: [deployed, variables].flatMap((one) => ('findings' in one ? one.findings : [])),
    notes: [
      ...('value' in deployed && deployed.value.more ? [`Only the newest ${mostDeployments} deployments were read.`] : []),
      ...('value' in variables && variables.value.more ? ['There are more variables than were read.'] : []),
    ],
  })
}

export default defineCheck({
  summary: 'asks Vercel what production serves, for errors at run time, use of functions, or what was changed',
  options,
  words: sinceWord,
  hosts: (wanted) => [hostOf(wanted.apiUrl), ...(wanted.ask === 'errors' && wanted.log === 'past' ? [hostOf(wanted.logsUrl)] : [])],
  needs: ({ secret }) => [secret],
  tellsChanges: ({ ask }) => ask === 'changes',
  timeoutMs: 15_000,
  concurrency: 4,
  run: async (wanted, context, { since }) => {
    const vercel = createVercel(context, wanted)
    const asked = await askProject(vercel)
    if ('findings' in asked) return found(...asked.findings)
    const project = asked.value
    if (wanted.ask === 'errors') return errors(vercel, project, wanted, context, since ?? wanted.window)
    if (wanted.ask === 'functions') return askUsage(vercel, project, Date.parse(context.now()), wanted.rise)
    if (wanted.ask === 'changes') return changes(vercel, project, wanted, context, since ?? wanted.before)
    const recent = await askDeployments(vercel, project.id, wanted.recent)
    if ('findings' in recent) return found(...recent.findings)
    const { list } = recent.value
    return judgeProduction(withServed(project, list), list, context.now(), wanted)
  },
})
