/** The bot's log: pino, without what must not be kept (faults 58). A message is a constant; what varies is a field, and errors carry what
 *  others said. */
import pino from 'pino'
import { fragmentMask } from './checking/fragment.ts'
import type { Log } from './define.ts'
import { knownSecrets, maskKnown } from './incident/known-secrets.ts'
import { mask } from './incident/text.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Names of fields that hold a secret, wherever they stand in a line. Case does not count. */
const redacted: ReadonlySet<string> = new Set([
  'token',
  'bottoken',
  'apptoken',
  'signingsecret',
  'secretkey',
  'secret',
  'password',
  'authorization',
])

/** Settings whose value is a secret, or has one in it. */
const secretSetting =
  /(?:KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?|DATABASE_URL|REDIS_URL|SMTP_URL|WEBHOOK_URL)(?:$|_(?!FILE$|PATH$|DIR$|NAME$))/

/** Deeper, and longer, nobody reads a line. */
const deepest = 6
const longest = 20_000
/** What one field of a line has room for: values, and characters. */
const mostValues = 300
const mostCharacters = 40_000
/** Masked together with what is shown, so that a secret is whole where the text is cut. */
const overlap = 1000

type Room = { values: number; characters: number }

const taken = (count: number, room: Room): number => {
  const many = Math.min(count, room.values)
  room.values -= many
  return many
}

const unreadable = '(unreadable)'

/** Whether an address has a login in it, whatever its setting is called. */
const hasLogin = (value: string): boolean => {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? URL.parse(value) : null
  return url !== null && (url.username !== '' || url.password !== '')
}

const secretsIn = (environment: Environment, named: ReadonlySet<string>): string[] =>
  Object.entries(environment).flatMap(([name, value]) =>
    value && (named.has(name) || secretSetting.test(name) || hasLogin(value)) ? [value] : [],
  )

/** What is left of an error that cannot be read whole. */
const errorParts = (error: Error): object => {
  try {
    return { ...pino.stdSerializers.err(error) }
  } catch {
    // A field of its own throws: what is told of every error is told of this one, too.
    return { type: error.name, message: error.message, stack: error.stack }
  }
}

/** Makes what gives the fields of a line as they may be written: plain data, bounded, masked by `hide`. It never throws. */
const createHidden = (hide: (text: string) => string) => {
  const text = (value: string, room: Room): string => {
    const end = Math.min(longest, room.characters)
    if (value.length > 0 && end === 0) return '…'
    room.characters -= Math.min(end, value.length)
    return hide(value.slice(0, end + overlap)).slice(0, end)
  }
  const hidden = (read: () => unknown, room: Room, above: readonly object[]): unknown => {
    try {
      const value = read()
      if (typeof value === 'string') return text(value, room)
      if (typeof value === 'function') return undefined
      if (typeof value !== 'object' || value === null || value instanceof Date) return value
      if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`
      if (above.length >= deepest || above.includes(value)) return '…'
      const path = [...above, value]
      if (value instanceof Error) return hidden(() => errorParts(value), room, path)
      if (Array.isArray(value)) {
        const items = value.slice(0, taken(value.length, room)).map((item) => hidden(() => item, room, path))
        return items.length < value.length ? [...items, '…'] : items
      }
      const names = Object.keys(value)
      const fields = names.slice(0, taken(names.length, room)).map((name) => fieldOf(value, name, room, path))
      return Object.fromEntries(fields.length < names.length ? [...fields, ['…', '…']] : fields)
    } catch {
      // A line that is written without one of its fields is better than none.
      return unreadable
    }
  }
  const fieldOf = (holder: object, name: string, room: Room, above: readonly object[]): [string, unknown] => [
    text(name, room),
    redacted.has(name.toLowerCase()) ? '***' : hidden(() => (holder as Record<string, unknown>)[name], room, above),
  ]
  return (fields: object): object => {
    try {
      return Object.fromEntries(
        Object.keys(fields).map((name) => fieldOf(fields, name, { values: mostValues, characters: mostCharacters }, [])),
      )
    } catch {
      return { fields: unreadable }
    }
  }
}

/** Opens it. `environment`: the settings of the process; the values of those that are secret never come into the log, nor pieces of them.
 *  `named`: settings that are secret whatever they are called. `to` is where lines are written, standard error without it. */
export const openLog = (
  level: string,
  environment: Environment,
  { named = [], to = pino.destination(2) }: { readonly named?: Iterable<string>; readonly to?: pino.DestinationStream } = {},
): Log => {
  const secrets = secretsIn(environment, new Set(named))
  const known = knownSecrets(secrets)
  const fragments = fragmentMask(secrets)
  const hidden = createHidden((text) => mask(fragments(maskKnown(text, known))))
  // Errors come to it as what was left of them.
  const logger = pino({ level, base: null, serializers: { err: (value: unknown) => value } }, to)
  const line = (severity: 'debug' | 'info' | 'warn' | 'error') => (fields: object, message: string) => {
    if (logger.isLevelEnabled(severity)) logger[severity](hidden(fields), message)
  }
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
}
