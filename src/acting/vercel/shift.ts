/** Points production's domains to another deployment, by rollback or by promotion: asked for once, then watched until traffic has moved. */
import { z } from 'zod'
import type { ActContext, LookContext, Move } from '../../define/action.ts'
import type { Json, Ran, Verification } from '../../incident/acting/action.ts'
import { duration } from '../../incident/duration.ts'
import { foreign } from '../../checking/foreign.ts'
import type { VercelOptions } from '../../checking/vercel/api.ts'
import { askProject, type Deployment, type Project } from '../../checking/vercel/deployments.ts'
import { firstCall } from '../first-call.ts'
import { askBetweenThem, type Repository } from './between.ts'
import { type ActingVercel, actOnVercel, lostOf, pause } from './call.ts'
import { aged, askRolling, askServed, findDeployment, isMoving, isRolledBack, type Served, unservable } from './production.ts'

export type How = 'rollback' | 'promote'

/** From where to where. `seen`: when Vercel was asked for such a thing last before, by its own clock; what is younger is ours. */
export type Shift = {
  readonly how: How
  readonly project: string
  readonly from: string
  readonly to: string
  readonly seen: number
}

/** What a run leaves to be taken back. */
export type Back = { readonly from: string; readonly to: string }

/** How often it is looked whether traffic has moved, in milliseconds; as Vercel's command line, which asks four times as often. */
const lookMs = 1_000

/** After so long Vercel is not waited for any more. */
const mostMs = 10 * 60_000

const paths: Readonly<Record<How, string>> = {
  rollback: '/v1/projects/:project/rollback/:deployment',
  promote: '/v10/projects/:project/promote/:deployment',
}

/** What a kind says that it calls. */
export const shiftCalls = (apiUrl: string, how: readonly How[]): string[] =>
  how.map((one) => `POST ${apiUrl.replace(/\/+$/, '')}${paths[one]}`)

const addressOf = (vercel: Pick<ActingVercel, 'address'>, { how, project, to }: Shift): string =>
  vercel.address(paths[how].replace(':project', encodeURIComponent(project)).replace(':deployment', encodeURIComponent(to)))

const promotionOff = 'Automatic promotion is off: what is pushed from now on is built, but not served until somebody promotes a deployment.'
const promotionOn = 'Automatic promotion is on: what is pushed to the production branch from now on is served.'

/** What whoever approves must know of a shift. */
export const shiftWarnings = (how: How, { project, rolling }: Served, to: string): string[] => {
  if (how === 'rollback')
    return [
      `${promotionOff} The older build has the environment variables and the cron jobs of its time.`,
      ...(rolling === null ? [] : [`It ends the release in stages to ${foreign(rolling.canary, 60)}.`]),
    ]
  const inStages = project.rollingRelease !== null && project.rollingRelease !== undefined
  return [
    ...(isRolledBack(project) ? [`Production was rolled back before. ${promotionOn}`] : []),
    ...(inStages
      ? [`Releases go in stages there: ${foreign(to, 60)} gets a part of the traffic at first, and the rest by the project’s own stages.`]
      : []),
  ]
}

/** A shift as it was planned, and what must still be so when it is run. */
export const planShift = (how: How, { project, current, rolling }: Served, target: Deployment, vercel: ActingVercel) => {
  const plan: Shift = { how, project: project.id, from: current.id, to: target.id, seen: project.lastAliasRequest?.requestedAt ?? 0 }
  return { plan, calls: [`POST ${addressOf(vercel, plan)}`], state: { production: current.id, release: rolling?.canary ?? null } }
}

/** `Production goes from … to …`. */
export const shiftSummary = ({ current, rolling }: Served, target: Deployment, now: number): string =>
  `Production goes from ${aged(current, now, 'live for')} to ${aged(target, now, 'built')}${rolling === null ? '' : `, while a release to ${foreign(rolling.canary, 60)} is under way (${rolling.percent ?? '?'} % of the traffic)`}.`

type Where =
  | { readonly at: 'there' | 'before' }
  | { readonly at: 'moving'; readonly since: number | null }
  | { readonly at: 'stages'; readonly percent: number | null }
  | { readonly at: 'stuck'; readonly status: string }
  | { readonly at: 'elsewhere'; readonly id: string | null }
  /** It was there, and production has been moved on from it. */
  | { readonly at: 'since'; readonly id: string | null }
  /** As before it was asked for, and somebody else has had production moved since: what they moved it from was not this. */
  | { readonly at: 'hidden' }

/** What became of a shift so far. Throws FetchFault when Vercel does not say. */
const locate = async (
  vercel: ActingVercel,
  { how, from, to, seen }: Shift,
): Promise<{ readonly where: Where; readonly project: Project }> => {
  const asked = await askProject(vercel)
  if ('findings' in asked) throw lostOf(asked.findings)
  const project = asked.value
  const { lastAliasRequest: last, targets } = project
  const newer = last !== null && last !== undefined && last.requestedAt > seen ? last : null
  const request = newer?.toDeploymentId === to && newer.type === how ? newer : null
  const served = targets?.id ?? null
  const rolling = await askRolling(vercel, project)
  if ('findings' in rolling) throw lostOf(rolling.findings)
  const find = (): Where => {
    if (request !== null && isMoving(project)) return { at: 'moving', since: request.requestedAt }
    if (request !== null && ['failed', 'skipped'].includes(request.jobStatus)) return { at: 'stuck', status: request.jobStatus }
    if (how === 'promote' && rolling.value?.canary === to) return { at: 'stages', percent: rolling.value.percent }
    // A rollback out of a release in stages ends that, too.
    if (served === to && rolling.value === null) return { at: 'there' }
    // Done as it says: a push was served since, or it is not yet to be read everywhere.
    if (request !== null)
      return served === from || served === to ? { at: 'moving', since: request.requestedAt } : { at: 'since', id: served }
    if (newer?.fromDeploymentId === to && from !== to) return { at: 'since', id: served }
    if (newer !== null && served === from && from !== to) return { at: 'hidden' }
    return served === from || served === to ? { at: 'before' } : { at: 'elsewhere', id: served }
  }
  return { where: find(), project }
}

/** How a shift ended; null: it has not. */
const endOf = ({ how, from, to }: Shift, where: Where): Ran | null => {
  const undo: Back = { from: to, to: from }
  const undone = from === to ? {} : { undo }
  const id = foreign(to, 60)
  switch (where.at) {
    case 'there':
      return { outcome: 'done', text: `Production serves ${id}. ${how === 'rollback' ? promotionOff : promotionOn}`, ...undone }
    case 'stages':
      return {
        outcome: 'done',
        text: `A release in stages to ${id} has begun${where.percent === null ? '' : `, with ${where.percent} % of the traffic`}: the project’s own stages decide how it goes on.`,
        ...undone,
      }
    case 'stuck':
      return where.status === 'skipped'
        ? { outcome: 'failed', text: `Vercel skipped it: it saw nothing to move to ${id}.` }
        : {
            outcome: 'unclear',
            text: `Vercel did not get every domain to ${id}: look in its dashboard which ones still serve ${foreign(from, 60)}.`,
          }
    case 'elsewhere':
      return {
        outcome: 'unclear',
        text: `Production serves ${foreign(where.id ?? 'nothing', 60)}, neither ${foreign(from, 60)} nor ${id}: somebody else moved it meanwhile. Look in Vercel’s dashboard who.`,
      }
    case 'since':
      return { outcome: 'done', text: `Production was moved to ${id}; since then ${foreign(where.id ?? 'nothing', 60)} is served.` }
    case 'hidden':
      return {
        outcome: 'unclear',
        text: `Production serves ${foreign(from, 60)}, and somebody else has moved it since ${id} was asked for: look in Vercel’s dashboard whether it was served in between.`,
      }
    default:
      return null
  }
}

/** By it a later run knows which requests are not older than its own; one that was begun by an older version did not remember it. */
const Memo = z.object({ seen: z.number().optional() })

const sinceAsked = (shift: Shift, memo: Json): Shift => ({ ...shift, seen: Memo.safeParse(memo).data?.seen ?? shift.seen })

/** Why a run asks for nothing at all, having asked for nothing yet; null: all is as it was. Whatever others did before is none of it, and
 *  nothing that it could take back. */
const forestalled = ({ from, to }: Shift, where: Where, served: string | null): Ran | null => {
  const isAsItWas = where.at === 'before' || where.at === 'since' || where.at === 'hidden'
  if (isAsItWas && served === from) return null
  const name = foreign(served ?? 'nothing', 60)
  if (where.at === 'there') return { outcome: 'done', text: `Production serves ${name} already: nothing was asked of Vercel.` }
  if (served !== from && served !== to) return { outcome: 'failed', text: `Production serves ${name} by now: nothing was asked of Vercel.` }
  return {
    outcome: 'failed',
    text: `Somebody else has asked Vercel meanwhile to move production to ${foreign(to, 60)}: this run asked for nothing. Production serves ${name} now.`,
  }
}

/** Asks for it, once, and watches it until traffic has moved. */
export const runShift = async (vercel: ActingVercel, planned: Shift, context: ActContext): Promise<Ran> => {
  let shift = sinceAsked(planned, context.memo)
  const { where, project } = await locate(vercel, shift)
  const isFirst = context.memo === null
  const ended = isFirst ? forestalled(shift, where, project.targets?.id ?? null) : endOf(shift, where)
  if (ended !== null) return ended
  if (isFirst || where.at === 'before') {
    const seen = project.lastAliasRequest?.requestedAt ?? 0
    shift = { ...shift, seen }
    await context.remember({ asked: true, seen })
    const asked = await firstCall(context, () => vercel.change('POST', addressOf(vercel, planned), {}))
    if ('unsent' in asked) return asked.unsent
    if ('refused' in asked) return { outcome: 'failed', text: asked.refused }
  }
  context.progress('Vercel has accepted it; waiting until traffic has moved.')
  for (;;) {
    const { where: now } = await locate(vercel, shift)
    const end = endOf(shift, now)
    if (end !== null) return end
    await pause(lookMs, context.signal, 'Vercel accepted it, and traffic had not moved when the time was up.')
  }
}

/** Reads back what became of it. */
export const recoverShift = async (
  vercel: ActingVercel,
  shift: Shift,
  now: number,
): Promise<Ran | { readonly outcome: 'undone' } | { readonly outcome: 'resume' }> => {
  const { where } = await locate(vercel, shift)
  const end = endOf(shift, where)
  if (end !== null) return end
  if (where.at === 'before') return { outcome: 'undone' }
  const age = where.at === 'moving' && where.since !== null ? now - where.since : 0
  return age > mostMs
    ? {
        outcome: 'unclear',
        text: `Vercel has been moving traffic to ${foreign(shift.to, 60)} for ${duration(age)}: look in its dashboard what holds it.`,
      }
    : { outcome: 'resume' }
}

/** Whether production serves what it was moved to. */
export const verifyShift = async (vercel: ActingVercel, shift: Shift): Promise<Verification> => {
  const { where, project } = await locate(vercel, shift)
  const id = foreign(shift.to, 60)
  if (where.at === 'stages')
    return { settled: true, findings: [{ status: 'ok', text: `${id} gets ${where.percent ?? 'a part of'} % of the traffic, in stages.` }] }
  if (where.at === 'since')
    return {
      settled: true,
      findings: [{ status: 'warn', text: `Production serves ${foreign(where.id ?? 'nothing', 60)}: it was moved on from ${id}.` }],
    }
  if (where.at !== 'there')
    return {
      settled: false,
      findings: [{ status: 'fail', text: `Production serves ${foreign(project.targets?.id ?? 'nothing', 60)}, not ${id}.` }],
    }
  return {
    settled: true,
    findings: [
      { status: 'ok', text: `Production serves ${id}.` },
      ...(isRolledBack(project) ? [{ status: 'warn' as const, text: promotionOff }] : []),
    ],
  }
}

type Hands = Pick<LookContext, 'web' | 'secret' | 'signal'>

/** Everything but the preview. */
export const shiftMove = <Options extends VercelOptions>(): Omit<Move<Options, never, Shift>, 'preview'> => {
  const at = (context: Hands, options: Options) => actOnVercel(context, options)
  return {
    run: (options, shift, context) => runShift(at(context, options), shift, context),
    recover: async (options, shift, context) =>
      // It is remembered before it is asked for.
      context.memo === null
        ? { outcome: 'undone' }
        : recoverShift(at(context, options), sinceAsked(shift, context.memo), Date.parse(context.now())),
    verify: (options, shift, context) => verifyShift(at(context, options), shift),
  }
}

/** The way back from what a run left: a rollback is undone by a promotion, all else by a rollback. */
export const shiftBack = <Options extends VercelOptions & { readonly github?: Repository | undefined }>(
  how: How,
): Move<Options, Back, Json> => {
  const move = shiftMove<Options>()
  return {
    preview: async (options, { from, to }, context) => {
      const vercel = actOnVercel(context, options)
      const served = await askServed(vercel)
      if ('unable' in served) return served
      const { current, rolling } = served
      if (current.id !== from && rolling?.canary !== from)
        return {
          unable: `Production serves ${foreign(current.id, 60)}, not ${foreign(from, 60)} that it was moved to: there is nothing left to take back.`,
        }
      const target = await findDeployment(vercel, served, to)
      if ('unable' in target) return target
      const why = unservable(target, served)
      if (why !== null) return { unable: why }
      const between = await askBetweenThem(context, options.github, current, target)
      return {
        ...planShift(how, served, target, vercel),
        summary: shiftSummary(served, target, Date.parse(context.now())),
        effects: between.effects,
        warnings: [...between.warnings, ...shiftWarnings(how, served, target.id)],
        reversible: `${foreign(current.id, 60)} can be ${how === 'promote' ? 'rolled back to' : 'promoted'} again: \`vercel.${how === 'promote' ? 'rollback' : 'promote'}\``,
      }
    },
    run: (options, plan, context) => move.run(options, plan as Shift, context),
    recover: (options, plan, context) => move.recover(options, plan as Shift, context),
    verify: (options, plan, context) => verifyShift(actOnVercel(context, options), plan as Shift),
  }
}
