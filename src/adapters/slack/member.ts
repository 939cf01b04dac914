/** What Slack says of a user, in our words. */
import type { Member } from '../../ports.ts'

/** What `users.info` answers for who is nobody here, or nobody whom the bot may see. */
export const notShown: ReadonlySet<string> = new Set(['user_not_found', 'users_not_found', 'user_not_visible'])

/** Only the fields that are needed. */
type User = {
  readonly deleted?: boolean
  readonly is_bot?: boolean
  readonly is_app_user?: boolean
  readonly is_stranger?: boolean
  readonly is_restricted?: boolean
  readonly is_ultra_restricted?: boolean
  readonly team_id?: string
  readonly is_email_confirmed?: boolean
  readonly name?: string
  readonly real_name?: string
  readonly profile?: { readonly real_name?: string; readonly display_name?: string; readonly email?: string }
  /** In an Enterprise organisation a user belongs to several workspaces. */
  readonly enterprise_user?: { readonly teams?: readonly string[] }
}

const standingOf = (user: User, team: string): Member['standing'] => {
  if (user.deleted === true) return 'deactivated'
  if (user.is_bot === true) return 'bot'
  const elsewhere = user.team_id !== undefined && user.team_id !== team && user.enterprise_user?.teams?.includes(team) !== true
  if (user.is_stranger === true || elsewhere) return 'stranger'
  return user.is_restricted === true || user.is_ultra_restricted === true ? 'guest' : 'member'
}

/** A user of `users.info`; `team` is the bot's own workspace. */
export const memberOf = (id: string, user: User, team: string): Member => ({
  user: id,
  // The one that people chose to be called by may be a joke; the real one is what a post-mortem needs.
  name:
    [user.real_name, user.profile?.real_name, user.profile?.display_name, user.name].find((name) => name !== undefined && name !== '') ??
    id,
  // Anybody can write another's address where Slack has not asked for a proof.
  email: user.is_email_confirmed === false ? null : (user.profile?.email ?? null),
  standing: standingOf(user, team),
})
