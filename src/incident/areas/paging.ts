/** Somebody is called by hand: the next of the ladder, or whoever is named; and the next is called where one cannot be reached. What
 *  the clocks call by themselves is told by the core. */
import { addMinutes } from 'date-fns/addMinutes'
import { running } from '../clocks.ts'
import type { Incident } from '../incident.ts'
import { notReached } from '../ladder.ts'
import { author, line, type Span, asking } from '../message.ts'
import { type Contact, type Instant, mentionable } from '../policy.ts'
import { refuse } from '../refusals.ts'
import { keepLine, shorten } from '../text.ts'
import { isRefusal, optional } from '../written.ts'
import type { Area } from './area.ts'

export type PagingEvent = {
  readonly type: 'paged'
  readonly v: 1
  readonly to: Contact
  readonly why: string | null
  /** The step of the ladder; null for somebody who was named. */
  readonly level: number | null
  /** The run of the response clock, 0 without one. */
  readonly run: number
}

export type PagingIntent =
  /** `to`: null for the next of the ladder. */
  | { readonly type: 'page'; readonly to: Contact | null; readonly why: string | null }
  /** Whoever stands at this step of the ladder cannot be reached. */
  | { readonly type: 'call-missed'; readonly level: number; readonly run: number; readonly reason: string }

/** Everybody who was called, by hand or by a clock, oldest first. */
export type PagingState = { readonly calls: readonly { readonly to: Contact; readonly at: Instant; readonly byHand: boolean }[] }

export const noPaging: PagingState = { calls: [] }

/** Who was just called is not called again for so long: the second page says nothing that the first did not. */
const againMinutes = 5

/** The longest reason that a machine gives. */
const longestReason = 300

/** Whether both stand for the same person or group. */
export const sameContact = (a: Contact, b: Contact): boolean => {
  const same = (one: string | undefined, other: string | undefined) =>
    one !== undefined && other !== undefined && one.toLowerCase() === other.toLowerCase()
  return (
    same(a.slackUser, b.slackUser) ||
    same(a.slackGroup, b.slackGroup) ||
    same(a.email, b.email) ||
    same(a.phone, b.phone) ||
    (!mentionable(a) && !mentionable(b) && same(a.name, b.name))
  )
}

/** The incident after somebody was called. */
export const withCall = (incident: Incident, to: Contact, at: Instant, byHand: boolean): Incident => ({
  ...incident,
  calls: [...incident.calls, { to, at, byHand }],
})

const next = (incident: Incident): { level: number; to: Contact } | null => {
  const level = incident.escalation + 1
  const to = incident.policy.ladder[level]
  return to === undefined ? null : { level, to }
}

export const pagingArea: Area<PagingIntent, PagingEvent> = {
  whileOpen: ['page', 'call-missed'],
  decide: {
    page: (incident, { to: wanted, why: words }, { at }) => {
      const why = optional('why', words)
      if (isRefusal(why)) return why
      const step = next(incident)
      const to = wanted ?? step?.to
      if (to === undefined)
        return refuse('ladder_ends', { id: incident.id, names: incident.policy.ladder.map(({ name }) => name).join(', ') })
      const last = incident.calls.findLast((call) => sameContact(call.to, to))
      if (last !== undefined && at < addMinutes(last.at, againMinutes).toISOString())
        return refuse('already_paged', { name: to.name, at: last.at, minutes: againMinutes })
      // Who is named and would be next is next: the clock goes on behind them.
      const level = step !== null && sameContact(step.to, to) ? step.level : null
      return [{ type: 'paged', v: 1, to, why, level, run: incident.response?.run ?? 0 }]
    },
    'call-missed': (incident, { level, run, reason }) => {
      const waiting = (running(incident.response) && incident.response.run === run) || incident.calls.at(-1)?.byHand === true
      const missed = incident.policy.ladder[level]
      const step = next(incident)
      // Somebody further up was called meanwhile, or nobody is needed any more.
      if (!waiting || incident.escalation !== level || missed === undefined || step === null) return []
      const why = `${missed.name} cannot be reached: ${shorten(keepLine(reason), longestReason)}`
      return [{ type: 'paged', v: 1, to: step.to, why, level: step.level, run }]
    },
  },
  evolve: {
    paged: (incident, { to, level }, { at, by }) =>
      withCall({ ...incident, escalation: Math.max(incident.escalation, level ?? -1) }, to, at, by.kind === 'person'),
  },
  tell: {
    paged: ({ to, why }) => ({
      kind: 'escalation',
      text: `${mentionable(to) ? `Paged ${to.name}` : `Named ${to.name} in the channel; the bot could reach nobody there`}${why === null ? '.' : `: ${why}`}`,
    }),
  },
  posts: {
    paged: (incident, { to, why, run }, { seq, by }) => {
      const missed = notReached(incident, to)
      const asked: Span[] = by.kind === 'person' ? [' Asked by ', author(by), '.'] : [' Acknowledge: ', { code: '/incident ack' }, '.']
      const reason = why === null ? '.' : `: ${why}${/[.!?…]$/.test(why) ? '' : '.'}`
      const message = line(
        `paged:${seq}`,
        missed === null ? `${to.name} is called to ${incident.id}` : `${to.name} was not called`,
        missed === null
          ? ['📟 ', { mention: to }, ` you are needed in ${incident.id}${reason}`, ...asked]
          : [...missed, ...(why === null ? [] : [`\nWhy${reason}`]), ...asked],
      )
      // Whom a person calls is needed also when somebody else has acknowledged.
      return [by.kind === 'person' ? message : asking({ kind: 'clock', clock: 'response', run }, message)]
    },
  },
  react: (_, { event, at }, after) => {
    if (event.type !== 'paged' || event.level === null || after.policy.ladder[event.level + 1] === undefined) return []
    // Before the clock has run out, its breach calls the next; after that, silence does.
    if (!running(after.response) || after.response.breachedAt === null) return []
    const due = addMinutes(at, after.policy.escalateEvery).toISOString()
    return [
      {
        queue: 'timer',
        data: { incident: after.id, escalation: event.level + 1, run: event.run, at: due },
        once: `escalation:${after.id}:${event.run}:${event.level + 1}`,
        startAfter: due,
      },
    ]
  },
}
