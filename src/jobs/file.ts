/** Fetches a file of a message that was kept, and keeps it where only the bot reads it. */
import { defineJob } from '../define.ts'
import { largestFile } from '../incident/areas/messages.ts'
import { PortFault } from '../ports.ts'

export default defineJob({
  summary: 'Keeps a file of a message in the story',
  expireInSeconds: 60,
  retryLimit: 10,
  concurrency: 2,
  coalesce: false,
  run: async ({ data }, context) => {
    const [incident, id] = [String(data['incident']), String(data['file'])]
    const loaded = await context.load(incident)
    const file = loaded?.incident.messages.flatMap(({ files }) => files).find((each) => each.id === id)
    // Nobody wants its message any more.
    if (file === undefined) return
    await context.mayCall('files.info', '')
    try {
      const content = await context.reading.file(id, largestFile)
      if (content === null) context.log.info({ incident, file: id }, 'a file is too large to be kept: it is only named')
      else
        // What it was merged into meanwhile has it, too.
        for (let of: string | null = incident; of !== null; of = (await context.load(of))?.incident.mergedInto ?? null)
          await context.saveFile(of, file, content)
    } catch (fault) {
      if (!(fault instanceof PortFault) || fault.code === 'limited' || fault.code === 'unavailable') throw fault
      // The story names it all the same.
      context.log.warn({ err: fault, incident, file: id }, 'a file cannot be fetched: it is only named')
    }
  },
})
