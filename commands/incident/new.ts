import { type CommandContext, defineCommand, type Form, noProduct, say, tell, type Wish } from '../../src/define.ts'
import type { Actor } from '../../src/incident/events.ts'
import { severities } from '../../src/incident/policy.ts'
import { knownSeverities, refuse } from '../../src/incident/refusals.ts'
import { shorten } from '../../src/incident/text.ts'

const example = '/incident new <product> P1 Payments fail'

/** A word that means to be a severity: `P7`, `L9`, `level 5`. */
const meantAsSeverity = /^(?:p|l|level[ -]?)\d+\b/i

const form = ({ catalogue }: Pick<CommandContext, 'catalogue'>): Form => ({
  title: 'Declare an incident',
  submit: 'new',
  fields: [
    { key: 'title', label: 'What is wrong', kind: 'text', multiline: false, optional: false, most: 500 },
    {
      key: 'product',
      label: 'Product',
      kind: 'choice',
      optional: false,
      options: [...catalogue.products.values()].map((product) => ({ value: product.key, label: product.name })),
    },
    {
      key: 'severity',
      label: 'Severity',
      kind: 'choice',
      optional: true,
      options: severities.map((severity) => ({ value: severity, label: severity, hint: catalogue.unassigned.policy(severity).meaning })),
      hint: 'Empty: suggested from the title',
    },
    { key: 'summary', label: 'What do you see, and since when', kind: 'text', multiline: true, optional: true, most: 3000 },
  ],
})

/** `High memory` is a title that speaks for a severity; `high Payments fail` is a severity and a title. A word that is no code for
 *  one (`P2`, `level-1`, `3`) stays in a title that would be a single word without it. */
const spoken = (taken: string, behind: string): boolean => /^\p{L}+\W*$/u.test(taken.trim()) && behind !== '' && !/\s/.test(behind)

const open = async (wish: Wish, by: Actor, { declare }: CommandContext) =>
  tell(await declare(wish, by), (incident) =>
    say(
      '🚨 ',
      { bold: `${incident.id} ${incident.severity}` },
      ` for ${incident.product.name}: ${shorten(incident.title, 300)}. Its channel opens in a moment; you are invited.`,
    ),
  )

export default defineCommand({
  summary: 'Declare an incident',
  usage: 'new [product] [severity] <title> [--private]',
  examples: [
    '/incident new',
    '/incident new <product> P1 Payments fail',
    '/incident new <product> critical Data breach suspected --private',
  ],
  needs: 'nothing',
  run: async (ask, context) => {
    const { catalogue } = context
    const hidden = /(?:^|\s)--private(?=\s|$)/.test(ask.words)
    const words = ask.words.replace(/(?:^|\s)--private(?=\s|$)/g, ' ').trim()
    if (words === '') return ask.canShowForm ? { form: form(context) } : { refused: refuse('missing', { what: 'The title', example }) }
    const known = [...catalogue.products.keys()].filter((key) => key !== catalogue.unassigned.key)
    const { product: named, rest } = catalogue.takeProduct(words)
    const product =
      named ??
      (ask.incident === null ? null : catalogue.product(ask.incident.product.key)) ??
      (known.length === 1 ? catalogue.product(known[0] ?? '') : null)
    if (product === null) return noProduct(catalogue, words, (some) => `/incident new ${some} P1 Payments fail`)
    const { severity, rest: behind } = catalogue.takeSeverity(product, rest)
    const title = severity !== null && spoken(rest.slice(0, rest.length - behind.length), behind) ? rest : behind
    const meant = severity === null ? meantAsSeverity.exec(rest) : null
    if (meant !== null)
      return { refused: refuse('unknown_severity', { word: meant[0], known: knownSeverities(product.severityWords.aliases) }) }
    return open({ product: product.key, severity: severity ?? '', title, summary: null, private: hidden }, ask.by, context)
  },
  submit: (values, place, context) =>
    open(
      {
        product: values['product'] ?? '',
        severity: values['severity'] ?? '',
        title: values['title'] ?? '',
        summary: (values['summary'] ?? '') === '' ? null : (values['summary'] ?? null),
        private: false,
        ...(place.from === undefined ? {} : { from: place.from }),
      },
      place.by,
      context,
    ),
})
