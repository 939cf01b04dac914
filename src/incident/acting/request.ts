/** Requests for actions as a record has them, and the rules that none of them gets around: who may vote, what a vote is bound to, and what
 *  must still be so when it runs (A14). Pure. */
import type { Json, Preview, Ran, Risk } from './action.ts'
import type { CheckResult, Finding } from '../check.ts'
import type { Actor } from '../events.ts'
import type { Incident } from '../incident.ts'
import { samePerson } from '../areas/area.ts'
import { sameContact } from '../areas/paging.ts'
import { isAtTerminal } from '../at-terminal.ts'
import type { Contact, Instant } from '../policy.ts'
import type { Obstacle } from './obstacle.ts'

/** Everything that one person is known by: `person:bea`, `email:bea@example.com`. Two accounts that share one of these are one person. */
export type Identities = readonly string[]

/** Who must agree, as the product has it when the action is asked for. */
export type ApprovalRule = {
  /** How many people besides whoever asked. */
  readonly needed: number
  /** Who may; none named: every member of the workspace. */
  readonly approvers: readonly Contact[]
  /** Minutes for which an approval counts, from the preview on. */
  readonly minutes: number
  /** Minutes without enough approvals after which the lead of a P1 may run it alone; null: never. */
  readonly breakGlassMinutes: number | null
}

/** What is asked for, as the catalogue had it then. */
export type Wanted = {
  /** The key in the product's `service.yml`. */
  readonly key: string
  readonly kind: string
  readonly title: string
  /** As it was typed, `key` by `value`. */
  readonly input: Readonly<Record<string, string>>
  readonly risk: Risk
  readonly target: string
  readonly rule: ApprovalRule
  /** Keys of the checks that are asked before and after. */
  readonly checks: readonly string[]
  /** How long they are repeated after the run, in minutes. */
  readonly watchMinutes: number
  /** Where a person does it by hand, or looks at it. */
  readonly link: string | null
}

export type Vote = { readonly by: Actor; readonly identities: Identities; readonly at: Instant; readonly basis: string }

/** `previewing` and `waiting` come before anybody is asked and while they are; `approved` until it starts; `running` until its end is
 *  recorded; `verifying` while the target is looked at; the rest are ends. */
export type ActionStatus =
  | 'previewing'
  | 'waiting'
  | 'approved'
  | 'running'
  | 'verifying'
  | 'done'
  | 'failed'
  | 'unclear'
  | 'denied'
  | 'withdrawn'
  | 'expired'
  | 'refused'
  | 'closed'

export type ActionRequest = Wanted & {
  /** Its number in the record, from 1. */
  readonly action: number
  readonly reason: string | null
  /** The product's rule of now, where it asks more than the one that it was asked for with, which holds besides; null: it does not. */
  readonly ruleNow: ApprovalRule | null
  readonly asked: { readonly by: Actor; readonly identities: Identities; readonly at: Instant }
  /** The action that it takes back. */
  readonly undoes: number | null
  /** The request that it repeats, because its target had moved. */
  readonly renews: number | null
  /** It takes back what was approved for a time only, and needs nobody's approval again. */
  readonly automatic: boolean
  readonly status: ActionStatus
  readonly preview: Preview | null
  /** Of everything that is approved: product, action, input, plan, state. */
  readonly hash: string | null
  readonly previewedAt: Instant | null
  readonly expires: Instant | null
  readonly before: readonly CheckResult[]
  /** What stood against it when it was previewed; null: nothing. */
  readonly against: Obstacle | null
  readonly votes: readonly Vote[]
  readonly forced: { readonly by: Actor; readonly identities: Identities; readonly at: Instant; readonly why: string } | null
  /** When somebody was last told that nobody has approved it. */
  readonly unansweredAt: Instant | null
  readonly startedAt: Instant | null
  readonly memo: Json
  readonly progress: string | null
  /** What a person has to do now. */
  readonly task: { readonly text: string; readonly link: string | null } | null
  readonly ticks: readonly { readonly by: Actor; readonly at: Instant; readonly text: string }[]
  readonly ran: (Ran & { readonly at: Instant }) | null
  readonly findings: readonly Finding[]
  readonly after: readonly CheckResult[]
  /** Why it came to an end without having run. */
  readonly ended: { readonly at: Instant; readonly by: Actor; readonly why: string } | null
  readonly undoneBy: number | null
}

export type ActingState = {
  readonly actions: readonly ActionRequest[]
  /** Keys of the criteria that were crossed. */
  readonly suggested: readonly string[]
}

/** Before it started: it can still come to nothing. */
export const isPending = ({ status }: Pick<ActionRequest, 'status'>): boolean =>
  status === 'previewing' || status === 'waiting' || status === 'approved'

/** It has started, and what came of it is not recorded yet. */
export const isRunning = ({ status }: Pick<ActionRequest, 'status'>): boolean => status === 'running'

/** By its number. */
export const actionOf = ({ actions }: Pick<ActingState, 'actions'>, number: number): ActionRequest | undefined =>
  actions.find(({ action }) => action === number)

/** What waits for somebody, or runs. */
export const openActions = ({ actions }: Pick<ActingState, 'actions'>): readonly ActionRequest[] =>
  actions.filter((request) => isPending(request) || isRunning(request))

/** Whether these are one person. */
export const sameIdentity = (a: Identities, b: Identities): boolean => a.some((each) => b.includes(each))

/** How many others must approve. */
export const neededOf = ({ rule, ruleNow }: Pick<ActionRequest, 'rule' | 'ruleNow'>): number => Math.max(rule.needed, ruleNow?.needed ?? 0)

/** Whether enough others have approved, each of them once. */
export const isApproved = ({ votes, rule, ruleNow, asked }: ActionRequest): boolean => {
  const distinct = votes.filter(
    ({ identities }, index) =>
      identities.length > 0 &&
      !sameIdentity(identities, asked.identities) &&
      !votes.slice(0, index).some((earlier) => sameIdentity(earlier.identities, identities)),
  )
  return rule.needed > 0 && distinct.length >= neededOf({ rule, ruleNow })
}

/** Whoever has the server may ask there in another's name, and approve it in the chat as themselves: one more must agree then. */
export const ruleFor = (by: Actor, rule: ApprovalRule): ApprovalRule => (isAtTerminal(by) ? { ...rule, needed: rule.needed + 1 } : rule)

const sameApprovers = (a: readonly Contact[], b: readonly Contact[]): boolean =>
  a.length === b.length && a.every((each) => b.some((other) => sameContact(each, other)))

/** Whether both ask the same of people. */
export const sameRule = (a: ApprovalRule | null, b: ApprovalRule | null): boolean =>
  a === null || b === null
    ? a === b
    : a.needed === b.needed && a.breakGlassMinutes === b.breakGlassMinutes && sameApprovers(a.approvers, b.approvers)

/** The product's rule of now as far as it asks more of this request; null: no more. */
export const stricterRule = ({ rule, asked }: Pick<ActionRequest, 'rule' | 'asked'>, now: ApprovalRule): ApprovalRule | null => {
  const all = ruleFor(asked.by, now)
  const others = all.approvers.length > 0 && !sameApprovers(all.approvers, rule.approvers)
  const alone = all.breakGlassMinutes === null && rule.breakGlassMinutes !== null
  return all.needed > rule.needed || others || alone ? all : null
}

/** What the product's rule has against it as it is by now, for the record as it is by now; null: nothing. The rule that it was asked for
 *  with holds besides: a looser one changes nothing. */
export const stricterNow = (request: ActionRequest, now: ApprovalRule): { readonly code: Hindrance; readonly why: string } | null => {
  const { automatic, forced, asked, votes } = request
  if (automatic) return null
  if (forced !== null)
    return now.breakGlassMinutes === null
      ? { code: 'votes', why: 'By the product’s rule of now, nobody may run it without an approval. Ask again.' }
      : null
  const rule = ruleFor(asked.by, now)
  return isApproved({ ...request, rule, ruleNow: null })
    ? null
    : {
        code: 'votes',
        why: `It needs ${rule.needed} approvals by now and has ${votes.length}: the severity, or the product’s rule, is another than when it was asked for. Ask again.`,
      }
}

/** What the record itself ran can be taken back, and nobody has done so. */
export const isUndoable = ({ ran, undoneBy }: ActionRequest): boolean =>
  ran?.outcome === 'done' && ran.undo !== undefined && undoneBy === null

/** Whether the record is over for it. One that was merged still takes back what it ran: no other record knows of that. */
export const isOver = (
  { stamps, mergedInto }: Pick<Incident, 'stamps' | 'mergedInto'>,
  { undoes }: { readonly undoes?: number | null | undefined },
): boolean => stamps.resolve !== null && (mergedInto === null || undoes == null)

/** Planned work has its time, and a drill runs nothing: only what hurts cannot wait. */
const knowsBreakGlass = ({ severity, kind }: Pick<Incident, 'severity' | 'kind'>): boolean =>
  severity === 'P1' && (kind === 'incident' || kind === 'disaster')

/** When the lead of a P1 may run it alone, or null: a whole minute, as people are told it. Others have had that long to answer in a P1: who
 *  raises a severity gains no time by it. */
export const breakGlassAt = (incident: Incident, { previewedAt, rule, ruleNow, automatic }: ActionRequest): Instant | null => {
  if (
    !knowsBreakGlass(incident) ||
    incident.stamps.resolve !== null ||
    automatic ||
    previewedAt === null ||
    rule.breakGlassMinutes === null
  )
    return null
  if (ruleNow?.breakGlassMinutes === null) return null
  const from = Math.max(Date.parse(previewedAt), Date.parse(incident.severitySince))
  return new Date(Math.ceil(from / 60_000 + rule.breakGlassMinutes) * 60_000).toISOString()
}

/** Who may approve it by now; empty: any member of the workspace. */
export const mayApprove = ({ rule, ruleNow }: Pick<ActionRequest, 'rule' | 'ruleNow'>): readonly Contact[] =>
  ruleNow !== null && ruleNow.approvers.length > 0 ? ruleNow.approvers : rule.approvers

/** Whether the lead was told that nobody has approved it, since the record has the severity that it has. */
export const isUnanswered = ({ severitySince }: Pick<Incident, 'severitySince'>, { unansweredAt }: ActionRequest): boolean =>
  unansweredAt !== null && unansweredAt >= severitySince

/** Why an action is not started although it was approved. `moved`: its target is not as it was when it was approved. */
export const hindrances = ['expired', 'votes', 'record', 'moved', 'role', 'locked', 'busy', 'frozen', 'cap', 'unable'] as const
export type Hindrance = (typeof hindrances)[number]

/** Whether what this takes back was taken back meanwhile, or is being taken back by another request. */
const isTakenBack = ({ actions }: ActingState, { action, undoes }: ActionRequest): boolean =>
  undoes !== null &&
  (actionOf({ actions }, undoes)?.undoneBy !== null ||
    actions.some((other) => other.action !== action && other.undoes === undoes && isRunning(other)))

/** What the record itself has against the start of an action now; null: nothing. */
export const hindranceIn = (
  incident: Incident,
  request: ActionRequest,
  at: Instant,
): { readonly code: Hindrance; readonly why: string } | null => {
  const { automatic, forced, expires, hash, preview } = request
  if (preview === null || hash === null || expires === null) return { code: 'votes', why: 'It was never previewed.' }
  if (isTakenBack(incident, request)) return { code: 'unable', why: `Action ${request.undoes} was taken back already.` }
  // What was approved for a time ends, whatever has become of the record meanwhile.
  if (automatic) return null
  if (incident.mergedInto !== null && isOver(incident, request))
    return { code: 'record', why: `${incident.id} was merged into ${incident.mergedInto}.` }
  if (isOver(incident, request)) return { code: 'record', why: `${incident.id} is closed.` }
  if (at >= expires) return { code: 'expired', why: 'The time for it was over.' }
  if (forced !== null && !knowsBreakGlass(incident)) return { code: 'votes', why: 'Only in a P1 the lead may do without an approval.' }
  if (forced !== null)
    return samePerson(incident.lead, forced.by) ? null : { code: 'role', why: 'Whoever wanted to run it alone does not lead any more.' }
  return isApproved(request) ? null : { code: 'votes', why: 'Not enough people have approved it.' }
}
