import { defineCommand, say } from '../../src/define.ts'
import { statusOf } from '../../src/incident/header.ts'
import { nameOf } from '../../src/incident/kinds.ts'
import type { Span } from '../../src/incident/message.ts'
import { shorten } from '../../src/incident/text.ts'

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
    const items = all.slice(0, most).map(({ id, hidden, incident }): Span[] => {
      if (hidden) return [{ bold: id }, ' private']
      if (incident === null)
        return [
          { bold: id },
          ' ⚠ cannot be read: damaged, or written by a later version of the bot. Which: ',
          { code: `/incident audit ${id}` },
        ]
      return [
        { bold: nameOf(incident) },
        ` ${statusOf(incident)} · ${incident.product.name} · ${shorten(incident.title, 120)}`,
        ...(incident.channel === null ? [] : ([' · ', { channel: incident.channel.id, text: incident.channel.name }] as Span[])),
      ]
    })
    const rest = all.length > most ? [[`and ${all.length - most} more`]] : []
    return {
      parts: [
        { kind: 'text', spans: [{ bold: `${all.length} open` }] },
        { kind: 'list', items: [...items, ...rest] },
      ],
    }
  },
})
