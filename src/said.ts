/** What becomes of what people say and do with messages: each event of the chat, once, in the transaction that remembers it. */
import type { SlackChat } from './adapters/slack.ts'
import type { Catalogue } from './catalogue.ts'
import type { Actor } from './incident/events.ts'
import type { Conversation } from './slack/conversation-events.ts'
import { createDispatch, type Dispatch, type World } from './slack/dispatch.ts'
import type { WaysIn } from './slack/ways-in.ts'
import type { Store } from './store/database.ts'
import { firstSeen } from './store/limits.ts'
import type { Queue } from './store/queue.ts'
import { incidentByChannel, incidentsKeeping } from './store/reads.ts'
import { createSuggest } from './suggest.ts'

const following = (incident: string, deed: Parameters<Conversation['follow']>[1]) => ({
  queue: 'keep',
  data: { incident, ...deed },
  key: `${incident}/${deed.channel}/${deed.ts}/${deed.what}`,
})

export const createConversation = ({ store, queue }: { store: Store; queue: Queue }): Conversation => ({
  // In one transaction: an event that was seen but has no job would be lost, because its repeat counts as seen.
  follow: (eventId, { channel, ts, what, user }) =>
    store.transaction(async (trx) => {
      if (!(await firstSeen(trx, 'slack', eventId))) return
      const row = await incidentByChannel(trx, channel)
      if (row === null) return
      await queue.enqueue(trx, [following(row.id, { channel, ts, what, user })])
    }),
  changed: (eventId, { channel, ts, user }) =>
    store.transaction(async (trx) => {
      const ids = await incidentsKeeping(trx, channel, ts)
      // Nearly all that people edit is in no story; what was not looked at need not be remembered.
      if (ids.length === 0 || !(await firstSeen(trx, 'slack', eventId))) return
      await queue.enqueue(
        trx,
        ids.map((id) => following(id, { channel, ts, user, what: 'look' })),
      )
    }),
})

/** What the ways into an incident besides the commands need. */
export const createWaysIn = ({
  store,
  catalogue,
  verbs,
  slack,
  handingOverFiles,
  openHome,
}: {
  store: Store
  catalogue: Catalogue
  verbs: World
  slack: SlackChat
  handingOverFiles: (dispatch: Dispatch) => Dispatch
  openHome: (user: string) => Promise<void>
}): WaysIn => {
  const { reading } = slack
  // Answers to a mention stand where everybody reads them, so they tell what somebody may know who is in no incident.
  const nobody: Actor = { kind: 'bot' }
  return {
    plain: reading.plain,
    userName: reading.userName,
    channelName: reading.channelName,
    groupName: reading.groupName,
    openHome,
    firstMention: (channel, ts) => firstSeen(store.db, 'mention', `${channel}/${ts}`),
    inPublic: handingOverFiles(
      createDispatch({
        ...verbs,
        open: () => verbs.open(nobody),
        byId: (id, _, channel) => verbs.byId(id, nobody, channel),
      }),
    ),
    answerInThread: (channel, thread, message, marker) => slack.reply(channel, thread, message, marker, true),
    suggest: createSuggest({ catalogue, store, channelName: reading.channelName }),
  }
}
