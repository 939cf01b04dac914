import { defineCommand, say, tell } from '../../src/define.ts'
import { takeFlags } from '../../src/incident/flags.ts'
import { refuse, typedAgain } from '../../src/incident/refusals.ts'
import { shorten } from '../../src/incident/text.ts'
import { noProduct, productField } from '../../src/which.ts'

export default defineCommand({
  summary: 'Planned work: a channel and a record, but no response clock',
  usage: 'change <product> <title>',
  examples: ['/incident change <product> Deploy v143', '/incident change <product> Rotate the webhook secret'],
  needs: 'nothing',
  form: (place, { catalogue }) =>
    Promise.resolve({
      title: 'Plan a change',
      submit: 'change',
      fields: [
        productField(catalogue, place),
        { key: 'title', label: 'What is changed', kind: 'text', multiline: false, optional: false, most: 500 },
      ],
    }),
  run: async (ask, { catalogue, declare }) => {
    const example = '/incident change <product> Deploy v143'
    if (ask.words === '') return { refused: refuse('missing', { what: 'The title', example }) }
    const taken = takeFlags(ask.words, [])
    if ('code' in taken) return { refused: taken }
    const { product, rest } = catalogue.takeProduct(ask.words)
    if (product === null) return noProduct(catalogue, ask.words, (some) => `/incident change ${some} ${typedAgain(ask.words)}`)
    if (rest === '')
      return { refused: refuse('missing', { what: 'The title', example: `/incident change ${typedAgain(ask.words)} Deploy v143` }) }
    return tell(
      await declare({ kind: 'change', product: product.key, severity: 'P4', title: rest, summary: null, private: false }, ask.by),
      (incident) =>
        say(
          '🛠 ',
          { bold: incident.id },
          ` Change of ${incident.product.name}: ${shorten(incident.title, 300)}. Its channel opens in a moment; you lead it.`,
        ),
    )
  },
})
