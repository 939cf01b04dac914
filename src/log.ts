/** The bot's log: pino, without what must not be kept (faults 58). A message is a constant; what varies is a field, and errors carry what
 *  others said. */
import pino from 'pino'
import type { Log } from './define.ts'
import { knownSecrets, maskKnown } from './incident/known-secrets.ts'
import { mask } from './incident/text.ts'

/** Names of fields that hold a secret, wherever they stand in a line. */
const redacted = ['token', 'botToken', 'appToken', 'signingSecret', 'secretKey', 'secret', 'password', 'authorization']

/** Settings whose value is a secret, or has one in it. */
const secretSetting = /(?:KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?|DATABASE_URL|REDIS_URL|SMTP_URL|WEBHOOK_URL)$/

/** Deeper, and longer, nobody reads a line. */
const deepest = 6
const longest = 20_000

/** Opens it. `environment`: the settings of the process; the values of those that are secret never come into the log. `to` is where lines
 *  are written, standard error without it. */
export const openLog = (
  level: string,
  environment: Readonly<Record<string, string | undefined>>,
  to: pino.DestinationStream = pino.destination(2),
): Log => {
  const known = knownSecrets(Object.entries(environment).flatMap(([name, value]) => (secretSetting.test(name) && value ? [value] : [])))
  const hide = (text: string): string => mask(maskKnown(text.slice(0, longest), known))
  const hidden = (value: unknown, depth = 0): unknown => {
    if (typeof value === 'string') return hide(value)
    if (typeof value !== 'object' || value === null || value instanceof Date) return value
    if (depth >= deepest) return '…'
    if (value instanceof Error) return hidden({ ...pino.stdSerializers.err(value) }, depth + 1)
    if (Array.isArray(value)) return value.map((item) => hidden(item, depth + 1))
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, hidden(item, depth + 1)]))
  }
  const logger = pino(
    {
      level,
      base: null,
      // Errors come here as what was left of them.
      serializers: { err: (value: unknown) => value },
      redact: { paths: redacted.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '***' },
    },
    to,
  )
  const line = (severity: 'debug' | 'info' | 'warn' | 'error') => (fields: object, message: string) => {
    if (logger.isLevelEnabled(severity)) logger[severity](hidden(fields), message)
  }
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
}
