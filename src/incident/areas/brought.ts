/** What comes over from a record that is merged, besides its alerts: how far it was, who does what, what was thought, promised and
 *  written there. The other goes on from all of it. */
import type { ClockRow } from '../compliance.ts'
import { isGraver, running, runOf } from '../clocks.ts'
import type { ClockRun, Incident, Step } from '../incident.ts'
import type { Part as Involved } from '../involved.ts'
import type { Instant } from '../policy.ts'
import type { TimelineEntry } from '../record.ts'
import { metRun, type Shifted } from '../standing.ts'
import { meetDeadlines } from './deadlines.ts'
import type { Hypothesis } from './hypotheses.ts'
import type { Merged } from './merging.ts'
import type { LeftAction } from '../acting/left.ts'
import type { ActionRow } from '../acting/rows.ts'
import { type KeptMessage, sameMessage } from './messages.ts'
import type { RoleState } from './roles.ts'
import { sameTodo, type Todo } from './todos.ts'
import type { Actor } from '../events.ts'

/** A message that was kept, with where the event that kept it stands. */
export type BroughtMessage = KeptMessage & { readonly of: string; readonly seq: number; readonly at: Instant }

export type Brought = Pick<Incident, 'acknowledged' | 'lastUpdate'> & {
  /** When it was acknowledged first; it may have been opened again since. */
  readonly firstAcknowledged: Instant | null
  readonly stamps: Readonly<Record<Extract<Step, 'assess' | 'communicate' | 'mitigate'>, Instant | null>>
  readonly team: RoleState['team']
  /** Who led it, one after the other. */
  readonly leads: readonly string[]
  readonly people: readonly Involved[]
  /** Why its clocks stood at the merge; null when they ran. */
  readonly paused: string | null
  readonly pauses: readonly { readonly from: Instant; readonly to: Instant; readonly why: string; readonly of: string }[]
  /** What was promised and is not due yet. */
  readonly promised: readonly Shifted[]
  /** What came of the promises that are over. */
  readonly clocks: readonly ClockRow[]
  /** Open to-dos and suspicions; as the event has them, numbered as they are here. */
  readonly todos: readonly Todo[]
  readonly hypotheses: readonly Hypothesis[]
  readonly messages: readonly BroughtMessage[]
  /** What became of its actions that were not over, and what can still be taken back; not in what was recorded before it came along. */
  readonly actions?: readonly LeftAction[]
  /** All of its actions as a document shows them, with how far they came until then. */
  readonly actionRows?: readonly ActionRow[]
  /** Its story as it was told then, without the kept messages, which people may still correct. */
  readonly story: readonly TimelineEntry[]
}

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase()

/** Those that nobody here has named; and of those that are suspected here, what rules them out. */
const suspicionsNewHere = ({ hypotheses }: Incident, brings: Brought): Hypothesis[] => {
  const knownAs = ({ text }: Hypothesis) => hypotheses.find((known) => same(known.text, text))
  const fresh = brings.hypotheses.filter((each) => knownAs(each) === undefined)
  return [
    ...brings.hypotheses.flatMap((each) => {
      const known = knownAs(each)
      return known?.ruledOut === null && each.ruledOut !== null ? [{ ...known, ruledOut: each.ruledOut }] : []
    }),
    ...fresh.map((each, index) => ({ ...each, suspect: hypotheses.length + index + 1 })),
  ]
}

/** What of it is new here, with its numbers here. What was promised counts where it is due sooner; not what a graver severity promises:
 *  whether this is as grave, people say. */
export const newHere = (incident: Incident, { severity }: Merged, brings: Brought): Brought => ({
  ...brings,
  todos: brings.todos
    .filter((todo) => !incident.todos.some((known) => known.doneAt === null && sameTodo(known, todo)))
    .map((todo, index) => ({ ...todo, todo: incident.todos.length + index + 1 })),
  hypotheses: suspicionsNewHere(incident, brings),
  messages: brings.messages.filter((message) => !incident.messages.some(sameMessage(message))),
  promised: brings.promised.filter(({ clock, due }) => {
    const run = runOf(incident, clock)
    const answered = clock === 'response' && brings.acknowledged !== null
    return (
      !isGraver(severity, incident.severity) &&
      incident.paused === null &&
      !answered &&
      running(run) &&
      run.breachedAt === null &&
      due < run.due
    )
  }),
})

const earliest = (a: Instant | null, b: Instant | null): Instant | null => (a === null || (b !== null && b < a) ? b : a)

/** When something that was done elsewhere meets these clocks: as it was done, but not before they began; where one ran out because
 *  nobody here knew, only now. */
const metBy = (runs: readonly (ClockRun | null)[], done: Instant, now: Instant): Instant => {
  const open = runs.filter((run): run is ClockRun => run !== null && run.metAt === null)
  if (open.some((run) => run.breachedAt !== null && done < run.breachedAt)) return now
  return open.reduce((at, { startedAt }) => (startedAt > at ? startedAt : at), done)
}

const respond = (incident: Incident, done: Instant, now: Instant): Incident => {
  const { response } = incident
  return response === null ? incident : { ...incident, response: metRun(incident, 'response', response, metBy([response], done, now)) }
}

const meet = (incident: Incident, until: 'update' | 'mitigated', done: Instant, now: Instant): Incident => {
  const waiting = Object.values(incident.deadlines).filter((deadline) => deadline.until === until)
  return meetDeadlines(incident, [until], metBy(waiting, done, now))
}

/** Whether it was mitigated when this one was open, too: an impact that was seen after that is not mitigated. */
export const mitigatedBoth = ({ declaredAt, reopenings }: Incident, { stamps }: Brought): boolean =>
  stamps.mitigate !== null && stamps.mitigate >= (reopenings.at(-1)?.at ?? declaredAt)

/** A promise that is due sooner takes the place of the one here: a run of its own, so that timers of the one before are stale. */
const promise = (incident: Incident, { clock, from, due }: Shifted): Incident => {
  const next = <Run extends ClockRun>(run: Run): Run => ({ ...run, run: run.run + 1, startedAt: from, due, warned: 0 })
  if (clock === 'response' || clock === 'update') {
    const run = incident[clock]
    return run === null ? incident : { ...incident, [clock]: next(run) }
  }
  const deadline = incident.deadlines[clock]
  return deadline === undefined ? incident : { ...incident, deadlines: { ...incident.deadlines, [clock]: next(deadline) } }
}

const acknowledge = (incident: Incident, { acknowledged }: Brought, now: Instant): Incident =>
  acknowledged === null || incident.acknowledged !== null
    ? incident
    : {
        ...respond(incident, acknowledged.at, now),
        acknowledged,
        status: incident.status === 'declared' ? 'acknowledged' : incident.status,
      }

const communicate = (incident: Incident, { stamps, lastUpdate }: Brought, now: Instant): Incident => {
  const told = stamps.communicate === null ? incident : meet(incident, 'update', stamps.communicate, now)
  const newer = lastUpdate !== null && (told.lastUpdate === null || told.lastUpdate.occurredAt < lastUpdate.occurredAt)
  return newer ? { ...told, lastUpdate } : told
}

const mitigate = (incident: Incident, brings: Brought, now: Instant): Incident => {
  const at = brings.stamps.mitigate
  if (at === null || incident.stamps.mitigate !== null || !mitigatedBoth(incident, brings)) return incident
  const mitigated = meet(respond(incident, at, now), 'mitigated', at, now)
  return { ...mitigated, status: 'mitigated', stamps: { ...mitigated.stamps, mitigate: at } }
}

/** The incident going on from what it took over. `lead`: who leads the other. */
export const goingOn = (before: Incident, brings: Brought, lead: Actor | null, now: Instant): Incident => {
  const incident = mitigate(communicate(acknowledge(before, brings, now), brings, now), brings, now)
  const { stamps } = incident
  return brings.promised.reduce<Incident>(promise, {
    ...incident,
    stamps: {
      ...stamps,
      assess: earliest(stamps.assess, brings.stamps.assess),
      communicate: earliest(stamps.communicate, brings.stamps.communicate),
    },
    lead: incident.lead ?? lead,
    team: { ...brings.team, ...incident.team },
    todos: [...incident.todos, ...brings.todos],
    hypotheses: [...new Map([...incident.hypotheses, ...brings.hypotheses].map((each) => [each.suspect, each])).values()],
    messages: [...incident.messages, ...brings.messages.map(({ seq: _seq, at: _at, ...message }) => message)],
  })
}
