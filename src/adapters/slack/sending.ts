/** Files that one person gets: uploaded into the messages between them and the bot, and shared nowhere else. */
import type { KeptFile } from '../../ports.ts'
import type { AnswerOptions } from './answers.ts'

export type Sending = {
  /** Sends a message with a file to one person. Throws PortFault. */
  sendFile(user: string, message: Parameters<AnswerOptions['send']>[2], file: KeptFile): Promise<void>
}

export const createSending = ({ client, call, send, literally }: Omit<AnswerOptions, 'eventType'>): Sending => ({
  async sendFile(user, message, { name, content }) {
    // The message first: its answer says which channel the messages of the two are, where a file cannot be sent to a person.
    const { channel = '' } = await send('chat.postMessage', user, message, (body) =>
      client.chat.postMessage({ channel: user, ...body, ...literally, unfurl_links: false, unfurl_media: false }),
    )
    await call('files.uploadV2', channel, () => client.files.uploadV2({ channel_id: channel, file: content, filename: name, title: name }))
  },
})
