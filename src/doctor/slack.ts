/** Slack: whose token it is, what it may, and whether it can get a socket. */
import { PortFault } from '../ports.ts'
import { slackClock } from './clock.ts'
import { error, faulty, type Finding, ok, plural, warning } from './finding.ts'

export type Identity = {
  readonly team: string
  readonly user: string
  /** Null when Slack did not say. */
  readonly scopes: readonly string[] | null
  /** Of its answer, in milliseconds since 1970; null when Slack did not say. */
  readonly at: number | null
}

export type SlackToken = {
  readonly identity: () => Promise<Identity>
  /** Asks for an address of Socket Mode; null without an app token. */
  readonly socket: (() => Promise<void>) | null
}

const install = 'Install the app again from manifest.yml, and set SLACK_BOT_TOKEN to the new token.'

const scopesOf = (granted: readonly string[] | null, wanted: readonly string[]): Finding[] => {
  if (granted === null) return [warning('Slack', 'did not say what the token may', 'Compare the scopes of the app with manifest.yml.')]
  const missing = wanted.filter((scope) => !granted.includes(scope))
  const more = granted.filter((scope) => !wanted.includes(scope))
  return [
    ...(missing.length === 0
      ? [ok('Slack', `all ${plural(wanted.length, 'scope')}`)]
      : [error('Slack', `the token lacks ${missing.join(', ')}`, install)]),
    ...(more.length === 0
      ? []
      : [
          warning(
            'Slack',
            `the token may more than the bot needs: ${more.join(', ')}`,
            'Take them away from the app, and install it again.',
          ),
        ]),
  ]
}

/** `wanted`: the manifest's scopes. `now`: milliseconds since 1970, by this machine. */
export const examineToken = async (
  slack: SlackToken,
  { wanted, now }: { wanted: readonly string[]; now: () => number },
): Promise<{ usable: boolean; scopes: readonly string[]; findings: Finding[] }> => {
  try {
    const { team, user, scopes, at } = await slack.identity()
    const skew = at === null ? [] : [slackClock(now() - at)]
    return {
      usable: true,
      scopes: scopes ?? wanted,
      findings: [ok('Slack', `the token is ${user}’s in ${team}`), ...scopesOf(scopes, wanted), ...skew],
    }
  } catch (fault) {
    if (!(fault instanceof PortFault)) throw fault
    return { usable: false, scopes: [], findings: [faulty('Slack', fault, install)] }
  }
}

/** Socket Mode, when it is chosen. */
export const examineSocket = async ({ socket }: SlackToken): Promise<Finding[]> => {
  if (socket === null) return []
  try {
    await socket()
    return [ok('Slack', 'Socket Mode opens')]
  } catch (fault) {
    if (!(fault instanceof PortFault)) throw fault
    return [
      faulty('SLACK_APP_TOKEN', fault, 'Make an app-level token with the scope connections:write, and switch Socket Mode on in the app.'),
    ]
  }
}
