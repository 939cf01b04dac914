/** What keeps PostgreSQL from answering, as findings. */
import { DatabaseError } from 'pg'
import type { CheckStatus, Finding } from '../../incident/check.ts'
import { FetchFault } from '../../ports.ts'
import { productFault } from '../fault.ts'
import { foreign } from '../foreign.ts'

/** A question that is not sent. Its message is a sentence for people. */
export class Refusal extends Error {}

type Meaning = readonly [status: CheckStatus, text: (secret: string) => string]

const login: Meaning = ['unknown', (secret) => `The database does not accept user or password: look whether ${secret} is current.`]
const full: Meaning = [
  'fail',
  () => 'The database has no connection left for us, nor for the product: find who holds them, and look at the pool’s settings.',
]
const down: Meaning = ['fail', () => 'The database is starting or shutting down: look at its dashboard.']
const writes: Meaning = ['unknown', () => 'The query would change something, which the server refuses here.']
const slow: Meaning = [
  'unknown',
  () => 'The database did not answer our question in time: it is under load, or the query in service.yml is too large.',
]
const named: Meaning = ['unknown', () => 'The database has no such table, column or function: look at service.yml.']
const wrong: Meaning = ['unknown', () => 'The query in service.yml is not one that can be asked: one SELECT is.']

const meanings: Readonly<Record<string, Meaning>> = {
  '28P01': login,
  '28000': login,
  '3D000': ['unknown', (secret) => `The server has no such database: look at the end of ${secret}.`],
  '53300': full,
  '57P01': down,
  '57P02': down,
  '57P03': down,
  '25006': writes,
  '25001': writes,
  '0A000': writes,
  '57014': slow,
  '55P03': ['unknown', () => 'What is asked for is locked by another session: look at the locks.'],
  '42501': ['unknown', (secret) => `The user in ${secret} may not read that: grant it, read-only.`],
  '42P01': named,
  '42703': named,
  '42883': named,
  '3F000': named,
  '42601': wrong,
  '42P11': wrong,
  '42P18': wrong,
  '22P02': wrong,
}

const hidden: Meaning = [
  'unknown',
  (secret) =>
    `Row-level security hides rows from the user in ${secret}, so that what is counted would be too few. Once, as an administrator: alter role … bypassrls; it still reads only the tables that it is granted.`,
]

/** The findings for an error of a session. Throws what is a bug. `secret`: the setting with the connection string. */
export const databaseFinding = (error: unknown, secret: string): Finding => {
  if (error instanceof Refusal) return { status: 'unknown', text: error.message }
  if (error instanceof FetchFault) return productFault(error)
  if (!(error instanceof DatabaseError)) throw error
  const { code = '', message, routine } = error
  const says = ` It says: ${foreign(message, 160)}${code === '' ? '' : ` (${code})`}`
  // Poolers have codes of their own, or none, and say this in words.
  const isFull = /max(imum)?[ _]?client|no more connections|too many (clients|connections)|EMAXCONN/i.test(message)
  // The same code as for a missing right, in the words of the server's own language.
  const isHidden = code === '42501' && (routine === 'check_enable_rls' || /row-level security/i.test(message))
  const meaning = isFull ? full : isHidden ? hidden : Object.hasOwn(meanings, code) ? meanings[code] : undefined
  if (meaning === undefined) return { status: 'unknown', text: `The database refuses the question.${says}` }
  return { status: meaning[0], text: `${meaning[1](secret)}${says}` }
}
