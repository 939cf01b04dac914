/** `runbooks/people.yml`: everybody whom the catalogue may name, each in one place. */
import { z } from 'zod'
import { phone, slackUser } from './schema.ts'
import { Email, Slug, Text } from './values.ts'

export const People = z
  .record(
    Slug,
    z.strictObject({
      name: Text,
      email: Email.optional(),
      slack: slackUser.optional(),
      /** Further accounts in Slack of the same person, who counts once in an approval. */
      accounts: z.array(slackUser).optional(),
      github: z
        .string()
        .regex(/^[A-Za-z0-9-]{1,39}$/, 'must be a GitHub user name')
        .optional(),
      phone: phone.optional(),
    }),
  )
  .superRefine((everybody, context) => {
    const owners = new Map<string, string>()
    for (const [key, { slack, accounts = [] }] of Object.entries(everybody))
      for (const account of new Set(slack === undefined ? accounts : [slack, ...accounts])) {
        const owner = owners.get(account)
        if (owner === undefined) owners.set(account, key)
        else
          context.addIssue({
            code: 'custom',
            path: [key],
            message: `${account} is ${owner}’s account: list everything of one person in one place`,
          })
      }
  })
export type People = z.infer<typeof People>
