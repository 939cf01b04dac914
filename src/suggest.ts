/** Where a product wants it, words like “outage” get a quiet hint that an incident can be declared. */
import type { Catalogue } from './catalogue.ts'
import type { Store } from './store/database.ts'
import { firstIn } from './store/limits.ts'
import { incidentByChannel } from './store/reads.ts'

/** At most one hint a channel in this time. */
const pauseSeconds = 3600

/** `sev1` is also written `SEV-1` and `sev 1`. */
const patternOf = (words: readonly string[]): RegExp => {
  const each = words.map((word) =>
    word
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replace(/\s+/g, '\\s+')
      .replace(/(?<=[a-z])(?=\d)/gi, '[\\s-]?'),
  )
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${each.join('|')})(?![\\p{L}\\p{N}])`, 'iu')
}

/** Gives the name of the product whose words these are, in a channel where it wants hints; null when nothing is to be said. */
export const createSuggest = ({
  catalogue,
  store,
  channelName,
}: {
  catalogue: Catalogue
  store: Store
  channelName: (channel: string) => Promise<string | null>
}): ((channel: string, text: string) => Promise<string | null>) => {
  const wanting = [...catalogue.products.values()].flatMap(({ name, suggest }) =>
    suggest === null
      ? []
      : [{ name, channels: new Set(suggest.channels.map((each) => each.replace(/^#/, ''))), pattern: patternOf(suggest.words) }],
  )
  return async (channel, text) => {
    // Every message of every channel comes here: most end at this line.
    const heard = wanting.filter(({ pattern }) => pattern.test(text))
    if (heard.length === 0) return null
    const name = heard.some(({ channels }) => channels.has(channel)) ? null : await channelName(channel)
    const product = heard.find(({ channels }) => channels.has(channel) || (name !== null && channels.has(name)))
    if (product === undefined || (await incidentByChannel(store.db, channel)) !== null) return null
    return (await firstIn(store.db, 'suggest', channel, pauseSeconds)) ? product.name : null
  }
}
