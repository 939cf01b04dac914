/** The verbs from a terminal on the server, for when Slack is away: the same decisions, the same record, an answer in plain text. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Catalogue } from './catalogue.ts'
import type { Log } from './define.ts'
import { plainText } from './incident/plain.ts'
import { refusalParts, refuse } from './incident/refusals.ts'
import type { ByEmail } from './people.ts'
import type { Dispatch } from './slack/dispatch.ts'
import { createTerminalAuthor } from './terminal-author.ts'

/** What is asked from a terminal. */
export const TerminalRequest = z.strictObject({
  command: z.enum(['incident', 'diag']),
  /** What stands behind the command. */
  words: z.string().max(20_000),
  /** An e-mail or a key of `people.yml`; null: the account of the operating system. */
  as: z.string().max(200).nullable(),
  /** The account that runs the command. */
  account: z.string().max(200),
})
export type TerminalRequest = z.infer<typeof TerminalRequest>

/** `file`: what the program is to write where it was started; `content` is base64. */
export type TerminalAnswer = {
  readonly text: string
  readonly refused: boolean
  readonly file?: { readonly name: string; readonly content: string }
}

export type Terminal = (request: TerminalRequest) => Promise<TerminalAnswer>

const prefix = 'npm run tocsin --'

/** What is typed in Slack as it is typed here. */
const typed = (code: string): string => (/^\/(incident|diag)\b/.test(code) ? `${prefix} ${code.slice(1)}` : code)

const id = /^(?:inc[-\s]?|#)(\d+)$/i

/** `INC-3 ack` and `ack INC-3` are the same; `incident` is the record that stands in an option of its own. */
export const wordsOf = (args: readonly string[], incident: string | null): string => {
  const [first = '', ...rest] = args
  const number = id.exec(first)?.[1]
  const words = number === undefined ? args : [rest[0] ?? '', `INC-${number}`, ...rest.slice(1)]
  const named = incident === null ? null : `INC-${id.exec(incident)?.[1] ?? incident}`
  return (named === null ? words : [words[0] ?? '', named, ...words.slice(1)]).join(' ').trim()
}

/** `databaseIsAway`: whether an error means that the database does not answer. */
export const createTerminal = ({
  dispatch,
  catalogue,
  byEmail,
  databaseIsAway,
  log,
}: {
  dispatch: Dispatch
  catalogue: Catalogue
  byEmail: ByEmail
  databaseIsAway: (error: unknown) => boolean
  log: Log
}): Terminal => {
  const authorOf = createTerminalAuthor({ catalogue, byEmail })

  return async ({ command, words, as, account }) => {
    try {
      const by = await authorOf(as, account)
      if ('refused' in by) return { text: by.refused, refused: true }
      // Without a channel: the record is always named. Without forms: a refusal says what to type.
      const told = await dispatch.type(command, words, { by, channel: '', canShowForm: false })
      if ('form' in told) return { text: `That needs more words: ${prefix} incident help ${told.form.submit}`, refused: true }
      // Here nothing is shown before it is complete.
      let { parts, file } = told.answer
      await told.answer.follows?.((more) => {
        ;({ parts, file } = more)
        return Promise.resolve()
      })
      return {
        text: plainText(parts, { typed }),
        refused: told.refused === true,
        ...(file === undefined ? {} : { file: { name: file.name, content: file.content.toString('base64') } }),
      }
    } catch (error) {
      const ref = randomUUID().slice(0, 8)
      const away = databaseIsAway(error)
      log.error({ err: error, ref }, away ? 'the database is away' : 'a command from the terminal failed')
      return { text: plainText(refusalParts(away ? refuse('no_database', {}) : refuse('failed', { ref })), { typed }), refused: true }
    }
  }
}
