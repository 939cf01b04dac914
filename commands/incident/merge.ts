import { type CommandContext, defineCommand, type Place, type Reply, say } from '../../src/define.ts'
import { leftBehind, leftWords } from '../../src/incident/acting/left.ts'
import { mayMerge, recordAt } from '../../src/incident/areas/merging.ts'
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
const question = (source: Incident, target: Incident): Reply => ({
  parts: [
    {
      kind: 'text',
      spans: [
        'Nothing was done yet. ',
        ...titled(source),
        ' becomes a part of ',
        ...titled(target),
        `: what is known there, its alerts, to-dos and people go to ${target.id}, and ${source.id} is over. This cannot be undone.`,
        ...leftWords(leftBehind(source), { of: source.id, runs: ['there'], ask: ['in ', { bold: target.id }] }),
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
  if ('asks' in outcome) return question(outcome.asks.source, outcome.asks.target)
  const { source, target } = outcome.merged
  return say(
    `🔗 ${from} is part of `,
    ...recordAt(target.id, target.channel),
    ' now: its story, its alerts and open to-dos are there, its people are invited. Go on there.',
    ...leftWords(leftBehind(source), { of: source.id, runs: ['in ', ...recordAt(source.id, source.channel)], ask: ['there'] }),
  )
}

export default defineCommand({
  summary: 'This record becomes part of another: its story, alerts, to-dos and people go there',
  usage: 'merge <INC-n> [--yes]',
  examples: [example, '/incident merge INC-15 INC-12', '/incident merge INC-12 --yes'],
  // The id that is named is the other's; whose channel this is comes from the channel.
  needs: 'nothing',
  form: async (place, { open }) => {
    const source = place.incident
    if (source === null) return refuse('missing', { what: 'The record that is to be merged', example: '/incident merge INC-15 INC-12' })
    if (source.mergedInto !== null) return refuse('is_merged', { id: source.id, into: source.mergedInto })
    if (source.stamps.resolve !== null) return refuse('merge_resolved', { id: source.id })
    const others = (await open(place.by)).flatMap(({ hidden, incident }) =>
      hidden || incident === null || mayMerge(source, incident) !== null ? [] : [incident],
    )
    if (others.length === 0) return refuse('nothing_to_merge', { id: source.id })
    const left = leftWords(leftBehind(source), { of: source.id, runs: ['there'], ask: ['in the other'] })
    return {
      title: 'Merge into another',
      submit: 'merge',
      fields: [
        ...(left.length === 0 ? [] : [{ key: 'actions', kind: 'words' as const, parts: [{ kind: 'text' as const, spans: left }] }]),
        {
          key: 'into',
          label: `${source.id} becomes a part of`,
          hint: `What is known, to-dos and people go there, and ${source.id} is over. This cannot be undone.`,
          kind: 'choice',
          optional: false,
          options: others.map(({ id, product: { name }, title }) => ({ value: id, label: `${id} ${name}: ${title}` })),
        },
      ],
    }
  },
  submit: async (values, place, context) => {
    if (place.id === null) return { refused: refuse('missing', { what: 'The record that is to be merged', example }) }
    return merge(place.id, values['into'] ?? '', true, place, context)
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
