/** What of actions waits for somebody: the first that whoever asks what can be done now is told. */
import type { Incident } from '../incident.ts'
import type { Button, Part, Span } from '../message.ts'
import { shorten } from '../text.ts'
import { held, obstacleSpans } from './obstacle.ts'
import type { ActionRequest } from './request.ts'
import { statusIcons, votesMissing } from './words.ts'

/** So many are shown; `/incident status` has all of them. */
const most = 5

const named = ({ action, title, status }: ActionRequest, of = ''): Span[] => [
  `${statusIcons[status]} `,
  { bold: `Action ${action}${of}` },
  ` ${shorten(title, 150)}`,
]

/** How it is approved, or what keeps everybody from that. */
export const approving = (incident: Incident, request: ActionRequest): Span[] => {
  const against = held(incident, request)
  return against === null
    ? [{ code: `/incident approve ${request.action}` }]
    : ['⛔ ', { bold: 'It cannot run now' }, ': ', ...obstacleSpans(against)]
}

const lineOf = (incident: Incident, request: ActionRequest): Span[] => {
  const { action, preview, task } = request
  return task === null
    ? [
        ...named(request),
        ` waits for ${votesMissing(request)}${preview === null ? '' : ` – ${shorten(preview.summary, 300)}`} `,
        ...approving(incident, request),
      ]
    : [...named(request), ` waits for a step by hand – ${shorten(task.text, 300)} `, { code: `/incident tick ${action}` }]
}

/** The steps by hand that wait in a record that was merged into the reader's. */
export const waitingElsewhere = ({ id, actions }: Incident): Part[] => {
  const items = actions
    .filter(({ task }) => task !== null)
    .slice(0, most)
    .map((request): Span[] => [
      ...named(request, ` of ${id}`),
      ` waits for a step by hand – ${shorten(request.task?.text ?? '', 300)} `,
      { code: `/incident tick ${id} ${request.action}` },
    ])
  return items.length === 0 ? [] : [{ kind: 'list', items }]
}

/** Nothing where nothing waits. */
export const waitingActions = (incident: Incident): Part[] => {
  const { id, actions, channel } = incident
  const waiting = actions.filter(({ status, task }) => status === 'waiting' || task !== null).slice(0, most)
  if (waiting.length === 0) return []
  const buttons = waiting.flatMap((request): Button[] => {
    const { action, hash, status } = request
    return status === 'waiting' && held(incident, request) === null
      ? [{ label: `Approve ${action}`, action: 'approve', value: `${id} ${action} ${hash ?? ''}`, style: 'primary' }]
      : []
  })
  return [
    { kind: 'list', items: waiting.map((request) => lineOf(incident, request)) },
    {
      kind: 'context',
      spans: [
        'The card of each says exactly what will happen',
        ...(channel === null ? [] : ([', in ', { channel: channel.id, text: channel.name }] satisfies Span[])),
        '.',
      ],
    },
    ...(buttons.length === 0 ? [] : [{ kind: 'buttons' as const, buttons }]),
  ]
}
