import { defineCommand, given } from '../../src/define.ts'
import { fileLine, keptFiles } from '../../src/incident/areas/messages.ts'
import type { Span } from '../../src/incident/message.ts'
import { refuse } from '../../src/incident/refusals.ts'

export default defineCommand({
  summary: 'The files at kept messages; with a number, gives you one, also after Slack has removed it',
  usage: 'files [number]',
  examples: ['/incident files', '/incident files 2', '/incident files INC-12 1'],
  needs: 'incident',
  run: async (ask, { files }) => {
    const incident = given(ask)
    const all = keptFiles(incident)
    if (all.length === 0) return { refused: refuse('no_files', { id: incident.id }) }
    const stored = await files.stored(incident.id)
    const { zone } = incident.policy.calendar
    if (ask.words === '')
      return {
        parts: [
          { kind: 'text', spans: [{ bold: `Files of ${incident.id}` }] },
          {
            kind: 'list',
            items: all.map((file): Span[] => [
              ...fileLine(file, zone),
              ...(stored.has(file.id) ? [] : [' · only named, its content was not kept']),
            ]),
          },
          { kind: 'context', spans: ['To get one, for you alone: ', { code: `/incident files ${incident.id} 1` }] },
        ],
      }
    const wanted = all.find(({ number }) => String(number) === ask.words.replace(/^#/, ''))
    if (wanted === undefined) return { refused: refuse('unknown_file', { word: ask.words, count: all.length }) }
    const content = stored.has(wanted.id) ? await files.content(incident.id, wanted.id) : null
    if (content === null) return { refused: refuse('file_not_kept', { name: wanted.name, link: wanted.link }) }
    return {
      parts: [{ kind: 'text', spans: [`📎 ${incident.id} `, ...fileLine(wanted, zone)] }],
      file: { name: wanted.name, type: wanted.type, content },
    }
  },
})
