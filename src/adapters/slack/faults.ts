/** What Slack's errors mean for us (https://docs.slack.dev/reference/methods, per method). */
import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError } from '@slack/web-api'
import { type FaultCode, PortFault } from '../../ports.ts'

/** Seconds to wait when Slack limits a call without saying for how long. */
const defaultWait = 30

const codes: Readonly<Record<Exclude<FaultCode, 'invalid'>, readonly string[]>> = {
  limited: ['ratelimited', 'rate_limited', 'message_limit_exceeded'],
  unavailable: [
    'internal_error',
    'fatal_error',
    'service_unavailable',
    'request_timeout',
    'team_added_to_org',
    'external_channel_migrating',
  ],
  // A message that is no longer ours to edit (the app was installed anew) is as good as gone: it can only be posted again.
  gone: [
    'channel_not_found',
    'is_archived',
    'channel_is_archived',
    'is_inactive',
    'message_not_found',
    'cant_update_message',
    'thread_not_found',
    'no_such_subteam',
    'file_not_found',
    'file_deleted',
  ],
  outside: ['not_in_channel'],
  absent: ['user_not_in_channel'],
  taken: ['name_taken'],
  denied: [
    'restricted_action',
    'restricted_action_read_only_channel',
    'restricted_action_thread_only_channel',
    'restricted_action_non_threadable_channel',
    'posting_to_general_channel_denied',
    'missing_scope',
    'not_allowed_token_type',
    'no_permission',
    'permission_denied',
    'access_denied',
    'ekm_access_denied',
    'user_is_restricted',
    'enterprise_is_restricted',
    'team_access_not_granted',
    'org_login_required',
    // Posting again on every change would flood the channel; an administrator can allow it.
    'edit_window_closed',
    'not_authed',
    'invalid_auth',
    'account_inactive',
    'token_revoked',
    'token_expired',
  ],
}

const codeOf = new Map(Object.entries(codes).flatMap(([code, errors]) => errors.map((error) => [error, code as FaultCode] as const)))

const hints: Readonly<Record<string, string>> = {
  missing_scope: 'the app lacks a scope: install it again with the scopes of manifest.yml',
  not_allowed_token_type: 'the token is of the wrong kind: SLACK_BOT_TOKEN must be a bot token, xoxb-…',
  not_authed: 'no token was sent: set SLACK_BOT_TOKEN',
  invalid_auth: 'the token is not valid: check SLACK_BOT_TOKEN',
  account_inactive: 'the token belongs to a removed bot or workspace: install the app again and set SLACK_BOT_TOKEN',
  token_revoked: 'the token was revoked: install the app again and set SLACK_BOT_TOKEN',
  token_expired: 'the token has expired: install the app again and set SLACK_BOT_TOKEN',
  not_in_channel: 'the bot is not in the channel: invite it',
  restricted_action: 'a setting of the workspace forbids it',
  edit_window_closed: "the workspace's settings forbid editing messages this old",
}

/** One person's fault, not the batch's. */
export const userErrors: ReadonlySet<string> = new Set([
  'user_not_found',
  'users_not_found',
  'user_disabled',
  'cant_invite',
  'cant_invite_self',
  'already_in_channel',
  'ura_max_channels',
  'invitee_cant_see_channel',
  'no_external_invite_permission',
  'user_team_not_in_channel',
  'user_is_bot',
])

/** They are in already. */
export const harmlessInvite: ReadonlySet<string> = new Set(['already_in_channel', 'cant_invite_self'])

const blockErrors: ReadonlySet<unknown> = new Set([
  'msg_blocks_too_long',
  'msg_too_long',
  'invalid_blocks',
  'invalid_blocks_format',
  'too_many_blocks',
])

/** Whether Slack took offence at the blocks of a message, so that its text alone may pass. */
export const refusedBlocks = ({ cause }: PortFault): boolean => cause instanceof WebAPIPlatformError && blockErrors.has(cause.data.error)

/** A 429 without a readable `Retry-After` is a plain Error in the SDK; here it is a limit like the others. */
export const fetchWithLimits: typeof fetch = async (input, init) => {
  const response = await fetch(input, init)
  if (response.status === 429 && !/^\d+$/.test(response.headers.get('retry-after') ?? '')) throw new WebAPIRateLimitedError(defaultWait)
  return response
}

/** What a failed call means. The error stays as the cause. */
export const faultOf = (error: unknown, method: string, scope: string): PortFault => {
  const fault = (code: FaultCode, why: string, more: { retryAfter?: number; hidden?: boolean } = {}) =>
    new PortFault(code, method, `Slack, ${method}: ${why}`, { scope, cause: error, ...more })
  if (error instanceof PortFault) return error
  if (error instanceof WebAPIRateLimitedError)
    return fault('limited', `limited for ${error.retryAfter} s`, { retryAfter: error.retryAfter })
  if (error instanceof WebAPIHTTPError)
    return fault(error.statusCode >= 500 || error.statusCode === 408 ? 'unavailable' : 'invalid', `HTTP ${error.statusCode}`)
  if (error instanceof WebAPIPlatformError) {
    const { error: name, response_metadata: more, needed } = error.data as typeof error.data & { needed?: unknown }
    // An answer that is no JSON, such as a proxy's page, comes as the error's name.
    if (!/^[a-z0-9_]+$/i.test(name)) return fault('unavailable', "the answer is not Slack's")
    const code = codeOf.get(name) ?? 'invalid'
    if (code === 'limited') return fault(code, name, { retryAfter: more?.retryAfter ?? defaultWait })
    const details = [
      hints[name],
      typeof needed === 'string' ? `needed: ${needed}` : undefined,
      ...(more?.messages ?? []).slice(0, 3),
    ].filter(Boolean)
    return fault(code, details.length === 0 ? name : `${name} (${details.join('; ')})`, { hidden: name === 'channel_not_found' })
  }
  // No answer, or one that broke off while it was read: whether the call had its effect is unknown.
  return fault('unavailable', error instanceof Error ? error.message : String(error))
}
