/** Runbooks: which of them may help, and those that somebody has shown in the channel, as they were then. */
import type { Incident } from '../incident.ts'
import { partsOf } from '../markdown.ts'
import { author, type Span } from '../message.ts'
import type { Instant } from '../policy.ts'
import { refuse } from '../refusals.ts'
import { shorten } from '../text.ts'
import type { Area } from './area.ts'

/** A runbook by its name and what it is about. */
export type RunbookRef = { readonly slug: string; readonly title: string }

export type RunbookEvent = RunbookRef & {
  readonly type: 'runbook-shown'
  readonly v: 1
  /** In Markdown, as far as it fits into a message. */
  readonly text: string
  readonly cut: boolean
  readonly url: string | null
}

export type RunbookIntent = RunbookRef & { readonly type: 'show-runbook'; readonly text: string; readonly url: string | null }

export type RunbookState = {
  /** Those that were suggested at the opening. */
  readonly runbooks: readonly RunbookRef[]
  readonly lastRunbook: { readonly slug: string; readonly at: Instant } | null
}

export const noRunbooks: RunbookState = { runbooks: [], lastRunbook: null }

/** What one message shows at most: longer than any runbook should be at 3 a.m. */
const longest = 5000

/** As many whole lines as fit. */
const fitting = (text: string): { readonly text: string; readonly cut: boolean } => {
  if (text.length <= longest) return { text, cut: false }
  const end = text.lastIndexOf('\n', longest)
  return { text: shorten(text.slice(0, end < 0 ? longest : end), longest), cut: true }
}

/** Shown again within this time it still stands there. */
const freshMs = 10 * 60_000

/** The ways to the suggested runbooks, in one line; none when nothing was suggested. */
export const suggestedRunbooks = ({ runbooks }: Incident): Span[] =>
  runbooks.flatMap(({ slug, title }, index): Span[] => [
    index === 0 ? '📖 May help: ' : ' · ',
    `${shorten(title, 80)} `,
    { code: `/incident runbook ${slug}` },
  ])

export const runbookArea: Area<RunbookIntent, RunbookEvent> = {
  whileOpen: [],
  decide: {
    'show-runbook': ({ lastRunbook: last }, { slug, title, text, url }, { at }) =>
      last?.slug === slug && Date.parse(at) - Date.parse(last.at) < freshMs
        ? refuse('runbook_is_shown', { title, at: last.at })
        : [{ type: 'runbook-shown', v: 1, slug, title, ...fitting(text), url }],
  },
  evolve: {
    'runbook-shown': (incident, { slug }, { at }) => ({ ...incident, lastRunbook: { slug, at } }),
  },
  tell: {
    'runbook-shown': ({ title }) => ({ kind: 'runbook', text: `Opened the runbook “${title}”.` }),
  },
  posts: {
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
