/** What a person is told when something is refused: what cannot be, and what to do instead. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Refusal } from '../../src/incident/refusals.ts'
import { knownSeverities, refusalCodes, refusalParts, refuse, sentence } from '../../src/incident/refusals.ts'
import { at } from '../given.ts'

const time = at(0)

/** One of each, and exactly what it says. */
const all: readonly (readonly [Refusal, string])[] = [
  [refuse('unknown_incident', { id: 'INC-99' }), 'There is no INC-99. `/incident list` shows the open ones.'],
  [
    refuse('not_in_incident', { verb: 'ack' }),
    'This is not the channel of an incident. Say which one, for example `/incident ack INC-12`. `/incident list` shows the open ones.',
  ],
  [
    refuse('not_in_incident', { verb: 'ack', meant: 'INC-8' }),
    'This is not the channel of an incident. Did you mean `/incident ack INC-8`? `/incident list` shows the open ones.',
  ],
  [
    refuse('unreadable_record', { id: 'INC-5' }),
    'INC-5 cannot be read: its record is damaged, or a later version of the bot wrote it. `/incident audit INC-5` says which. Nothing was recorded. To go on: `/incident new`.',
  ],
  [
    refuse('no_workspace', {}),
    'The bot has not reached Slack since it was set up, so it cannot tell whose workspace this is. Nothing was recorded. Try again in a minute; if urgent, telephone.',
  ],
  [refuse('outsider', { standing: 'guest' }), 'Guests of this workspace cannot work with incidents. Ask one of its members to do it.'],
  [
    refuse('outsider', { standing: 'stranger' }),
    'This is the bot of another workspace, so you cannot work with its incidents. Ask one of its members to do it.',
  ],
  [refuse('outsider', { standing: 'bot' }), 'Bots cannot work with incidents. Ask a person to do it, or send an alert.'],
  [
    refuse('outsider', { standing: 'deactivated' }),
    'This account is deactivated, so nothing was done. Ask a member of the workspace to do it.',
  ],
  [refuse('not_askable', { name: 'Bea', standing: 'bot' }), 'Bea is a bot. Name another member of this workspace.'],
  [refuse('not_askable', { name: 'Bea', standing: 'deactivated' }), 'Bea is deactivated in Slack. Name another member of this workspace.'],
  [
    refuse('unknown_person', { word: '@bea', example: '/incident role lead @bea' }),
    '`@bea` is nobody whom Slack knows here. Pick them from the list that Slack shows behind the @: `/incident role lead @bea`.',
  ],
  [
    refuse('unknown_flag', { word: '--prvate', nearest: '--private', known: ['--private', '--drill'] }),
    '`--prvate` is nothing that this verb knows, so nothing was opened. Did you mean `--private`? In a title write it without the dashes.',
  ],
  [
    refuse('unknown_flag', { word: '--x', nearest: null, known: ['--private', '--drill'] }),
    '`--x` is nothing that this verb knows, so nothing was opened. It knows --private, --drill. In a title write it without the dashes.',
  ],
  [
    refuse('unknown_flag', { word: '--force', nearest: null, known: [] }),
    '`--force` is nothing that this verb knows, so nothing was opened. In a title write it without the dashes.',
  ],
  [
    refuse('unknown_verb', { verb: 'payments', nearest: null, text: 'new payments fail' }),
    '`/incident payments` does not exist. As a text: `/incident new payments fail`. `/incident help` lists what does.',
  ],
  [
    refuse('nothing_asked', {}),
    'Say what to do, for example `/incident list` or `/incident new <product> P1 Payments fail`. All of it: `/incident help`.',
  ],
  [refuse('no_phase_left', { id: 'INC-7' }), 'No phase of INC-7 is under way. `/incident phase` shows how far each is.'],
  [
    refuse('nothing_to_merge', { id: 'INC-7' }),
    'Nothing else is open that INC-7 could be merged into. `/incident list` shows what is open.',
  ],
  [
    refuse('already_paged', { name: 'Bob', at: time, minutes: 5 }),
    `Bob was called at ${time} already. Give them 5 min from then, or call somebody else: \`/incident page @user\`.`,
  ],
  [
    refuse('ladder_ends', { id: 'INC-7', names: 'Bob, Carol' }),
    'Everybody on the ladder of INC-7 was called: Bob, Carol. Name somebody: `/incident page @user`.',
  ],
  [
    refuse('ladder_ends', { id: 'INC-7', names: '' }),
    'INC-7 has no ladder, so there is nobody next. Name somebody: `/incident page @user`.',
  ],
  [refuse('has_role', { name: 'Bob', role: 'Lead' }), 'Bob is Lead already; nothing changed.'],
  [refuse('not_your_role', { role: 'Scribe', name: 'Bob' }), 'Scribe is Bob, not you. To take it over: `/incident role scribe`.'],
  [refuse('has_todo', { todo: 3, text: 'Add an alert' }), 'That is to do 3 already: Add an alert.'],
  [refuse('unknown_todo', { todo: 9, open: 2 }), 'There is no to do 9; 2 are open. `/incident todo` lists them.'],
  [refuse('todo_is_done', { todo: 3 }), 'To do 3 is done already. To open it again: `/incident todo open 3`.'],
  [refuse('past_date', { date: '2026-01-14', today: '2026-01-15' }), '2026-01-14 is past: today is 2026-01-15. Give today or a later day.'],
  [refuse('is_suspected', { suspect: 1, text: 'The migration', because: null }), 'That is suspicion 1 already: The migration.'],
  [
    refuse('is_ruled_out', { suspect: 1, because: 'the lock was gone' }),
    'Suspicion 1 is ruled out already: the lock was gone. `/incident note` takes what else speaks against it.',
  ],
  [
    refuse('unknown_suspect', { suspect: '#7', count: 2 }),
    'There is no suspicion #7: they are numbered 1 to 2. `/incident suspect` lists them.',
  ],
  [
    refuse('unknown_runbook', { word: 'paymnts', product: 'Acme', nearest: 'payments', known: 'payments, database' }),
    'Acme has no runbook `paymnts`. Did you mean `/incident runbook payments`? It has: payments, database.',
  ],
  [refuse('unknown_runbook', { word: 'x', product: 'Acme', nearest: null, known: '' }), 'Acme has no runbook `x`. It has none yet.'],
  [refuse('unknown_item', { word: 'x', count: 0 }), 'This severity has no checklist. What is to be done: `/incident todo <text>`.'],
  [
    refuse('unknown_item', { word: '9', count: 4 }),
    '`9` is not on the checklist: its items are numbered 1 to 4. `/incident checklist` shows them.',
  ],
  [
    refuse('item_is_done', { item: 'Name a lead', by: 'Bob', at: time }),
    `“Name a lead” is ticked off already, by Bob at ${time}; nothing changed.`,
  ],
  [refuse('item_is_done', { item: 'Name a lead', by: null, at: null }), '“Name a lead” is ticked off already; nothing changed.'],
  [refuse('item_is_open', { item: 'Name a lead' }), '“Name a lead” is not ticked off; nothing changed.'],
  [
    refuse('item_is_known', { item: 'Name a lead' }),
    '“Name a lead” was ticked off by the record itself, which knows that it is done; nothing changed. `/incident note <text>` says what is not as it seems.',
  ],
  [refuse('no_files', { id: 'INC-7' }), 'No message with a file was kept for INC-7. 📌 on a message keeps it, with its files.'],
  [
    refuse('unknown_file', { word: '9 `<#C1>', count: 2 }),
    'There is no file 9 ˋ‹#C1>: they are numbered 1 to 2. `/incident files` lists them.',
  ],
  [
    refuse('file_not_kept', { name: 'trace.har', link: 'https://acme.slack.example/archives/C1/p1' }),
    'The content of trace.har was not kept: it was too large, or Slack did not give it. Its message, while Slack has it: https://acme.slack.example/archives/C1/p1',
  ],
  [
    refuse('file_not_sent', { name: 'trace.har', why: 'Slack: the bot lacks the right' }),
    'trace.har could not be sent to you: Slack: the bot lacks the right. It is kept: try again, or get it on the bot’s server: `npm run tocsin -- help`.',
  ],
  [refuse('runbook_not_open', { id: 'INC-7', name: null }), 'No runbook of INC-7 is open yet. `/incident runbook` lists them.'],
  [
    refuse('runbook_not_open', { id: 'INC-7', name: 'payments' }),
    'The runbook `payments` is not open yet. First: `/incident runbook payments`.',
  ],
  [refuse('unknown_step', { step: 9, title: 'Payments', count: 5 }), '“Payments” has no step 9: they are numbered 1 to 5.'],
  [
    refuse('step_asks_nothing', { step: 2, title: 'Payments' }),
    'Step 2 of “Payments” names no check, so there is nothing to run. When it is done: `/incident runbook done 2`.',
  ],
  [
    refuse('step_is_marked', { step: 2, state: 'done', by: 'Bob', at: time }),
    `Step 2 is done already, by Bob at ${time}. To open it again: \`/incident runbook open 2\`.`,
  ],
  [
    refuse('step_is_marked', { step: 2, state: 'open', by: null, at: null }),
    'Step 2 is open. When it is done: `/incident runbook done 2`.',
  ],
  [
    refuse('already_paused', { at: '2026-11-21T14:05:00.000Z', why: 'Waiting for the provider' }),
    'The clocks stand since 2026-11-21T14:05:00.000Z: Waiting for the provider. To let them run: `/incident resume`.',
  ],
  [refuse('not_paused', {}), 'The clocks are not paused. To pause them: `/incident pause <why>`.'],
  [
    refuse('no_update_due', { id: 'INC-7' }),
    'No status update of INC-7 is due, so there is nothing to be reminded of. To post one: `/incident update <text>`.',
  ],
  [refuse('no_clock_runs', { id: 'INC-7' }), 'No clock of INC-7 runs, so there is nothing to pause.'],
  [
    refuse('no_channel', { id: 'INC-7' }),
    'INC-7 has no channel at present; it gets one by itself. `/incident status INC-7` says how it stands.',
  ],
  [
    refuse('channel_works', { id: 'INC-7' }),
    'The bot is in the channel of INC-7, so it stays where it is. Another is made when the bot was removed or the channel deleted.',
  ],
  [refuse('is_open', { id: 'INC-7' }), 'INC-7 is open; nothing changed.'],
  [refuse('is_merged', { id: 'INC-7', into: 'INC-8' }), 'INC-7 was merged into INC-8. Go on there.'],
  [refuse('target_is_merged', { id: 'INC-8', into: 'INC-9' }), 'INC-8 was merged into INC-9. Instead: `/incident merge INC-9`.'],
  [
    refuse('merge_resolved', { id: 'INC-8' }),
    'INC-8 is resolved, and only open records are merged. If it is back: `/incident reopen INC-8 <why>`. Else say in a note how the two belong together.',
  ],
  [
    refuse('merge_private', { id: 'INC-8' }),
    'INC-8 is private and the other is not, so merging would show it to people who must not see it. Keep both, and name the other in a note.',
  ],
  [
    refuse('merge_kinds', { id: 'INC-8', kind: 'change', into: 'INC-9', other: 'incident' }),
    'INC-8 is of the kind change, INC-9 of the kind incident: these stay apart. Instead: `/incident note Belongs to INC-9`.',
  ],
  [
    refuse('merge_products', { id: 'INC-8', product: 'Kontor', into: 'INC-9', other: 'Acme Shop' }),
    'INC-8 is of Kontor, INC-9 of Acme Shop, with other clocks and people: these stay apart. Instead: `/incident note Same cause as INC-9`.',
  ],
  [refuse('merge_with_itself', { id: 'INC-7' }), 'This is INC-7 itself. Name the other one: `/incident merge INC-12`.'],
  [
    refuse('no_phases', { id: 'INC-7', kind: 'incident' }),
    'INC-7 is of the kind incident, which has no phases. `/incident note <text>` keeps what was done.',
  ],
  [
    refuse('unknown_phase', { word: 'recover', nearest: 'recovery', known: 'assessment, recovery' }),
    '`recover` is not a phase. Did you mean `/incident phase recovery`? There are assessment, recovery.',
  ],
  [refuse('phase_not_begun', { phase: 'Validation' }), 'Validation has not begun: the phase before it is not done yet.'],
  [
    refuse('phase_is_done', { phase: 'Assessment', at: '2026-11-21T14:05:00.000Z' }),
    'Assessment is done since 2026-11-21T14:05:00.000Z; nothing changed.',
  ],
  [
    refuse('not_your_role', { role: 'Scribe', name: null }),
    'Nobody is Scribe, so there is nothing to give back. To take it: `/incident role scribe`.',
  ],
  [
    refuse('is_suspected', { suspect: 1, text: 'The migration', because: 'the lock was gone' }),
    'That was suspicion 1, and was ruled out: the lock was gone. If it is possible again, say what is new about it.',
  ],
  [refuse('unknown_suspect', { suspect: '1', count: 0 }), 'Nothing is suspected yet. First: `/incident suspect <text>`.'],
  [
    refuse('private_incident', { id: 'INC-7' }),
    'INC-7 is private. Only somebody who is in it can invite you; who that is is not told here.',
  ],
  [
    refuse('unknown_verb', { verb: 'akc', nearest: 'ack' }),
    '`/incident akc` does not exist. Did you mean `/incident ack`? `/incident help` lists what does.',
  ],
  [refuse('unknown_verb', { verb: 'dance', nearest: null }), '`/incident dance` does not exist. `/incident help` lists what does.'],
  [refuse('unknown_severity', { word: 'P9', known: 'P1/critical, P2' }), '`P9` is not a severity. Use one of P1/critical, P2.'],
  [
    refuse('unknown_product', { word: 'acne', nearest: 'acme', known: 'acme' }),
    '`acne` is not a product. Did you mean `acme`? Known: acme.',
  ],
  [
    refuse('broken_product', { word: 'acme' }),
    '`acme` is left out: its service.yml has a mistake, which the bot named when it started. Until it is mended: `/incident new unassigned P1 <title>`.',
  ],
  [
    refuse('unknown_check', { word: 'web', product: 'Acme Shop', nearest: null, known: 'health' }),
    'Acme Shop has no check `web`. It has: health.',
  ],
  [
    refuse('unknown_check', { word: 'web', product: 'Acme Shop', nearest: null, known: '' }),
    'Acme Shop has no check `web`. It has: none yet.',
  ],
  [
    refuse('not_in_incident', { verb: 'watch', command: 'diag' }),
    'This is not the channel of an incident. Say which one, for example `/diag watch INC-12`. `/incident list` shows the open ones.',
  ],
  [
    refuse('unknown_check_word', { word: 'until', check: 'logs', known: 'since=1h' }),
    '`until` cannot be said of `logs`. It takes since=1h.',
  ],
  [refuse('unknown_check_word', { word: 'x', check: 'all', known: '' }), '`x` cannot be said of `all`. It takes no words.'],
  [
    refuse('bad_check_word', { word: 'since=soon', why: 'must be hours', check: 'logs', known: 'since=1h' }),
    '`since=soon`: must be hours. `logs` takes since=1h.',
  ],
  [refuse('no_lines', { check: 'logs', run: 3 }), 'No more lines of `logs` were kept with that diagnosis. To ask anew: `/diag logs`.'],
  [refuse('lines_are_shown', { title: 'Worker log' }), 'The lines of Worker log are in the thread of that diagnosis already.'],
  [
    refuse('nothing_to_compare', { id: 'INC-7' }),
    'No checks have answered at the opening of INC-7, so there is nothing to compare with. To see how it is now: `/diag all`.',
  ],
  [refuse('is_watched', { check: 'health', minutes: 2 }), '`health` is watched already, every 2 min. To end it: `/diag unwatch health`.'],
  [
    refuse('too_many_watches', { most: 5, known: 'a, b' }),
    '5 checks are watched already, and not more than that at a time: a, b. End one first: `/diag unwatch <check>`.',
  ],
  [refuse('not_watched', { check: 'x', known: 'a, b' }), '`x` is not watched. Watched: a, b.'],
  [refuse('not_watched', { check: null, known: '' }), 'Nothing is watched. To watch a check: `/diag watch <check>`.'],
  [
    refuse('unknown_action', { word: 'rolback', product: 'Acme Shop', nearest: 'rollback', known: 'rollback, flush' }),
    'Acme Shop has no action `rolback`. Did you mean `/incident run rollback`? It has: rollback, flush.',
  ],
  [
    refuse('unknown_action', { word: 'rolback', product: 'Acme Shop', nearest: null, known: '' }),
    'Acme Shop has no action `rolback`. It has none yet.',
  ],
  [
    refuse('unknown_criterion', { word: 'breech', product: 'Acme Shop', nearest: 'breach', known: 'breach' }),
    'Acme Shop has no criterion `breech` that a person says holds. Did you mean `/incident actions holds breach`? It has: breach.',
  ],
  [
    refuse('unknown_criterion', { word: 'breach', product: 'Acme Shop', nearest: null, known: '' }),
    'Acme Shop has nothing that a person says holds: its criteria are measured.',
  ],
  [refuse('unknown_input', { word: 'speed', action: 'rollback', known: 'to=…' }), '`rollback` does not know `speed`. It takes to=….'],
  [
    refuse('unknown_input', { word: 'speed', action: 'rollback', known: '' }),
    '`rollback` takes nothing behind it, and `speed` was given. Nothing was asked for.',
  ],
  [
    refuse('bad_input', { word: 'minutes=-5', why: 'must be 5 or more', action: 'letters.unstick', known: 'minutes=10' }),
    '`minutes=-5`: must be 5 or more. `letters.unstick` takes minutes=10.',
  ],
  [
    refuse('not_configured', { action: 'rollback', missing: 'VERCEL_TOKEN' }),
    '`rollback` cannot run yet: set VERCEL_TOKEN in the bot’s environment, and start it again.',
  ],
  [
    refuse('action_outside', { action: 'rollback' }),
    'Actions run in a record only. Open one first, `/incident new` or for planned work `/incident change`; then there: `/incident run rollback`.',
  ],
  [
    refuse('unknown_target', { target: 'vercel:shp', nearest: 'vercel:shop', known: 'vercel:shop' }),
    'No action changes `vercel:shp`. Did you mean `vercel:shop`? What can be locked: vercel:shop.',
  ],
  [
    refuse('unknown_target', { target: 'vercel:shop', nearest: null, known: '' }),
    'No action of any product changes `vercel:shop`, so there is nothing to lock.',
  ],
  [
    refuse('not_told_apart', { why: 'Slack did not answer' }),
    'Slack could not be asked who you are and what you may: Slack did not answer. Nothing was recorded; try again in a minute.',
  ],
  [
    refuse('no_such_action', { what: 'waits for an approval' }),
    'No action here waits for an approval. What there is: `/incident status`. To ask for one: `/incident run`.',
  ],
  [
    refuse('unknown_requester', {}),
    'The bot cannot tell who you are for certain, so you cannot ask for an action. Ask in Slack, with a verified e-mail there, or as somebody in people.yml.',
  ],
  [
    refuse('unknown_voter', {}),
    'The bot cannot tell who you are for certain, so your vote cannot count. Whoever approves has a verified e-mail in Slack, or stands in people.yml.',
  ],
  [refuse('unknown_action_number', { action: 4, count: 0 }), 'No action was asked for here yet. To ask for one: `/incident run`.'],
  [
    refuse('unknown_action_number', { action: 4, count: 3 }),
    'There is no action 4 here: they are numbered 1 to 3. `/incident status` lists them.',
  ],
  [
    refuse('action_pending', { action: 3, title: 'Roll back the shop', name: 'Bea', status: 'waiting' }),
    'Bea asked for exactly this already: action 3, “Roll back the shop”, waits for approval. To call it off: `/incident deny 3`.',
  ],
  [
    refuse('action_not_previewed', { action: 3, title: 'Roll back the shop' }),
    'Action 3, “Roll back the shop”, is still being previewed: nobody knows yet what it would do. Its card says when it can be approved.',
  ],
  [
    refuse('action_not_waiting', { action: 3, title: 'Roll back the shop', status: 'expired' }),
    'Action 3, “Roll back the shop”, is expired; nothing changed. To ask for it anew: `/incident run again 3`.',
  ],
  [
    refuse('action_expired', { action: 3, title: 'Roll back the shop' }),
    'The time to approve action 3, “Roll back the shop”, is over; nothing ran. To ask for it anew: `/incident run again 3`.',
  ],
  [
    refuse('other_request', { action: 3 }),
    'This button is of something else than what action 3 is now. Read the card of action 3, and press there.',
  ],
  [
    refuse('action_held', {
      action: 3,
      expires: time,
      why: 'vps:shop is locked by Bea: A restore.',
      remedy: 'To open it:',
      command: '/incident unlock vps:shop',
    }),
    'Not recorded: action 3 cannot run now. vps:shop is locked by Bea: A restore. To open it: `/incident unlock vps:shop`. Its approvals stay until 2026-01-14T09:00:00.000Z.',
  ],
  [
    refuse('own_todo', { todo: 3 }),
    'To do 3 is a review of what you asked for, or ran without an approval: somebody else must do it. Then they type `/incident todo done 3`.',
  ],
  [
    refuse('own_request', { action: 3, title: 'Roll back the shop' }),
    'You asked for action 3, “Roll back the shop”, so somebody else must approve it. To call it off: `/incident deny 3`.',
  ],
  [
    refuse('has_voted', { action: 3, at: time, missing: 1 }),
    'You approved action 3 at 2026-01-14T09:00:00.000Z already. It needs 1 more, of other people.',
  ],
  [refuse('may_not_approve', { action: 3, who: 'Release managers' }), 'You may not approve action 3. These may: Release managers.'],
  [refuse('may_not_approve', { action: 3, who: '' }), 'You may not approve action 3: only full members of this workspace may.'],
  [
    refuse('votes_lapsed', { action: 3, why: 'Bob, who approved it, is not among those who may by now. Ask again.' }),
    'Not recorded. Bob, who approved it, is not among those who may by now. Ask for it anew: `/incident deny 3`, then `/incident run again 3`.',
  ],
  [
    refuse('vote_from_terminal', { action: 3 }),
    'An approval counts only from Slack, which knows who you are: whoever has the server may call themselves anybody. There: `/incident approve 3`.',
  ],
  [
    refuse('no_break_glass', { action: 3, severity: 'P2', kind: 'incident', product: 'Acme' }),
    'Action 3 cannot be run without an approval: that is for the lead of a P1 whom nobody answers, and this is P2.',
  ],
  [
    refuse('no_break_glass', { action: 3, severity: 'P1', kind: 'disaster', product: 'Acme' }),
    'Action 3 cannot be run without an approval: Acme has it that nobody may, not in a P1 either. Somebody else must approve it.',
  ],
  [
    refuse('no_break_glass', { action: 3, severity: 'P1', kind: 'drill', product: 'Acme' }),
    'Action 3 cannot be run without an approval: this is a drill, in which nothing is run. Somebody else can approve it here as they would.',
  ],
  [
    refuse('no_break_glass', { action: 3, severity: 'P1', kind: 'change', product: 'Acme' }),
    'Action 3 cannot be run without an approval: this is planned work, which waits for somebody else.',
  ],
  [refuse('lead_only', { action: 3, lead: 'Bea' }), 'Only the lead may run action 3 alone: Bea.'],
  [
    refuse('lead_only', { action: 3, lead: null }),
    'Only the lead may run action 3 alone, and nobody leads yet. To take the lead: `/incident role lead`.',
  ],
  [
    refuse('break_glass_later', { action: 3, at: time, over: false }),
    'Somebody may still approve action 3. When nobody has by 2026-01-14T09:00:00.000Z, you may run it alone.',
  ],
  [
    refuse('break_glass_later', { action: 3, at: time, over: true }),
    'The time for action 3 is over before you may run it alone (2026-01-14T09:00:00.000Z). Ask for it anew: `/incident deny 3`, then `/incident run again 3`.',
  ],
  [refuse('action_undone', { action: 3, by: 4 }), 'Action 3 was taken back already, by action 4.'],
  [
    refuse('action_not_undoable', { action: 3, title: 'Roll back the shop', status: 'done' }),
    'Action 3, “Roll back the shop”, cannot be taken back.',
  ],
  [
    refuse('action_not_undoable', { action: 3, title: 'Roll back the shop', status: 'failed' }),
    'Only what is done can be taken back. Action 3, “Roll back the shop”: failed.',
  ],
  [
    refuse('action_not_undoable', { action: 3, title: 'Close it', status: 'done', by: 'people, by hand: Open it again.' }),
    'Action 3, “Close it”, cannot be taken back from here, but by people, by hand: Open it again.',
  ],
  [
    refuse('is_locked', { target: 'vercel:shop', name: 'Bea', at: time, why: 'The disk is being moved' }),
    '`vercel:shop` is locked since 2026-01-14T09:00:00.000Z, by Bea: The disk is being moved. To open it: `/incident unlock vercel:shop`.',
  ],
  [refuse('not_locked', { target: 'vercel:shop', known: '' }), '`vercel:shop` is not locked; nothing is.'],
  [refuse('not_locked', { target: 'vercel:shop', known: 'database:shop' }), '`vercel:shop` is not locked. Locked: database:shop.'],
  [
    refuse('is_frozen', { name: 'Bea', at: time, why: 'Somebody has the account' }),
    'All actions are stopped since 2026-01-14T09:00:00.000Z, by Bea: Somebody has the account. To let them run: `/incident unfreeze`.',
  ],
  [refuse('not_frozen', {}), 'Actions are not stopped. To stop all of them: `/incident freeze <why>`.'],
  [
    refuse('nothing_to_tick', { action: 3, title: 'Roll back the shop', by: null }),
    'Nothing of action 3, “Roll back the shop”, waits to be ticked off now. Its card says how far it is.',
  ],
  [
    refuse('nothing_to_tick', { action: 3, title: 'Roll back the shop', by: 'Bob' }),
    'That step of action 3, “Roll back the shop”, was ticked off already, by Bob. Its card says how far it is.',
  ],
  [
    refuse('product_needed', { example: '/incident new acme P1 Payments fail', known: 'acme' }),
    'Which product? For example `/incident new acme P1 Payments fail`. Known: acme.',
  ],
  [
    refuse('missing', { what: 'The note', example: '/incident note Restarted' }),
    'The note is missing. For example `/incident note Restarted`.',
  ],
  [
    refuse('unreadable', { what: 'a time of day', word: 'at 25:00', example: '/incident note Restarted at 14:05' }),
    '`at 25:00` is not a time of day. For example `/incident note Restarted at 14:05`.',
  ],
  [
    refuse('too_long', { what: 'The note', length: 3001, most: 3000 }),
    'The note is too long: 3001 characters, at most 3000. Shorten it; `/incident note` takes the rest.',
  ],
  [
    refuse('already_declared', { id: 'INC-7', channel: 'C0ACME' }),
    'You declared this already: INC-7, in <#C0ACME>. For another incident use another title.',
  ],
  [refuse('already_said', { at: time }), `You posted exactly this already, at ${time}. To say more, change the words.`],
  [refuse('rule_open', { id: 'INC-7', rule: 'CheckoutErrors' }), 'INC-7 is already open for the alert `CheckoutErrors`. Go on there.'],
  [
    refuse('already_acknowledged', { by: 'Bob', at: time }),
    `Already acknowledged by Bob at ${time}: the response clock has stopped. \`/incident status\` shows the others.`,
  ],
  [refuse('same_severity', { severity: 'P1' }), 'It is P1 already; nothing changed. To change it, name another of P1 to P4.'],
  [refuse('already_mitigated', { at: time }), `Already mitigated at ${time}. When the cause is fixed: \`/incident resolve <summary>\`.`],
  [
    refuse('already_resolved', { at: time }),
    `Already resolved at ${time}. \`/incident note <text>\` still works. If it is back: \`/incident reopen <why>\`.`,
  ],
  [refuse('not_resolved', { id: 'INC-7' }), 'INC-7 is not resolved yet. First: `/incident resolve <summary>`.'],
  [refuse('already_reviewed', { at: time }), `Already reviewed at ${time}. \`/incident note <text>\` still works.`],
  [
    refuse('no_response_clock', { kind: 'change' }),
    'A change has no response clock, so there is nothing to acknowledge. To say how it goes: `/incident update <text>`.',
  ],
  [refuse('before_start', { at: time, start: at(1) }), `${time} is before the start, ${at(1)}. Give a time between the start and now.`],
  [refuse('in_future', { at: time }), `${time} has not come yet. Give a time between the start and now.`],
  [refuse('not_yours', {}), 'This message belongs to another workspace. Use the bot of your own.'],
  [
    refuse('no_database', {}),
    'The database does not answer, so nothing was recorded. Try again in a minute. If it is urgent, telephone whoever is on call.',
  ],
  [
    refuse('failed', { ref: 'a1b2' }),
    'That failed because of a bug in the bot, and nothing was recorded. Try again, and report it with `a1b2`.',
  ],
]

test.each(all)('%j', (refusal, words) => {
  expect(sentence(refusal)).toBe(words)
})

test('every refusal is here, and short enough to be read at night', () => {
  expect(new Set(all.map(([{ code }]) => code))).toEqual(new Set(refusalCodes))
  for (const [, words] of all) expect(words.length).toBeLessThan(170)
})

test('a long quotation is cut between words, a long word where it must be', () => {
  const quoted = (word: string) => /^`([^`]*)`/.exec(sentence(refuse('unreadable', { what: 'a time', word, example: 'x' })))?.[1]
  expect(quoted('at 25:00')).toBe('at 25:00')
  expect(quoted(`${'some words '.repeat(9)}at 25:00`)).toBe('some words some words some words some words some words…')
  expect(quoted('x'.repeat(80))).toBe(`${'x'.repeat(59)}…`)
})

describe('as an answer', () => {
  test('what can be typed is code, instants and channels are shown as such', () => {
    expect(refusalParts(refuse('already_declared', { id: 'INC-7', channel: 'C0ACME' }))).toEqual([
      {
        kind: 'text',
        spans: [
          'You declared this already: INC-7, in ',
          { channel: 'C0ACME', text: 'C0ACME' },
          '. For another incident use another title.',
        ],
      },
    ])
    expect(refusalParts(refuse('already_mitigated', { at: time }), 'Europe/Berlin')).toEqual([
      {
        kind: 'text',
        spans: [
          'Already mitigated at ',
          { time, zone: 'Europe/Berlin' },
          '. When the cause is fixed: ',
          { code: '/incident resolve <summary>' },
          '.',
        ],
      },
    ])
  })

  test('a foreign word stays one word: it ends no code, names no channel, hides nothing (faults 55)', () => {
    const foreign = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('a` <#C0EVIL> `b', '<!channel>', '`', '<#C0EVIL>', '\u202Eevil', 'x\ny', time),
    )
    fc.assert(
      fc.property(foreign, (word) => {
        const refusals = [
          refuse('unknown_verb', { verb: word, nearest: word }),
          refuse('unknown_incident', { id: word }),
          refuse('unknown_severity', { word, known: 'P1' }),
          refuse('unknown_product', { word, nearest: null, known: 'acme' }),
          refuse('unreadable', { what: 'a time', word, example: 'x' }),
          refuse('already_acknowledged', { by: word, at: time }),
          refuse('rule_open', { id: 'INC-7', rule: word }),
        ]
        for (const refusal of refusals) {
          const spans = refusalParts(refusal).flatMap((part) => (part.kind === 'text' ? part.spans : []))
          expect(spans.some((span) => typeof span === 'object' && ('channel' in span || 'mention' in span || 'link' in span))).toBe(false)
          expect(sentence(refusal).length).toBeLessThan(260)
          expect(sentence(refusal)).not.toMatch(/[\u202E\n]/)
        }
      }),
    )
  })
})

test('what can be typed as a severity', () => {
  expect(knownSeverities({ P1: ['1', 'L1', 'Level 1', 'critical', 'page', 'sev1'], P2: [] })).toBe('P1/Level 1/critical/page, P2')
})
