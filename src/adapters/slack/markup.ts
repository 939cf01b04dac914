/** What people write in Slack, as plain text: Slack's own marks for people, channels, groups, dates and links become words. */

/** Names by id; what has none shows what Slack wrote beside it, or a word for it: nobody reads an id. */
export type Names = {
  readonly users: ReadonlyMap<string, string>
  readonly channels: ReadonlyMap<string, string>
  readonly groups: ReadonlyMap<string, string>
}

const marks = /<([@#!][^<>]+|[a-z][a-z0-9+.-]*:[^<>]+)>/gi

/** The ids of users, channels and groups that a text names without saying what they are called. */
export const namedIn = (text: string): { users: string[]; channels: string[]; groups: string[] } => {
  const all = [...text.matchAll(marks)].map(([, inner = '']) => inner)
  const ids = (mark: string) =>
    all.filter((inner) => inner.startsWith(mark) && !/\|./.test(inner)).map((inner) => inner.slice(mark.length).replace('|', ''))
  return { users: [...new Set(ids('@'))], channels: [...new Set(ids('#'))], groups: [...new Set(ids('!subteam^'))] }
}

const worded = (inner: string, { users, channels, groups }: Names): string => {
  const bar = inner.indexOf('|')
  const [target, label] = bar < 0 ? [inner, ''] : [inner.slice(0, bar), inner.slice(bar + 1)]
  const [mark, id] = [target.charAt(0), target.slice(1)]
  if (mark === '@') return `@${label || users.get(id) || 'somebody'}`
  // As Slack itself shows a channel to who is not in it.
  if (mark === '#') return `#${label || channels.get(id) || 'private-channel'}`
  if (id.startsWith('subteam^')) return label || `@${groups.get(id.slice('subteam^'.length)) ?? 'a-group'}`
  if (mark === '!') return label || `@${id.replace(/\^.*$/, '')}`
  const address = target.replace(/^mailto:/, '')
  return label === '' || label === address || address.replace(/^https?:\/\//, '').replace(/\/$/, '') === label
    ? address
    : `${label} (${address})`
}

/** The text in words. It is foreign, and goes on as plain text: nothing in it is markup any more. */
export const plainText = (text: string, names: Names): string =>
  text
    .replace(marks, (_, inner: string) => worded(inner, names))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
