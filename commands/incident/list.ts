import { defineCommand, say } from '../../src/define.ts'
import { listed } from '../../src/incident/listing.ts'

/** What fits into one ephemeral message and is still read at 3 a.m. */
const most = 30

export default defineCommand({
  summary: 'All open records',
  usage: 'list',
  examples: ['/incident list'],
  needs: 'nothing',
  run: async (ask, { open }) => {
    const all = await open(ask.by)
    if (all.length === 0) return say('Nothing is open. To declare: ', { code: '/incident new [product] [severity] <title>' })
    const rest = all.length > most ? [[`and ${all.length - most} more`]] : []
    return {
      parts: [
        { kind: 'text', spans: [{ bold: `${all.length} open` }] },
        { kind: 'list', items: [...all.slice(0, most).map(listed), ...rest] },
      ],
    }
  },
})
