/** What comes of an answer that holds a file: who asked gets it, alone, in the messages between them and the bot. It is never shared
 *  in a channel, and no address is made that leads to it. */
import type { Log, Show, Told as Words } from '../define.ts'
import type { Message, Part } from '../incident/message.ts'
import { refusalParts, refuse } from '../incident/refusals.ts'
import { reasonWords } from '../incident/report.ts'
import { type KeptFile, PortFault } from '../ports.ts'
import type { Dispatch, Source, Told } from './dispatch.ts'

export type SendFile = (user: string, message: Message, file: KeptFile) => Promise<void>

/** The same dispatch, with files handed over before the answer is given. */
export const handingOver = (dispatch: Dispatch, { send, log }: { send: SendFile; log: Log }): Dispatch => {
  /** What is told once the file is handed over, or why it could not be. */
  const handOver = async (told: Words, { by }: Source): Promise<{ readonly parts: readonly Part[]; readonly refused?: true }> => {
    const { file, parts, standsAlone } = told
    if (file === undefined) return { parts }
    const user = by.kind === 'person' ? by.slack : undefined
    const refused = (why: string) => {
      const because = refusalParts(refuse('file_not_sent', { name: file.name, why }))
      return standsAlone === true ? { parts: [...parts, ...because] } : { parts: because, refused: true as const }
    }
    if (user === undefined) return refused('the bot knows no Slack account of yours')
    try {
      await send(user, { key: 'file', summary: file.name, parts: standsAlone === true ? parts.slice(0, 1) : parts }, file)
    } catch (fault) {
      if (!(fault instanceof PortFault)) throw fault
      log.warn({ err: fault, user }, 'a kept file could not be sent')
      return refused(reasonWords(fault.message))
    }
    log.info({ user, file: file.name }, 'a kept file was sent to who asked')
    const what = standsAlone === true ? `${file.name} is` : 'It is'
    return { parts: [...parts, { kind: 'context', spans: [`${what} in your messages with the bot, where only you see it.`] }] }
  }
  const given = async (told: Told, source: Source): Promise<Told> => {
    if (!('answer' in told)) return told
    const { follows } = told.answer
    const { parts, refused } = await handOver(told.answer, source)
    return {
      ...told,
      ...(refused === undefined ? {} : { refused }),
      answer: {
        parts,
        ...(follows && { follows: (show: Show) => follows(async (more) => show({ parts: (await handOver(more, source)).parts })) }),
      },
    }
  }
  return {
    ...dispatch,
    type: async (command, text, source) => given(await dispatch.type(command, text, source), source),
    press: async (verb, value, source) => given(await dispatch.press(verb, value, source), source),
  }
}
