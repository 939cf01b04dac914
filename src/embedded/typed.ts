/** What Slack makes of a typed command (`should_escape` in manifest.yml): people, groups and channels become ids, and what would be
 *  markup becomes entities. */
import type { Workspace } from './workspace.ts'

type Named = { id: string; name: string }

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** As it is sent. Only names that exist become ids. */
export const escaped = (text: string, { people, groups, bot }: Workspace, channels: readonly Named[]): string =>
  escape(text).replace(/(?<![\w@#])([@#])([a-z0-9][a-z0-9._-]*)/gi, (all, mark: string, word: string) => {
    const name = word.toLowerCase()
    if (mark === '#') {
      const channel = channels.find((each) => each.name === name)
      return channel === undefined ? all : `<#${channel.id}|${channel.name}>`
    }
    const user: Named | undefined = [...people, bot].find((each) => each.name === name)
    if (user !== undefined) return `<@${user.id}|${user.name}>`
    const group = groups.find(({ handle }) => handle === name)
    return group === undefined ? all : `<!subteam^${group.id}|@${group.handle}>`
  })
