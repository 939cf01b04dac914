/** What failed steps are called, and what the chat means by its codes. */

/** By the first word of a step's name. */
const stepWords: Readonly<Record<string, string>> = {
  channel: 'The channel could not be opened',
  outside: 'The bot is not in the channel any more',
  pin: 'The header could not be pinned',
  topic: 'The topic could not be set',
  lines: 'The lines of a check could not be shown',
  invite: 'Not everybody could be invited',
  gather: 'Not everybody of the merged record could be invited',
  call: 'Somebody who was called cannot be reached',
  instructions: 'Somebody could not be told what their role asks of them',
  bookmark: 'A bookmark could not be added',
  announcement: 'The announcement could not be posted',
  record: 'The record could not be published',
  message: 'A message could not be posted; it is tried again',
  'post-mortem': 'The post-mortem could not be proposed',
  backlog: 'What was said while Slack was not heard could not be read',
}

const stepWord = (step: string) => stepWords[step.split(':')[0] ?? ''] ?? `The job ${step} failed`

/** What the chat's codes mean, where they come without an explanation. */
const codeWords: Readonly<Record<string, string>> = {
  is_archived: 'the channel is archived',
  channel_is_archived: 'the channel is archived',
  channel_not_found: 'the channel does not exist any more',
  message_not_found: 'the message does not exist any more',
  cant_update_message: 'the message is not the bot’s',
  name_taken: 'the name is taken',
  not_in_channel: 'the bot is not in the channel: invite it',
  restricted_action: 'a setting of the workspace forbids it',
  no_permission: 'the bot lacks the right',
  ratelimited: 'too many calls',
  internal_error: 'the chat has a problem of its own',
  fatal_error: 'the chat has a problem of its own',
  service_unavailable: 'the chat has a problem of its own',
  user_not_found: 'no such person',
  users_not_found: 'no such person',
  user_disabled: 'the account is deactivated',
  user_is_bot: 'a bot',
  cant_invite: 'cannot be invited',
  ura_max_channels: 'a guest, in as many channels as they may be',
  user_is_restricted: 'a guest, who may not',
  user_team_not_in_channel: 'from another workspace',
  no_external_invite_permission: 'from another workspace',
  invitee_cant_see_channel: 'cannot see the channel',
  too_many_pins: 'the channel has as many pins as it can',
  too_many_bookmarks: 'the channel has as many bookmarks as it can',
}

/** A code of the chat in words, with the code behind them for whoever looks it up. */
export const codeWord = (code: string, words = codeWords[code] ?? 'the chat refused'): string => `${words} (${code})`

/** The method that was called helps nobody who reads of it: what could not be done stands before it already. */
const calledMethod = /^(given up: )?(?:\w+: )?(Slack), [\w.]+: (.*)$/s
const codeAndDetails = /^([a-z0-9_]+)(?: \((.*)\))?$/s

/** Why something failed, as it was recorded, with plain words first. */
export const reasonWords = (reason: string): string => {
  const [, before = '', who, why = ''] = calledMethod.exec(reason) ?? []
  if (who === undefined) return reason
  const [, code, details] = codeAndDetails.exec(why) ?? []
  return code === undefined ? `${before}${who}: ${why}` : before + codeWord(code, details)
}

/** What could not be done and why, in words. */
export const failedStep = ({ step, reason }: { readonly step: string; readonly reason: string }): string =>
  `${stepWord(step)}: ${reasonWords(reason)}`
