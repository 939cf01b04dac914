import { defineCommand, given, say, tell } from '../../src/define.ts'
import { linesFile, linesTitle, runOfChecks } from '../../src/incident/areas/checking.ts'
import { refuse } from '../../src/incident/refusals.ts'

const example = '/incident lines 3 health'

export default defineCommand({
  summary: 'All the lines that a check gave, as a file in the thread of its diagnosis',
  usage: 'lines <diagnosis> <check>',
  examples: [example],
  needs: 'incident',
  run: async (ask, { handle, files }) => {
    const incident = given(ask)
    const [, number, check = ''] = /^#?(\d+)\s+(\S+)$/.exec(ask.words) ?? []
    if (number === undefined) return { refused: refuse('missing', { what: 'The number of the diagnosis, or the check,', example }) }
    const run = Number(number)
    if (ask.channel === incident.channel?.id)
      return tell(await handle(incident.id, { type: 'show-lines', run, check }, ask.by), () =>
        say('📎 The lines come into the thread of the diagnosis.'),
      )
    // Elsewhere who asked gets them, alone.
    const asked = runOfChecks(incident, run)
    const title = asked === undefined ? null : linesTitle(asked, check)
    const { id, name } = linesFile(incident.id, run, check)
    const content = title === null ? null : await files.content(incident.id, id)
    if (content === null) return { refused: refuse('no_lines', { check, run }) }
    return {
      parts: [{ kind: 'text', spans: [`📎 ${incident.id} `, { bold: title ?? check }] }],
      file: { name, type: 'text/plain', content },
    }
  },
})
