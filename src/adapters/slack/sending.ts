/** Files: what one person gets is uploaded into the messages between them and the bot, what belongs to a message into its thread. */
import type { Chat, KeptFile } from '../../ports.ts'
import type { AnswerOptions } from './answers.ts'

export type Sending = Pick<Chat, 'share'> & {
  /** Sends a message with a file to one person. Throws PortFault. */
  sendFile(user: string, message: Parameters<AnswerOptions['send']>[2], file: KeptFile): Promise<void>
}

export const createSending = ({ client, call, send, literally }: Omit<AnswerOptions, 'eventType'>): Sending => ({
  async share(channel, thread, { name, content }, first) {
    if (!first) {
      const { messages = [] } = await call('conversations.replies', channel, () =>
        client.conversations.replies({ channel, ts: thread, limit: 200 }),
      )
      if (messages.some(({ files = [] }) => files.some((file) => file.name === name))) return
    }
    await call('files.uploadV2', channel, () =>
      client.files.uploadV2({ channel_id: channel, thread_ts: thread, file: content, filename: name, title: name }),
    )
  },

  async sendFile(user, message, { name, content }) {
    // The message first: its answer says which channel the messages of the two are, where a file cannot be sent to a person.
    const { channel = '' } = await send('chat.postMessage', user, message, (body) =>
      client.chat.postMessage({ channel: user, ...body, ...literally, unfurl_links: false, unfurl_media: false }),
    )
    await call('files.uploadV2', channel, () => client.files.uploadV2({ channel_id: channel, file: content, filename: name, title: name }))
  },
})
