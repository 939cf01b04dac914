/** What the kind of a record adds to what is shown of it: that a drill is one, what was planned for a disaster, when a window is. */
import { duration } from './duration.ts'
import type { EventType, Recorded } from './events.ts'
import type { Incident } from './incident.ts'
import { kindWord } from './kinds.ts'
import type { Message, Part, Span } from './message.ts'

const minutes = (count: number): string => duration(count * 60_000)

/** `RTO 1 h · RPO 1 d`; null without objectives. */
const objectives = ({ policy }: Incident): string | null =>
  policy.objectives === undefined ? null : `RTO ${minutes(policy.objectives.rto)} · RPO ${minutes(policy.objectives.rpo)}`

/** The first lines of the opening message. */
export const kindParts = (incident: Incident): Part[] => {
  const { kind } = incident
  const aims = objectives(incident)
  if (kind === 'incident') return []
  if (kind === 'drill')
    return [
      {
        kind: 'text',
        spans: ['🧪 ', { bold: 'This is a drill: nothing real is broken.' }, ' It counts in no metrics.', aims === null ? '' : ` ${aims}.`],
      },
    ]
  if (kind === 'disaster')
    return [
      {
        kind: 'text',
        spans: ['🆘 ', { bold: 'Disaster.' }, aims === null ? ` ${incident.product.name} has no plan for one.` : ` ${aims}.`],
      },
    ]
  return [
    {
      kind: 'text',
      spans: [
        '🛠 Planned work: no response clock runs. How it goes: ',
        { code: '/incident update <text>' },
        '. Done: ',
        { code: '/incident resolve <summary>' },
      ],
    },
  ]
}

/** Fields of the header that only some kinds have. */
export const kindFields = (incident: Incident): { readonly label: string; readonly value: readonly Span[] }[] => {
  const { kind, window, policy } = incident
  const { zone } = policy.calendar
  const aims = objectives(incident)
  const word = kindWord[kind]
  return [
    ...(word === null ? [] : [{ label: 'Kind', value: [{ bold: word }] }]),
    ...(aims === null ? [] : [{ label: 'Objectives', value: [aims] }]),
    ...(window === null
      ? []
      : [{ label: 'Window', value: [{ time: window.from, zone }, ' to ', { time: window.to, zone }] satisfies Span[] }]),
  ]
}

/** Events whose messages call somebody: where it is a drill, each says so before anybody jumps up. */
const calling: ReadonlySet<EventType> = new Set([
  'escalated',
  'clock-warned',
  'clock-breached',
  'lead-wanted',
  'reminded',
  'deadline-set',
  'unanswered',
])

/** A message of a drill. */
export const asDrill = (message: Message, { event }: Recorded): Message => {
  const [first, ...rest] = message.parts
  if (!calling.has(event.type) || first?.kind !== 'text') return message
  return { ...message, summary: `Drill: ${message.summary}`, parts: [{ kind: 'text', spans: ['🧪 Drill: ', ...first.spans] }, ...rest] }
}
