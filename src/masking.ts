/** The secrets of the products out of what people write, by their value, wherever it comes in (faults 58): typed, pressed, filled in, or in
 *  a message that is kept. What only looks like a secret is masked where it is recorded. */
import type { Catalogue } from './catalogue.ts'
import { knownSecrets, maskKnown } from './incident/known-secrets.ts'
import type { ChatReading } from './ports.ts'

export type WrittenMask = (text: string) => string

/** Makes what masks a text. `environment`: where the secrets stand that products name. */
export const createWrittenMask = (
  { products }: Pick<Catalogue, 'products'>,
  environment: Readonly<Record<string, string | undefined>>,
): WrittenMask => {
  const names = new Set([...products.values()].flatMap(({ secrets }) => [...secrets]))
  const values = [...names].flatMap((name) => environment[name] || [])
  const known = knownSecrets(values)
  // Whole ones only: people paste them whole, and a piece of one may be a word, even of a product's name.
  return (text) => maskKnown(text, known)
}

/** The same, whose messages come masked. */
export const maskedReading = (reading: ChatReading, mask: WrittenMask): ChatReading => ({
  ...reading,
  message: async (channel, ts) => {
    const message = await reading.message(channel, ts)
    return message === null ? null : { ...message, text: mask(message.text) }
  },
})
