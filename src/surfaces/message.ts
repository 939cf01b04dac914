/** One message of a surface. */
import type { Message } from '../incident/message.ts'
import { type Chat, PortFault } from '../ports.ts'

/** Edits a message, or posts it again when somebody has deleted it; gives where it is. If the channel is gone, posting says so. */
export const editOrPost = async (channel: string, ts: string, message: Message, marker: string, chat: Chat): Promise<string> => {
  try {
    await chat.edit(channel, ts, message, marker)
    return ts
  } catch (fault) {
    if (!(fault instanceof PortFault) || fault.code !== 'gone') throw fault
    return (await chat.post(channel, message, marker)).ts
  }
}
