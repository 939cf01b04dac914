/** The bot's own PostgreSQL: whether it answers, is new enough, can notify, and has the tables of this version. */
import { databaseClock } from './clock.ts'
import { error, type Finding, ok, warning } from './finding.ts'

export type Facts = {
  readonly version: number
  /** How far this machine's clock is ahead of the database's, in milliseconds. */
  readonly ahead: number
  readonly listens: boolean
  readonly missing: readonly string[]
  readonly unknown: readonly string[]
  readonly mayCreate: boolean
}

/** The oldest PostgreSQL that the bot is tested with. */
const oldest = 15

/** The port of the transaction poolers that are known by it. */
const poolerPort = '6543'

const direct = 'Use the direct connection or a session pooler (on Supabase port 5432).'

const schema = ({ missing, unknown, mayCreate }: Facts): Finding[] => {
  if (unknown.length > 0)
    return [
      warning(
        'database',
        `was used by a newer version of the bot (${unknown.join(', ')})`,
        'Upgrade this one, or go on while both run side by side.',
      ),
    ]
  if (missing.length === 0) return [ok('database', 'its tables are there')]
  return mayCreate
    ? [ok('database', 'its tables are made at the start')]
    : [error('database', 'the user may not make tables', 'Grant it: `grant create on database … to …`.')]
}

/** `url` is looked at, never shown. */
export const examineDatabase = async (url: string, inspect: () => Promise<Facts>): Promise<Finding[]> => {
  const pooled = URL.parse(url)?.port === poolerPort
  let facts: Facts
  try {
    facts = await inspect()
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    return [
      error('DATABASE_URL', `cannot be used: ${message}`, 'Check host, user, password and database name, and whether the server runs.'),
    ]
  }
  return [
    ok('database', `PostgreSQL ${facts.version}`),
    ...(facts.version < oldest ? [error('database', `PostgreSQL ${facts.version} is too old`, `Use PostgreSQL ${oldest} or newer.`)] : []),
    ...(facts.listens ? [] : [error('DATABASE_URL', 'leads to a transaction pooler: notifications do not come through', direct)]),
    ...(facts.listens && pooled ? [warning('DATABASE_URL', `has port ${poolerPort}, usually a transaction pooler`, direct)] : []),
    ...schema(facts),
    databaseClock(facts.ahead),
  ]
}
