/** What keeps PostgreSQL from changing something, in a sentence for people. */
import { DatabaseError } from 'pg'
import { databaseFinding } from '../../checking/postgres/fault.ts'
import { foreign } from '../../checking/foreign.ts'
import { FetchFault } from '../../ports.ts'

/** What to do where nothing can be changed. */
export const readOnly = (secret: string): string =>
  `The database takes no changes on this connection: it is a replica, or the sessions of the user in ${secret} are read-only. Name the primary, and a user that may write; a hosted database whose disk is full is read-only, too.`
const inTheWay = () => 'Another transaction was in the way, so the database gave this one up: ask for it again.'
const rule = () => 'A rule of the table forbids it: look at what is there.'

const meanings: Readonly<Record<string, (secret: string) => string>> = {
  '25006': readOnly,
  '25P03': () => 'The database ended our transaction because it waited for too long.',
  '40001': inTheWay,
  '40P01': inTheWay,
  '42501': (secret) => `The user in ${secret} may not change that: grant it, or name a user that may.`,
  '55P03': () => 'What would be changed is locked by another session, which did not let go in time: look at the locks, and ask again.',
  '57014': () => 'The database did not get done with it in time, and gave it up: it is under load, or the statement touches too much.',
  '22P02': () => 'A value does not fit its column.',
  '22003': () => 'A value does not fit its column.',
}

/** Why the server refused, or null for what is no refusal of the server: that is thrown on. */
export const refusedBy = (error: unknown, secret: string): string | null => {
  if (error instanceof FetchFault) return null
  if (error instanceof DatabaseError) {
    const { code = '', message } = error
    const meaning = code.startsWith('23') ? rule : Object.hasOwn(meanings, code) ? meanings[code] : undefined
    if (meaning !== undefined) return `${meaning(secret)} It says: ${foreign(message, 160)} (${code})`
  }
  return databaseFinding(error, secret).text
}
