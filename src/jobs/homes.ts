/** Makes the homes that were opened lately what they should be. Who changes a record waits for none of them. */
import { defineJob } from '../define.ts'

export default defineJob({
  summary: 'Keeps the homes that people look at up to date',
  expireInSeconds: 120,
  retryLimit: 25,
  concurrency: 1,
  coalesce: true,
  run: async (_, context) => {
    for (const user of await context.homes.opened()) {
      await context.mayCall('views.publish', '')
      await context.homes.refresh(user)
    }
  },
})
