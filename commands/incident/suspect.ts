import { type Answer, defineCommand, type Form, given, say, tell } from '../../src/define.ts'
import type { Hypothesis } from '../../src/incident/areas/hypotheses.ts'
import type { Incident } from '../../src/incident/incident.ts'
import { ellipsis, refusalNow } from '../../src/incident/possible.ts'
import { author, type Button, type Span } from '../../src/incident/message.ts'

const example = '/incident suspect The migration of 14:00 holds a lock'

const item = ({ suspect, text, by, ruledOut }: Hypothesis): Span[] =>
  ruledOut === null
    ? ['❓ ', { bold: `${suspect}` }, ` ${text} · `, author(by)]
    : ['❌ ', { bold: `${suspect}` }, ` ${text} – ruled out by `, author(ruledOut.by), `: ${ruledOut.because}`]

const list = ({ id, hypotheses }: Incident): Answer => {
  const add: Button = { label: 'Suspect…', action: 'suspect', value: `${id} ${ellipsis}` }
  if (hypotheses.length === 0)
    return {
      parts: [
        { kind: 'text', spans: [`Nothing is suspected for ${id} yet. To say what you suspect: `, { code: example }] },
        { kind: 'buttons', buttons: [add] },
      ],
    }
  const open = hypotheses.filter(({ ruledOut }) => ruledOut === null)
  const out = hypotheses.filter(({ ruledOut }) => ruledOut !== null)
  return {
    parts: [
      { kind: 'text', spans: [{ bold: `${id}: ${open.length} suspected, ${out.length} ruled out` }] },
      { kind: 'list', items: [...open, ...out].map(item) },
      { kind: 'context', spans: ['Not it? ', { code: '/incident ruled-out <number> because <why>' }] },
      {
        kind: 'buttons',
        buttons: [add, ...(open.length === 0 ? [] : [{ label: 'Rule out…', action: 'ruled-out', value: id }])],
      },
    ],
  }
}

const form: Form = {
  title: 'Suspicion',
  submit: 'suspect',
  fields: [{ key: 'text', label: 'What may be the cause', kind: 'text', multiline: true, optional: false, most: 500 }],
}

export default defineCommand({
  summary: 'Say what may be the cause, so that nobody tries it twice',
  usage: 'suspect [text]',
  examples: ['/incident suspect', example],
  needs: 'incident',
  says: true,
  bare: true,
  form: async (place, { now }) => refusalNow(given(place), { type: 'suspect', text: ellipsis }, place.by, await now()) ?? form,
  run: async (ask, { handle }) => {
    const incident = given(ask)
    if (ask.words === '') return list(incident)
    return tell(await handle(incident.id, { type: 'suspect', text: ask.words }, ask.by), ({ hypotheses }) => {
      const number = hypotheses.at(-1)?.suspect ?? 0
      return say(`✅ Suspicion ${number}. If it is not that: `, { code: `/incident ruled-out ${number} because <why>` })
    })
  },
})
