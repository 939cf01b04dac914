import { defineCommand, given, say, tell } from '../../src/define.ts'
import type { Span } from '../../src/incident/message.ts'
import { nearest } from '../../src/incident/nearest.ts'
import { ellipsis } from '../../src/incident/possible.ts'
import { refuse } from '../../src/incident/refusals.ts'

const plain = (words: string) => words.toLowerCase().replace(/[\s_-]+/g, ' ')

export default defineCommand({
  summary: 'The runbooks of this product; with a name, shows one to everybody here',
  usage: 'runbook [name]',
  examples: ['/incident runbook', '/incident runbook payment-failures'],
  needs: 'incident',
  bare: true,
  form: async (place, { catalogue }) => {
    const { product } = given(place)
    const runbooks = catalogue.product(product.key)?.runbooks ?? []
    if (runbooks.length === 0) return refuse('unknown_runbook', { word: ellipsis, product: product.name, nearest: null, known: '' })
    return {
      title: 'Show a runbook',
      submit: 'runbook',
      fields: [
        {
          key: 'runbook',
          label: 'Everybody in the channel sees it',
          kind: 'choice',
          optional: false,
          options: runbooks.map(({ slug, title, when }) => ({ value: slug, label: title, hint: when.join(', ') })),
        },
      ],
    }
  },
  run: async (ask, { catalogue, handle }) => {
    const incident = given(ask)
    const product = catalogue.product(incident.product.key)
    const runbooks = product?.runbooks ?? []
    if (ask.words === '') {
      if (runbooks.length === 0)
        return say(
          `${incident.product.name} has no runbook yet. One is a file: `,
          { code: `runbooks/${incident.product.key}/<name>.md` },
          '.',
        )
      const suggested = new Set(incident.runbooks.map(({ slug }) => slug))
      const items = runbooks
        .toSorted((a, b) => Number(suggested.has(b.slug)) - Number(suggested.has(a.slug)))
        .map(({ slug, title, when }): Span[] => [
          { code: `/incident runbook ${slug}` },
          ` ${title}: ${when.join(', ')}${suggested.has(slug) ? ' · may help here' : ''}`,
        ])
      return {
        parts: [
          { kind: 'text', spans: [{ bold: `Runbooks of ${incident.product.name}` }] },
          { kind: 'list', items },
          { kind: 'buttons', buttons: [{ label: 'Show one…', action: 'runbook', value: `${incident.id} ${ellipsis}` }] },
        ],
      }
    }
    const wanted = plain(ask.words)
    const found =
      runbooks.find(({ slug, title }) => [slug, title].some((name) => plain(name) === wanted)) ??
      runbooks.find(({ slug, title }) => [slug, title].some((name) => plain(name).startsWith(wanted)))
    const known = runbooks.map(({ slug }) => slug)
    if (found === undefined)
      return {
        refused: refuse('unknown_runbook', {
          word: ask.words,
          product: incident.product.name,
          nearest: nearest(ask.words, known),
          known: known.join(', '),
        }),
      }
    const { slug, title, text, url } = found
    return tell(await handle(incident.id, { type: 'show-runbook', slug, title, text, url }, ask.by), () =>
      say(`📖 “${title}” is shown in the channel.`),
    )
  },
})
