/** Every refusal and its sentence: what cannot be done, why, and what to do instead. A refusal is a value; only who asked sees it. */
import { actingRefusals } from './acting/refusals.ts'
import type { Part, Span } from './message.ts'
import { always, foreign, meant } from './refusal-words.ts'

export { typedAgain } from './refusal-words.ts'

const outsiders = {
  guest: 'Guests of this workspace cannot work with incidents. Ask one of its members to do it.',
  stranger: 'This is the bot of another workspace, so you cannot work with its incidents. Ask one of its members to do it.',
  bot: 'Bots cannot work with incidents. Ask a person to do it, or send an alert.',
  deactivated: 'This account is deactivated, so nothing was done. Ask a member of the workspace to do it.',
} as const

const standings = {
  guest: 'is a guest of this workspace',
  stranger: 'is of another workspace',
  bot: 'is a bot',
  deactivated: 'is deactivated in Slack',
} as const

const table = {
  unknown_incident: (p: { id: string }) => `There is no ${foreign(p.id)}. \`/incident list\` shows the open ones.`,
  // `meant`: the id that was probably meant, where what was typed is nearly one: `inc 8`, `INC8`, `#8`.
  not_in_incident: (p: { verb: string; meant?: string; command?: 'diag' }) =>
    `This is not the channel of an incident. ${
      p.meant === undefined
        ? `Say which one, for example \`/${p.command ?? 'incident'} ${foreign(p.verb)} INC-12\`.`
        : `Did you mean \`/${p.command ?? 'incident'} ${foreign(p.verb)} ${foreign(p.meant)}\`?`
    } \`/incident list\` shows the open ones.`,
  unreadable_record: (p: { id: string }) =>
    `${p.id} cannot be read: its record is damaged, or a later version of the bot wrote it. \`/incident audit ${p.id}\` says which. Nothing was recorded. To go on: \`/incident new\`.`,
  private_incident: (p: { id: string }) => `${p.id} is private. Only somebody who is in it can invite you; who that is is not told here.`,
  // `text`: what was typed looks like a text; this would take it.
  unknown_verb: ({
    verb,
    nearest,
    text,
    command = 'incident',
  }: {
    verb: string
    nearest: string | null
    text?: string
    command?: 'incident' | 'diag'
  }) =>
    `\`/${command} ${foreign(verb)}\` does not exist. ${meant(nearest === null ? null : `/${command} ${nearest}`)}${
      text === undefined ? '' : `As a text: \`/incident ${foreign(text, 80)}\`. `
    }\`/${command} help\` lists what does.`,
  nothing_asked: always(
    'Say what to do, for example `/incident list` or `/incident new <product> P1 Payments fail`. All of it: `/incident help`.',
  ),
  unknown_severity: (p: { word: string; known: string }) => `\`${foreign(p.word)}\` is not a severity. Use one of ${p.known}.`,
  unknown_product: (p: { word: string; nearest: string | null; known: string }) =>
    `\`${foreign(p.word)}\` is not a product. ${meant(p.nearest)}Known: ${p.known}.`,
  broken_product: (p: { word: string }) =>
    `\`${foreign(p.word)}\` is left out: its service.yml has a mistake, which the bot named when it started. Until it is mended: \`/incident new unassigned P1 <title>\`.`,
  unknown_check: (p: { word: string; product: string; nearest: string | null; known: string }) =>
    `${p.product} has no check \`${foreign(p.word)}\`. ${meant(p.nearest)}It has: ${p.known === '' ? 'none yet' : p.known}.`,
  unknown_check_word: (p: { word: string; check: string; known: string }) =>
    `\`${foreign(p.word, 60)}\` cannot be said of \`${foreign(p.check)}\`. ${
      p.known === '' ? 'It takes no words.' : `It takes ${foreign(p.known, 300)}.`
    }`,
  bad_check_word: (p: { word: string; why: string; check: string; known: string }) =>
    `\`${foreign(p.word, 60)}\`: ${foreign(p.why, 200)}. \`${foreign(p.check)}\` takes ${foreign(p.known, 300)}.`,
  ...actingRefusals,
  no_lines: (p: { check: string; run: number }) =>
    `No more lines of \`${foreign(p.check)}\` were kept with that diagnosis. To ask anew: \`/diag ${foreign(p.check)}\`.`,
  lines_are_shown: (p: { title: string }) => `The lines of ${foreign(p.title, 80)} are in the thread of that diagnosis already.`,
  is_watched: (p: { check: string; minutes: number }) =>
    `\`${foreign(p.check)}\` is watched already, every ${p.minutes} min. To end it: \`/diag unwatch ${foreign(p.check)}\`.`,
  too_many_watches: (p: { most: number; known: string }) =>
    `${p.most} checks are watched already, and not more than that at a time: ${foreign(p.known, 200)}. End one first: \`/diag unwatch <check>\`.`,
  not_watched: (p: { check: string | null; known: string }) =>
    p.known === ''
      ? 'Nothing is watched. To watch a check: `/diag watch <check>`.'
      : `\`${foreign(p.check ?? '')}\` is not watched. Watched: ${foreign(p.known, 200)}.`,
  nothing_to_compare: (p: { id: string }) =>
    `No checks have answered at the opening of ${p.id}, so there is nothing to compare with. To see how it is now: \`/diag all\`.`,
  unknown_flag: (p: { word: string; nearest: string | null; known: readonly string[] }) =>
    `\`${foreign(p.word)}\` is nothing that this verb knows, so nothing was opened. ${
      p.nearest === null && p.known.length > 0 ? `It knows ${p.known.join(', ')}. ` : meant(p.nearest)
    }In a title write it without the dashes.`,
  product_needed: (p: { example: string; known: string }) => `Which product? For example \`${p.example}\`. Known: ${p.known}.`,
  missing: (p: { what: string; example: string }) => `${p.what} is missing. For example \`${p.example}\`.`,
  unreadable: (p: { what: string; word: string; example: string }) =>
    `\`${foreign(p.word, 60)}\` is not ${p.what}. For example \`${p.example}\`.`,
  too_long: (p: { what: string; length: number; most: number }) =>
    `${p.what} is too long: ${p.length} characters, at most ${p.most}. Shorten it; \`/incident note\` takes the rest.`,
  already_declared: (p: { id: string; channel: string | null }) =>
    `You declared this already: ${p.id}${p.channel === null ? '' : `, in <#${p.channel}>`}. For another incident use another title.`,
  already_said: (p: { at: string }) => `You posted exactly this already, at ${p.at}. To say more, change the words.`,
  rule_open: (p: { id: string; rule: string }) => `${p.id} is already open for the alert \`${foreign(p.rule, 100)}\`. Go on there.`,
  already_acknowledged: (p: { by: string; at: string }) =>
    `Already acknowledged by ${foreign(p.by)} at ${p.at}: the response clock has stopped. \`/incident status\` shows the others.`,
  same_severity: (p: { severity: string }) => `It is ${p.severity} already; nothing changed. To change it, name another of P1 to P4.`,
  already_mitigated: (p: { at: string }) => `Already mitigated at ${p.at}. When the cause is fixed: \`/incident resolve <summary>\`.`,
  already_resolved: (p: { at: string }) =>
    `Already resolved at ${p.at}. \`/incident note <text>\` still works. If it is back: \`/incident reopen <why>\`.`,
  not_resolved: (p: { id: string }) => `${p.id} is not resolved yet. First: \`/incident resolve <summary>\`.`,
  already_reviewed: (p: { at: string }) => `Already reviewed at ${p.at}. \`/incident note <text>\` still works.`,
  no_response_clock: (p: { kind: string }) =>
    `A ${p.kind} has no response clock, so there is nothing to acknowledge. To say how it goes: \`/incident update <text>\`.`,
  has_role: (p: { name: string; role: string }) => `${foreign(p.name)} is ${p.role} already; nothing changed.`,
  not_your_role: (p: { role: string; name: string | null }) =>
    p.name === null
      ? `Nobody is ${p.role}, so there is nothing to give back. To take it: \`/incident role ${p.role.toLowerCase()}\`.`
      : `${p.role} is ${foreign(p.name)}, not you. To take it over: \`/incident role ${p.role.toLowerCase()}\`.`,
  already_paged: (p: { name: string; at: string; minutes: number }) =>
    `${foreign(p.name)} was called at ${p.at} already. Give them ${p.minutes} min from then, or call somebody else: \`/incident page @user\`.`,
  ladder_ends: (p: { id: string; names: string }) =>
    p.names === ''
      ? `${p.id} has no ladder, so there is nobody next. Name somebody: \`/incident page @user\`.`
      : `Everybody on the ladder of ${p.id} was called: ${foreign(p.names, 200)}. Name somebody: \`/incident page @user\`.`,
  has_todo: (p: { todo: number; text: string }) => `That is to do ${p.todo} already: ${foreign(p.text, 100)}.`,
  unknown_todo: (p: { todo: number; open: number }) => `There is no to do ${p.todo}; ${p.open} are open. \`/incident todo\` lists them.`,
  todo_is_done: (p: { todo: number }) => `To do ${p.todo} is done already. To open it again: \`/incident todo open ${p.todo}\`.`,
  own_todo: (p: { todo: number }) =>
    `To do ${p.todo} is a review of what you asked for, or ran without an approval: somebody else must do it. Then they type \`/incident todo done ${p.todo}\`.`,
  past_date: (p: { date: string; today: string }) => `${p.date} is past: today is ${p.today}. Give today or a later day.`,
  is_suspected: (p: { suspect: number; text: string; because: string | null }) =>
    p.because === null
      ? `That is suspicion ${p.suspect} already: ${foreign(p.text, 100)}.`
      : `That was suspicion ${p.suspect}, and was ruled out: ${foreign(p.because, 200)}. If it is possible again, say what is new about it.`,
  is_ruled_out: (p: { suspect: number; because: string }) =>
    `Suspicion ${p.suspect} is ruled out already: ${foreign(p.because, 200)}. \`/incident note\` takes what else speaks against it.`,
  unknown_suspect: (p: { suspect: string; count: number }) =>
    p.count === 0
      ? `Nothing is suspected yet. First: \`/incident suspect <text>\`.`
      : `There is no suspicion ${foreign(p.suspect)}: they are numbered 1 to ${p.count}. \`/incident suspect\` lists them.`,
  unknown_runbook: (p: { word: string; product: string; nearest: string | null; known: string }) =>
    `${p.product} has no runbook \`${foreign(p.word)}\`. ${meant(p.nearest === null ? null : `/incident runbook ${p.nearest}`)}${
      p.known === '' ? 'It has none yet.' : `It has: ${p.known}.`
    }`,
  runbook_not_open: (p: { id: string; name: string | null }) =>
    p.name === null
      ? `No runbook of ${p.id} is open yet. \`/incident runbook\` lists them.`
      : `The runbook \`${foreign(p.name)}\` is not open yet. First: \`/incident runbook ${foreign(p.name)}\`.`,
  unknown_step: (p: { step: number; title: string; count: number }) =>
    `“${foreign(p.title, 100)}” has no step ${p.step}: they are numbered 1 to ${p.count}.`,
  step_asks_nothing: (p: { step: number; title: string }) =>
    `Step ${p.step} of “${foreign(p.title, 100)}” names no check, so there is nothing to run. When it is done: \`/incident runbook done ${p.step}\`.`,
  step_is_marked: (p: { step: number; state: 'open' | 'done' | 'skipped'; by: string | null; at: string | null }) =>
    `Step ${p.step} is ${p.state}${p.state === 'open' || p.by === null ? '' : ` already, by ${foreign(p.by)}`}${
      p.state === 'open' || p.at === null ? '' : ` at ${p.at}`
    }.${p.state === 'open' ? ` When it is done: \`/incident runbook done ${p.step}\`.` : ` To open it again: \`/incident runbook open ${p.step}\`.`}`,
  unknown_item: (p: { word: string; count: number }) =>
    p.count === 0
      ? 'This severity has no checklist. What is to be done: `/incident todo <text>`.'
      : `\`${foreign(p.word)}\` is not on the checklist: its items are numbered 1 to ${p.count}. \`/incident checklist\` shows them.`,
  item_is_done: (p: { item: string; by: string | null; at: string | null }) =>
    `“${foreign(p.item, 100)}” is ticked off already${p.by === null ? '' : `, by ${foreign(p.by)}`}${p.at === null ? '' : ` at ${p.at}`}; nothing changed.`,
  item_is_open: (p: { item: string }) => `“${foreign(p.item, 100)}” is not ticked off; nothing changed.`,
  item_is_known: (p: { item: string }) =>
    `“${foreign(p.item, 100)}” was ticked off by the record itself, which knows that it is done; nothing changed. \`/incident note <text>\` says what is not as it seems.`,
  no_files: (p: { id: string }) => `No message with a file was kept for ${p.id}. 📌 on a message keeps it, with its files.`,
  unknown_file: (p: { word: string; count: number }) =>
    `There is no file ${foreign(p.word)}: they are numbered 1 to ${p.count}. \`/incident files\` lists them.`,
  file_not_kept: (p: { name: string; link: string }) =>
    `The content of ${foreign(p.name)} was not kept: it was too large, or Slack did not give it. Its message, while Slack has it: ${p.link}`,
  file_not_sent: (p: { name: string; why: string }) =>
    `${foreign(p.name)} could not be sent to you: ${foreign(p.why, 100)}. It is kept: try again, or get it on the bot’s server: \`npm run tocsin -- help\`.`,
  already_paused: (p: { at: string; why: string }) =>
    `The clocks stand since ${p.at}: ${foreign(p.why, 200)}. To let them run: \`/incident resume\`.`,
  not_paused: always('The clocks are not paused. To pause them: `/incident pause <why>`.'),
  no_update_due: (p: { id: string }) =>
    `No status update of ${p.id} is due, so there is nothing to be reminded of. To post one: \`/incident update <text>\`.`,
  no_clock_runs: (p: { id: string }) => `No clock of ${p.id} runs, so there is nothing to pause.`,
  no_channel: (p: { id: string }) =>
    `${p.id} has no channel at present; it gets one by itself. \`/incident status ${p.id}\` says how it stands.`,
  channel_works: (p: { id: string }) =>
    `The bot is in the channel of ${p.id}, so it stays where it is. Another is made when the bot was removed or the channel deleted.`,
  is_open: (p: { id: string }) => `${p.id} is open; nothing changed.`,
  is_merged: (p: { id: string; into: string }) => `${p.id} was merged into ${p.into}. Go on there.`,
  target_is_merged: (p: { id: string; into: string }) => `${p.id} was merged into ${p.into}. Instead: \`/incident merge ${p.into}\`.`,
  merge_resolved: (p: { id: string }) =>
    `${p.id} is resolved, and only open records are merged. If it is back: \`/incident reopen ${p.id} <why>\`. Else say in a note how the two belong together.`,
  merge_private: (p: { id: string }) =>
    `${p.id} is private and the other is not, so merging would show it to people who must not see it. Keep both, and name the other in a note.`,
  merge_kinds: (p: { id: string; kind: string; into: string; other: string }) =>
    `${p.id} is of the kind ${p.kind}, ${p.into} of the kind ${p.other}: these stay apart. Instead: \`/incident note Belongs to ${p.into}\`.`,
  merge_products: (p: { id: string; product: string; into: string; other: string }) =>
    `${p.id} is of ${foreign(p.product, 60)}, ${p.into} of ${foreign(p.other, 60)}, with other clocks and people: these stay apart. Instead: \`/incident note Same cause as ${p.into}\`.`,
  nothing_to_merge: (p: { id: string }) => `Nothing else is open that ${p.id} could be merged into. \`/incident list\` shows what is open.`,
  merge_with_itself: (p: { id: string }) => `This is ${p.id} itself. Name the other one: \`/incident merge INC-12\`.`,
  no_phases: (p: { id: string; kind: string }) =>
    `${p.id} is of the kind ${p.kind}, which has no phases. \`/incident note <text>\` keeps what was done.`,
  unknown_phase: (p: { word: string; nearest: string | null; known: string }) =>
    `\`${foreign(p.word)}\` is not a phase. ${meant(p.nearest === null ? null : `/incident phase ${p.nearest}`)}There are ${p.known}.`,
  no_phase_left: (p: { id: string }) => `No phase of ${p.id} is under way. \`/incident phase\` shows how far each is.`,
  phase_not_begun: (p: { phase: string }) => `${p.phase} has not begun: the phase before it is not done yet.`,
  phase_is_done: (p: { phase: string; at: string }) => `${p.phase} is done since ${p.at}; nothing changed.`,
  before_start: (p: { at: string; start: string }) => `${p.at} is before the start, ${p.start}. Give a time between the start and now.`,
  in_future: (p: { at: string }) => `${p.at} has not come yet. Give a time between the start and now.`,
  not_yours: always('This message belongs to another workspace. Use the bot of your own.'),
  no_workspace: always(
    'The bot has not reached Slack since it was set up, so it cannot tell whose workspace this is. Nothing was recorded. Try again in a minute; if urgent, telephone.',
  ),
  outsider: (p: { standing: 'guest' | 'stranger' | 'bot' | 'deactivated' }) => outsiders[p.standing],
  // `standing`: why nobody can ask them.
  not_askable: (p: { name: string; standing: 'guest' | 'stranger' | 'bot' | 'deactivated' }) =>
    `${foreign(p.name)} ${standings[p.standing]}. Name another member of this workspace.`,
  unknown_person: (p: { word: string; example: string }) =>
    `\`${foreign(p.word)}\` is nobody whom Slack knows here. Pick them from the list that Slack shows behind the @: \`${p.example}\`.`,
  no_database: always(
    'The database does not answer, so nothing was recorded. Try again in a minute. If it is urgent, telephone whoever is on call.',
  ),
  failed: (p: { ref: string }) =>
    `That failed because of a bug in the bot, and nothing was recorded. Try again, and report it with \`${p.ref}\`.`,
} as const

export type RefusalCode = keyof typeof table
export type Refusal = { [Code in RefusalCode]: { readonly code: Code; readonly params: Parameters<(typeof table)[Code]>[0] } }[RefusalCode]

/** Makes a refusal. */
export const refuse = <Code extends RefusalCode>(code: Code, params: Parameters<(typeof table)[Code]>[0]): Refusal =>
  ({ code, params }) as Refusal

/** The sentence for a refusal, with backticks around what can be typed. Foreign words in it are cut but not escaped. */
export const sentence = (refusal: Refusal): string => (table[refusal.code] as (params: unknown) => string)(refusal.params)

export const refusalCodes = Object.keys(table) as RefusalCode[]

/** What can be typed as a severity, for a refusal that asks for one. */
export const knownSeverities = (aliases: Readonly<Record<string, readonly string[]>>): string =>
  Object.entries(aliases)
    .map(([severity, words]) => [severity, ...words.filter((word) => word.length > 2).slice(0, 3)].join('/'))
    .join(', ')

const pieces = /`([^`]+)`|<#([A-Z0-9]+)>|(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z)/g

/** The sentence as parts of an answer: what can be typed as code, instants in the reader's zone. */
export const refusalParts = (refusal: Refusal, zone = 'UTC'): Part[] => {
  const text = sentence(refusal)
  const spans: Span[] = []
  let end = 0
  for (const match of text.matchAll(pieces)) {
    if (match.index > end) spans.push(text.slice(end, match.index))
    const [, code, channel, time] = match
    if (code !== undefined) spans.push({ code })
    else if (channel !== undefined) spans.push({ channel, text: channel })
    else if (time !== undefined) spans.push({ time, zone })
    end = match.index + match[0].length
  }
  return [{ kind: 'text', spans: end < text.length ? [...spans, text.slice(end)] : spans }]
}
