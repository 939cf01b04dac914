/** Everybody on the ladder was called, and nobody has acknowledged: the channel says so, and they are called again some times. */
import { addMinutes } from 'date-fns/addMinutes'
import type { Incident } from '../incident.ts'
import { ladderSpent } from '../ladder.ts'
import { line, type Part, type Span, asking } from '../message.ts'
import { type Contact, type Instant, mentionable, reachable } from '../policy.ts'
import type { Job } from '../react.ts'
import type { Area } from './area.ts'
import { sameContact, withCall } from './paging.ts'
import { settled } from './pausing.ts'

/** The `round`-th time in this run of the response clock that all of the ladder are called together. */
export type UnansweredEvent = {
  readonly type: 'unanswered'
  readonly v: 1
  readonly run: number
  readonly round: number
  readonly to: readonly Contact[]
}

export type UnansweredIntent = { readonly type: 'unanswered-due'; readonly run: number; readonly round: number }

export type UnansweredState = { readonly unanswered: { readonly run: number; readonly round: number; readonly at: Instant } | null }

export const neverUnanswered: UnansweredState = { unanswered: null }

/** How often all of them are called together before the bot stops: who has not heard it by then does not hear a mention. */
const mostRounds = 3

/** At most so many calls are listed. */
const mostListed = 8

const roundsOf = ({ unanswered }: Incident, run: number): number => (unanswered?.run === run ? unanswered.round : 0)

/** The next round, a whole pause of the ladder from now. */
const nextRound = (incident: Incident, seq: number, at: Instant): Job[] => {
  const run = incident.response?.run ?? 0
  const round = roundsOf(incident, run) + 1
  if (!ladderSpent(incident) || round > mostRounds) return []
  const due = addMinutes(at, incident.policy.escalateEvery).toISOString()
  return [
    {
      queue: 'timer',
      data: { incident: incident.id, unanswered: round, run, at: due },
      once: `unanswered:${incident.id}:${run}:${round}:${seq}`,
      startAfter: due,
    },
  ]
}

/** Whether nobody answers a ladder that has ended. */
export const isUnanswered = (incident: Incident): boolean =>
  ladderSpent(incident) && incident.unanswered !== null && incident.unanswered.run === incident.response?.run

/** That nobody answers, for the header and the announcement; null while that is not so. Names, not mentions: it calls nobody. */
export const nobodyAnswers = (incident: Incident): readonly Span[] | null =>
  isUnanswered(incident) && incident.unanswered !== null
    ? [
        `⚠ Nobody has acknowledged. Everybody on the ladder was called, last `,
        { time: incident.unanswered.at, zone: incident.policy.calendar.zone },
        '. Take it on: ',
        { code: `/incident ack ${incident.id}` },
      ]
    : null

/** Who was called since this run of the clock began, each with the first time. */
const calledSince = (incident: Incident): { readonly to: Contact; readonly at: Instant }[] => {
  const { response, calls } = incident
  const from = response?.begunAt ?? response?.startedAt ?? incident.declaredAt
  const since = calls.filter(({ at, to }) => at >= from && mentionable(to))
  return since.filter(({ to }, index) => since.findIndex((call) => sameContact(call.to, to)) === index).slice(0, mostListed)
}

const spaced = (spans: readonly (readonly Span[])[], between: string): Span[] =>
  spans.flatMap((each, index): Span[] => (index === 0 ? [...each] : [between, ...each]))

const buttons = ({ id }: Incident): Part => ({
  kind: 'buttons',
  buttons: [
    { label: 'Acknowledge', action: 'ack', value: id, style: 'primary' },
    { label: 'Take the lead', action: 'role', value: `${id} lead` },
  ],
})

export const unansweredArea: Area<UnansweredIntent, UnansweredEvent> = {
  whileOpen: ['unanswered-due'],
  decide: {
    'unanswered-due': (incident, { run, round }, { at }) =>
      incident.paused === null &&
      settled(incident, at) &&
      ladderSpent(incident) &&
      incident.response?.run === run &&
      round <= mostRounds &&
      roundsOf(incident, run) + 1 === round
        ? [{ type: 'unanswered', v: 1, run, round, to: incident.policy.ladder.filter(mentionable) }]
        : [],
  },
  evolve: {
    unanswered: (incident, { run, round, to }, { at }) => ({
      ...to.reduce<Incident>((now, contact) => withCall(now, contact, at, false), incident),
      unanswered: { run, round, at },
    }),
  },
  tell: {
    unanswered: ({ round, to }) => ({
      kind: 'escalation',
      text: `Nobody on the ladder had acknowledged: called ${to.map(({ name }) => name).join(', ')} again${
        round < mostRounds ? '.' : ', for the last time.'
      }`,
    }),
  },
  posts: {
    unanswered: (incident, { run, round, to }, { at }) => {
      const { zone } = incident.policy.calendar
      // Those whom this round calls were called before it.
      const before = { ...incident, calls: incident.calls.slice(0, incident.calls.length - to.length) }
      const phones = incident.policy.ladder.filter((contact) => !mentionable(contact) && reachable(contact))
      const first: Span[] = [
        '⚠ ',
        { bold: `Everybody on the ladder of ${incident.id} was called, and nobody has acknowledged` },
        ': ',
        ...spaced(
          calledSince(before).map((call): Span[] => [{ mention: call.to }, ' at ', { time: call.at, zone }]),
          ', ',
        ),
        '.',
      ]
      const again: Span[] = [
        '⚠ ',
        ...spaced(
          to.map((mention): Span[] => [{ mention }]),
          ' ',
        ),
        ` nobody has acknowledged ${incident.id} yet.`,
      ]
      const left = mostRounds - round
      return [
        asking(
          { kind: 'clock', clock: 'response', run },
          line(
            `unanswered:${run}:${round}`,
            `Nobody has acknowledged ${incident.id}`,
            [
              ...(round === 1 ? first : again),
              '\nTake it on: ',
              { code: '/incident ack' },
              ', or call somebody who is not on the ladder: ',
              { code: '/incident page @user' },
              '.',
              ...(phones.length === 0
                ? []
                : ([
                    '\nThe bot cannot telephone. Please do: ',
                    ...spaced(
                      phones.map((mention): Span[] => [{ mention }]),
                      ', ',
                    ),
                    '.',
                  ] as Span[])),
            ],
            [
              buttons(incident),
              {
                kind: 'context',
                spans:
                  left === 0
                    ? ['The bot calls nobody again by itself.']
                    : ['They are called again at ', { time: addMinutes(at, incident.policy.escalateEvery).toISOString(), zone }, '.'],
              },
            ],
          ),
        ),
      ]
    },
  },
  react: (before, { event, seq, at }, after) => {
    const spent = !ladderSpent(before) || before.response?.run !== after.response?.run
    return spent || event.type === 'unanswered' || event.type === 'resumed' ? nextRound(after, seq, at) : []
  },
}
