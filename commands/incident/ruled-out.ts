import { defineCommand, type Form, given, say, tell } from '../../src/define.ts'
import type { Incident } from '../../src/incident/incident.ts'
import { ellipsis, refusalNow } from '../../src/incident/possible.ts'
import { refuse } from '../../src/incident/refusals.ts'

const example = '/incident ruled-out 1 because the lock was gone at 14:10'

/** Of what is suspected, one; where nothing is, a text. */
const form = ({ hypotheses }: Incident): Form => {
  const open = hypotheses.filter(({ ruledOut }) => ruledOut === null)
  const asked = { key: 'text', label: 'What it is not', optional: false } as const
  return {
    title: 'Rule out',
    submit: 'ruled-out',
    fields: [
      open.length === 0
        ? { ...asked, kind: 'text', multiline: false, most: 500 }
        : { ...asked, kind: 'choice', options: open.map(({ suspect, text }) => ({ value: `${suspect}`, label: `${suspect} ${text}` })) },
      { key: 'because', label: 'What speaks against it', kind: 'text', multiline: true, optional: false, most: 500, before: 'because' },
    ],
  }
}

export default defineCommand({
  summary: 'Say what it is not, and why',
  usage: 'ruled-out <number or text> because <why>',
  examples: [example, '/incident ruled-out The migration because it ran on staging only'],
  needs: 'incident',
  says: true,
  form: async (place, { now }) => refusalNow(given(place), { type: 'note', text: ellipsis }, place.by, await now()) ?? form(given(place)),
  run: async (ask, { handle }) => {
    const incident = given(ask)
    if (ask.words === '') return { refused: refuse('missing', { what: 'What is ruled out', example }) }
    // The first `because` parts them: what is suspected is named in short, what speaks against it may go on.
    const parted = /^([\s\S]*?)(?:^|\s)because(?:\s+([\s\S]*))?$/i.exec(ask.words)
    const text = parted?.[1] ?? ask.words
    if (text.trim() === '') return { refused: refuse('missing', { what: 'What is ruled out', example }) }
    return tell(
      await handle(incident.id, { type: 'rule-out', text: text.trim(), because: parted?.[2] ?? '' }, ask.by),
      ({ hypotheses }) => {
        const last = hypotheses
          .filter(({ ruledOut }) => ruledOut !== null)
          .toSorted((a, b) => ((a.ruledOut?.at ?? '') < (b.ruledOut?.at ?? '') ? -1 : 1))
        const { suspect, text: words } = last.at(-1) ?? { suspect: 0, text: '' }
        return say(`✅ Suspicion ${suspect} is ruled out: ${words}`)
      },
    )
  },
})
