/** Loggers for tests: one that says nothing, and one that keeps what was said. */
import type { Log } from '../src/store/database.ts'

const nothing = () => undefined

export const silent: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/** Keeps every line as `{ level, message, ...fields }`. */
export const recorder = (): { log: Log; lines: Record<string, unknown>[] } => {
  const lines: Record<string, unknown>[] = []
  const at = (level: string) => (fields: object, message: string) => {
    lines.push({ level, message, ...fields })
  }
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, lines }
}
