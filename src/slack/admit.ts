/** Who may ask the bot for anything: the one place for commands, buttons, forms and events (faults 8). A signature says that Slack sent
 *  it to this app; the team, that it came from this workspace; `users.info`, that whoever did it is a member of it: no guest, nobody of a
 *  connected workspace, no bot, nobody who was deactivated.
 *
 *  When Slack does not say who somebody is, what it said last counts, and without that they are let in: an on-call engineer must not be
 *  locked out by a hiccup of Slack's. What is risked is little, because Slack itself lets neither bots type commands nor people who
 *  were deactivated do anything, and says of a stranger which workspace they are from: what is left are the guests of this one, for
 *  as long as the hiccup lasts. */
import type { AnyMiddlewareArgs, Middleware } from '@slack/bolt'
import type { Answer, Log } from '../define.ts'
import { type Refusal, refusalParts, refuse } from '../incident/refusals.ts'
import type { Member } from '../ports.ts'

export type Visitor = {
  readonly kind: 'command' | 'action' | 'view' | 'event' | 'other'
  /** What they did, for the log. */
  readonly what: string
  /** Every workspace that the request names: all of them must be this one. */
  readonly teams: readonly string[]
  /** Null: nobody in particular. */
  readonly user: string | null
  /** A bot did it. */
  readonly bot: boolean
}

/** Events that tell what is so, whoever did it: a channel that a guest archived is archived. */
const facts = /^(?:channel|group|team)_|^(?:user_change|member_left_channel|tokens_revoked|app_uninstalled)$/

type Json = { readonly [key: string]: unknown }

const object = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})
const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)
const texts = (...values: readonly unknown[]): string[] => values.map(text).filter((value) => value !== null)

/** Who a request of Slack's comes from. */
export const visitorOf = (given: unknown): Visitor => {
  const body = object(given)
  if (body['command'] !== undefined)
    return {
      kind: 'command',
      what: text(body['command']) ?? '',
      teams: texts(body['team_id']),
      user: text(body['user_id']),
      bot: false,
    }
  if (body['event'] !== undefined) {
    const event = object(body['event'])
    const what = text(event['type']) ?? ''
    const told = facts.test(what)
    return {
      kind: 'event',
      what,
      teams: texts(body['team_id'], ...(told ? [] : [event['user_team'], event['source_team']])),
      user: told ? null : (text(event['user']) ?? text(object(event['message'])['user'])),
      bot: !told && (event['bot_id'] !== undefined || event['subtype'] === 'bot_message'),
    }
  }
  const user = object(body['user'])
  const type = text(body['type']) ?? ''
  return {
    kind: type === 'view_submission' || type === 'view_closed' ? 'view' : type === 'block_actions' ? 'action' : 'other',
    what: type,
    teams: texts(object(body['team'])['id'], user['team_id']),
    user: text(user['id']),
    bot: false,
  }
}

export type AdmitOptions = {
  /** Null until Slack has answered for the first time. */
  readonly identity: () => { readonly teamId: string; readonly botUserId: string } | null
  readonly glance: (user: string) => Promise<Member | null | 'unknown'>
  readonly log: Log
}

/** Who somebody is, as far as Slack says, or why nothing is done for them. */
export const admission = async (
  visitor: Visitor,
  { identity, glance, log }: AdmitOptions,
): Promise<{ readonly member: Member | null } | { readonly refused: Refusal }> => {
  const refused = (refusal: Refusal, why: string) => {
    const { kind, what, user, teams } = visitor
    log[visitor.bot ? 'debug' : 'warn']({ kind, what, user, teams, why }, 'refused: nobody who may ask')
    return { refused: refusal }
  }
  const mine = identity()
  if (mine === null) return refused(refuse('no_workspace', {}), 'the workspace is not known yet')
  if (visitor.teams.some((team) => team !== mine.teamId)) return refused(refuse('not_yours', {}), 'another workspace')
  if (visitor.bot) return refused(refuse('outsider', { standing: 'bot' }), 'a bot')
  if (visitor.user === null || visitor.user === mine.botUserId) return { member: null }
  const member = await glance(visitor.user)
  if (member === 'unknown') return { member: null }
  const standing = member?.standing ?? 'stranger'
  return standing === 'member' ? { member } : refused(refuse('outsider', { standing }), standing)
}

/** Where the middleware leaves the member for the listeners. */
const memberKey = 'tocsinMember'

/** The member whom the middleware let in, if Slack said who it is. */
export const memberIn = (context: Readonly<Record<string, unknown>>): Member | null => (context[memberKey] as Member | undefined) ?? null

export type Answers = {
  readonly body: (answer: Answer) => object
  readonly view: (answer: Answer) => object
}

type Ack = (response?: object) => Promise<void>

/** Bolt's middleware, before every listener. Who is refused is told so where Slack gives a way to. */
export const admit =
  (options: AdmitOptions, answers: Answers): Middleware<AnyMiddlewareArgs> =>
  async (args) => {
    const { body, context, next } = args
    const visitor = visitorOf(body)
    const outcome = await admission(visitor, options)
    if ('member' in outcome) {
      if (outcome.member !== null) context[memberKey] = outcome.member
      return next()
    }
    const answer = { parts: refusalParts(outcome.refused) }
    const { ack, respond } = args as { ack?: Ack; respond?: (message: object) => Promise<unknown> }
    if (visitor.kind === 'command') return ack?.(answers.body(answer))
    if (visitor.kind === 'view') return ack?.(answers.view(answer))
    await ack?.()
    if (visitor.kind !== 'action') return undefined
    // A form's own elements have no address to answer to.
    await respond?.({ ...answers.body(answer), replace_original: false }).catch((error: unknown) =>
      options.log.info({ error: String(error) }, 'a refusal did not arrive'),
    )
    return undefined
  }
