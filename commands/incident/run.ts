import { ask as askFor, namedAction, takeInput, takeNumber } from '../../src/asked-action.ts'
import { type Answer, type CommandContext, defineCommand, type Field, type Form, given, type Place } from '../../src/define.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { Span } from '../../src/incident/message.ts'
import { type Refusal, refuse } from '../../src/incident/refusals.ts'
import type { OfferedAction } from '../../src/requests.ts'

const example = '/incident run vercel.rollback because payments fail since v142'

const list = ({ product }: Incident, offered: readonly OfferedAction[]): Answer => {
  if (offered.length === 0) return { parts: [{ kind: 'text', spans: [`${product.name} has no actions yet.`] }] }
  const line = ({ key, title, inputs, missing }: OfferedAction): Span[] => [
    missing.length === 0 ? '' : '⚪ ',
    {
      code: [
        key,
        ...inputs.map(({ name, preset, choices }) => `${name}=${preset === null || preset === '' ? (choices?.join('|') ?? '…') : preset}`),
      ].join(' '),
    },
    ` ${title}`,
    ...(missing.length === 0 ? [] : [` (set ${missing.join(', ')})`]),
  ]
  return {
    parts: [
      { kind: 'text', spans: [{ bold: `Actions of ${product.name}` }, '. Nothing runs before somebody else has approved it.'] },
      { kind: 'list', items: offered.map(line) },
      { kind: 'context', spans: ['For example ', { code: example }] },
    ],
  }
}

const fieldsOf = ({ inputs }: OfferedAction): Field[] =>
  inputs.map(({ name, label, preset, choices }) => {
    const field = { key: `in:${name}`, label: label.slice(0, 100), optional: preset !== null }
    const initial = preset === null || preset === '' ? {} : { initial: preset }
    return choices === null
      ? { ...field, kind: 'text' as const, multiline: false, most: 500, ...initial }
      : { ...field, kind: 'choice' as const, options: choices.map((value) => ({ value, label: value })), ...initial }
  })

const formOf = (place: Place, { requests }: CommandContext, values: Readonly<Record<string, string>>): Form | Refusal => {
  const { product } = given(place)
  const offered = [...requests.offered(product.key).values()]
  const ready = offered.filter(({ missing }) => missing.length === 0)
  if (ready.length === 0) {
    const [first] = offered
    return first === undefined
      ? refuse('unknown_action', { word: '', product: product.name, nearest: null, known: '' })
      : refuse('not_configured', { action: first.key, missing: first.missing.join(', ') })
  }
  const chosen = ready.find(({ key }) => key === values['action'])
  return {
    title: 'Ask for an action',
    submit: 'run',
    fields: [
      {
        key: 'action',
        label: 'Action',
        kind: 'choice',
        optional: false,
        options: ready.slice(0, 100).map(({ key, title }) => ({ value: key, label: `${key}: ${title}`.slice(0, 75) })),
        refills: true,
        ...(chosen === undefined ? {} : { initial: chosen.key }),
      },
      ...(chosen === undefined ? [] : fieldsOf(chosen)),
      {
        key: 'reason',
        label: 'Why',
        kind: 'text',
        multiline: false,
        optional: true,
        most: 500,
        ...(values['reason'] === undefined ? {} : { initial: values['reason'] }),
      },
    ],
  }
}

export default defineCommand({
  summary: 'Ask for an action: it is previewed, and runs once somebody else has approved it',
  usage: 'run [action] [key=value …] [why] | again <n>',
  examples: ['/incident run', example, '/incident run again 3'],
  needs: 'incident',
  // Planned rotations, migrations and deployments happen in a change.
  outside: (words) => refuse('action_outside', { action: words === '' ? '<action>' : words }),
  form: (place, context) => Promise.resolve(formOf(place, context, {})),
  refill: (values, place, context) => {
    const form = formOf(place, context, values)
    if ('code' in form) throw new Error(`a form that was open cannot be made anew: ${form.code}`)
    return Promise.resolve(form)
  },
  submit: (values, place, context) => {
    const incident = given(place)
    const input = Object.fromEntries(
      Object.entries(values).flatMap(([key, value]) => (key.startsWith('in:') && value !== '' ? [[key.slice(3), value]] : [])),
    )
    const reason = values['reason'] === undefined || values['reason'] === '' ? null : values['reason']
    return askFor(place, incident, context.requests.want(incident, values['action'] ?? '', input), { reason }, context)
  },
  run: async (asked, context) => {
    const incident = given(asked)
    const offered = [...context.requests.offered(incident.product.key).values()]
    const [word = '', ...rest] = asked.words.trim().split(/\s+/)
    if (word === '') return list(incident, offered)
    if (word.toLowerCase() === 'again') {
      const { action } = takeNumber(rest.join(' '))
      if (action === null) return { refused: refuse('missing', { what: 'The number of the action', example: '/incident run again 3' }) }
      const before = namedAction(incident, action)
      if ('code' in before) return { refused: before }
      return askFor(
        asked,
        incident,
        context.requests.anew(incident, before),
        { reason: before.reason, ...(before.undoes === null ? {} : { undoes: before.undoes }) },
        context,
      )
    }
    const { input, reason } = takeInput(asked.words.trim().slice(word.length))
    return askFor(asked, incident, context.requests.want(incident, word.toLowerCase(), input), { reason }, context)
  },
})
