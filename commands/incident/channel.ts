import { defineCommand, given, say, tell } from '../../src/define.ts'
import type { Incident } from '../../src/incident/incident.ts'
import { refuse } from '../../src/incident/refusals.ts'

const where = ({ id, channel, outside }: Incident) => {
  if (channel === null) return { refused: refuse('no_channel', { id }) }
  const there = { channel: channel.id, text: channel.name }
  return outside
    ? say(
        `⚠ The bot is not in the channel of ${id}, `,
        there,
        '. Whoever is in it types there: ',
        { code: '/invite @tocsin' },
        '. If it was deleted: ',
        { code: `/incident channel ${id} new` },
      )
    : say(`${id} runs in `, there, '.')
}

export default defineCommand({
  summary: 'Where it runs; another channel in the place of one that the bot cannot get into',
  usage: 'channel [new]',
  examples: ['/incident channel INC-12', '/incident channel INC-12 new'],
  needs: 'incident',
  run: async (ask, { handle }) => {
    const incident = given(ask)
    const word = ask.words.trim().toLowerCase()
    if (word === '') return where(incident)
    if (word !== 'new') return { refused: refuse('unreadable', { what: 'anything of a channel', word, example: '/incident channel new' }) }
    return tell(await handle(incident.id, { type: 'replace-channel' }, ask.by), ({ id }) =>
      say(
        `${id} gets another channel in a moment; what was posted is repeated there. Those of its severity are invited, and you can invite others.`,
      ),
    )
  },
})
