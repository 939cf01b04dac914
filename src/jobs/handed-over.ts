/** An action that still ran when its record was closed or merged has come to its end: what was to do about that is done. */
import { defineJob } from '../define.ts'
import { handedOver } from '../incident/acting/left.ts'

export default defineJob({
  summary: 'Ticks off that somebody was to see an action to its end',
  expireInSeconds: 60,
  retryLimit: 20,
  concurrency: 1,
  coalesce: true,
  run: async ({ data }, context) => {
    const [record, action] = [String(data['incident']), Number(data['action'])]
    // It went over with each merge.
    for (let id: string | null = record; id !== null;) {
      const loaded = await context.load(id)
      if (loaded === null) return
      for (const todo of handedOver(loaded.incident, record, action)) await context.handle(id, { type: 'finish-todo', todo })
      id = loaded.incident.mergedInto
    }
  },
})
