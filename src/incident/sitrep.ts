/** Where an incident stands, for who comes to it: state, clocks, who does what, what is open, what was tried, what happened last.
 *  Computed from the events alone. */
import { approving } from './acting/pending.ts'
import { type ActionRequest, openActions } from './acting/request.ts'
import { statusIcons, statusWords, votesMissing } from './acting/words.ts'
import { runOfChecks } from './areas/checking.ts'
import { failedStep } from './report.ts'
import { recordAt } from './areas/merging.ts'
import { roles, roleWord, holder } from './areas/roles.ts'
import type { Hypothesis } from './areas/hypotheses.ts'
import type { Todo } from './areas/todos.ts'
import type { Recorded } from './events.ts'
import { clockLine } from './clock-line.ts'
import { statusOf } from './header.ts'
import { called } from './kinds.ts'
import type { Incident } from './incident.ts'
import { author, type Message, type Part, type Span } from './message.ts'
import { shorten } from './text.ts'
import { timeline } from './timeline.ts'

/** How many lines of each kind are shown; the rest is counted. */
const most = 5

const list = <Each>(title: string, all: readonly Each[], row: (each: Each) => readonly Span[]): Part[] =>
  all.length === 0
    ? []
    : [
        { kind: 'text', spans: [{ bold: title }] },
        { kind: 'list', items: [...all.slice(0, most).map(row), ...(all.length > most ? [[`and ${all.length - most} more`]] : [])] },
      ]

const todo = ({ todo: number, text, owner, due }: Todo): Span[] => [
  { bold: `${number}` },
  ` ${shorten(text, 200)}`,
  ...(owner === null ? [] : [' · ', author(owner)]),
  ...(due === null ? [] : [` · by ${due}`]),
]

const tried = ({ suspect, text, ruledOut }: Hypothesis): Span[] =>
  ruledOut === null
    ? ['❓ ', { bold: `${suspect}` }, ` ${shorten(text, 200)}`]
    : ['❌ ', { bold: `${suspect}` }, ` ${shorten(text, 120)} – ruled out: ${shorten(ruledOut.because, 120)}`]

/** Who does what, in one line; roles without anybody are left out, except the lead. */
const people = (incident: Incident): Span[] =>
  roles.flatMap((role, index): Span[] => {
    const person = holder(incident, role)
    if (person === null && role !== 'lead') return []
    return [`${index === 0 ? '' : ' · '}${roleWord[role]} `, person === null ? 'nobody yet' : author(person)]
  })

/** What tells who comes nothing of the trouble: where the channel is they see, and of the checks that ran only the last say how it is, as
 *  far as something is wrong. */
const isAside =
  (incident: Incident, events: readonly Recorded[]) =>
  ({ seq, event }: Recorded): boolean => {
    if (event.type === 'channel-opened' || event.type === 'channel-renamed') return true
    if (event.type !== 'checked' && event.type !== 'checks-answered') return false
    const last = events.findLast((recorded) => recorded.event.type === 'checked' || recorded.event.type === 'checks-answered')
    const results = event.type === 'checked' ? event.results : runOfChecks(incident, event.run)?.results
    return last?.seq !== seq || (results ?? []).every(({ status }) => status === 'ok')
  }

const pendingAction = (incident: Incident, request: ActionRequest): Span[] => [
  `${statusIcons[request.status]} `,
  { bold: `${request.action}` },
  ` ${shorten(request.title, 150)}, ${statusWords[request.status]}`,
  ...(request.status === 'waiting' ? [` by ${votesMissing(request)}: `, ...approving(incident, request)] : []),
]

/** The parts, shortest first to be read: state and clocks, people, what is open, what is suspected, the last events. */
export const sitrep = (incident: Incident, events: readonly Recorded[]): Part[] => {
  const { zone } = incident.policy.calendar
  const open = incident.todos.filter(({ doneAt }) => doneAt === null)
  // What is still possible comes first, then what need not be tried again.
  const thoughts = [...incident.hypotheses].sort((a, b) => Number(a.ruledOut !== null) - Number(b.ruledOut !== null))
  const last = timeline(events, { zone, last: most, skip: isAside(incident, events) })
  const paused: Span[] = incident.paused === null ? [] : [` · paused: ${shorten(incident.paused.why, 150)}`]
  return [
    {
      kind: 'text',
      spans: [{ bold: called(incident) }, ` ${statusOf(incident)} · ${shorten(incident.title, 300)}`],
    },
    ...(incident.mergedInto === null
      ? []
      : [{ kind: 'text' as const, spans: ['Go on in ', ...recordAt(incident.mergedInto, incident.mergedWhere)] }]),
    // Who reads this elsewhere sees no header.
    ...incident.failedSteps
      .filter(({ step }) => step === 'outside' || step === 'channel')
      .map((failed): Part => ({ kind: 'text', spans: [`⚠ ${shorten(failedStep(failed), 350)}`] })),
    { kind: 'text', spans: [...people(incident), '\n', ...clockLine(incident), ...paused] },
    ...(incident.lastUpdate === null
      ? []
      : [
          { kind: 'text' as const, spans: [{ bold: 'Last update' }, ' ', { time: incident.lastUpdate.occurredAt, zone }] as Span[] },
          { kind: 'quote' as const, text: shorten(incident.lastUpdate.text, 500) },
        ]),
    ...list('Actions that are pending', openActions(incident), (request) => pendingAction(incident, request)),
    ...list('To do', open, todo),
    ...list('Suspected and tried', thoughts, tried),
    { kind: 'text', spans: [{ bold: 'Last events' }] },
    {
      kind: 'list',
      items: last.map((entry): Span[] => [
        { time: entry.occurredAt, zone },
        ` ${shorten(`${entry.of === undefined ? '' : `${entry.of} · `}${entry.who}: ${entry.text}`, 250)}`,
      ]),
    },
  ]
}

/** What is whispered to who joins the channel. */
export const welcome = (incident: Incident, events: readonly Recorded[]): Message => ({
  key: 'welcome',
  summary: `Welcome to ${incident.id}: where it stands`,
  parts: [
    { kind: 'text', spans: ['👋 ', { bold: `Welcome to ${incident.id}` }, '. Where it stands; only you see this.'] },
    ...sitrep(incident, events),
    {
      kind: 'context',
      spans: ['What you can do: ', { code: '/incident' }, ' · this again: ', { code: '/incident status' }],
    },
  ],
})
