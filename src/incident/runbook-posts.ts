/** Runbooks as the channel shows them: the one that fits best at the opening, and those that were opened, with their steps as they stand. */
import { holdsButton } from './acting/criteria.ts'
import type { OpenedRunbook, OpenedStep, StepState } from './areas/runbooks.ts'
import type { Incident } from './incident.ts'
import { partsOf } from './markdown.ts'
import { author, type Button, type Message, type Part, type Span } from './message.ts'
import { shorten } from './text.ts'

const mark: Readonly<Record<StepState, string>> = { open: '☐', done: '✅', skipped: '⏭' }

/** `R10 Stripe payment failures`. */
export const runbookName = ({ id, title }: Pick<OpenedRunbook, 'id' | 'title'>): string => (id === null ? title : `${id} ${title}`)

/** `2 of 5 steps done, 1 skipped`. */
export const progressOf = ({ steps }: OpenedRunbook): string => {
  const [done, skipped] = (['done', 'skipped'] as const).map((state) => steps.filter((step) => step.state === state).length)
  return `${done} of ${steps.length} step${steps.length === 1 ? '' : 's'} done${skipped === 0 ? '' : `, ${skipped} skipped`}`
}

/** In the first paragraph, or before everything where there is none. */
const before = (spans: readonly Span[], parts: readonly Part[]): Part[] => {
  const [first, ...rest] = parts
  return first?.kind === 'text' ? [{ kind: 'text', spans: [...spans, ...first.spans] }, ...rest] : [{ kind: 'text', spans }, ...parts]
}

const buttonsOf = (id: string, slug: string, number: number, { checks, ready = [], sayable = [] }: OpenedStep): Button[] => [
  ...(checks.length === 0 ? [] : [{ label: `Run ${number}`, action: 'runbook', value: `${id} run ${slug} ${number}` }]),
  ...sayable.map((criterion) => holdsButton(id, criterion)),
  ...ready.map((action) => ({ label: shorten(`Ask for ${action}`, 75), action: 'run', value: `${id} ${action}` })),
  { label: `Done ${number}`, action: 'runbook', value: `${id} done ${slug} ${number}` },
  { label: `Skip ${number}`, action: 'runbook', value: `${id} skip ${slug} ${number}` },
]

const stepParts = ({ id, policy }: Incident, slug: string, number: number, step: OpenedStep): Part[] => {
  const { state, marked, ready = [] } = step
  const actions = step.actions.filter((action) => !ready.includes(action))
  const asked: Part[] =
    state !== 'open' || step.actions.length === 0
      ? []
      : [
          {
            kind: 'context',
            spans: [
              '🔒 ',
              ...step.actions.flatMap((code, index): Span[] => [index === 0 ? '' : ', ', { code }]),
              actions.length === 0
                ? ' runs once somebody else has approved it'
                : ` asks for approval: ${actions.length === step.actions.length ? 'not' : 'not all of it'} there yet`,
            ],
          },
        ]
  return [
    ...(step.before === undefined ? [] : partsOf(step.before)),
    ...before([`${mark[state]} `, { bold: `${number}.` }, ' '], partsOf(step.text)),
    ...asked,
    state === 'open' || marked === null
      ? { kind: 'buttons', buttons: buttonsOf(id, slug, number, step) }
      : { kind: 'context', spans: [`${state} by `, author(marked.by), ' · ', { time: marked.at, zone: policy.calendar.zone }] },
  ]
}

/** What one message takes, with room to spare: parts become about as many blocks, and the markup of each is counted for Slack, too. */
const most = { parts: 45, size: 8500 } as const
const sizeOf = (parts: readonly Part[]): number => {
  const text = JSON.stringify(parts)
  return text.length + 60 * (text.split('{"').length + text.split('","').length)
}

/** The steps of each message, by their number. What is marked does not move them: a message shows the same steps for ever. */
const pages = ({ slug, steps }: OpenedRunbook): number[][] => {
  const all: number[][] = []
  let room = { parts: 0, size: 0 }
  for (const [index, step] of steps.entries()) {
    const parts = [
      ...(step.before === undefined ? [] : partsOf(step.before)),
      ...partsOf(step.text),
      ...(step.actions.length === 0 ? [] : partsOf(step.actions.join(' '))),
      { kind: 'buttons' as const, buttons: buttonsOf('INC-000000', slug, index + 1, step) },
    ]
    const needed = { parts: parts.length + 1, size: sizeOf(parts) + 200 }
    const page = all.at(-1)
    if (page !== undefined && room.parts + needed.parts <= most.parts && room.size + needed.size <= most.size) page.push(index + 1)
    else {
      all.push([index + 1])
      room = { parts: 0, size: 0 }
    }
    room = { parts: room.parts + needed.parts, size: room.size + needed.size }
  }
  return all
}

const headOf = (runbook: OpenedRunbook): Part[] => [
  { kind: 'text', spans: ['📖 ', { bold: runbookName(runbook) }] },
  {
    kind: 'context',
    spans: [
      `${progressOf(runbook)} · opened by `,
      author(runbook.by),
      ...(runbook.url === null ? [] : ([' · ', { link: runbook.url, text: 'the whole runbook' }] satisfies Span[])),
    ],
  },
]

const footOf = (runbook: OpenedRunbook): Part[] => [
  ...partsOf(runbook.after),
  {
    kind: 'context',
    spans: [
      'Typed: ',
      { code: '/incident runbook done <n>' },
      ', ',
      { code: 'skip <n>' },
      ', ',
      { code: 'run <n>' },
      ', ',
      { code: 'open <n>' },
    ],
  },
]

/** The messages of a runbook that was opened; each goes on as its steps do. */
export const runbookMessages = (opened: OpenedRunbook): Message[] => {
  const all = pages(opened)
  return all.map((numbers, page) => ({
    key: `runbook:${opened.slug}${page === 0 ? '' : `:${page + 1}`}`,
    summary: shorten(`Runbook: ${runbookName(opened)}${page === 0 ? '' : ` (${page + 1})`}`, 150),
    parts: [],
    grows: (incident) => {
      const runbook = incident.openedRunbooks.find(({ slug }) => slug === opened.slug) ?? opened
      return [
        ...(page === 0
          ? headOf(runbook)
          : [{ kind: 'text' as const, spans: ['📖 ', { bold: `${runbookName(runbook)} (${page + 1} of ${all.length})` }] }]),
        ...numbers.flatMap((number): Part[] => {
          const step = runbook.steps[number - 1]
          return step === undefined ? [] : stepParts(incident, runbook.slug, number, step)
        }),
        ...(page === all.length - 1 ? footOf(runbook) : []),
      ]
    },
  }))
}

/** How far an opened runbook is, with what can still be pressed, for whoever asks. */
export const runbookParts = (incident: Incident, runbook: OpenedRunbook): Part[] => [
  ...headOf(runbook),
  ...runbook.steps.flatMap((step, index) => {
    const [first] = partsOf(step.text)
    const spans = first?.kind === 'text' ? first.spans : []
    const line: Part = { kind: 'text', spans: [`${mark[step.state]} `, { bold: `${index + 1}.` }, ' ', ...spans] }
    return step.state === 'open'
      ? [line, { kind: 'buttons' as const, buttons: buttonsOf(incident.id, runbook.slug, index + 1, step) }]
      : [line]
  }),
]

/** What may help, as the opening message shows it: the best with its first step, the others in one line. */
export const offeredRunbooks = ({ id, runbooks: [best, ...others], openedRunbooks }: Incident): Part[] => {
  if (best === undefined) return []
  const opened = openedRunbooks.find(({ slug }) => slug === best.slug)
  const first = best.first === undefined ? [] : partsOf(best.first).flatMap((part) => (part.kind === 'text' ? part.spans : []))
  const title: Span[] = ['📖 ', opened === undefined ? 'May help: ' : '', { bold: shorten(best.title, 150) }]
  return [
    { kind: 'text', spans: opened === undefined && first.length > 0 ? [...title, '\n1. ', ...first] : title },
    opened === undefined
      ? {
          kind: 'buttons',
          buttons: [
            { label: 'Open runbook', action: 'runbook', value: `${id} ${best.slug}` },
            ...(best.runs === true ? [{ label: 'Run its first step', action: 'runbook', value: `${id} run ${best.slug} 1` }] : []),
          ],
        }
      : { kind: 'context', spans: [progressOf(opened)] },
    ...(others.length === 0
      ? []
      : [
          {
            kind: 'context' as const,
            spans: others.flatMap(({ slug, title: called }, index): Span[] => [
              index === 0 ? 'Also: ' : ' · ',
              `${shorten(called, 80)} `,
              { code: `/incident runbook ${slug}` },
            ]),
          },
        ]),
  ]
}
