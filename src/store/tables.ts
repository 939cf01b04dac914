/** The tables of schema `tocsin`, as the migrations make them. Instants come out as ISO strings (see `database.ts`). */
import type { ColumnType, Generated } from 'kysely'
import type { Actor, Kind } from '../incident/events.ts'
import type { CheckStatus, Measurement } from '../incident/check.ts'
import type { Digest } from '../incident/digest.ts'
import type { Status } from '../incident/incident.ts'
import type { Instant, Severity } from '../incident/policy.ts'

/** Written as text, read as the parsed value. */
type Json<T> = ColumnType<T, string, string>

export type Tables = {
  counter: { name: string; value: number }
  incident: {
    id: string
    number: number
    kind: Kind
    product: string
    rule: string | null
    severity: Severity
    status: Status
    title: string
    private: boolean
    channel_id: string | null
    /** The record that this one became part of. */
    merged_into: string | null
    declared_by: string
    declared_at: Instant
    resolved_at: Instant | null
    version: number
    head: string
  }
  event: { incident: string; seq: number; text: string; data: Json<unknown>; hash: string }
  alert: {
    source: string
    fingerprint: string
    starts_at: Instant
    rule: string
    product: string | null
    severity: string | null
    state: 'firing' | 'resolved'
    ends_at: Instant | null
    summary: string
    labels: Json<Record<string, string>>
    url: string | null
    received_at: Instant
    repeats: number
    pending: boolean
    incident: string | null
    outcome: string | null
  }
  lease: { surface: string; incident: string; token: string; expires_at: Instant; wanted: boolean }
  item: {
    surface: string
    incident: string
    key: string
    ref: string | null
    hash: string | null
    state: 'intent' | 'done' | 'failed'
    attempts: number
    error: string | null
    at: Instant
  }
  file: { incident: string; id: string; name: string; type: string; bytes: number; content: Buffer; at: Generated<Instant> }
  sample: {
    product: string
    check_key: string
    slot: Instant
    minutes: number
    status: CheckStatus
    ms: number
    finding: string | null
    measurements: Json<readonly Measurement[]>
  }
  digest: {
    kind: string
    product: string
    date: string
    data: Json<Digest>
    made_at: Generated<Instant>
    posted_at: Instant | null
    problem: string | null
  }
  pause: { method: string; scope: string; until: Instant }
  seen: { source: string; id: string; at: Instant }
  setting: { key: string; value: string }
  control: {
    seq: Generated<string>
    at: Instant
    author: Json<Actor>
    what: 'lock' | 'unlock' | 'freeze' | 'unfreeze'
    target: string
    why: string
    incident: string | null
  }
  action_run: {
    incident: string
    action: number
    product: string
    key: string
    target: string
    started_at: Instant
    ended_at: Instant | null
  }
}
