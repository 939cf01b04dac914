/** What is suspected, and what is ruled out and why: so that nobody tries it twice, and the review sees how the cause was found. */
import type { Incident } from '../incident.ts'
import { author, type Message, type Span } from '../message.ts'
import { nearest } from '../nearest.ts'
import type { Actor, Recorded } from '../events.ts'
import type { Instant } from '../policy.ts'
import { refuse } from '../refusals.ts'
import { isRefusal, written } from '../written.ts'
import type { Area } from './area.ts'

export type HypothesisEvent =
  | { readonly type: 'suspected'; readonly v: 1; readonly suspect: number; readonly text: string }
  | { readonly type: 'ruled-out'; readonly v: 1; readonly suspect: number; readonly because: string }

export type HypothesisIntent =
  | { readonly type: 'suspect'; readonly text: string }
  /** `text`: its number, its words, or those of one that nobody has named yet. */
  | { readonly type: 'rule-out'; readonly text: string; readonly because: string }

export type Hypothesis = {
  readonly suspect: number
  readonly text: string
  readonly by: Actor
  readonly at: Instant
  readonly ruledOut: { readonly because: string; readonly by: Actor; readonly at: Instant } | null
}

export type HypothesisState = { readonly hypotheses: readonly Hypothesis[] }

export const noHypotheses: HypothesisState = { hypotheses: [] }

const find = ({ hypotheses }: Incident, words: string): Hypothesis | undefined => {
  const number = /^#?(\d+)$/.exec(words)?.[1]
  if (number !== undefined) return hypotheses.find(({ suspect }) => suspect === Number(number))
  const same = hypotheses.find(({ text }) => text.toLowerCase() === words.toLowerCase())
  if (same !== undefined) return same
  const near = nearest(
    words,
    hypotheses.filter(({ ruledOut }) => ruledOut === null).map(({ text }) => text),
  )
  return hypotheses.find(({ text }) => text === near)
}

/** What was suspected, by its number. */
const wordsOf = (events: readonly Recorded[], suspect: number): string =>
  events
    .flatMap(({ event }): readonly { readonly suspect: number; readonly text: string }[] => {
      if (event.type === 'suspected') return [event]
      return event.type === 'absorbed' ? (event.brings?.hypotheses ?? []) : []
    })
    .find((each) => each.suspect === suspect)?.text ?? ''

/** One message for all of them, edited in place. */
export const hypothesesShown = (incident: Incident): Message[] => {
  const item = ({ suspect, text, by, ruledOut }: Hypothesis): Span[] =>
    ruledOut === null
      ? ['❓ ', { bold: `${suspect}` }, ` ${text} · `, author(by)]
      : ['❌ ', { bold: `${suspect}` }, ` ${text} – ruled out by `, author(ruledOut.by), `: ${ruledOut.because}`]
  const open = incident.hypotheses.filter(({ ruledOut }) => ruledOut === null).length
  return [
    {
      key: 'hypotheses',
      summary: `${open} suspected`,
      parts: [
        { kind: 'text', spans: [{ bold: open === 0 ? 'Nothing is suspected at the moment' : 'What is suspected' }] },
        { kind: 'list', items: incident.hypotheses.map(item) },
        { kind: 'context', spans: ['Not it? ', { code: '/incident ruled-out <number> because <why>' }] },
      ],
    },
  ]
}

export const hypothesisArea: Area<HypothesisIntent, HypothesisEvent> = {
  whileOpen: [],
  decide: {
    suspect: (incident, intent) => {
      const text = written('suspect', intent.text)
      if (isRefusal(text)) return text
      const known = incident.hypotheses.find((each) => each.text.toLowerCase() === text.toLowerCase())
      if (known !== undefined)
        return refuse('is_suspected', { suspect: known.suspect, text: known.text, because: known.ruledOut?.because ?? null })
      return [{ type: 'suspected', v: 1, suspect: incident.hypotheses.length + 1, text }]
    },
    'rule-out': (incident, intent) => {
      const because = written('because', intent.because)
      if (isRefusal(because)) return because
      const text = written('suspect', intent.text)
      if (isRefusal(text)) return text
      const known = find(incident, text)
      if (known?.ruledOut !== null && known !== undefined)
        return refuse('is_ruled_out', { suspect: known.suspect, because: known.ruledOut.because })
      if (known !== undefined) return [{ type: 'ruled-out', v: 1, suspect: known.suspect, because }]
      if (/^#?\d+$/.test(text)) return refuse('unknown_suspect', { suspect: text, count: incident.hypotheses.length })
      const suspect = incident.hypotheses.length + 1
      return [
        { type: 'suspected', v: 1, suspect, text },
        { type: 'ruled-out', v: 1, suspect, because },
      ]
    },
  },
  evolve: {
    suspected: (incident, { suspect, text }, { at, by }) => ({
      ...incident,
      hypotheses: [...incident.hypotheses, { suspect, text, by, at, ruledOut: null }],
    }),
    'ruled-out': (incident, { suspect, because }, { at, by }) => ({
      ...incident,
      hypotheses: incident.hypotheses.map((each) => (each.suspect === suspect ? { ...each, ruledOut: { because, by, at } } : each)),
    }),
  },
  tell: {
    suspected: ({ suspect, text }) => ({ kind: 'suspect', text: `Suspected (${suspect}): ${text}` }),
    'ruled-out': ({ suspect, because }, { events }) => ({
      kind: 'suspect',
      text: `Ruled out (${suspect}) ${wordsOf(events, suspect)}: ${because}`,
    }),
  },
  posts: { suspected: hypothesesShown, 'ruled-out': hypothesesShown },
}
