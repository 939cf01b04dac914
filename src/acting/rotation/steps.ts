/** The steps of a rotation, in the order in which nothing breaks that need not: the new secret is there before the old one goes. Pure. */
import { z } from 'zod'
import { sentence } from '../sentence.ts'

const Said = z.string().trim().min(1).max(400)
const Page = z.url({ protocol: /^https?$/, error: 'must be an http(s) address' })

/** How one secret is rotated. */
export const Rotation = z.strictObject({
  /** Where and how the new one is made: `Stripe dashboard → Developers → API keys → Roll key`. */
  make: Said,
  /** Where that is. */
  link: Page.optional(),
  /** `both`: old and new are valid at once; `swap`: with the new one the old one is gone; `rolling`: its vendor does all of it, and the
   *  deployment gets nothing. */
  way: z.enum(['both', 'swap', 'rolling']).default('both'),
  /** Where it is put, where that is not among the variables at Vercel. */
  put: Said.optional(),
  /** Checks that tell whether all works with the new one. */
  verify: z.array(z.string().min(1).max(100)).default([]),
  /** Settings of the bot that hold the same secret. */
  copies: z.array(z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'must be the name of an environment variable in capitals')).default([]),
  /** How the old one is removed. */
  remove: Said,
})
export type Rotation = z.infer<typeof Rotation>

/** What a person does, and ticks off. `confirms`: before it, the variable must have changed. */
export type Step = { readonly task: string; readonly link: string | null; readonly confirms: boolean }

/** What every rotation of a product has in common. */
export type Place = {
  /** Where the variables are: `Vercel, production of shop`; null: each secret says it. */
  readonly variables: string | null
  readonly variablesLink: string | null
  readonly deploy: string
  readonly deployLink: string | null
}

/** The steps. `breach`: somebody else may have the old one, so it goes as soon as there is a new one, whatever fails until that is deployed. */
export const stepsOf = (
  name: string,
  { make, link, way, put, verify, copies, remove }: Rotation,
  place: Place,
  product: string,
  breach: boolean,
): readonly Step[] => {
  const step = (task: string, page: string | null = null, confirms = false): Step => ({ task: sentence(task), link: page, confirms })
  const asked = verify.map((check) => `\`/diag ${product} ${check}\``).join(', ')
  const works = step(`See that all works with the new one${asked === '' ? '' : `: ${asked}`}`)
  const isFirst = breach && way !== 'swap'
  const gone = step(`Remove the old one${isFirst ? ' now' : ''}: ${remove}`, link ?? null, way !== 'rolling' && !isFirst)
  const made = step(`Make a new ${name}: ${make}${way === 'both' && !breach ? '. Leave the old one valid' : ''}`, link ?? null)
  if (way === 'rolling') return breach ? [made, gone, works] : [made, works, gone]
  return [
    made,
    ...(isFirst ? [gone] : []),
    step(
      `${put ?? `Put it in place of the old one under ${name}, ${place.variables ?? 'where the deployment reads it'}`}. Give the value there and nowhere else, never here`,
      place.variablesLink,
    ),
    step(place.deploy, place.deployLink),
    ...(copies.length === 0 ? [] : [step(`The bot holds it as well: set ${copies.join(', ')} in its environment and restart it`)]),
    ...(isFirst ? [works] : breach ? [gone, works] : [works, gone]),
  ]
}
