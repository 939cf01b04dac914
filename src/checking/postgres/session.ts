/** Connections to PostgreSQL. For whoever only looks, one on which nothing can be changed: one transaction, read-only and rolled back, of
 *  which everything is a cursor over one SELECT. */
import { Client } from 'pg'
import type { CheckContext } from '../../define/check.ts'
import { Wait } from '../../define/wait.ts'
import { FetchFault } from '../../ports.ts'
import { Host, Port } from '../address.ts'
import { encryption, tlsOptions } from '../encryption.ts'
import { decoded, SecretName } from '../option.ts'
import { socketFault } from '../socket.ts'
import { Refusal } from './fault.ts'
import { wordsOf } from './statement.ts'

/** Where a product's database is. */
export const place = {
  host: Host,
  port: Port.default(5432),
  /** The setting with its connection string. It must name the same host and port; its user, password and database are used. */
  secret: SecretName,
  /** How long the server works at one statement; 8 s unless it is said. */
  statementTimeout: Wait.optional(),
  ...encryption,
}

export type Place = {
  readonly host: string
  readonly port: number
  readonly secret: string
  readonly statementTimeout?: number | undefined
  readonly tls: 'verify' | 'unverified' | 'none'
  readonly ca?: string | undefined
}

export type Table = {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | null)[])[]
  /** There were more rows than were read. */
  readonly more: boolean
}

export type Session = {
  /** Reads what one SELECT gives, at most `most` rows. Values are text, as the server writes them. */
  readonly read: (sql: string, values?: readonly unknown[], most?: number) => Promise<Table>
  /** The same for SQL of the catalogue: refused when a function is named in it that may change something. */
  readonly readForeign: (sql: string, values: readonly unknown[], most: number) => Promise<Table>
  /** Lets the server plan a statement, which it does not run: a table or a right that is missing is refused as it would be then. */
  readonly plan: (sql: string, values: readonly unknown[]) => Promise<void>
}

/** What a connection needs of whoever looks or acts. */
export type Reach = Pick<CheckContext, 'address' | 'secret' | 'signal'>
type Patience = Partial<Pick<CheckContext, 'timeoutMs'>>

const usualStatementMs = 8000
const lockMs = 1000
const mostBytes = 8 * 1024 * 1024

/** `set local` ends with the transaction, so behind a pooler nobody inherits it. Without `row_security` the server leaves out what a policy
 *  hides, and a table that is full looks empty; with it off, it refuses instead. */
const begin = (statementMs: number): string =>
  [
    'begin transaction read only',
    'set local row_security = off',
    `set local statement_timeout = ${statementMs}`,
    `set local lock_timeout = ${lockMs}`,
    `set local idle_in_transaction_session_timeout = ${statementMs * 4}`,
    "set local timezone = 'UTC'",
    "set local datestyle = 'ISO, YMD'",
  ].join('; ')

/** Functions that PostgreSQL does not know to be harmless. A read-only transaction alone would let pass those that act outside of it:
 *  locks of the session, connections to elsewhere, files, signals to other sessions. */
const volatile = `select distinct lower(proname) from pg_catalog.pg_proc
  where provolatile = 'v' and prokind in ('f', 'w') and lower(proname) = any($1)
    and prorettype not in ('pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype)`

/** User, password and database of a connection string. Throws Refusal when it is none, or one for another server. */
export const credentialsOf = ({ host, port, secret }: Place, value: string) => {
  const url = URL.parse(value)
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol) || url.username === '')
    throw new Refusal(
      `${secret} is no connection string such as postgres://user:password@host:5432/name: look whether its special characters are percent-encoded.`,
    )
  const bare = (name: string) => name.toLowerCase().replace(/^\[|\]$/g, '')
  if (bare(url.hostname) !== bare(host) || Number(url.port === '' ? 5432 : url.port) !== port)
    throw new Refusal(`${secret} is for another server than ${host}:${port} in service.yml: let both name the same one. Nothing was sent.`)
  const user = decoded(url.username)
  return { user, password: decoded(url.password), database: decoded(url.pathname.slice(1)) || user }
}

/** What the client says without a code. */
const clientFault = (error: unknown, at: string): FetchFault | null => {
  const message = error instanceof Error ? error.message : ''
  if (/does not support SSL/.test(message))
    return new FetchFault('tls', `${at} speaks no TLS: set \`tls: none\` only where nobody else is on the network.`, error)
  if (/establishing an SSL|invalid response|Received unexpected/i.test(message))
    return new FetchFault('reset', `${at} does not speak PostgreSQL’s protocol: look at host and port in service.yml.`, error)
  if (/Connection terminated|not queryable/.test(message)) return new FetchFault('reset', `${at} closed the connection.`, error)
  return null
}

const sessionOn = (client: Client): Session => {
  let cursors = 0
  const read: Session['read'] = async (sql, values = [], most = 100) => {
    const cursor = `tocsin_${(cursors += 1)}`
    // The extended protocol takes one statement only, and a cursor only SELECT and VALUES, without INTO or what writes within.
    const one = { queryMode: 'extended', rowMode: 'array' } as const
    await client.query({ ...one, text: `declare ${cursor} no scroll cursor for ${sql}`, values: [...values] })
    const { fields, rows } = await client.query<(string | null)[]>({ ...one, text: `fetch forward ${most + 1} from ${cursor}` })
    await client.query({ ...one, text: `close ${cursor}` })
    return { columns: fields.map(({ name }) => name), rows: rows.slice(0, most), more: rows.length > most }
  }
  return {
    read,
    readForeign: async (sql, values, most) => {
      // Names in disguise would not be found.
      if (/u&["']/i.test(sql)) throw new Refusal('The query has names or text with `U&`, which this check does not send: write them out.')
      const { rows } = await read(volatile, [wordsOf(sql)])
      const names = rows.flatMap(([name]) => name ?? [])
      if (names.length > 0)
        throw new Refusal(
          `Not asked: PostgreSQL says that ${names.slice(0, 3).join(', ')} may change something (VOLATILE). Leave it out of the query, or declare it STABLE if it only reads.`,
        )
      return read(sql, values, most)
    },
    plan: async (sql, values) => {
      const one = { queryMode: 'extended' } as const
      await client.query({ ...one, text: `explain ${sql}`, values: [...values] })
    },
  }
}

/** Connects, and closes whatever happens. Throws FetchFault for what is of the network, Refusal for what is not asked, and DatabaseError
 *  for what the server refuses. */
export const connected = async <Value>(wanted: Place, context: Reach, use: (client: Client) => Promise<Value>): Promise<Value> => {
  const { host, port, secret } = wanted
  const { user, password, database } = credentialsOf(wanted, context.secret(secret))
  const at = `${host}:${port}`
  const { address } = await context.address(host, port)
  const client = new Client({
    host: address,
    port,
    user,
    database,
    // As a function: an empty one would be looked for in the bot's own environment and home.
    password: () => password,
    ssl: tlsOptions(host, wanted) ?? false,
    application_name: 'tocsin',
    types: { getTypeParser: () => (text: string) => text },
  })
  // Whoever waits for an answer gets the error as well.
  client.on('error', () => undefined)
  const drop = (fault: FetchFault) => client.connection.stream.destroy(fault)
  const giveUp = () => drop(new FetchFault('timeout', `${at} did not answer in time.`))
  context.signal.addEventListener('abort', giveUp, { once: true })
  try {
    await client.connect()
    if (context.signal.aborted) giveUp()
    let bytes = 0
    client.connection.stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > mostBytes) drop(new FetchFault('too-large', `The answer is larger than ${mostBytes / 1024 / 1024} MiB.`))
    })
    return await use(client)
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('SASL: '))
      throw new Refusal(`The database does not complete the login with ${secret}: look at its password.`)
    throw socketFault(error, at) ?? clientFault(error, at) ?? error
  } finally {
    // Ends the transaction, where it has not ended, and is heard by nobody when the connection is gone.
    await client.end().catch(() => undefined)
    context.signal.removeEventListener('abort', giveUp)
  }
}

/** Opens a session, asks, and closes it whatever happens. Throws as `connected` does. */
export const inSession = <Value>(wanted: Place, context: Reach & Patience, ask: (session: Session) => Promise<Value>): Promise<Value> =>
  connected(wanted, context, async (client) => {
    const { timeoutMs = Number.POSITIVE_INFINITY } = context
    // Never longer than somebody waits for it.
    await client.query(begin(Math.min(wanted.statementTimeout ?? usualStatementMs, timeoutMs)))
    const value = await ask(sessionOn(client))
    await client.query('rollback')
    return value
  })
