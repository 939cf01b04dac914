/** A kind of check for tests: it asks an address and answers what that says. */
import { z } from 'zod'
import { type CheckAnswer, defineCheck } from '../src/define/check.ts'
import type { Registry } from '../src/registry.ts'

export const told = defineCheck({
  summary: 'asks an address what to say',
  options: z.strictObject({ url: z.string(), secret: z.string().optional() }),
  words: z.object({
    since: z
      .string()
      .regex(/^\d+h$/, 'must be hours, such as `2h`')
      .default('1h'),
  }),
  hosts: ({ url }) => [new URL(url).host],
  needs: ({ secret }) => (secret === undefined ? [] : [secret]),
  timeoutMs: 20_000,
  concurrency: 30,
  run: async ({ url }, { fetch, around }, { since }) =>
    JSON.parse((await fetch(`${url}?since=${since}&around=${around}`)).body) as CheckAnswer,
})

/** The registry with that kind, as `told`. */
export const withTold = (registry: Registry): Registry => ({
  ...registry,
  checks: new Map([
    ...registry.checks,
    ['told', told as unknown as typeof registry.checks extends ReadonlyMap<string, infer C> ? C : never],
  ]),
})
