/** What the channel of an incident begins with: who is called, what it is about, and what is to be done first. */
import { checklistParts } from './areas/checklist.ts'
import { linkTo } from './areas/messages.ts'
import type { Recorded } from './events.ts'
import type { Incident } from './incident.ts'
import { kindParts } from './kind-posts.ts'
import { notCalled, pagedNobody, skippedBefore } from './ladder.ts'
import { asking, author, type Message, type Part, type Span } from './message.ts'
import { offeredRunbooks } from './runbook-posts.ts'
import { shorten } from './text.ts'

/** How somebody says that they have noticed. */
export const ackHint = '/incident ack'

/** Whether this is the page that was decided together with the declaration. */
export const isOpeningPage = ({ seq, event }: Recorded) => seq === 2 && event.type === 'escalated' && event.why === 'page'

/** Why it has a severity that nobody chose. */
const guessed = ({ severity, product }: Incident, all: readonly Recorded[]): Part[] => {
  const event = all[0]?.event
  if (event?.type !== 'declared' || event.guessed === undefined) return []
  const { because } = event.guessed
  const why =
    because === null
      ? ` as ${product.name} has it where nobody says; to change it: `
      : ` because of “${shorten(because, 80)}”; nobody chose it. To change it: `
  return [{ kind: 'text', spans: [{ bold: severity }, why, { code: '/incident severity P1..P4' }] }]
}

/** What was described, and the message that it was declared from; what the title says already is not said again. */
const describing = ({ summary, title, policy }: Incident, all: readonly Recorded[]): Part[] => {
  const source = all.find(({ event }) => event.type === 'message-kept' && event.how === 'declared')
  const quote: Part[] = summary === null || summary === title ? [] : [{ kind: 'quote', text: shorten(summary, 1500) }]
  if (source?.event.type !== 'message-kept') return quote
  const { by, occurredAt, event } = source
  return [
    ...quote,
    {
      kind: 'context',
      spans: [
        'Declared from a ',
        { link: linkTo(event), text: 'message' },
        ' of ',
        author(by),
        ', ',
        { time: occurredAt, zone: policy.calendar.zone },
      ],
    },
  ]
}

/** What helps and what is to be done, as far as it is. */
const toDo = (incident: Incident): Part[] => [...offeredRunbooks(incident), ...checklistParts(incident)]

/** The second message of the channel: who is paged, and the severity's checklist (S5). */
export const opening = (incident: Incident, all: readonly Recorded[]): Message => {
  const page = all.find(isOpeningPage)?.event
  const due = incident.response?.due ?? null
  const by: Span[] = due === null ? [] : [' by ', { time: due, zone: incident.policy.calendar.zone }]
  const missed = page?.type === 'escalated' ? notCalled(incident, page.to) : pagedNobody(incident)
  const ask: Span[] =
    missed !== null
      ? [...missed, '\nAcknowledge', ...by, ': ', { code: ackHint }]
      : page?.type === 'escalated'
        ? ['📟 ', { mention: page.to }, ' please acknowledge', ...by, ': ', { code: ackHint }, ...skippedBefore(incident, page.level)]
        : []
  const foreign = describing(incident, all)
  const source = incident.alerts[0]
  const alert: Part[] =
    source === undefined
      ? []
      : [
          {
            kind: 'context',
            spans: [
              `Opened by ${source.source}: `,
              { code: shorten(source.rule, 200) },
              ...(source.url === undefined ? [] : [' · ', { link: source.url, text: 'source' }]),
            ],
          },
        ]
  const none: Part[] = [{ kind: 'text', spans: ['Type ', { code: '/incident help' }, ' for what can be done here.'] }]
  const paged: Part[] = ask.length === 0 ? [] : [{ kind: 'text', spans: ask }]
  const parts = [...kindParts(incident), ...paged, ...guessed(incident, all), ...foreign, ...alert]
  const message: Message = {
    key: 'opening',
    summary: shorten(`${incident.severity} ${incident.product.name}: ${incident.title}`, 150),
    parts,
    grows: (now) => (parts.length === 0 && toDo(now).length === 0 ? none : toDo(now)),
  }
  return paged.length === 0 ? message : asking({ kind: 'clock', clock: 'response', run: incident.response?.run ?? 0 }, message)
}
