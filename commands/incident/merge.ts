import { defineCommand, say, tell } from '../../src/define.ts'
import { recordAt } from '../../src/incident/areas/merging.ts'
import { refuse } from '../../src/incident/refusals.ts'

const example = '/incident merge INC-12'

/** A record as people write it: its id, its number, or the name of its channel. */
const named = /^(?:into\s+)?#?(?:inc[-\s]?)?(\d+)(?:-[^\s]*)?(?=\s|$)/i

const take = (words: string): { id: string | null; rest: string } => {
  const match = named.exec(words)
  return match === null ? { id: null, rest: words } : { id: `INC-${Number(match[1])}`, rest: words.slice(match[0].length).trim() }
}

export default defineCommand({
  summary: 'This record becomes part of another: its alerts, to-dos and people go there',
  usage: 'merge <INC-n>',
  examples: [example, '/incident merge INC-15 INC-12'],
  // The id that is named is the other's; whose channel this is comes from the channel.
  needs: 'nothing',
  form: async (place, { open }) => {
    const others = (await open(place.by)).flatMap(({ id, hidden, incident }) =>
      id === place.id || hidden || incident === null ? [] : [incident],
    )
    if (place.incident === null)
      return refuse('missing', { what: 'The record that is to be merged', example: '/incident merge INC-15 INC-12' })
    if (others.length === 0) return refuse('nothing_to_merge', { id: place.incident.id })
    const { product } = place.incident
    return {
      title: 'Merge into another',
      submit: 'merge',
      fields: [
        {
          key: 'into',
          label: `${place.incident.id} becomes a part of`,
          kind: 'choice',
          optional: false,
          // Those of the same product first.
          options: others
            .toSorted((a, b) => Number(b.product.key === product.key) - Number(a.product.key === product.key))
            .map(({ id, product: { name }, title }) => ({ value: id, label: `${id} ${name}: ${title}` })),
        },
      ],
    }
  },
  run: async (ask, { merge }) => {
    const first = take(ask.words)
    const second = take(first.rest)
    const word = second.id === null ? first.rest : second.rest
    if (word !== '') return { refused: refuse('unreadable', { what: 'a record', word, example }) }
    const [from, into] = second.id === null ? [ask.id, first.id] : [first.id, second.id]
    if (into === null) return { refused: refuse('missing', { what: 'The other record', example }) }
    if (from === null)
      return { refused: refuse('missing', { what: 'The record that is to be merged', example: `/incident merge INC-15 ${into}` }) }
    return tell(await merge(from, into, ask.by, ask.channel), (target) =>
      say(
        `🔗 ${from} is part of `,
        ...recordAt(target.id, target.channel),
        ' now: its alerts and open to-dos are there, its people are invited. Go on there.',
      ),
    )
  },
})
