/** Watches: a check asked again and again, posted only when it changes. Each ends by itself. */
import { addHours } from 'date-fns/addHours'
import { beyond } from '../amount.ts'
import { type CheckResult, kept } from '../check.ts'
import { gist, statusIcon } from '../check-report.ts'
import { changeWords, compare } from '../compare.ts'
import type { Actor } from '../events.ts'
import type { Incident } from '../incident.ts'
import { author, line, type Message, type Span } from '../message.ts'
import type { Instant } from '../policy.ts'
import { refuse } from '../refusals.ts'
import { shorten } from '../text.ts'
import type { Area } from './area.ts'
import type { AskedCheck } from './checking.ts'

/** Why a watch ended: somebody said so, the record is resolved, it was a day, the product has no such check any more. */
type Ending = 'asked' | 'resolved' | 'time' | 'gone'

export type WatchingEvent =
  | (AskedCheck & {
      readonly type: 'watch-started'
      readonly v: 1
      readonly watch: number
      readonly minutes: number
      readonly until: Instant
      readonly words?: Readonly<Record<string, string>>
    })
  /** The first answer, or one that differs from the one before. */
  | { readonly type: 'watch-changed'; readonly v: 1; readonly watch: number; readonly result: CheckResult }
  | { readonly type: 'watch-stopped'; readonly v: 1; readonly watches: readonly number[]; readonly why: Ending }

export type WatchingIntent =
  | (AskedCheck & { readonly type: 'start-watch'; readonly minutes: number; readonly words: Readonly<Record<string, string>> })
  | { readonly type: 'answer-watch'; readonly watch: number; readonly result: CheckResult }
  /** `check`: null for all of them. */
  | { readonly type: 'stop-watch'; readonly check: string | null }
  | { readonly type: 'end-watch'; readonly watch: number; readonly why: Ending }

export type Watch = AskedCheck & {
  readonly watch: number
  readonly minutes: number
  readonly until: Instant
  readonly words: Readonly<Record<string, string>>
  readonly by: Actor
  readonly first: CheckResult | null
  /** What it answered before the last change. */
  readonly previous: CheckResult | null
  readonly last: CheckResult | null
  readonly stopped: Ending | null
}

export type WatchingState = { readonly watches: readonly Watch[] }

export const noWatches: WatchingState = { watches: [] }

/** More at a time would be a monitor. */
const mostWatches = 5
const longestHours = 24

/** The watches that go on. */
export const watching = ({ watches }: WatchingState): readonly Watch[] => watches.filter(({ stopped }) => stopped === null)

const passed = ({ measurements }: CheckResult): string =>
  measurements
    .filter(beyond)
    .map(({ name }) => name)
    .toSorted()
    .join('\n')

/** Whether somebody wants to know of it: another status, or another limit passed. */
export const isChange = (before: CheckResult | null, after: CheckResult): boolean =>
  before === null || before.status !== after.status || passed(before) !== passed(after)

const endingWord: Readonly<Record<Ending, string>> = {
  asked: 'stopped',
  resolved: 'over, with the record',
  time: `over, after ${longestHours} h`,
  gone: 'over: the product has no such check any more',
}

/** Who watches what, and what it said first: one message, edited in place. */
const watchMessage = (incident: Incident, watch: Watch): Message => {
  const { first } = watch
  const { zone } = incident.policy.calendar
  const state: Span[] =
    watch.stopped === null
      ? [` every ${watch.minutes} min, until `, { time: watch.until, zone }, ' or the resolution. Each change is posted.']
      : [`: ${endingWord[watch.stopped]}.`]
  const now: Span[] = first === null ? [] : [`\nAt first: ${statusIcon[first.status]} ${gist(first)}`]
  return line(`watch:${watch.watch}`, `Watching ${watch.title}`, [
    '👁 ',
    author(watch.by),
    ' watches ',
    { bold: watch.title },
    ...state,
    ...now,
  ])
}

const changeMessage = ({ watch, title, previous }: Watch, result: CheckResult, seq: number): Message => {
  const [change] = compare(previous === null ? [] : [previous], [result])
  const numbers = shorten((change?.measurements ?? []).map(changeWords).join(' · '), 400)
  const icons =
    previous === null || previous.status === result.status
      ? statusIcon[result.status]
      : `${statusIcon[previous.status]} → ${statusIcon[result.status]}`
  return line(`watch:${watch}:${seq}`, shorten(`${title} is ${result.status} now`, 150), [
    `👁 ${icons} `,
    { bold: title },
    ` ${gist(result)}`,
    ...(numbers === '' ? [] : [`\n${numbers}`]),
    ...(result.link === undefined ? [] : ([' · ', { link: result.link, text: 'dashboard' }] satisfies Span[])),
  ])
}

/** What ends all of them. */
export const watchesEnd = (incident: Incident, why: Ending): readonly (WatchingEvent & { type: 'watch-stopped' })[] => {
  const watches = watching(incident).map(({ watch }) => watch)
  return watches.length === 0 ? [] : [{ type: 'watch-stopped', v: 1, watches, why }]
}

const change = (incident: Incident, number: number, to: (watch: Watch) => Watch): Incident => ({
  ...incident,
  watches: incident.watches.map((watch) => (watch.watch === number ? to(watch) : watch)),
})

export const watchingArea: Area<WatchingIntent, WatchingEvent> = {
  whileOpen: ['start-watch'],
  decide: {
    'start-watch': (incident, { check, kind, title, minutes, words }, { at }) => {
      const present = watching(incident)
      const same = present.find((watch) => watch.check === check && JSON.stringify(watch.words) === JSON.stringify(words))
      if (same !== undefined) return refuse('is_watched', { check, minutes: same.minutes })
      if (present.length >= mostWatches)
        return refuse('too_many_watches', { most: mostWatches, known: present.map((watch) => watch.check).join(', ') })
      const until = addHours(at, longestHours).toISOString()
      const watch = incident.watches.length + 1
      return [
        { type: 'watch-started', v: 1, watch, check, kind, title, minutes, until, ...(Object.keys(words).length === 0 ? {} : { words }) },
      ]
    },
    'answer-watch': (incident, { watch: number, result }) => {
      const watch = watching(incident).find((each) => each.watch === number)
      return watch === undefined || !isChange(watch.last, result)
        ? []
        : [{ type: 'watch-changed', v: 1, watch: number, result: kept(result) }]
    },
    'stop-watch': (incident, { check }) => {
      const present = watching(incident)
      const meant = check === null ? present : present.filter((watch) => watch.check === check)
      return meant.length === 0
        ? refuse('not_watched', { check, known: present.map((watch) => watch.check).join(', ') })
        : [{ type: 'watch-stopped', v: 1, watches: meant.map(({ watch }) => watch), why: 'asked' }]
    },
    'end-watch': (incident, { watch: number, why }) =>
      watching(incident).some(({ watch }) => watch === number) ? [{ type: 'watch-stopped', v: 1, watches: [number], why }] : [],
  },
  evolve: {
    'watch-started': (incident, { watch, check, kind, title, minutes, until, words = {} }, { by }) => ({
      ...incident,
      watches: [
        ...incident.watches,
        { watch, check, kind, title, minutes, until, words, by, first: null, previous: null, last: null, stopped: null },
      ],
    }),
    'watch-changed': (incident, { watch, result }) =>
      change(incident, watch, (each) => ({ ...each, first: each.first ?? result, previous: each.last, last: result })),
    'watch-stopped': (incident, { watches, why }) => ({
      ...incident,
      watches: incident.watches.map((each) => (watches.includes(each.watch) ? { ...each, stopped: why } : each)),
    }),
  },
  tell: {
    'watch-started': ({ title, minutes }) => ({ kind: 'check', text: `Began to watch ${title}, every ${minutes} min.` }),
    'watch-changed': ({ watch, result }, { events, seq }) => {
      const before = events.findLast(({ seq: at, event }) => at < seq && event.type === 'watch-changed' && event.watch === watch)?.event
      // The first answer is no change.
      if (before?.type !== 'watch-changed') return null
      const was =
        before.result.status === result.status ? `is still ${result.status}` : `went from ${before.result.status} to ${result.status}`
      return { kind: 'check', text: `${result.title} ${was}: ${gist(result)}` }
    },
    'watch-stopped': () => null,
  },
  posts: {
    'watch-started': (incident, { watch: number }) =>
      incident.watches.filter(({ watch }) => watch === number).map((watch) => watchMessage(incident, watch)),
    'watch-changed': (incident, { watch: number, result }, { seq }) =>
      incident.watches
        .filter(({ watch }) => watch === number)
        .map((watch) => (watch.previous === null ? watchMessage(incident, watch) : changeMessage(watch, result, seq))),
    'watch-stopped': (incident, { watches }) =>
      incident.watches.filter(({ watch }) => watches.includes(watch)).map((watch) => watchMessage(incident, watch)),
  },
  react: (_, { event }, { id }) =>
    event.type === 'watch-started'
      ? [{ queue: 'watch', data: { incident: id, watch: event.watch }, once: `watch:${id}:${event.watch}` }]
      : [],
}
