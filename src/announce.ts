/** The channels that the bot posts in besides those of records: found once, made if they do not exist, and remembered by their ids. */
import { PortFault, type Chat } from './ports.ts'
import type { Store } from './store/database.ts'
import { recall, remember } from './store/settings.ts'

const isId = (name: string) => /^[CG][A-Z0-9]{8,}$/.test(name)

/** How long it is not looked for again when somebody must look after it first: finding it walks the list of all channels, and so would
 *  every record that is to be announced, each time that it is tried again. */
const obstacleMs = 60_000

type AnnounceOptions = {
  readonly store: Store
  readonly chat: Chat
  /** An id, or a name. */
  readonly configured: string
  /** What names it, for whoever must look after it. */
  readonly setting?: string
  /** Milliseconds on a clock that only runs forwards. */
  readonly elapsed: () => number
}

/** With `gone`, an id that was remembered and no longer exists is found or made anew. Throws PortFault `denied`, saying what to do, when
 *  somebody must look after the channel. */
export const createAnnounceChannel = ({
  store,
  chat,
  configured,
  setting = 'SLACK_ANNOUNCE_CHANNEL',
  elapsed,
}: AnnounceOptions): ((gone?: string) => Promise<string>) => {
  let obstacle: { readonly fault: PortFault; readonly at: number } | null = null
  let looking: Promise<string> | null = null
  /** Many records that are announced at once look once. */
  const find = async (): Promise<string> => {
    if (obstacle !== null && elapsed() - obstacle.at < obstacleMs) throw obstacle.fault
    obstacle = null
    try {
      looking ??= makeOrFind(chat, configured, setting)
      return await looking
    } catch (fault) {
      if (fault instanceof PortFault && fault.code === 'denied') obstacle = { fault, at: elapsed() }
      throw fault
    } finally {
      looking = null
    }
  }
  return async (gone?: string): Promise<string> => {
    if (isId(configured)) {
      if (gone !== configured) return configured
      throw new PortFault(
        'denied',
        'chat.postMessage',
        `the channel ${configured} is archived or deleted, or private without the bot: unarchive it or invite the bot, or set ${setting} to another one`,
      )
    }
    const key = `announce-channel:${configured}`
    const known = await recall(store.db, key)
    if (known !== null && known !== gone) return known
    const id = await find()
    await remember(store.db, key, id)
    return id
  }
}

/** The same for the channels that products name, each found once. Without a name it is the announcements channel. */
export const createNamedChannels = (
  options: Omit<AnnounceOptions, 'configured' | 'setting'>,
  announce: (gone?: string) => Promise<string>,
) => {
  const known = new Map<string, (gone?: string) => Promise<string>>()
  return (configured: string | null, setting: string, gone?: string): Promise<string> => {
    if (configured === null) return announce(gone)
    const name = configured.replace(/^#/, '')
    const find = known.get(name) ?? createAnnounceChannel({ ...options, configured: name, setting })
    known.set(name, find)
    return find(gone)
  }
}

const makeOrFind = async (chat: Chat, name: string, setting: string): Promise<string> => {
  try {
    return (await chat.createChannel(name, false)).id
  } catch (fault) {
    if (!(fault instanceof PortFault) || fault.code !== 'taken') throw fault
    const present = await chat.findChannel(name)
    if (present === null)
      throw new PortFault(
        'denied',
        'conversations.list',
        `#${name} exists but the bot cannot see it: invite the bot, or set ${setting} to its id`,
      )
    if (present.archived)
      throw new PortFault('denied', 'conversations.list', `#${name} is archived: unarchive it, or name another channel in ${setting}`)
    return present.id
  }
}
