/** "Remind me later": the update clock says nothing until then. What was promised does not move, and a breach is one on time; it is
 *  only not posted while somebody has said that they know. */
import { addMinutes } from 'date-fns/addMinutes'
import { running } from '../clocks.ts'
import type { Incident } from '../incident.ts'
import { author, line, type Part, asking } from '../message.ts'
import type { Instant } from '../policy.ts'
import { refuse } from '../refusals.ts'
import type { Area } from './area.ts'

export type SnoozeEvent =
  | { readonly type: 'snoozed'; readonly v: 1; readonly run: number; readonly until: Instant }
  | { readonly type: 'reminded'; readonly v: 1; readonly run: number; readonly due: Instant }

export type SnoozeIntent =
  | { readonly type: 'snooze'; readonly minutes: number }
  | { readonly type: 'snooze-due'; readonly run: number; readonly until: Instant }

export type SnoozeState = { readonly snoozed: { readonly run: number; readonly until: Instant; readonly reminded: boolean } | null }

export const noSnooze: SnoozeState = { snoozed: null }

/** Whether what this run of the update clock has to say at `point` is held: the reminder stands for it, also where the timer of one
 *  is later than that of the other. */
export const held = ({ snoozed }: SnoozeState, run: number, point: Instant): boolean =>
  snoozed !== null && snoozed.run === run && point < snoozed.until

/** What can be done about an update that is due. */
export const updateButtons = ({ id }: Pick<Incident, 'id'>): Part => ({
  kind: 'buttons',
  buttons: [
    { label: 'Post update', action: 'update', value: id, style: 'primary' },
    { label: 'Remind me in 15 min', action: 'snooze', value: id },
  ],
})

export const snoozeArea: Area<SnoozeIntent, SnoozeEvent> = {
  whileOpen: ['snooze'],
  decide: {
    snooze: ({ id, update, paused }, { minutes }, { at }) =>
      !running(update) || paused !== null
        ? refuse('no_update_due', { id })
        : [{ type: 'snoozed', v: 1, run: update.run, until: addMinutes(at, minutes).toISOString() }],
    'snooze-due': ({ update, paused, snoozed }, { run, until }, { at }) =>
      running(update) &&
      update.run === run &&
      paused === null &&
      snoozed?.run === run &&
      snoozed.until === until &&
      !snoozed.reminded &&
      at >= until
        ? [{ type: 'reminded', v: 1, run, due: update.due }]
        : [],
  },
  evolve: {
    snoozed: (incident, { run, until }) => ({ ...incident, snoozed: { run, until, reminded: false } }),
    reminded: (incident) => ({ ...incident, snoozed: incident.snoozed && { ...incident.snoozed, reminded: true } }),
  },
  tell: { snoozed: () => null, reminded: () => null },
  posts: {
    snoozed: ({ policy, update }, { run, until }, { by }) => [
      line(`snooze:${run}`, 'Reminded later', [
        '💤 ',
        author(by),
        ' will be reminded of the update at ',
        { time: until, zone: policy.calendar.zone },
        ...(update === null || update.due === null ? [] : ['. It stays due ', { time: update.due, zone: policy.calendar.zone }]),
        '.',
      ]),
    ],
    reminded: (incident, { run, due }, { seq, at }) => {
      const { zone } = incident.policy.calendar
      const who = incident.lead === null ? [] : [author(incident.lead), ' ']
      return [
        asking(
          { kind: 'clock', clock: 'update', run },
          line(
            `reminded:${seq}`,
            'A status update is due',
            [
              '🔔 ',
              ...who,
              `Status update ${at < due ? 'due' : 'overdue since'} `,
              { time: due, zone },
              ': ',
              { code: '/incident update <text>' },
            ],
            [updateButtons(incident)],
          ),
        ),
      ]
    },
  },
  react: (_, { event }, { id }) =>
    event.type === 'snoozed'
      ? [
          {
            queue: 'timer',
            data: { incident: id, snooze: event.until, run: event.run, at: event.until },
            once: `snooze:${id}:${event.run}:${event.until}`,
            startAfter: event.until,
          },
        ]
      : [],
}
