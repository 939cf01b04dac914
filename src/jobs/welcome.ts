/** Tells who joins the channel of an open incident where it stands. */
import { addMinutes } from 'date-fns/addMinutes'
import { defineJob } from '../define.ts'
import { welcome } from '../incident/sitrep.ts'
import { PortFault } from '../ports.ts'

/** Who comes within this time of the channel's opening has all of it before them: the header, who is called, the checklist. Ten people who
 *  are invited at once need no ten welcomes. Who comes later, invited at a graver severity or of their own accord, has missed something. */
const openingMinutes = 1

/** Who has been there for so long has read the channel. */
const lateMinutes = 10

export default defineJob({
  summary: 'Tells who joins an incident’s channel where it stands',
  expireInSeconds: 30,
  retryLimit: 5,
  concurrency: 2,
  coalesce: false,
  run: async ({ data }, context) => {
    const [id, user, channel, at] = [data['incident'], data['user'], data['channel'], data['at']].map(String) as [
      string,
      string,
      string,
      string,
    ]
    const loaded = await context.load(id)
    if (loaded === null || loaded.incident.stamps.resolve !== null || loaded.incident.channel?.id !== channel) return
    const opened = loaded.events.findLast(({ event }) => event.type === 'channel-opened')?.at ?? loaded.incident.declaredAt
    if (at < addMinutes(opened, openingMinutes).toISOString()) return
    if (addMinutes(at, lateMinutes).toISOString() < (await context.now())) return
    await context.mayCall('chat.postEphemeral', channel)
    try {
      await context.chat.ephemeral(channel, user, welcome(loaded.incident, loaded.events))
    } catch (fault) {
      // They have left again, or the channel is gone: nobody is left to be told.
      if (!(fault instanceof PortFault) || (fault.code !== 'absent' && fault.code !== 'gone')) throw fault
    }
  },
})
