/** The commands that a check may send to Redis: those that only read, and take no longer than they say. */
import type { Finding } from '../../incident/check.ts'
import { networkFault, vendorFault } from '../fault.ts'
import { foreign } from '../foreign.ts'

const readers = ['PING', 'INFO', 'EXISTS', 'DBSIZE', 'SCAN', 'LLEN', 'HLEN', 'HGET', 'GETRANGE'] as const
type Reader = (typeof readers)[number]

export type Read = (command: Reader, ...words: readonly (string | number)[]) => Promise<unknown>

/** Redis said no: `WRONGTYPE …`. */
export class RedisRefusal extends Error {}

/** There is no answer at all, and why. */
export class Unanswered extends Error {
  readonly finding: Finding
  constructor(finding: Finding) {
    super(finding.text)
    this.finding = finding
  }
}

/** Sends nothing but what is on the list, whatever the types say. */
export const onlyReading =
  (send: (words: readonly string[]) => Promise<unknown>): Read =>
  async (command, ...words) => {
    if (!readers.includes(command)) throw new Error(`${command} is not among the commands that a check may send`)
    return send([command, ...words.map(String)])
  }

/** What a refusal means. `secret`: the setting that was sent, null when none was. */
const refusalFinding = (message: string, secret: string | null): Finding => {
  const says = ` It says: ${foreign(message, 160)}`
  const unknown = (text: string): Finding => ({ status: 'unknown', text: `${text}${says}` })
  if (/^(WRONGPASS|NOAUTH)|invalid password|without any password configured/.test(message))
    return unknown(
      secret === null
        ? 'Redis wants a password: name its setting as `secret` in service.yml.'
        : `Redis does not accept the login: look whether ${secret} is current, and the user’s name.`,
    )
  if (message.startsWith('NOPERM')) return unknown('Redis does not let this user ask that: allow it these commands and keys, for reading.')
  if (message.startsWith('WRONGTYPE')) return unknown('That key is of another type: look at service.yml.')
  if (message.startsWith('LOADING'))
    return { status: 'fail', text: `Redis is starting and still loads its data: wait, and ask again.${says}` }
  if (/max number of clients/.test(message))
    return { status: 'fail', text: `Redis has no connection left for us, nor for the product: find who holds them.${says}` }
  return unknown('Redis refuses the question.')
}

/** The findings for an error of a question. Throws what is a bug. */
export const redisFinding = (error: unknown, secret: string | null, judge: typeof vendorFault = vendorFault): Finding => {
  if (error instanceof RedisRefusal) return refusalFinding(error.message, secret)
  if (error instanceof Unanswered) return error.finding
  const fault = networkFault(error)
  if (fault === null) throw error
  return judge(fault)
}
