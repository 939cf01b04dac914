import { defineCommand, given, say, tell } from '../../src/define.ts'
import { phases } from '../../src/incident/areas/deadlines.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { Span } from '../../src/incident/message.ts'
import { ellipsis } from '../../src/incident/possible.ts'
import { refuse } from '../../src/incident/refusals.ts'

/** The phase that the first words name, by its key or its title, and what is said about it. */
const named = (incident: Incident, words: string): { phase: string; text: string | null } => {
  const found = phases(incident)
    .flatMap(({ key, title }) => [key, title].map((name) => ({ key, name })))
    .filter(({ name }) => words.toLowerCase() === name.toLowerCase() || words.toLowerCase().startsWith(`${name.toLowerCase()} `))
    .toSorted((a, b) => b.name.length - a.name.length)[0]
  const phase = found?.key ?? words.split(/\s+/)[0] ?? ''
  const rest = words.slice((found?.name ?? phase).length).trim()
  return { phase, text: rest === '' ? null : rest }
}

export default defineCommand({
  summary: 'A phase of a disaster is done; without words, how far each is',
  usage: 'phase [name] [text]',
  examples: ['/incident phase', '/incident phase assessment', '/incident phase recovery Restored from the backup of 02:00'],
  needs: 'incident',
  bare: true,
  form: async (place) => {
    const incident = given(place)
    const open = phases(incident).filter(({ key }) => {
      const run = incident.deadlines[key]
      return run !== undefined && run.due !== null && run.metAt === null
    })
    if (open.length === 0) return refuse('no_phase_left', { id: incident.id })
    return {
      title: 'A phase is done',
      submit: 'phase',
      fields: [
        {
          key: 'phase',
          label: 'Phase',
          kind: 'choice',
          optional: false,
          options: open.map(({ key, title }) => ({ value: key, label: title })),
        },
        { key: 'text', label: 'What was done', kind: 'text', multiline: true, optional: true, most: 1000 },
      ],
    }
  },
  run: async (ask, { handle }) => {
    const incident = given(ask)
    const known = phases(incident)
    if (known.length === 0) return { refused: refuse('no_phases', { id: incident.id, kind: incident.kind }) }
    const { zone } = incident.policy.calendar
    if (ask.words === '')
      return {
        parts: [
          {
            kind: 'list',
            items: known.map(({ key, title }): Span[] => {
              const run = incident.deadlines[key]
              if (run === undefined || run.due === null) return ['☐ ', { bold: title }, ' has not begun']
              if (run.metAt !== null) return ['☑ ', { bold: title }, ' done ', { time: run.metAt, zone }]
              return ['☐ ', { bold: title }, run.breachedAt === null ? ' due ' : ' ⏰ overdue since ', { time: run.due, zone }]
            }),
          },
          ...(incident.stamps.resolve === null
            ? [{ kind: 'buttons' as const, buttons: [{ label: 'Done…', action: 'phase', value: `${incident.id} ${ellipsis}` }] }]
            : []),
        ],
      }
    const { phase, text } = named(incident, ask.words)
    return tell(await handle(incident.id, { type: 'finish-phase', phase, text }, ask.by), (after) => {
      const next = phases(after)
        .filter(({ key }) => after.deadlines[key]?.metAt === null)
        .map(({ title }) => title)
      return say(`🏁 Done. ${next.length === 0 ? 'All phases that have begun are done.' : `Still to do: ${next.join(', ')}.`}`)
    })
  },
})
