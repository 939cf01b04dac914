import { type Ask, type CommandContext, defineCommand, type Reply, say } from '../../src/define.ts'
import { type Criterion, holds, holdsButton, sayable } from '../../src/incident/acting/criteria.ts'
import { actionRows, ranAlone } from '../../src/incident/acting/rows.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { Part, Span } from '../../src/incident/message.ts'
import { nearest } from '../../src/incident/nearest.ts'
import { parsePeriod } from '../../src/incident/period-words.ts'
import { refuse, typedAgain } from '../../src/incident/refusals.ts'
import { shorten } from '../../src/incident/text.ts'

/** What one message holds. */
const most = 20

const sayableIn = ({ product }: Incident, { catalogue }: CommandContext): Criterion[] =>
  sayable(catalogue.product(product.key)?.acting.criteria ?? [])

/** In an open record: what somebody can say holds, which no check can tell. */
const toSay = (incident: Incident | null, context: CommandContext): Part[] => {
  if (incident === null || incident.stamps.resolve !== null) return []
  const open = sayableIn(incident, context).filter(({ key }) => !incident.suggested.includes(key))
  return open.length === 0
    ? []
    : [
        {
          kind: 'text',
          spans: [`No check tells whether one of these holds for ${incident.id}. Whoever knows says so, and the channel is told:`],
        },
        { kind: 'buttons', buttons: open.map((criterion) => holdsButton(incident.id, criterion)) },
      ]
}

/** Somebody says that one of them holds. */
const sayIt = async (key: string, { by, incident }: Ask, context: CommandContext): Promise<Reply> => {
  if (incident === null) return { refused: refuse('missing', { what: 'The record', example: `/incident INC-12 actions holds ${key}` }) }
  const known = sayableIn(incident, context)
  const criterion = known.find((each) => each.key === key)
  if (criterion === undefined || by.kind !== 'person') {
    const keys = known.map((each) => each.key)
    const { name } = incident.product
    return { refused: refuse('unknown_criterion', { word: key, product: name, nearest: nearest(key, keys), known: keys.join(', ') }) }
  }
  const outcome = await context.handle(incident.id, { type: 'suggest-action', ...holds(criterion, by.name) }, by)
  if ('refused' in outcome) return outcome
  if (outcome.events.length > 0) return say(`💡 The channel of ${incident.id} reads now: consider ${criterion.action}: ${criterion.title}.`)
  const { resolve } = outcome.incident.stamps
  return resolve === null
    ? say('That was said already. To ask for it: ', { code: `/incident run ${criterion.action}` })
    : { refused: refuse('already_resolved', { at: resolve }) }
}

export default defineCommand({
  summary: 'Which actions were asked for: by whom, approved by whom, what came of each; private records are left out',
  usage: 'actions [product] [period] | holds <criterion>',
  examples: ['/incident actions', '/incident actions <product> 12w', '/incident actions holds vulnerability'],
  needs: 'nothing',
  run: async (ask, context) => {
    const { words, incident: here } = ask
    const said = /^holds\s+(\S+)$/i.exec(words.trim())?.[1]
    if (said !== undefined) return sayIt(said.toLowerCase(), ask, context)
    const { catalogue, history, now } = context
    const { product: word, period, hours } = parsePeriod(words.trim())
    if (hours === null) {
      const example = ['/incident actions', typedAgain(word), '12w'].filter((each) => each !== '').join(' ')
      return { refused: refuse('unreadable', { what: 'a period from 1h to 104w', word: period, example }) }
    }
    const product = word === '' ? null : catalogue.product(word)
    if (word !== '' && product === null)
      return {
        refused: refuse('unknown_product', { word, nearest: catalogue.nearest(word), known: [...catalogue.products.keys()].join(', ') }),
      }
    const since = new Date(Date.parse(await now()) - hours * 3_600_000).toISOString()
    const what = `${product?.name ?? 'All products'}, records of the last ${period}`
    const rows = (await history(since, product?.key ?? null)).flatMap(({ incident }) =>
      actionRows(incident, incident.policy.calendar.zone).map((row) => ({ ...row, id: incident.id, of: incident.product.name })),
    )
    if (rows.length === 0)
      return { parts: [{ kind: 'text', spans: [{ bold: what }, ': no action was asked for.'] }, ...toSay(here, context)] }
    const forced = ranAlone(rows).length
    return {
      parts: [
        {
          kind: 'text',
          spans: [
            { bold: what },
            `: ${rows.length} asked for, ${rows.filter(({ ran }) => ran !== 'did not run').length} ran`,
            ...(forced === 0 ? [] : [`, 🔴 ${forced} without an approval`]),
            rows.length > most ? `. The last ${most}; each record has its own.` : '.',
          ],
        },
        {
          kind: 'list',
          items: rows.slice(-most).map(({ id, action, of, title, asked, approved, forced: why, ran, outcome, pending }): Span[] => [
            { bold: `${id} ${action}` },
            ` ${product === null ? `${of}: ` : ''}${shorten(title, 120)} – asked by ${shorten(asked, 120)}`,
            ...(why === null ? [] : [` · 🔴 break-glass by ${shorten(why, 150)}`]),
            // Of what may still run nobody says that it did not.
            ...(why !== null || (pending && approved === null) ? [] : [` · approved by ${shorten(approved ?? 'nobody', 120)}`]),
            ...(pending ? [] : [` · ${ran}`]),
            ` · ${shorten(outcome, 150)}`,
          ]),
        },
        ...toSay(here, context),
      ],
    }
  },
})
