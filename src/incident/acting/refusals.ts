/** The sentences of what is refused about actions. */
import type { Kind } from '../events.ts'
import { always, foreign, meant } from '../refusal-words.ts'
import type { ActionStatus } from './request.ts'
import { statusWords } from './words.ts'

export const actingRefusals = {
  unknown_action: (p: { word: string; product: string; nearest: string | null; known: string }) =>
    `${foreign(p.product, 60)} has no action \`${foreign(p.word)}\`. ${meant(p.nearest === null ? null : `/incident run ${p.nearest}`)}${
      p.known === '' ? 'It has none yet.' : `It has: ${foreign(p.known, 600)}.`
    }`,
  unknown_criterion: (p: { word: string; product: string; nearest: string | null; known: string }) =>
    p.known === ''
      ? `${foreign(p.product, 60)} has nothing that a person says holds: its criteria are measured.`
      : `${foreign(p.product, 60)} has no criterion \`${foreign(p.word)}\` that a person says holds. ${meant(p.nearest === null ? null : `/incident actions holds ${p.nearest}`)}It has: ${foreign(p.known, 300)}.`,
  unknown_input: (p: { word: string; action: string; known: string }) =>
    p.known === ''
      ? `\`${foreign(p.action)}\` takes nothing behind it, and \`${foreign(p.word)}\` was given. Nothing was asked for.`
      : `\`${foreign(p.action)}\` does not know \`${foreign(p.word)}\`. It takes ${foreign(p.known, 300)}.`,
  bad_input: (p: { word: string; why: string; action: string; known: string }) =>
    `\`${foreign(p.word, 60)}\`: ${foreign(p.why, 200)}. \`${foreign(p.action)}\` takes ${foreign(p.known, 300)}.`,
  not_configured: (p: { action: string; missing: string }) =>
    `\`${foreign(p.action)}\` cannot run yet: set ${foreign(p.missing, 200)} in the bot’s environment, and start it again.`,
  action_outside: (p: { action: string }) =>
    `Actions run in a record only. Open one first, \`/incident new\` or for planned work \`/incident change\`; then there: \`/incident run ${foreign(p.action)}\`.`,
  unknown_target: (p: { target: string; nearest: string | null; known: string }) =>
    p.known === ''
      ? `No action of any product changes \`${foreign(p.target)}\`, so there is nothing to lock.`
      : `No action changes \`${foreign(p.target)}\`. ${meant(p.nearest)}What can be locked: ${foreign(p.known, 400)}.`,
  not_told_apart: (p: { why: string }) =>
    `Slack could not be asked who you are and what you may: ${foreign(p.why, 200)}. Nothing was recorded; try again in a minute.`,
  unknown_requester: always(
    'The bot cannot tell who you are for certain, so you cannot ask for an action. Ask in Slack, with a verified e-mail there, or as somebody in people.yml.',
  ),
  unknown_voter: always(
    'The bot cannot tell who you are for certain, so your vote cannot count. Whoever approves has a verified e-mail in Slack, or stands in people.yml.',
  ),
  no_such_action: (p: { what: string }) =>
    `No action here ${p.what}. What there is: \`/incident status\`. To ask for one: \`/incident run\`.`,
  unknown_action_number: (p: { action: number; count: number }) =>
    p.count === 0
      ? 'No action was asked for here yet. To ask for one: `/incident run`.'
      : `There is no action ${p.action} here: they are numbered 1 to ${p.count}. \`/incident status\` lists them.`,
  action_pending: (p: { action: number; title: string; name: string; status: ActionStatus }) =>
    `${foreign(p.name)} asked for exactly this already: action ${p.action}, “${foreign(p.title, 100)}”, ${statusWords[p.status]}. To call it off: \`/incident deny ${p.action}\`.`,
  action_not_previewed: (p: { action: number; title: string }) =>
    `Action ${p.action}, “${foreign(p.title, 100)}”, is still being previewed: nobody knows yet what it would do. Its card says when it can be approved.`,
  /** `over`: in what is over nothing is asked for. */
  action_not_waiting: (p: { action: number; title: string; status: ActionStatus; over?: boolean }) =>
    `Action ${p.action}, “${foreign(p.title, 100)}”, is ${statusWords[p.status]}; nothing changed.${
      p.over === true ? '' : ` To ask for it anew: \`/incident run again ${p.action}\`.`
    }`,
  action_expired: (p: { action: number; title: string }) =>
    `The time to approve action ${p.action}, “${foreign(p.title, 100)}”, is over; nothing ran. To ask for it anew: \`/incident run again ${p.action}\`.`,
  action_held: (p: { action: number; expires: string; why: string; remedy: string; command: string | null }) =>
    `Not recorded: action ${p.action} cannot run now. ${foreign(p.why, 700)} ${
      p.command === null ? p.remedy : `${p.remedy} \`${foreign(p.command, 140)}\`.`
    } Its approvals stay until ${p.expires}.`,
  other_request: (p: { action: number }) =>
    `This button is of something else than what action ${p.action} is now. Read the card of action ${p.action}, and press there.`,
  own_request: (p: { action: number; title: string }) =>
    `You asked for action ${p.action}, “${foreign(p.title, 100)}”, so somebody else must approve it. To call it off: \`/incident deny ${p.action}\`.`,
  has_voted: (p: { action: number; at: string; missing: number }) =>
    `You approved action ${p.action} at ${p.at} already. It needs ${p.missing} more, of other people.`,
  may_not_approve: (p: { action: number; who: string }) =>
    p.who === ''
      ? `You may not approve action ${p.action}: only full members of this workspace may.`
      : `You may not approve action ${p.action}. These may: ${foreign(p.who, 200)}.`,
  votes_lapsed: (p: { action: number; why: string }) =>
    `Not recorded. ${foreign(p.why.replace(/ Ask again\.$/, ''), 200)} Ask for it anew: \`/incident deny ${p.action}\`, then \`/incident run again ${p.action}\`.`,
  vote_from_terminal: (p: { action: number }) =>
    `An approval counts only from Slack, which knows who you are: whoever has the server may call themselves anybody. There: \`/incident approve ${p.action}\`.`,
  no_break_glass: (p: { action: number; severity: string; kind: Kind; product: string }) =>
    `Action ${p.action} cannot be run without an approval: ${
      p.kind === 'drill'
        ? 'this is a drill, in which nothing is run. Somebody else can approve it here as they would.'
        : p.kind === 'change' || p.kind === 'maintenance'
          ? 'this is planned work, which waits for somebody else.'
          : p.severity === 'P1'
            ? `${foreign(p.product, 60)} has it that nobody may, not in a P1 either. Somebody else must approve it.`
            : `that is for the lead of a P1 whom nobody answers, and this is ${p.severity}.`
    }`,
  lead_only: (p: { action: number; lead: string | null }) =>
    p.lead === null
      ? `Only the lead may run action ${p.action} alone, and nobody leads yet. To take the lead: \`/incident role lead\`.`
      : `Only the lead may run action ${p.action} alone: ${foreign(p.lead)}.`,
  break_glass_later: (p: { action: number; at: string; over: boolean }) =>
    p.over
      ? `The time for action ${p.action} is over before you may run it alone (${p.at}). Ask for it anew: \`/incident deny ${p.action}\`, then \`/incident run again ${p.action}\`.`
      : `Somebody may still approve action ${p.action}. When nobody has by ${p.at}, you may run it alone.`,
  action_undone: (p: { action: number; by: number }) => `Action ${p.action} was taken back already, by action ${p.by}.`,
  action_not_undoable: (p: { action: number; title: string; status: ActionStatus; by?: string | undefined }) =>
    p.status === 'done' || p.status === 'verifying'
      ? `Action ${p.action}, “${foreign(p.title, 100)}”, cannot be taken back${p.by === undefined ? '' : ` from here, but by ${foreign(p.by, 300).replace(/\.$/, '')}`}.`
      : `Only what is done can be taken back. Action ${p.action}, “${foreign(p.title, 100)}”: ${statusWords[p.status]}.`,
  is_locked: (p: { target: string; name: string; at: string; why: string }) =>
    `\`${foreign(p.target)}\` is locked since ${p.at}, by ${foreign(p.name)}: ${foreign(p.why, 200)}. To open it: \`/incident unlock ${foreign(p.target)}\`.`,
  not_locked: (p: { target: string; known: string }) =>
    p.known === ''
      ? `\`${foreign(p.target)}\` is not locked; nothing is.`
      : `\`${foreign(p.target)}\` is not locked. Locked: ${foreign(p.known, 200)}.`,
  is_frozen: (p: { name: string; at: string; why: string }) =>
    `All actions are stopped since ${p.at}, by ${foreign(p.name)}: ${foreign(p.why, 200)}. To let them run: \`/incident unfreeze\`.`,
  not_frozen: always('Actions are not stopped. To stop all of them: `/incident freeze <why>`.'),
  nothing_to_tick: (p: { action: number; title: string; by: string | null }) =>
    p.by !== null
      ? `That step of action ${p.action}, “${foreign(p.title, 100)}”, was ticked off already, by ${foreign(p.by)}. Its card says how far it is.`
      : `Nothing of action ${p.action}, “${foreign(p.title, 100)}”, waits to be ticked off now. Its card says how far it is.`,
} as const
