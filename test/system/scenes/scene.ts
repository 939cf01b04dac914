/** What a bot is killed at: an action whose vendor does what it is asked for, and then keeps its answer. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Postgres } from '../../postgres.ts'
import type { Surroundings } from '../bots.ts'
import type { DatabaseProxy } from '../database-proxy.ts'
import type { OpenRecord } from '../record.ts'

/** What is shared, and what is closed when all is over. */
export type Stage = {
  readonly postgres: Postgres
  readonly surroundings: Surroundings
  /** Between the bot and its database. */
  readonly proxy: DatabaseProxy
  /** Id of the scene's record, once there is one. */
  readonly incident: () => string
  readonly stack: AsyncDisposableStack
}

export type Scene = {
  readonly kind: string
  readonly options: object
  /** What it changes. */
  readonly target: string
  /** What is typed behind it. */
  readonly input?: string
  /** Settings of the bot, under names of its own. */
  readonly environment?: Readonly<Record<string, string>>
  /** Lets the vendor keep its next answer; the promise in it is kept when the vendor has done what it was asked for. */
  readonly keep: () => Promise<{ readonly happened: Promise<unknown> }>
  /** What people do, once it is approved, until the vendor keeps its answer. */
  readonly until?: (record: OpenRecord) => Promise<unknown>
  /** Lets the vendor answer again, once whoever waited is dead. */
  readonly goOn?: () => void
  /** What people do when there is a bot again. */
  readonly afterwards?: (record: OpenRecord) => Promise<unknown>
  /** What the vendor did. */
  readonly deeds: () => Promise<readonly string[]> | readonly string[]
}

export type Builder = (stage: Stage) => Promise<Scene>

export const temporary = (stack: AsyncDisposableStack, name: string): string => {
  const folder = mkdtempSync(join(tmpdir(), name))
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
