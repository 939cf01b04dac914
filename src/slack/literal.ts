/** Foreign text on its way into Slack: shown as it is, unable to mention, link, format or hide anything (faults 55). Pure. */
import type { Contact, Instant } from '../incident/policy.ts'
import { clean } from '../incident/text.ts'

/** Fillers, soft hyphens and variation selectors that show nothing, beyond what `clean` takes away. */
const invisible = /\u00AD|\u034F|\u115F|\u1160|\u17B4|\u17B5|\u3164|\uFFA0|[\u{E0100}-\u{E01EF}]/gu
/** Joiners make emoji and several scripts; beside these letters they only hide that two words differ. */
const plainScript = '[\\p{ASCII}\\p{Script=Latin}\\p{Script=Greek}\\p{Script=Cyrillic}]'
const hiddenJoiner = new RegExp(`(?<=^|${plainScript})[\\u200C\\u200D]+|[\\u200C\\u200D]+(?=$|${plainScript})`, 'gu')

/** The text without what deceives a reader. Spaces at its ends stay: it may be a piece of a sentence. */
export const literal = (text: string): string =>
  // The full stops keep `clean` from trimming.
  clean(`.${text.replace(/[\u2028\u2029]/g, '\n')}.`)
    .slice(1, -1)
    .replace(invisible, '')
    .replace(hiddenJoiner, '')
    .replace(/([\u200C\u200D])[\u200C\u200D]+/g, '$1')

/** At most `length` UTF-16 units, which is the stricter way to count, and never half a character; ends in … when cut. */
export const cut = (text: string, length: number): string => {
  if (text.length <= length) return text
  if (length <= 0) return ''
  return `${text
    .slice(0, length - 1)
    .replace(/[\uD800-\uDBFF]$/, '')
    .trimEnd()}…`
}

/** The only three characters that Slack reads as markup wherever they stand. */
const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** mrkdwn has no escape for these. What looks the same and means nothing is certain; a zero-width character beside them is not. */
const lookalike: Readonly<Record<string, string>> = { '*': '∗', _: 'ˍ', '~': '∼', '`': 'ˋ' }
const alike = (character: string): string => lookalike[character] ?? character

/** What begins or ends formatting. An underscore inside a word does not: Slack formats only at a word's edge. */
const formatting = /(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|[*~`]/g

/** Literal text in mrkdwn. */
export const mrkdwn = (text: string): string =>
  escape(
    literal(text)
      .replace(formatting, alike)
      .replace(/^(\s*)(>+)/gm, (_, space: string, marks: string) => space + '›'.repeat(marks.length)),
  )

/** Literal text as inline code in mrkdwn, where only the backtick can end it. */
export const mrkdwnCode = (text: string): string => {
  const inner = escape(literal(text).replaceAll('`', 'ˋ').replace(/\s+/g, ' ').trim())
  return inner === '' ? '' : `\`${inner}\``
}

/** Literal text in bold in mrkdwn, which must be one line without spaces at its ends. */
export const mrkdwnBold = (text: string): string => {
  const inner = mrkdwn(text).replace(/\s+/g, ' ').trim()
  return inner === '' ? '' : `*${inner}*`
}

const addressed = /:\/\/|^\s*(?:www\.|(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}\s*(?:[/:?#]|$))/iu

const hostIn = (text: string): string | null => URL.parse(text.includes('://') ? text.trim() : `https://${text.trim()}`)?.host ?? null

/** A link that can be shown, or null: only http and https, at most 3000 characters (Slack's limit), without a user part, which looks like
 *  a host. A text that looks like another address is replaced by the true one. */
export const safeLink = (address: string, text: string): { url: string; text: string } | null => {
  const url = URL.parse(address)
  if (url === null || !/^https?:$/.test(url.protocol)) return null
  url.username = ''
  url.password = ''
  const href = url.href.replaceAll('|', '%7C')
  if (href.length > 3000) return null
  const shown = literal(text).replace(/\s+/g, ' ').trim()
  const disguised = addressed.test(shown) && hostIn(shown) !== url.host
  return { url: href, text: shown === '' || disguised ? cut(href, 300) : shown }
}

/** An address that is shown as text: what looks the same there is another host, or another page, than what is opened. */
const encoded = (text: string): string =>
  addressed.test(text)
    ? text.replace(formatting, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
    : text

/** A link in mrkdwn; one that cannot be shown becomes its text. */
export const mrkdwnLink = (address: string, text: string): string => {
  const link = safeLink(address, text)
  return link === null ? mrkdwn(text) : `<${escape(link.url)}|${mrkdwn(encoded(link.text)).replaceAll('|', '¦')}>`
}

export type Mention =
  | { readonly kind: 'user' | 'usergroup' | 'channel'; readonly id: string }
  /** Whom Slack does not know. */
  | { readonly kind: 'name'; readonly text: string }

/** Ids are checked: what is no id is a name, and names are literal. */
const ids = { user: /^[UW][A-Z0-9]{1,30}$/, usergroup: /^S[A-Z0-9]{1,30}$/, channel: /^[CG][A-Z0-9]{1,30}$/ } as const

/** Whether this is a channel's id. */
export const isChannelId = (id: string): boolean => ids.channel.test(id)

/** How a contact is reached in Slack: as a person, else a group, else a channel, else by its name and how else to reach it. */
export const mentionOf = (contact: Contact): Mention => {
  if (contact.slackUser !== undefined && ids.user.test(contact.slackUser)) return { kind: 'user', id: contact.slackUser }
  if (contact.slackGroup !== undefined && ids.usergroup.test(contact.slackGroup)) return { kind: 'usergroup', id: contact.slackGroup }
  if (contact.slackChannel !== undefined && isChannelId(contact.slackChannel)) return { kind: 'channel', id: contact.slackChannel }
  const ways = [contact.email, contact.phone, contact.url].filter((way) => way !== undefined && way !== '').join(', ')
  return { kind: 'name', text: ways === '' ? contact.name : `${contact.name} (${ways})` }
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Made once a zone: making one is slow. */
const formatOf = (zone: string): Intl.DateTimeFormat => {
  const known = formats.get(zone)
  if (known !== undefined) return known
  const digits = {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  } as const
  const format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, ...digits })
  formats.set(zone, format)
  return format
}

/** An instant as `2026-11-21 14:20 CET`, for readers whose Slack cannot show it in their own zone. Throws RangeError for a zone that
 *  does not exist: the catalogue has refused it long before. */
export const inZone = (instant: Instant, zone: string): string => {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(Date.parse(instant))
      .map(({ type, value }) => [type, value]),
  )
  return `${parts['year']}-${parts['month']}-${parts['day']} ${parts['hour']}:${parts['minute']} ${parts['timeZoneName']}`
}
