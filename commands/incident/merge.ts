import { type CommandContext, defineCommand, type Place, type Reply, say } from '../../src/define.ts'
import { recordAt } from '../../src/incident/areas/merging.ts'
import { takeFlags } from '../../src/incident/flags.ts'
import type { Incident } from '../../src/incident/incident.ts'
import { refuse } from '../../src/incident/refusals.ts'
import { shorten } from '../../src/incident/text.ts'

const example = '/incident merge INC-12'

/** A record as people write it: its id, its number, or the name of its channel. */
const named = /^(?:into\s+)?#?(?:inc[-\s]?)?(\d+)(?:-[^\s]*)?(?=\s|$)/i

const take = (words: string): { id: string | null; rest: string } => {
  const match = named.exec(words)
  return match === null ? { id: null, rest: words } : { id: `INC-${Number(match[1])}`, rest: words.slice(match[0].length).trim() }
}

const titled = ({ id, severity, title }: Incident) => [{ bold: id }, ` (${severity} ${shorten(title, 150)})`]

/** Asks first: what is merged is over, and is not taken apart again. */
const ask = (source: Incident, target: Incident): Reply => ({
  parts: [
    {
      kind: 'text',
      spans: [
        'Nothing was done yet. ',
        ...titled(source),
        ' becomes a part of ',
        ...titled(target),
        `: what is known there, its alerts, to-dos and people go to ${target.id}, and ${source.id} is over. This cannot be undone.`,
      ],
    },
    {
      kind: 'buttons',
      buttons: [
        { label: `Merge ${source.id} into ${target.id}`, action: 'merge', value: `${source.id} ${target.id} --yes`, style: 'danger' },
      ],
    },
    { kind: 'context', spans: ['Without being asked: ', { code: `/incident merge ${source.id} ${target.id} --yes` }] },
  ],
})

const merge = async (from: string, into: string, confirmed: boolean, { by, channel }: Place, context: CommandContext): Promise<Reply> => {
  const outcome = await context.merge(from, into, by, channel, confirmed)
  if ('refused' in outcome) return outcome
  if ('asks' in outcome) return ask(outcome.asks.source, outcome.asks.target)
  const { target } = outcome.merged
  return say(
    `🔗 ${from} is part of `,
    ...recordAt(target.id, target.channel),
    ' now: its story, its alerts and open to-dos are there, its people are invited. Go on there.',
  )
}

export default defineCommand({
  summary: 'This record becomes part of another: its story, alerts, to-dos and people go there',
  usage: 'merge <INC-n> [--yes]',
  examples: [example, '/incident merge INC-15 INC-12', '/incident merge INC-12 --yes'],
  // The id that is named is the other's; whose channel this is comes from the channel.
  needs: 'nothing',
  form: async (place, { open }) => {
    const others = (await open(place.by)).flatMap(({ id, hidden, incident }) =>
      id === place.id || hidden || incident === null || incident.product.key !== place.incident?.product.key ? [] : [incident],
    )
    if (place.incident === null)
      return refuse('missing', { what: 'The record that is to be merged', example: '/incident merge INC-15 INC-12' })
    if (others.length === 0) return refuse('nothing_to_merge', { id: place.incident.id })
    return {
      title: 'Merge into another',
      submit: 'merge',
      fields: [
        {
          key: 'into',
          label: `${place.incident.id} becomes a part of`,
          kind: 'choice',
          optional: false,
          options: others.map(({ id, title }) => ({ value: id, label: `${id}: ${title}` })),
        },
      ],
    }
  },
  run: async (ask, context) => {
    const taken = takeFlags(ask.words, ['yes'])
    if ('code' in taken) return { refused: taken }
    const first = take(taken.rest)
    const second = take(first.rest)
    const word = second.id === null ? first.rest : second.rest
    if (word !== '') return { refused: refuse('unreadable', { what: 'a record', word, example }) }
    const [from, into] = second.id === null ? [ask.id, first.id] : [first.id, second.id]
    if (into === null) return { refused: refuse('missing', { what: 'The other record', example }) }
    if (from === null)
      return { refused: refuse('missing', { what: 'The record that is to be merged', example: `/incident merge INC-15 ${into}` }) }
    return merge(from, into, taken.flags.has('yes'), ask, context)
  },
})
