import { defineCommand, say, tell } from '../../src/define.ts'
import { takeFlags } from '../../src/incident/flags.ts'
import { refuse, typedAgain } from '../../src/incident/refusals.ts'
import { shorten } from '../../src/incident/text.ts'
import { parseWindow } from '../../src/incident/window-words.ts'
import { noProduct, productField } from '../../src/which.ts'

const example = '/incident maintenance <product> 22:00 23:30 Move the database'

export default defineCommand({
  summary: 'Planned work in a window: said when it begins, and when it is overdue',
  usage: 'maintenance <product> <from> <to> <what>',
  examples: [
    example,
    '/incident maintenance <product> tomorrow 22:00 2h Move the database',
    '/incident maintenance <product> now 30m Restart the workers',
  ],
  needs: 'nothing',
  form: (place, { catalogue }) =>
    Promise.resolve({
      title: 'Plan maintenance',
      submit: 'maintenance',
      fields: [
        productField(catalogue, place),
        {
          key: 'from',
          label: 'From',
          kind: 'text',
          multiline: false,
          optional: false,
          most: 30,
          hint: '22:00, tomorrow 22:00, 2026-12-01 22:00 or now',
        },
        { key: 'to', label: 'To', kind: 'text', multiline: false, optional: false, most: 30, hint: '23:30, or how long: 90m, 2h' },
        { key: 'title', label: 'What is done', kind: 'text', multiline: false, optional: false, most: 500 },
      ],
    }),
  run: async (ask, { catalogue, declare, now }) => {
    if (ask.words === '') return { refused: refuse('missing', { what: 'The window', example }) }
    const taken = takeFlags(ask.words, [])
    if ('code' in taken) return { refused: taken }
    const { product, rest } = catalogue.takeProduct(ask.words)
    if (product === null) return noProduct(catalogue, ask.words, (some) => `/incident maintenance ${some} ${typedAgain(ask.words)}`)
    const { zone } = product.calendar
    const parsed = parseWindow(rest, await now(), zone)
    const named = typedAgain(ask.words.slice(0, ask.words.length - rest.length).trim())
    const whole = `/incident maintenance ${named} tomorrow 22:00 23:30 Move the database`
    if (rest === '') return { refused: refuse('missing', { what: 'The window', example: whole }) }
    if (parsed.window === null)
      return {
        refused: refuse('unreadable', { what: 'from when to when: at most two weeks, and not over', word: parsed.word, example: whole }),
      }
    if (parsed.rest === '')
      return {
        refused: refuse('missing', { what: 'What is done', example: `/incident maintenance ${typedAgain(ask.words)} Move the database` }),
      }
    const { window } = parsed
    return tell(
      await declare(
        { kind: 'maintenance', window, product: product.key, severity: 'P4', title: parsed.rest, summary: null, private: false },
        ask.by,
      ),
      (incident) =>
        say(
          '🛠 ',
          { bold: incident.id },
          ` Maintenance of ${incident.product.name} from `,
          { time: window.from, zone },
          ' to ',
          { time: window.to, zone },
          `: ${shorten(incident.title, 300)}. Its channel opens in a moment; you lead it.`,
        ),
    )
  },
})
