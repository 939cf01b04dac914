/** The window of a maintenance: it begins and ends at times that were said before; its end is a deadline like all others. */
import { author, line } from '../message.ts'
import type { Instant } from '../policy.ts'
import { when } from '../when-shown.ts'
import type { Area } from './area.ts'
import type { DeadlineEvent } from './deadlines.ts'

export type Window = { readonly from: Instant; readonly to: Instant }

export type WindowEvent =
  | { readonly type: 'window-set'; readonly v: 1; readonly from: Instant; readonly to: Instant }
  | { readonly type: 'window-begun'; readonly v: 1 }

/** The timer of its beginning. */
export type WindowIntent = { readonly type: 'window-due' }

export type WindowState = { readonly window: (Window & { readonly begunAt: Instant | null }) | null }

export const noWindow: WindowState = { window: null }

/** The deadline that is the end of a window. */
const clock = 'window'

/** What a record with a window begins with. */
export const opensWindow = ({ from, to }: Window): readonly (WindowEvent | DeadlineEvent)[] => [
  { type: 'window-set', v: 1, from, to },
  { type: 'deadline-set', v: 1, clock, title: 'Maintenance window', from, due: to, until: 'resolved' },
]

export const windowArea: Area<WindowIntent, WindowEvent> = {
  whileOpen: [],
  decide: {
    'window-due': ({ window, stamps }, _intent, { at }) =>
      window !== null && window.begunAt === null && stamps.resolve === null && at >= window.from ? [{ type: 'window-begun', v: 1 }] : [],
  },
  evolve: {
    'window-set': (incident, { from, to }) => ({ ...incident, window: { from, to, begunAt: null } }),
    'window-begun': (incident, _event, { at }) => ({
      ...incident,
      window: incident.window === null ? null : { ...incident.window, begunAt: at },
    }),
  },
  tell: {
    'window-set': ({ from, to }, { zone }) => ({ kind: 'window', text: `Set the window from ${when(from, zone)} to ${when(to, zone)}.` }),
    'window-begun': () => ({ kind: 'window', text: 'The maintenance window began.' }),
  },
  posts: {
    'window-set': (incident, { from, to }, { by }) => {
      const { zone } = incident.policy.calendar
      return [
        line('window', 'Maintenance window', [
          '🛠 ',
          author(by),
          ' plans maintenance from ',
          { time: from, zone },
          ' to ',
          { time: to, zone },
          '.',
        ]),
      ]
    },
    'window-begun': (incident) => {
      const { window, policy } = incident
      const { zone } = policy.calendar
      return [
        line('window:begun', 'The maintenance begins', [
          '▶ The maintenance window begins',
          ...(window === null ? [] : [', until ', { time: window.to, zone }]),
          '. How it goes: ',
          { code: '/incident update <text>' },
          '. Done: ',
          { code: '/incident resolve <summary>' },
        ]),
      ]
    },
  },
  react: (_, { event }, { id }) =>
    event.type === 'window-set'
      ? [{ queue: 'timer', data: { incident: id, window: 'begin', at: event.from }, once: `window:${id}:begin`, startAfter: event.from }]
      : [],
}
