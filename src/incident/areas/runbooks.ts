/** Runbooks: which of them may help, and those that were opened: their steps as they were then, and how far each is. */
import type { Actor } from '../events.ts'
import { partsOf } from '../markdown.ts'
import { author } from '../message.ts'
import type { Instant } from '../policy.ts'
import { type Refusal, refuse } from '../refusals.ts'
import { stepWords, type RunbookStep } from '../runbook.ts'
import { runbookMessages, runbookName } from '../runbook-posts.ts'
import { shorten } from '../text.ts'
import type { Area } from './area.ts'

/** A runbook by its name and what it is about, with its first step. */
export type RunbookRef = {
  readonly slug: string
  readonly title: string
  /** In Markdown. */
  readonly first?: string
  /** Whether the first step names checks. */
  readonly runs?: boolean
}

/** A runbook as it was when it was opened. */
export type RunbookCopy = {
  readonly slug: string
  readonly id: string | null
  readonly title: string
  readonly url: string | null
  readonly steps: readonly RunbookStep[]
  /** Markdown behind the last step; empty when there is none. */
  readonly after: string
}

export const stepStates = ['open', 'done', 'skipped'] as const
export type StepState = (typeof stepStates)[number]

export type RunbookEvent =
  /** Steps count from 1. */
  | (RunbookCopy & { readonly type: 'runbook-opened'; readonly v: 1 })
  | { readonly type: 'runbook-step'; readonly v: 1; readonly slug: string; readonly step: number; readonly state: StepState }
  /** As versions recorded it that only showed the text. */
  | {
      readonly type: 'runbook-shown'
      readonly v: 1
      readonly slug: string
      readonly title: string
      /** In Markdown, as far as it fits into a message. */
      readonly text: string
      readonly cut: boolean
      readonly url: string | null
    }

export type RunbookIntent =
  | (RunbookCopy & { readonly type: 'open-runbook' })
  | { readonly type: 'mark-step'; readonly slug: string; readonly step: number; readonly state: StepState }

export type OpenedStep = RunbookStep & {
  readonly state: StepState
  /** Who marked it last, and when. */
  readonly marked: { readonly by: Actor; readonly at: Instant } | null
}

export type OpenedRunbook = Omit<RunbookCopy, 'steps'> & {
  readonly steps: readonly OpenedStep[]
  readonly at: Instant
  readonly by: Actor
}

export type RunbookState = {
  /** Those that were suggested at the opening, the best first. */
  readonly runbooks: readonly RunbookRef[]
  /** Those that were opened, in their order. */
  readonly openedRunbooks: readonly OpenedRunbook[]
}

export const noRunbooks: RunbookState = { runbooks: [], openedRunbooks: [] }

/** Whether a step may be marked so. What is done is not skipped by somebody who has not seen it yet. */
const markable = (runbook: OpenedRunbook, number: number, state: StepState): Refusal | null => {
  const step = runbook.steps[number - 1]
  if (step === undefined) return refuse('unknown_step', { step: number, title: runbook.title, count: runbook.steps.length })
  if (step.state !== state && !(step.state === 'done' && state === 'skipped')) return null
  const by = step.marked?.by.kind === 'person' ? step.marked.by.name : null
  return refuse('step_is_marked', { step: number, state: step.state, by, at: step.marked?.at ?? null })
}

const verbOf: Readonly<Record<StepState, string>> = { open: 'Opened again', done: 'Did', skipped: 'Skipped' }

export const runbookArea: Area<RunbookIntent, RunbookEvent> = {
  whileOpen: [],
  decide: {
    // Two people open it at once: it is open.
    'open-runbook': ({ openedRunbooks }, { slug, id, title, url, steps, after }) =>
      openedRunbooks.some((each) => each.slug === slug) ? [] : [{ type: 'runbook-opened', v: 1, slug, id, title, url, steps, after }],
    'mark-step': ({ id, openedRunbooks }, { slug, step, state }) => {
      const runbook = openedRunbooks.find((each) => each.slug === slug)
      if (runbook === undefined) return refuse('runbook_not_open', { id, name: slug })
      return markable(runbook, step, state) ?? [{ type: 'runbook-step', v: 1, slug, step, state }]
    },
  },
  evolve: {
    'runbook-opened': (incident, { slug, id, title, url, steps, after }, { at, by }) => ({
      ...incident,
      openedRunbooks: [
        ...incident.openedRunbooks,
        { slug, id, title, url, after, at, by, steps: steps.map((step) => ({ ...step, state: 'open' as const, marked: null })) },
      ],
    }),
    'runbook-step': (incident, { slug, step: number, state }, { at, by }) => ({
      ...incident,
      openedRunbooks: incident.openedRunbooks.map((each) =>
        each.slug === slug
          ? { ...each, steps: each.steps.map((step, index) => (index === number - 1 ? { ...step, state, marked: { by, at } } : step)) }
          : each,
      ),
    }),
    'runbook-shown': (incident) => incident,
  },
  tell: {
    'runbook-opened': (runbook) => ({ kind: 'runbook', text: `Opened the runbook “${runbookName(runbook)}”.` }),
    'runbook-step': ({ slug, step, state }, { events }) => {
      const runbook = events.flatMap(({ event }) => (event.type === 'runbook-opened' && event.slug === slug ? [event] : [])).at(0)
      const words = shorten(stepWords(runbook?.steps[step - 1]?.text ?? ''), 200)
      return { kind: 'runbook', text: `${verbOf[state]}: step ${step} of “${runbook?.title ?? slug}”, ${words}` }
    },
    'runbook-shown': ({ title }) => ({ kind: 'runbook', text: `Opened the runbook “${title}”.` }),
  },
  posts: {
    'runbook-opened': (incident, { slug }) => {
      const runbook = incident.openedRunbooks.find((each) => each.slug === slug)
      return runbook === undefined ? [] : runbookMessages(runbook)
    },
    // The runbook's own message shows it.
    'runbook-step': () => [],
    'runbook-shown': (_, { title, text, cut, url }, { seq, by }) => [
      {
        key: `runbook:${seq}`,
        summary: shorten(`Runbook: ${title}`, 150),
        parts: [
          { kind: 'text', spans: ['📖 ', { bold: title }] },
          // First: what does not fit is cut at the end.
          {
            kind: 'context',
            spans: [
              cut ? 'Shortened, shown by ' : 'Shown by ',
              author(by),
              ...(url === null ? [] : [' · ', { link: url, text: 'the whole runbook' }]),
            ],
          },
          ...partsOf(text),
        ],
      },
    ],
  },
}
