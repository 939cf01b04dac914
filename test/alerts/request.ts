import { readFileSync } from 'node:fs'
import type { AlertRequest } from '../../src/define.ts'

export const receivedAt = '2026-11-20T10:15:00.000Z'

export const payload = (name: string): string => readFileSync(new URL(`../payloads/${name}.json`, import.meta.url), 'utf8')

/** A request with a body as it is, or as JSON. */
export const request = (body: unknown, headers: Record<string, string> = {}): AlertRequest => ({
  headers,
  body: Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : (JSON.stringify(body) ?? '')),
  receivedAt,
})
