/** The card of an action: one message from the request to its end, edited in place. It says what will happen before anybody agrees to it,
 *  and afterwards what did. What ended badly is said in a message of its own besides: an edited card rings no bell. */
import { checkParts, compareParts } from '../check-report.ts'
import type { Recorded } from '../events.ts'
import type { Incident } from '../incident.ts'
import { author, type Button, type Message, type Part, type Span } from '../message.ts'
import type { Contact } from '../policy.ts'
import { shorten } from '../text.ts'
import { alone, bell } from './bell.ts'
import type { ActingEvent } from './events.ts'
import { obstacleSpans, standing } from './obstacle.ts'
import { actionOf, type ActionRequest, breakGlassAt, isOver, isPending, isUnanswered, isUndoable } from './request.ts'
import { inputWords, statusIcons, statusWords, votesMissing } from './words.ts'

/** So many calls and effects are shown at most; the record has all of them. */
const mostLines = 8

const titleOf = ({ action, title, input }: ActionRequest): string => {
  const words = inputWords(input)
  return `Action ${action}: ${title}${words === '' ? '' : ` (${shorten(words, 200)})`}`
}

const lines = (all: readonly string[], as: (text: string) => Span): (readonly Span[])[] => [
  ...all.slice(0, mostLines).map((each): readonly Span[] => [as(shorten(each, 300))]),
  ...(all.length > mostLines ? [[`and ${all.length - mostLines} more`]] : []),
]

const mentions = (contacts: readonly Contact[]): Span[] =>
  contacts.flatMap((contact, index): Span[] => [index === 0 ? '' : ', ', { mention: contact }])

/** Both rules hold, that of now and the one that it was asked for with. */
const whoMay = ({ rule, ruleNow, asked }: ActionRequest): Span[] => [
  ...(ruleNow !== null && ruleNow.approvers.length > 0
    ? [
        ...mentions(ruleNow.approvers),
        ...(rule.approvers.length === 0
          ? []
          : [' (who are also of those who could when it was asked for: ', ...mentions(rule.approvers), ')']),
      ]
    : rule.approvers.length === 0
      ? ['any member of this workspace']
      : mentions(rule.approvers)),
  ', but not ',
  { bold: asked.by.kind === 'person' ? asked.by.name : 'whoever asked' },
]

const planned = (request: ActionRequest): Part[] => {
  const { preview, before } = request
  if (preview === null) return []
  const effects = lines(preview.effects, (text) => text)
  return [
    { kind: 'text', spans: [{ bold: preview.summary }] },
    ...(effects.length === 0 ? [] : [{ kind: 'list' as const, items: effects }]),
    ...(preview.warnings.length === 0
      ? []
      : [{ kind: 'list' as const, items: preview.warnings.map((text): readonly Span[] => ['⚠ ', shorten(text, 300)]) }]),
    {
      kind: 'context',
      spans: [
        preview.reversible === null ? '⚠ This cannot be undone.' : `Taken back by: ${shorten(preview.reversible, 200)}`,
        ...(preview.returnsAfter === undefined ? [] : [` · returns by itself after ${preview.returnsAfter} min`]),
        ` · risk ${request.risk} · target ${request.target}`,
      ],
    },
    ...(preview.calls.length === 0 ? [] : [{ kind: 'list' as const, items: lines(preview.calls, (code) => ({ code })) }]),
    ...(before.length === 0 || request.status !== 'waiting'
      ? []
      : checkParts({ heading: 'Before', results: before, waiting: [], zone: 'UTC' })),
  ]
}

const votesOf = ({ votes }: ActionRequest): Part[] =>
  votes.length === 0
    ? []
    : [
        {
          kind: 'context',
          spans: ['Approved by ', ...votes.flatMap(({ by, basis }, index): Span[] => [index === 0 ? '' : ', ', author(by), ` (${basis})`])],
        },
      ]

/** Known before anybody agrees to it. */
const drillPart: Part = { kind: 'text', spans: ['🧪 ', { bold: 'This is a drill: nothing is run, whoever approves it.' }] }

/** What stands against it, before anybody agrees to it. Nobody says when a time is over: whether that still holds is looked at with each
 *  vote. */
const heldParts = (incident: Incident, request: ActionRequest): Part[] => {
  const against = standing(incident, request)
  if (against === null) return []
  // Nobody looks again at what waits in a record that is over.
  const passes: Span[] =
    against.thaws || incident.stamps.resolve !== null
      ? ['Whether that is still so, says ', { code: `/incident approve ${request.action}` }, '.']
      : ['Nobody can approve it until that has passed; it is said here then.']
  const since = against.thaws ? 'It could not run when that was looked at' : 'It cannot run now'
  return [{ kind: 'text', spans: ['⛔ ', { bold: since }, ': ', ...obstacleSpans(against), '\n', ...passes] }]
}

const waitingParts = (incident: Incident, request: ActionRequest): Part[] => {
  const { action, hash, expires, undoes } = request
  const value = `${incident.id} ${action} ${hash ?? ''}`
  const glass = breakGlassAt(incident, request)
  const buttons: Button[] = [
    { label: undoes === null ? 'Approve' : 'Approve undoing', action: 'approve', value, style: 'primary' },
    { label: 'Deny', action: 'deny', value: `${incident.id} ${action}`, style: 'danger' },
    // A card knows no clock: the time is there once somebody was told so.
    ...(glass !== null && isUnanswered(incident, request) ? [alone(incident, request)] : []),
  ]
  return [
    {
      kind: 'text',
      spans: [
        '✋ ',
        { bold: `Needs ${votesMissing(request)}` },
        ': ',
        ...whoMay(request),
        ...(expires === null ? [] : ([', until ', { time: expires, zone: incident.policy.calendar.zone }] satisfies Span[])),
        '. ',
        { code: `/incident approve ${action}` },
      ],
    },
    { kind: 'buttons', buttons },
    ...(glass === null || (expires !== null && glass >= expires)
      ? []
      : [
          {
            kind: 'context' as const,
            spans: [
              'Nobody there? From ',
              { time: glass, zone: incident.policy.calendar.zone },
              ' on the lead may run it alone, with a reason: ',
              { code: `/incident break-glass ${action} <why>` },
            ] satisfies Span[],
          },
        ]),
  ]
}

/** The steps that people did, also once it is over: whoever goes on from there must know how far it came. */
const tickedParts = ({ ticks }: ActionRequest): Part[] =>
  ticks.length === 0
    ? []
    : [{ kind: 'list', items: ticks.map(({ text, by }): readonly Span[] => ['✅ ', shorten(text, 300), ' – ', author(by)]) }]

const runningParts = (incident: Incident, { action, task, ticks, progress }: ActionRequest): Part[] => [
  ...(task === null
    ? []
    : ([
        {
          kind: 'text',
          spans: [
            '👉 ',
            shorten(task.text, 1000),
            ...(task.link === null ? [] : ([' ', { link: task.link, text: 'Open' }] satisfies Span[])),
          ],
        },
        {
          kind: 'buttons',
          buttons: [
            { label: 'Done', action: 'tick', value: `${incident.id} ${action} ${ticks.length + 1}`, style: 'primary' },
            { label: 'Cannot be done', action: 'deny', value: `${incident.id} ${action}`, style: 'danger' },
          ],
        },
      ] satisfies Part[])),
  ...(progress === null ? [] : [{ kind: 'context' as const, spans: [shorten(progress, 300)] }]),
]

const resultParts = (incident: Incident, request: ActionRequest): Part[] => {
  const { ran, findings, before, after, undoneBy, action } = request
  if (ran === null) return []
  const undoable = isUndoable(request) && !isOver(incident, { undoes: action })
  return [
    { kind: 'text', spans: [`${statusIcons[ran.outcome]} `, shorten(ran.text, 900)] },
    ...(findings.length === 0 ? [] : [{ kind: 'list' as const, items: findings.map(({ text }): readonly Span[] => [shorten(text, 300)]) }]),
    ...(after.length === 0 ? [] : compareParts({ heading: 'After, against before', results: after, waiting: [], zone: 'UTC' }, before)),
    ...(undoneBy === null ? [] : [{ kind: 'context' as const, spans: [`Taken back by action ${undoneBy}.`] }]),
    ...(undoable ? [{ kind: 'buttons' as const, buttons: [{ label: 'Undo', action: 'undo', value: `${incident.id} ${action}` }] }] : []),
  ]
}

const endParts = (incident: Incident, { ended, status, action, undoes }: ActionRequest): Part[] =>
  ended === null
    ? []
    : [
        {
          kind: 'text',
          spans: [
            { bold: statusWords[status][0]!.toUpperCase() + statusWords[status].slice(1) },
            ...(status === 'denied' || status === 'withdrawn' ? ([' by ', author(ended.by)] satisfies Span[]) : []),
            ended.why === '' ? '.' : `: ${shorten(ended.why, 600)}`,
          ],
        },
        ...(!isOver(incident, { undoes }) && (status === 'refused' || status === 'expired')
          ? [{ kind: 'buttons' as const, buttons: [{ label: 'Ask again', action: 'run', value: `${incident.id} again ${action}` }] }]
          : []),
      ]

const cardOf = (incident: Incident, request: ActionRequest): Message => {
  const { action, asked, reason, undoes, renews, status, forced, automatic } = request
  const title = titleOf(request)
  return {
    key: `action:${action}`,
    summary: shorten(`${title} ${statusWords[status]}`, 150),
    parts: [
      ...(incident.kind === 'drill' && (isPending(request) || status === 'running') ? [drillPart] : []),
      { kind: 'text', spans: [`${statusIcons[status]} `, { bold: title }, ` – ${statusWords[status]}`] },
      {
        kind: 'context',
        spans: [
          ...(automatic ? ['By itself, because its time is over'] : (['Asked by ', author(asked.by)] satisfies Span[])),
          ...(undoes === null ? [] : [`, to take back action ${undoes}`]),
          ...(renews === null ? [] : [`, anew for action ${renews}`]),
          ...(reason === null ? [] : [`: ${shorten(reason, 500)}`]),
        ],
      },
      ...(forced === null
        ? []
        : [
            {
              kind: 'text' as const,
              spans: [
                '🔴 ',
                { bold: 'Break-glass: without an approval' },
                ', by ',
                author(forced.by),
                `: ${shorten(forced.why, 500)}`,
              ] satisfies Span[],
            },
          ]),
      ...(isPending(request) || request.ran === null ? planned(request) : planned(request).slice(0, 1)),
      ...votesOf(request),
      ...(status === 'waiting' ? [...heldParts(incident, request), ...waitingParts(incident, request)] : []),
      ...tickedParts(request),
      ...(status === 'running' ? runningParts(incident, request) : []),
      ...resultParts(incident, request),
      ...endParts(incident, request),
    ],
  }
}

/** The cards of what waits for an approval: who may run it alone, and what holds it up, is another matter in another severity. */
export const waitingCards = (incident: Incident): Message[] =>
  incident.actions.filter(({ status }) => status === 'waiting').map((request) => cardOf(incident, request))

/** The messages that an event of an action changes. */
export const actionMessages = (
  incident: Incident,
  event: Exclude<ActingEvent, { readonly type: 'action-suggested' }>,
  recorded: Recorded,
): readonly Message[] => {
  const request = actionOf(incident, event.action)
  if (request === undefined) return []
  const undone = request.undoes !== null && event.type === 'action-ran' ? actionOf(incident, request.undoes) : undefined
  return [cardOf(incident, request), ...(undone === undefined ? [] : [cardOf(incident, undone)]), ...bell(incident, request, recorded)]
}
