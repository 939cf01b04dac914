/** What one person or one thread is shown: forms, messages for their eyes only, answers, the app's home. */
import type { Block, KnownBlock, View } from '@slack/types'
import type { WebClient } from '@slack/web-api'
import type { Chat } from '../../ports.ts'

type Message = Parameters<Chat['post']>[1]
type Blocks = readonly (KnownBlock | Block)[]

export type Answers = Pick<Chat, 'reply'> & {
  /** Shows a form. Throws PortFault, `invalid` for a trigger that has expired (3 s) or was used. */
  openForm(triggerId: string, view: View): Promise<void>
  /** Shows another form in the place of one that is open. Throws PortFault, `invalid` when it was closed or changed meanwhile (`hash`). */
  updateForm(viewId: string, hash: string, view: View): Promise<void>
  /** Shows a message to one person in a channel. May not arrive, even when it does not throw: Slack does not promise it. */
  ephemeral(channel: string, user: string, message: Message): Promise<void>
  /** Shows the app's home to one person. */
  publishHome(user: string, blocks: Blocks): Promise<void>
}

export type AnswerOptions = {
  readonly client: WebClient
  readonly call: <T>(method: string, scope: string, work: () => Promise<T>) => Promise<T>
  readonly send: <T>(
    method: string,
    channel: string,
    message: Message,
    work: (body: { text: string; blocks: (KnownBlock | Block)[] }) => Promise<T>,
  ) => Promise<T>
  readonly eventType: string
  readonly literally: { readonly parse: 'none'; readonly link_names: boolean }
}

export const createAnswers = ({ client, call, send, eventType, literally }: AnswerOptions): Answers => ({
  async reply(channel, thread, message, marker, first) {
    if (!first) {
      const { messages = [] } = await call('conversations.replies', channel, () =>
        client.conversations.replies({ channel, ts: thread, include_all_metadata: true, limit: 200 }),
      )
      const payloads = messages.map(({ metadata }): { marker?: unknown } => metadata?.event_payload ?? {})
      if (payloads.some((payload) => payload.marker === marker)) return
    }
    const metadata = { event_type: eventType, event_payload: { marker } }
    await send('chat.postMessage', channel, message, (body) =>
      client.chat.postMessage({ channel, thread_ts: thread, ...body, ...literally, unfurl_links: false, unfurl_media: false, metadata }),
    )
  },

  async openForm(triggerId, view) {
    await call('views.open', '', () => client.views.open({ trigger_id: triggerId, view }))
  },

  async updateForm(viewId, hash, view) {
    await call('views.update', '', () => client.views.update({ view_id: viewId, hash, view }))
  },

  async ephemeral(channel, user, message) {
    await send('chat.postEphemeral', channel, message, (body) => client.chat.postEphemeral({ channel, user, ...body, ...literally }))
  },

  async publishHome(user, blocks) {
    await call('views.publish', '', () => client.views.publish({ user_id: user, view: { type: 'home', blocks: [...blocks] } }))
  },
})
