/** How people write a product and how far back: `shop 12w`, `last 30 days`. */

const hours = { h: 1, d: 24, w: 24 * 7 } as const

/** At most two years: what is asked for in one message is read in one go. */
const longestDays = 731

/** The product's words, and the hours of the period at their end; `null` for a period that is none. */
export const parsePeriod = (words: string): { product: string; period: string; hours: number | null } => {
  const [, before = '', amount, word = ''] = /^(.*?)\s*(?<![\w-])(?:last\s+)?(\d+)\s*([a-z]+)$/is.exec(words) ?? []
  if (amount === undefined) return { product: words, period: '30d', hours: 30 * 24 }
  const [, unit] = /^(h|d|w)(?:ours?|ays?|eeks?)?$/i.exec(word) ?? []
  const total = Number(amount) * (unit === undefined ? 0 : hours[unit.toLowerCase() as keyof typeof hours])
  return {
    product: before,
    period: unit === undefined ? `${amount} ${word}` : `${amount}${unit.toLowerCase()}`,
    hours: total > 0 && total <= longestDays * 24 ? total : null,
  }
}
