import { defineCommand, given, say, tell } from '../../src/define.ts'
import { refuse } from '../../src/incident/refusals.ts'

const example = '/incident ruled-out 1 because the lock was gone at 14:10'

export default defineCommand({
  summary: 'Say what it is not, and why',
  usage: 'ruled-out <number or text> because <why>',
  examples: [example, '/incident ruled-out The migration because it ran on staging only'],
  needs: 'incident',
  says: true,
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
