/** What somebody typed behind a slash command, as Slack sends it with `should_escape`: people, groups and channels by their ids, and
 *  `&`, `<` and `>` as entities. Names are what verbs and the timeline read; the ids say who is meant, because several people may have
 *  the same name. Pure. */
import type { Mentioned } from '../ports.ts'

const marks =
  /<@([UW][A-Z0-9]+)(?:\|([^>]*))?>|<!subteam\^(S[A-Z0-9]+)(?:\|([^>]*))?>|<#([CG][A-Z0-9]+)(?:\|([^>]*))?>|<(https?:[^|>]+|mailto:[^|>]+)(?:\|([^>]*))?>|<!(channel|here|everyone)(?:\|[^>]*)?>/g

const entities: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&amp;': '&' }

const plain = (text: string): string => text.replace(/&(?:lt|gt|amp);/g, (entity) => entities[entity] ?? entity)

const named = (name: string): string => `@${plain(name).replace(/^@/, '').trim().replace(/\s+/g, '.')}`

/** The words as people read them, and whom they mention, in order. `nameOf` is asked for whom and what Slack sent
 *  without a name; what it does not know keeps its id. */
export const typed = (
  text: string,
  nameOf: (id: string) => string | undefined = () => undefined,
): { words: string; mentioned: Mentioned[] } => {
  const mentioned: Mentioned[] = []
  const mention = (kind: Mentioned['kind'], id: string, name: string | undefined): string => {
    const word = named(name === undefined || name === '' ? (nameOf(id) ?? id) : name)
    mentioned.push({ kind, id, word })
    return word
  }
  let words = ''
  let end = 0
  for (const match of text.matchAll(marks)) {
    words += plain(text.slice(end, match.index))
    const [, user, userName, group, groupName, channel, channelName, link, label, broadcast] = match
    if (user !== undefined) words += mention('user', user, userName)
    else if (group !== undefined) words += mention('group', group, groupName)
    else if (channel !== undefined)
      words += `#${plain(channelName === undefined || channelName === '' ? (nameOf(channel) ?? channel) : channelName)}`
    // The label is what was typed; the address is what it became: `www.x.example`, `http://www.x.example`.
    else if (link !== undefined) words += plain(label ?? link)
    else words += `@${broadcast ?? ''}`
    end = match.index + match[0].length
  }
  return { words: words + plain(text.slice(end)), mentioned }
}

/** Whom and what Slack sent without a name. */
export const nameless = (text: string): { kind: 'user' | 'group' | 'channel'; id: string }[] =>
  [...text.matchAll(/<(?:@([UW][A-Z0-9]+)|!subteam\^(S[A-Z0-9]+)|#([CG][A-Z0-9]+))\|?>/g)].map(([, user, group, channel]) =>
    user !== undefined
      ? { kind: 'user', id: user }
      : group !== undefined
        ? { kind: 'group', id: group }
        : { kind: 'channel', id: channel ?? '' },
  )

const escapes: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;' }

/** Words as Slack would send them: `typed` gives the same words again, and whom they mention. */
export const untyped = (words: string, mentioned: readonly Mentioned[]): string =>
  mentioned.reduce(
    (text, { kind, id, word }) => text.replace(word, () => (kind === 'user' ? `<@${id}|${word.slice(1)}>` : `<!subteam^${id}|${word}>`)),
    words.replace(/[<>&]/g, (sign) => escapes[sign] ?? sign),
  )
