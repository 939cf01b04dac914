/** A product's digest as data: how its checks were in a time, what was asked at its end, which records are open, which promises were
 *  not kept, and how the bot itself is. It is stored, so that the next one can say what is different. Pure. */
import type { CheckResult, CheckStatus, Measurement } from './check.ts'
import { gist } from './check-report.ts'
import { type DigestRecords, type RecordLines, recordLines } from './digest-records.ts'
import { type Period, type Sample, type Uptime, uptimeOf } from './uptime.ts'
import { dateIn } from './when.ts'

/** A check that cannot be asked before something is set. */
export type Unset = { readonly title: string; readonly missing: readonly string[] }

/** How the bot itself is. `dead`: jobs that were given up and whose work nobody has done since; `away`: services that do not answer. */
export type OwnHealth = { readonly dead: number; readonly away: Readonly<Record<string, string>> }

export type DigestFacts = {
  readonly product: { readonly key: string; readonly name: string }
  readonly during: Period
  readonly zone: string
  /** Checks that are asked on a schedule, with their samples, oldest first. */
  readonly sampled: readonly { readonly title: string; readonly minutes: number; readonly samples: readonly Sample[] }[]
  readonly unset: readonly Unset[]
  /** What was asked for this digest, each with the words that were said behind it. */
  readonly results: readonly (CheckResult & { readonly words?: string })[]
  readonly records: DigestRecords
  readonly bot: OwnHealth
}

/** What was asked at the end of the time. */
export type Asked = {
  /** The key of the check, and the words behind it: with others it is another question. Those that were stored long ago lack them. */
  readonly check?: string
  readonly words?: string
  readonly title: string
  readonly status: CheckStatus
  readonly finding: string
  readonly measurements: readonly Measurement[]
}

export type Digest = {
  readonly product: DigestFacts['product']
  readonly during: Period
  readonly zone: string
  readonly checks: readonly { readonly title: string; readonly uptime: Uptime }[]
  readonly unset: readonly Unset[]
  readonly asked: readonly Asked[]
  readonly records: RecordLines
  readonly bot: OwnHealth
}

export const digestOf = ({ product, during, zone, sampled, unset, results, records, bot }: DigestFacts): Digest => ({
  product: { key: product.key, name: product.name },
  during,
  zone,
  checks: sampled.map(({ title, minutes, samples }) => ({ title, uptime: uptimeOf(samples, during, minutes) })),
  unset,
  asked: results.map((result) => ({
    check: result.check,
    words: result.words ?? '',
    title: result.title,
    status: result.status,
    finding: gist(result),
    measurements: result.measurements,
  })),
  records: recordLines(records, during, dateIn(during.to, zone)),
  bot,
})

/** Whether all is known, and there is nothing that anybody should look at. */
export const isQuiet = ({ checks, asked, records: { open, missed, overdue }, bot }: Digest): boolean =>
  checks.length > 0 &&
  checks.every(({ uptime: { samples, troubles, gaps } }) => samples > 0 && troubles.length === 0 && gaps.length === 0) &&
  asked.every(({ status }) => status === 'ok') &&
  [open, missed, overdue].every((lines) => lines.length === 0) &&
  bot.dead === 0 &&
  Object.keys(bot.away).length === 0
