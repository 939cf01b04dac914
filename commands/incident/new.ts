import { type CommandContext, defineCommand, type Form, tell } from '../../src/define.ts'
import { mayMerge } from '../../src/incident/areas/merging.ts'
import type { Actor, Kind } from '../../src/incident/events.ts'
import { takeFlags } from '../../src/incident/flags.ts'
import type { Incident } from '../../src/incident/incident.ts'
import { calledLater } from '../../src/incident/ladder.ts'
import type { Part, Span } from '../../src/incident/message.ts'
import { type Policy, severities } from '../../src/incident/policy.ts'
import { knownSeverities, refuse, typedAgain } from '../../src/incident/refusals.ts'
import { cleanLine, shorten } from '../../src/incident/text.ts'
import { duration } from '../../src/incident/timeline.ts'
import type { Wish } from '../../src/incident/wish.ts'
import { noProduct } from '../../src/which.ts'

type Product = CommandContext['catalogue']['unassigned']

const example = '/incident new <product> P1 Payments fail'

/** A word that means to be a severity: `P7`, `L9`, `level 5`. */
const meantAsSeverity = /^(?:p|l|level[ -]?)\d+\b/i

/** How soon somebody must answer, in words. */
const responseWords = ({ response }: Policy): string => {
  if (response === null) return 'no response clock'
  if (response.kind !== 'duration') return `answer by the ${response.kind.replaceAll('-', ' ')}`
  return `answer within ${duration(response.minutes * 60_000)}${response.hours === 'business' ? ' of working time' : ''}`
}

/** What each severity means for this product, and which one the title speaks for (S8). */
const meanings = (product: Product, title: string, catalogue: CommandContext['catalogue']): readonly Part[] => {
  const suggested = title.trim() === '' ? null : catalogue.suggestSeverity(product, title)
  const list: Part = {
    kind: 'list',
    items: severities.map((severity): Span[] => {
      const { name } = product.severities[severity]
      const policy = product.policy(severity)
      return [
        { bold: severity },
        `${name === severity ? '' : ` (${name})`} ${shorten(policy.meaning, 200)} · ${responseWords(policy)}${policy.page ? ', pages' : ''}`,
      ]
    }),
  }
  const hint: Part | null =
    title.trim() === ''
      ? null
      : {
          kind: 'context',
          spans:
            suggested === null
              ? [`The title speaks for none. Left empty, it is ${product.defaultSeverity}.`]
              : ['The title speaks for ', { bold: suggested.severity }, `: “${suggested.because}”. Left empty, it is that.`],
        }
  return hint === null ? [list] : [list, hint]
}

/** What can be declared, with what is different about it. */
const kinds = [
  { value: 'incident', label: 'Incident', hint: 'Something is broken', kind: 'incident', disaster: false },
  {
    value: 'disaster',
    label: 'Disaster',
    hint: 'With the phases and objectives that the product has planned',
    kind: 'disaster',
    disaster: true,
  },
  { value: 'drill', label: 'Drill', hint: 'Practice: says so everywhere, and counts in no metrics', kind: 'drill', disaster: false },
  { value: 'disaster-drill', label: 'Drill of a disaster', hint: 'Practice, with the phases of a disaster', kind: 'drill', disaster: true },
] as const

const kindOf = (value: string | undefined) => kinds.find((each) => each.value === value) ?? kinds[0]

/** What was filled in stays; the meanings are those of the product that is chosen. */
const form = ({ catalogue }: Pick<CommandContext, 'catalogue'>, values: Readonly<Record<string, string>> = {}): Form => {
  const title = values['title'] ?? ''
  const summary = values['summary'] ?? ''
  const known = [...catalogue.products.values()]
  const named = known.filter(({ key }) => key !== catalogue.unassigned.key)
  const chosen = known.find(({ key }) => key === values['product']) ?? (named.length === 1 ? named[0] : undefined)
  const product = chosen ?? catalogue.unassigned
  return {
    title: 'Declare an incident',
    submit: 'new',
    fields: [
      {
        key: 'title',
        label: 'What is wrong',
        kind: 'text',
        multiline: false,
        optional: false,
        most: 500,
        ...(title === '' ? {} : { initial: title }),
      },
      {
        key: 'product',
        label: 'Product',
        kind: 'choice',
        optional: false,
        refills: true,
        options: known.map(({ key, name }) => ({ value: key, label: name })),
        ...(chosen === undefined ? {} : { initial: chosen.key }),
      },
      {
        key: 'severity',
        label: 'Severity',
        kind: 'choice',
        optional: true,
        options: severities.map((severity) => ({ value: severity, label: severity, hint: product.policy(severity).meaning })),
        hint: 'Empty: suggested from the title',
        ...(values['severity'] ? { initial: values['severity'] } : {}),
      },
      { key: 'meanings', kind: 'words', parts: meanings(product, title, catalogue) },
      {
        key: 'kind',
        label: 'Kind',
        kind: 'choice',
        optional: false,
        options: kinds.map(({ value, label, hint }) => ({ value, label, hint })),
        initial: kindOf(values['kind']).value,
      },
      {
        key: 'private',
        label: 'Who may know',
        kind: 'ticks',
        optional: true,
        options: [{ value: 'private', label: 'Private', hint: 'Only who is invited sees it; it is not announced' }],
        ...(values['private'] === 'private' ? { initial: 'private' } : {}),
      },
      {
        key: 'summary',
        label: 'What do you see, and since when',
        kind: 'text',
        multiline: true,
        optional: true,
        most: 3000,
        ...(summary === '' ? {} : { initial: summary }),
      },
    ],
  }
}

/** `High memory` is a title that speaks for a severity; `high Payments fail` is a severity and a title. A word that is no code for
 *  one (`P2`, `level-1`, `3`) stays in a title that would be a single word without it. */
const spoken = (taken: string, behind: string): boolean => /^\p{L}+\W*$/u.test(taken.trim()) && behind !== '' && !/\s/.test(behind)

/** Where it is not said, a disaster is as grave as can be. */
const gravity = (severity: string, disaster: boolean): string => (severity === '' && disaster ? 'P1' : severity)

/** A drill is said to be one from the first word on. */
const icon: Readonly<Partial<Record<Kind, string>>> = { drill: '🧪 DRILL', disaster: '🆘 Disaster' }

/** So many that may be the same are named. */
const mostAlike = 3

/** What else is open for this product and may be the same, the same title first. */
const alike = async ({ product, title, kind = 'incident' }: Wish, by: Actor, { open }: CommandContext): Promise<readonly Incident[]> => {
  if (kind === 'drill') return []
  const same = (other: string) => cleanLine(other).toLowerCase() === cleanLine(title).toLowerCase()
  return (await open(by))
    .flatMap(({ hidden, incident }) => (hidden || incident === null ? [] : [incident]))
    .filter((other) => other.product.key === product && (other.kind === 'incident' || other.kind === 'disaster'))
    .toSorted((a, b) => Number(same(b.title)) - Number(same(a.title)))
    .slice(0, mostAlike)
}

/** How they become one, where they are one. */
const alsoOpen = (incident: Incident, others: readonly Incident[]): readonly Part[] => {
  if (others.length === 0) return []
  const { id, product } = incident
  const same = others.find((other) => mayMerge(incident, other) === null)
  return [
    { kind: 'text', spans: [{ bold: `Also open for ${product.name}:` }] },
    {
      kind: 'list',
      items: others.map((other): Span[] => [
        { bold: `${other.id} ${other.severity}` },
        ` ${shorten(other.title, 150)}`,
        ...(other.channel === null ? [] : [' · ', { channel: other.channel.id, text: other.channel.name }]),
      ]),
    },
    ...(same === undefined
      ? []
      : [{ kind: 'context' as const, spans: ['If it is the same: ', { code: `/incident merge ${id} ${same.id}` }] satisfies Span[] }]),
  ]
}

const open = async (wish: Wish, by: Actor, context: CommandContext) => {
  const others = await alike(wish, by, context)
  const away = await context.away()
  return tell(await context.declare(wish, by), (incident) => ({
    parts: [
      {
        kind: 'text',
        spans: [
          `${icon[incident.kind] ?? '🚨'} `,
          { bold: `${incident.id} ${incident.severity}` },
          ` for ${incident.product.name}: ${shorten(incident.title, 300)}. `,
          away === null ? 'Its channel opens in a moment; you are invited.' : 'Its channel opens when Slack can be used again.',
        ],
      },
      ...(away !== null && incident.policy.page ? calledLater(incident, away, incident.policy.ladder) : []),
      ...alsoOpen(incident, others),
    ],
  }))
}

export default defineCommand({
  summary: 'Declare an incident',
  usage: 'new [product] [severity] <title> [--private] [--drill] [--disaster]',
  examples: [
    '/incident new',
    '/incident new <product> P1 Payments fail',
    '/incident new <product> critical Data breach suspected --private',
    '/incident new <product> The data centre is gone --disaster',
    '/incident new <product> P1 Restore from the backup --drill',
  ],
  needs: 'nothing',
  run: async (ask, context) => {
    const { catalogue } = context
    const taken = takeFlags(ask.words, ['private', 'drill', 'disaster'])
    if ('code' in taken) return { refused: taken }
    const { flags, rest: words } = taken
    const disaster = flags.has('disaster')
    const kind = flags.has('drill') ? 'drill' : disaster ? 'disaster' : 'incident'
    if (words === '')
      return ask.canShowForm
        ? {
            form: form(context, {
              product: ask.incident?.product.key ?? '',
              kind: flags.has('drill') && disaster ? 'disaster-drill' : kind,
              private: flags.has('private') ? 'private' : '',
            }),
          }
        : { refused: refuse('missing', { what: 'The title', example }) }
    const known = [...catalogue.products.keys()].filter((key) => key !== catalogue.unassigned.key)
    const { product: named, rest } = catalogue.takeProduct(words)
    const product =
      named ??
      (ask.incident === null ? null : catalogue.product(ask.incident.product.key)) ??
      (known.length === 1 ? catalogue.product(known[0] ?? '') : null)
    if (product === null) return noProduct(catalogue, words, (some) => `/incident new ${some} ${typedAgain(ask.words)}`)
    const { severity, rest: behind } = catalogue.takeSeverity(product, rest)
    const title = severity !== null && spoken(rest.slice(0, rest.length - behind.length), behind) ? rest : behind
    const meant = severity === null ? meantAsSeverity.exec(rest) : null
    if (meant !== null)
      return { refused: refuse('unknown_severity', { word: meant[0], known: knownSeverities(product.severityWords.aliases) }) }
    if (title === '') {
      const typed = `/incident new ${typedAgain(ask.words)}${severity === null ? ' P1' : ''} Payments fail`
      return { refused: refuse('missing', { what: 'The title', example: typed }) }
    }
    const hidden = flags.has('private')
    return open(
      { product: product.key, severity: gravity(severity ?? '', disaster), title, summary: null, private: hidden, kind, disaster },
      ask.by,
      context,
    )
  },
  refill: async (values, _, context) => form(context, values),
  submit: (values, place, context) => {
    const { kind, disaster } = kindOf(values['kind'])
    return open(
      {
        product: values['product'] ?? '',
        severity: gravity(values['severity'] ?? '', disaster),
        title: values['title'] ?? '',
        summary: (values['summary'] ?? '') === '' ? null : (values['summary'] ?? null),
        private: values['private'] === 'private',
        kind,
        disaster,
        ...(place.from === undefined ? {} : { from: place.from }),
      },
      place.by,
      context,
    )
  },
})
