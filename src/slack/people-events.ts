/** Who comes and who goes, as Slack tells it. */
import type { App } from '@slack/bolt'

export type PeopleEvents = {
  /** Both do nothing for an event that was seen before, and throw when it could not be recorded, so that Slack sends it again. */
  readonly joined: (eventId: string, user: string, channel: string) => Promise<void>
  readonly changed: (eventId: string, user: string, gone: boolean) => Promise<void>
}

export const listenForPeople = (app: App, { joined, changed }: PeopleEvents): void => {
  app.event('member_joined_channel', async ({ event, body }) => joined(body.event_id, event.user, event.channel))
  app.event('user_change', async ({ event, body }) => changed(body.event_id, event.user.id, event.user.deleted))
}
