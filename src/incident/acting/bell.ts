/** What is said of an action in a message of its own: an edited card rings no bell. */
import { samePerson } from '../areas/area.ts'
import type { Recorded } from '../events.ts'
import type { Incident } from '../incident.ts'
import { author, type Button, type Message, type Span } from '../message.ts'
import { shorten } from '../text.ts'
import type { Suggestion } from './events.ts'
import { askedElsewhere } from './left.ts'
import { type ActionRequest, isOver, mayApprove } from './request.ts'
import { votesMissing } from './words.ts'

/** The way for the lead of a P1 whom nobody answers; the reason is asked for in a form. */
export const alone = ({ id }: Incident, { action, hash }: ActionRequest): Button => ({
  label: 'Run alone',
  action: 'break-glass',
  value: `${id} ${action} ${hash ?? ''}`,
  style: 'danger',
})

const namedOf = ({ action, title }: ActionRequest): string => `action ${action}, “${shorten(title, 80)}”,`
const calledOf = (request: ActionRequest): string => namedOf(request).replace(/^a/, 'A')

/** A text as a sentence that others follow. */
const ended = (text: string): string => shorten(text, 600).replace(/[^.!?…]$/, '$&.')

/** How it is asked for anew, as far as it can be: in what is over nothing is asked for, and what was merged goes on elsewhere. */
const anew = (incident: Incident, request: ActionRequest): readonly Span[] => {
  if (!isOver(incident, request)) return ['To ask for it anew: ', { code: `/incident run again ${request.action}` }, '.']
  const { mergedInto, mergedWhere } = incident
  const typed = askedElsewhere(request)
  if (mergedInto === null || typed === null) return []
  const where: Span[] = mergedWhere === null ? [] : [' ', { channel: mergedWhere.id, text: mergedWhere.name }]
  return ['To ask for it anew, in ', { bold: mergedInto }, ...where, ': ', { code: typed }, '.']
}

/** What rings a bell besides the card. */
export const bell = (incident: Incident, request: ActionRequest, { event, seq }: Recorded): Message[] => {
  const { action, asked, automatic } = request
  const asker = automatic || asked.by.kind !== 'person' ? incident.lead : asked.by
  // Whoever leads is named in what is said of that.
  const namesLead = event.type === 'action-unanswered' || event.type === 'action-forced'
  const who = asker === null || (namesLead && samePerson(asker, incident.lead)) ? [] : [author(asker)]
  const say = (summary: string, more: readonly Span[] = [], buttons: readonly Button[] = []): Message[] => [
    {
      key: `action-news:${seq}`,
      summary: shorten(summary, 150),
      parts: [
        { kind: 'text', spans: [...who, who.length === 0 ? '' : ' ', { bold: summary }, ' ', ...more] },
        ...(buttons.length === 0 ? [] : [{ kind: 'buttons' as const, buttons }]),
      ],
    },
  ]
  const again = anew(incident, request)
  if (event.type === 'action-ran' && event.ran.outcome === 'failed')
    return say(`${calledOf(request)} failed.`, [`${ended(event.ran.text)} It is not tried again by itself. `, ...again])
  if (event.type === 'action-ran' && event.ran.outcome === 'unclear')
    return say(`Nobody can tell whether ${namedOf(request)} was done.`, [
      `${ended(event.ran.text)} It is not repeated: look at ${request.target} first. `,
      ...(request.link === null ? [] : ([{ link: request.link, text: 'Open it' }, '. '] satisfies Span[])),
      ...again,
    ])
  if (event.type === 'action-refused')
    return say(`${calledOf(request)} was not run.`, [
      // What is typed for that follows.
      `${ended(event.why.replace(/ Ask again\.$/, ''))} `,
      ...(event.code === 'moved' ? ['The bot asks for it anew, as it is now; that needs an approval of its own.'] : again),
    ])
  if (event.type === 'action-verified' && event.last && event.findings.some(({ status }) => status === 'fail'))
    return say(`${calledOf(request)} ran, and it is not as it should be.`, [
      ...event.findings.map(({ text }) => `${ended(text)} `),
      ...(request.ran?.outcome === 'done' && request.ran.undo !== undefined
        ? (['To take it back: ', { code: `/incident undo ${action}` }, '.'] satisfies Span[])
        : [
            request.preview === null || request.preview.reversible === null
              ? 'It cannot be taken back.'
              : `It cannot be taken back from here, but by ${ended(request.preview.reversible)}`,
          ]),
    ])
  if (event.type === 'action-held' && event.against === null && request.status === 'waiting')
    return say(
      `${calledOf(request)} can be approved now: what stood against it has passed.`,
      [
        `It needs ${votesMissing(request)}. `,
        ...mayApprove(request).flatMap((contact): Span[] => [{ mention: contact }, ' ']),
        { code: `/incident approve ${action}` },
      ],
      [{ label: 'Approve', action: 'approve', value: `${incident.id} ${action} ${request.hash ?? ''}`, style: 'primary' }],
    )
  if (event.type === 'action-forced' && request.forced !== null)
    return say(`🔴 ${calledOf(request)} goes on without an approval.`, [
      'Break-glass by ',
      author(request.forced.by),
      `, who leads: ${ended(event.why)} `,
      ...(request.preview === null ? [] : [`What it does: ${ended(request.preview.summary)} `]),
      'Somebody else is to review it.',
    ])
  if (event.type === 'action-unanswered')
    return say(
      `Nobody has approved action ${action} yet.`,
      [
        ...(incident.lead === null
          ? ['Whoever takes the lead (', { code: '/incident role lead' }, ')']
          : [author(incident.lead), ', who leads,']),
        ' may run it alone now, with a reason: ',
        { code: `/incident break-glass ${action} <why>` },
      ],
      [alone(incident, request)],
    )
  return []
}

/** That it is time to think of an action. */
export const suggestionMessage = ({ id }: Incident, { criterion, title, measured, suggests }: Suggestion): Message => {
  const summary = shorten(`Consider ${suggests}: ${title}`, 150)
  return {
    key: `suggestion:${criterion}`,
    summary,
    parts: [
      { kind: 'text', spans: ['💡 ', { bold: summary }, ` – ${shorten(measured, 200)}.`] },
      { kind: 'buttons', buttons: [{ label: shorten(`Ask for ${suggests}`, 75), action: 'run', value: `${id} ${suggests}` }] },
    ],
  }
}
