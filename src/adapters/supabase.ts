/** The published record in a Supabase project: tables and rights in `supabase/migrations`. */
import { createClient } from '@supabase/supabase-js'
import type { PublishedIncident } from '../incident/record.ts'
import { type FaultCode, PortFault, type RecordStore } from '../ports.ts'

const method = 'publish_incident'

/** One row an incident, with its timeline and post-mortem inside: the function's argument. */
const row = (incident: PublishedIncident): object => ({
  id: incident.id,
  number: incident.number,
  kind: incident.kind,
  product: incident.product,
  title: incident.title,
  severity: incident.severity,
  status: incident.status,
  private: incident.private,
  description: incident.description,
  detected_at: incident.detectedAt,
  acknowledged_at: incident.acknowledgedAt,
  mitigated_at: incident.mitigatedAt,
  resolved_at: incident.resolvedAt,
  reviewed_at: incident.reviewedAt,
  response_due: incident.responseDue,
  response_breached: incident.responseBreached,
  reopenings: incident.reopenings,
  seconds_taken_for_resolved: incident.takenForResolved / 1000,
  responses: incident.responses.of,
  responses_met: incident.responses.met,
  steps: incident.steps,
  lead: incident.lead,
  summary: incident.summary,
  merged_into: incident.mergedInto,
  audit_head: incident.auditHead,
  version: incident.version,
  timeline: incident.timeline.map(({ occurredAt, of, ...entry }) => ({ ...entry, occurred_at: occurredAt, record_id: of ?? incident.id })),
  postmortem: incident.postmortem,
})

/** What Postgres does not take in a text: NUL and halves of surrogate pairs would refuse the whole incident for ever. */
const storable = (value: object): object =>
  JSON.parse(
    JSON.stringify(value, (_, part: unknown) => (typeof part === 'string' ? part.toWellFormed().replaceAll('\0', '\uFFFD') : part)),
  ) as object

const migrationsMissing = /^(PGRST(106|202|204|205)|42P01|42703|42883)$/

/** SQLSTATE classes that pass: connection, rolled back, out of resources, stopped by an operator. */
const passing = /^(08|40|53|55|57)/

/** What a refusal means. The code says more than the status, which PostgREST derives from it. */
const faultOf = (status: number, code: string, message: string): { code: FaultCode; message: string; retryAfter?: number } => {
  if (migrationsMissing.test(code))
    return { code: 'invalid', message: `The database lacks what is published to: run the migrations in supabase/migrations (${message})` }
  // A client that gave up has the status 0 or none.
  if (status < 100 || status === 408 || status >= 500 || passing.test(code)) return { code: 'unavailable', message }
  if (status === 429) return { code: 'limited', message, retryAfter: 30 }
  if (status === 401 || status === 403 || code === '42501') return { code: 'denied', message: `The secret key is not accepted: ${message}` }
  return { code: 'invalid', message }
}

/** The record store of a project. One call writes everything about an incident in one transaction; an older version than the one that
 *  is there changes nothing and is no fault. `secretKey` passes row-level security: it stays in this process. */
export const supabaseRecord = ({ url, secretKey, timeoutMs }: { url: string; secretKey: string; timeoutMs: number }): RecordStore => {
  const client = createClient(url, secretKey, { auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false } })
  return {
    async publish(incident) {
      const answer = await client
        .rpc(method, { record: storable(row(incident)) })
        .retry(false)
        .abortSignal(AbortSignal.timeout(timeoutMs))
        .then(
          (answered) => answered,
          (error: unknown) => ({ error: { code: '', message: String(error) }, status: 0 }),
        )
      if (answer.error === null) return
      const { code, message, retryAfter } = faultOf(answer.status, answer.error.code ?? '', answer.error.message)
      throw new PortFault(code, method, message, { cause: answer.error, ...(retryAfter === undefined ? {} : { retryAfter }) })
    },
  }
}
