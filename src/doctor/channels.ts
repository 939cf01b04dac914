/** The channels that the settings and the catalogue name: whether they are there, and whether the bot may write in them. */
import { PortFault } from '../ports.ts'
import { error, faulty, type Finding, ok, warning } from './finding.ts'

export type Channel = {
  readonly id: string
  readonly name: string
  readonly private: boolean
  readonly archived: boolean
  readonly member: boolean
}

const isId = (word: string): boolean => /^[CG][A-Z0-9]{8,}$/.test(word)

const find = (channels: readonly Channel[], word: string): Channel | undefined =>
  channels.find((channel) => (isId(word) ? channel.id === word : channel.name === word.replace(/^#/, '')))

/** A channel that the bot posts in, and makes if it is not there. `where`: what names it. */
const writable = (where: string, wanted: string, channels: readonly Channel[], scopes: readonly string[]): Finding => {
  const channel = find(channels, wanted)
  if (channel === undefined) {
    if (isId(wanted)) return error(where, `there is no channel ${wanted} that the bot can see`, 'Invite the bot there, or give another id.')
    return scopes.includes('channels:manage')
      ? ok('channels', `#${wanted.replace(/^#/, '')} will be made`)
      : error(
          where,
          `there is no #${wanted.replace(/^#/, '')}, and the token may not make it`,
          'Make the channel, or give the app the scope channels:manage.',
        )
  }
  if (channel.archived) return error(where, `#${channel.name} is archived`, 'Unarchive it, or name another channel.')
  if (channel.member || (!channel.private && scopes.includes('chat:write.public')))
    return ok('channels', `#${channel.name} can be written to`)
  return error(where, `the bot is not in #${channel.name}`, `Invite it: /invite @… in #${channel.name}.`)
}

/** `named`: channels of the catalogue, with who names them; `digests`: those of them that the bot posts digests in. */
export const examineChannels = async (
  list: () => Promise<readonly Channel[]>,
  {
    announce,
    named,
    digests,
    scopes,
  }: { announce: string; named: ReadonlyMap<string, string>; digests: ReadonlyMap<string, string>; scopes: readonly string[] },
): Promise<Finding[]> => {
  try {
    const channels = await list()
    const others = [...named].flatMap(([word, by]): Finding[] => {
      const channel = find(channels, word)
      if (channel === undefined)
        return [warning(`${by} ${word}`, 'there is no such channel that the bot can see', 'Correct its name, or invite the bot there.')]
      return channel.archived ? [warning(`${by} ${word}`, 'the channel is archived', 'Unarchive it, or name another.')] : []
    })
    return [
      writable('SLACK_ANNOUNCE_CHANNEL', announce, channels, scopes),
      ...[...digests].map(([word, by]) => writable(`${by} digest.channel`, word, channels, scopes)),
      ...others,
    ]
  } catch (fault) {
    if (!(fault instanceof PortFault)) throw fault
    return [faulty('channels', fault, 'Give the app the scopes channels:read and groups:read, and install it again.')]
  }
}
