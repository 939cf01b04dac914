/** What the channel of a record is called. */
import type { Incident } from './incident.ts'

/** Slack: channel names are lower-case letters, digits, `-` and `_`, at most 80 characters. */
const most = 80

/** Latin letters that are letters of their own, so that no mark can be taken off them. */
const spelled: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i' }

const slug = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[ßæœøłđðþı]/g, (letter) => spelled[letter] ?? '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')

/** `inc-<n>-<product>-<slug of the title>`; `attempt` 2 and up adds a suffix, because another record's channel is never reused.
 *  A title without Latin letters or digits leaves no slug. */
export const channelName = (incident: Pick<Incident, 'number' | 'title'> & { product: { key: string } }, attempt = 1): string => {
  const suffix = attempt === 1 ? '' : `-${attempt}`
  const name = ['inc', String(incident.number), slug(incident.product.key), slug(incident.title)].filter((part) => part !== '').join('-')
  return name.slice(0, most - suffix.length).replace(/-+$/, '') + suffix
}
