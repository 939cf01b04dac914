/** GitHub: what was changed on a branch near the start of an incident, and how its workflows ran last. */
import { z } from 'zod'
import { count, found, listed } from '../checking/answer.ts'
import { around, changesAnswer } from '../checking/changes.ts'
import { shortCommit } from '../checking/commit.ts'
import {
  commitChange,
  createGitHub,
  githubOptions,
  nameOf,
  outcomeOf,
  pullChange,
  type Run,
  runChange,
  startOf,
} from '../checking/github/api.ts'
import { apiHost, sinceWord } from '../checking/option.ts'
import { type CheckAnswer, type CheckContext, defineCheck } from '../define/check.ts'
import type { CheckStatus, Finding } from '../incident/check.ts'
import { duration } from '../incident/duration.ts'

const options = z.discriminatedUnion('ask', [
  z.strictObject({ ask: z.literal('changes'), ...githubOptions, ...around }),
  z.strictObject({
    ask: z.literal('workflows'),
    ...githubOptions,
    /** Those that matter, by name; without them, all that ran lately. */
    workflows: z.array(z.string().min(1)).default([]),
  }),
])
type Options = z.infer<typeof options>
type Of<Ask extends Options['ask']> = Extract<Options, { ask: Ask }>

const changes = async (wanted: Of<'changes'>, context: CheckContext, before: number): Promise<CheckAnswer> => {
  const start = Date.parse(context.around)
  const window = { since: start - before, until: start + wanted.after }
  const [since, until] = [new Date(window.since).toISOString(), new Date(window.until).toISOString()]
  const github = createGitHub(context, wanted)
  const [commits, merged, runs] = await Promise.all([github.commits(since, until), github.merged(since), github.runs(`${since}..${until}`)])
  const pulls = 'findings' in merged ? [] : merged.value.items
  // The commit of a merge says nothing that its pull request does not.
  const merges = new Set(pulls.flatMap(({ merged_at: at, merge_commit_sha: sha }) => (at && sha ? [sha] : [])))
  const all = [commits, merged, runs]
  return changesAnswer({
    what: `commit, pull request or workflow on ${wanted.branch}`,
    around: context.around,
    window,
    changes: [
      ...('findings' in commits ? [] : commits.value.items.filter(({ sha }) => !merges.has(sha)).map(commitChange)),
      ...pulls.flatMap(pullChange),
      ...('findings' in runs ? [] : runs.value.items.map(runChange)),
    ],
    trouble: all.flatMap((one) => ('findings' in one ? one.findings : [])),
    notes: all.some((one) => 'value' in one && one.value.more) ? ['There is more than was read.'] : [],
  })
}

const good = ['success', 'neutral']
const bad = ['failure', 'timed_out', 'startup_failure']
/** Says nothing of whether the workflow works: somebody, or a condition, ended it before. */
const undecided = ['cancelled', 'skipped', 'stale']

const statusOf = (last: Run | undefined, decided: Run | undefined): CheckStatus => {
  if (last === undefined) return 'unknown'
  if (last.conclusion === 'action_required' || bad.includes(decided?.conclusion ?? '')) return 'warn'
  if (decided === undefined || (last !== decided && !undecided.includes(last.conclusion ?? ''))) return 'unknown'
  return 'ok'
}

/** Judges the last run of one workflow that ended, and the last one that came to a result. */
const judge = (runs: readonly Run[], now: number): Finding => {
  const [newest] = runs
  const all = runs.filter(({ status }) => status === 'completed')
  const [ended] = all
  const decided = all.find(({ conclusion }) => [...good, ...bad].includes(conclusion ?? ''))
  const shown = ended ?? newest!
  const link = shown.html_url && /^https?:\/\//.test(shown.html_url) ? ` ${shown.html_url}` : ''
  const status = statusOf(ended, decided)
  const before = decided === undefined || decided === ended ? '' : ` The last with a result, #${decided.run_number}: ${outcomeOf(decided)}.`
  const when = `${duration(Math.max(now - startOf(shown), 0))} ago`
  const going = newest !== undefined && newest !== ended && ended !== undefined ? ` #${newest.run_number} is ${outcomeOf(newest)}.` : ''
  return {
    status,
    text: `${nameOf(shown)} #${shown.run_number} (${shortCommit(shown.head_sha)}, ${when}): ${outcomeOf(shown)}.${before}${going}${status === 'warn' ? link : ''}`,
  }
}

const workflows = async (wanted: Of<'workflows'>, context: CheckContext): Promise<CheckAnswer> => {
  const asked = await createGitHub(context, wanted).runs()
  if ('findings' in asked) return found(...asked.findings)
  const { items, more } = asked.value
  const newest = items.toSorted((a, b) => startOf(b) - startOf(a))
  const groups = [...Map.groupBy(newest, ({ workflow_id: id }) => id).values()].filter(
    ([run]) => wanted.workflows.length === 0 || wanted.workflows.includes(run?.name ?? ''),
  )
  const missing = wanted.workflows.filter((name) => !groups.some(([run]) => run?.name === name))
  const scope = more ? ` among the last ${items.length} runs` : ''
  const absent: Finding[] =
    missing.length > 0
      ? [{ status: 'unknown', text: `No run of ${listed(missing)} on ${wanted.branch}${scope}: look at the names in service.yml.` }]
      : groups.length === 0
        ? [{ status: 'unknown', text: `No workflow ran on ${wanted.branch}: nothing can be told.` }]
        : []
  const now = Date.parse(context.now())
  const judged = groups.map((runs) => judge(runs, now))
  const failed = judged.filter(({ status }) => status === 'warn')
  const rest = judged.filter(({ status }) => status !== 'warn')
  const gist: Finding[] =
    failed.length === 0 && rest.length > 3 && rest.every(({ status }) => status === 'ok')
      ? [{ status: 'ok', text: `The last runs of ${count(rest.length, 'workflow')} on ${wanted.branch} did not fail.` }]
      : rest
  return {
    findings: [...failed, ...absent, ...gist],
    measurements: groups.length === 0 ? [] : [{ name: 'failed workflows', value: failed.length, unit: '' }],
    ...(items.length === 0
      ? {}
      : {
          detail: {
            title: `Runs on ${wanted.branch}`,
            text: newest
              .map(
                (run) =>
                  `${new Date(startOf(run)).toISOString()}  ${nameOf(run)} #${run.run_number}: ${outcomeOf(run)}  ${run.html_url ?? ''}`,
              )
              .join('\n'),
          },
        }),
  }
}

export default defineCheck({
  summary: 'asks GitHub what was changed on a branch, or how its workflows ran last',
  options,
  words: sinceWord,
  hosts: apiHost,
  needs: ({ secret }) => [secret],
  tellsChanges: ({ ask }) => ask === 'changes',
  timeoutMs: 15_000,
  concurrency: 2,
  run: (wanted, context, { since }) =>
    wanted.ask === 'changes' ? changes(wanted, context, since ?? wanted.before) : workflows(wanted, context),
})
