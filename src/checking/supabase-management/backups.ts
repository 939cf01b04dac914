/** Backups as Supabase's Management API lists them, held against the product's interval, point-in-time and retention. Pure. */
import { z } from 'zod'
import type { CheckAnswer } from '../../define/check.ts'
import type { Finding } from '../../incident/check.ts'
import { duration } from '../../incident/duration.ts'
import { measure } from '../measure.ts'

/** GET /v1/projects/{ref}/database/backups. */
export const Backups = z.object({
  pitr_enabled: z.boolean(),
  walg_enabled: z.boolean().optional(),
  backups: z.array(z.object({ status: z.string(), inserted_at: z.string(), is_physical_backup: z.boolean().optional() })),
  /** Empty without physical backups; with point-in-time recovery, the window that can be restored. */
  physical_backup_data: z
    .object({ earliest_physical_backup_date_unix: z.number().nullish(), latest_physical_backup_date_unix: z.number().nullish() })
    .nullish(),
})

export type BackupLimits = {
  /** Hours. */
  readonly warnAge?: number | undefined
  readonly failAge?: number | undefined
  readonly pitr?: boolean | undefined
  readonly retentionDays?: number | undefined
}

const hour = 3_600_000
const day = 24 * hour
/** Seconds that Supabase's clock may be ahead of ours. */
const skewMs = 5 * 60_000

const inDays = (ms: number): string => `${Math.floor(ms / day)} d`

/** `created`: when the project was made, null when that is not known: a young project has no old backups. */
export const judgeBackups = (
  { backups, pitr_enabled, physical_backup_data }: z.infer<typeof Backups>,
  limits: BackupLimits,
  created: string | null,
  now: string,
): CheckAnswer => {
  const at = Date.parse(now)
  const listed = backups
    .map(({ status, inserted_at }) => ({ status: status.toUpperCase(), at: Date.parse(inserted_at) }))
    .filter((one) => Number.isFinite(one.at) && one.at <= at + skewMs)
    .toSorted((a, b) => b.at - a.at)
  const completed = listed.filter(({ status }) => status === 'COMPLETED').map((one) => one.at)
  const seconds = [physical_backup_data?.earliest_physical_backup_date_unix, physical_backup_data?.latest_physical_backup_date_unix]
  const physical = seconds.flatMap((one) => (typeof one === 'number' && one > 0 && one * 1000 <= at + skewMs ? [one * 1000] : []))
  const restorable = [...completed, ...physical].toSorted((a, b) => b - a)
  const [newest] = restorable
  const oldest = restorable.at(-1)
  const findings: Finding[] = []
  if (limits.pitr === true && !pitr_enabled)
    findings.push({ status: 'fail', text: 'Point-in-time recovery is off, and this product needs it: turn it on under Database, Backups.' })
  if (newest === undefined || oldest === undefined) {
    const text = 'There is no backup that could be restored: look at the project’s plan, and make one by hand now.'
    return { findings: [{ status: 'fail', text }, ...findings], measurements: [] }
  }
  const [latest] = listed
  if (latest?.status === 'FAILED' && latest.at >= newest)
    findings.push({
      status: 'warn',
      text: `The latest backup failed, ${duration(at - latest.at)} ago: ask Supabase’s support if the next one does too.`,
    })
  const hours = Math.max(0, at - newest) / hour
  const { warnAge, failAge, retentionDays } = limits
  const age = measure('backup age', hours, 'h', { most: warnAge ?? failAge })
  const past = failAge !== undefined && hours > failAge ? failAge : warnAge !== undefined && hours > warnAge ? warnAge : null
  if (past !== null)
    findings.push({
      status: failAge !== undefined && hours > failAge ? 'fail' : 'warn',
      text: `The newest backup is ${duration(at - newest)} old, above the limit of ${past} h: make one by hand, and look why none was made.`,
    })
  // As old as the project is enough: nothing before it can be lost.
  const lifetime = created === null ? Infinity : at - Date.parse(created)
  const wanted = retentionDays === undefined ? 0 : Math.min(retentionDays * day, Number.isFinite(lifetime) ? lifetime : Infinity)
  const kept = at - oldest
  // A day's grace: the oldest is dropped before the next one is made.
  if (wanted > 0 && kept < wanted - day)
    findings.push({
      status: 'warn',
      text: `Backups reach back ${inDays(kept)} only; ${inDays(wanted)} are wanted: look at the retention of the project’s plan.`,
    })
  const retention = measure('retention', kept / day, 'd', { least: retentionDays })
  const pitr = pitr_enabled ? ' Point-in-time recovery is on.' : ''
  const good: Finding = {
    status: 'ok',
    text: `The newest backup is ${duration(Math.max(0, at - newest))} old; they reach back ${inDays(kept)}.${pitr}`,
  }
  return { findings: findings.length > 0 ? findings : [good], measurements: [...age.measurement, ...retention.measurement] }
}
