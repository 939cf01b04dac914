/** What comes of an answer that holds a file: who asked gets it, alone, in the messages between them and the bot. It is never shared
 *  in a channel, and no address is made that leads to it. */
import type { Answer, Log } from '../define.ts'
import type { Message } from '../incident/message.ts'
import { refusalParts, refuse } from '../incident/refusals.ts'
import { reasonWords } from '../incident/report.ts'
import { type KeptFile, PortFault } from '../ports.ts'
import type { Dispatch, Source, Told } from './dispatch.ts'

export type SendFile = (user: string, message: Message, file: KeptFile) => Promise<void>

/** The same dispatch, with files handed over before the answer is given. */
export const handingOver = (dispatch: Dispatch, { send, log }: { send: SendFile; log: Log }): Dispatch => {
  const handOver = async (answer: Answer & { readonly file: KeptFile }, { by }: Source): Promise<Told> => {
    const { file, parts } = answer
    const user = by.kind === 'person' ? by.slack : undefined
    const refused = (why: string): Told => ({
      answer: { parts: refusalParts(refuse('file_not_sent', { name: file.name, why })) },
      refused: true,
    })
    if (user === undefined) return refused('the bot knows no Slack account of yours')
    try {
      await send(user, { key: 'file', summary: file.name, parts }, file)
    } catch (fault) {
      if (!(fault instanceof PortFault)) throw fault
      log.warn({ err: fault, user }, 'a kept file could not be sent')
      return refused(reasonWords(fault.message))
    }
    log.info({ user, file: file.name }, 'a kept file was sent to who asked')
    return {
      answer: { parts: [...parts, { kind: 'context', spans: ['It is in your messages with the bot, where only you see it.'] }] },
    }
  }
  const given = async (told: Told, source: Source): Promise<Told> =>
    'answer' in told && told.answer.file !== undefined ? handOver({ ...told.answer, file: told.answer.file }, source) : told
  return {
    ...dispatch,
    type: async (command, text, source) => given(await dispatch.type(command, text, source), source),
    press: async (verb, value, source) => given(await dispatch.press(verb, value, source), source),
  }
}
