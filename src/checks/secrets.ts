/** Secrets of the product's deployment (D16): each name that is wanted is there, begins as it should where its value can be read, is of
 *  the right world, and is not older than its rotation allows (H4). No value leaves this process, nor any part of one. */
import { z } from 'zod'
import { hostOf } from '../checking/address.ts'
import { found } from '../checking/answer.ts'
import { holdContainers } from '../checking/secrets/container.ts'
import { Environment, judgeSecrets, Names } from '../checking/secrets/judge.ts'
import { holdVercel } from '../checking/secrets/vercel.ts'
import { vercelOptions } from '../checking/vercel/api.ts'
import { defineCheck } from '../define/check.ts'

const options = z.discriminatedUnion('from', [
  z.strictObject({
    from: z.literal('vercel'),
    ...vercelOptions,
    /** Whose variables: live keys belong to production only. */
    target: Environment.default('production'),
    names: Names,
  }),
  z.strictObject({
    from: z.literal('docker'),
    /** The Engine's Unix socket. */
    socket: z.string().regex(/^\//, 'must be the path of a Unix socket').default('/var/run/docker.sock'),
    /** A service of Docker Compose, all of whose containers are looked at. */
    service: z.string().regex(/^[A-Za-z0-9._-]+$/, 'must be the name of a service'),
    composeProject: z
      .string()
      .regex(/^[a-z0-9][a-z0-9_-]*$/, 'must be the name of a Compose project')
      .optional(),
    target: Environment.default('production'),
    names: Names,
  }),
])

export default defineCheck({
  summary: 'looks whether the product’s deployment holds its secrets, well-formed and not too old; shows none',
  options,
  hosts: (wanted) => (wanted.from === 'vercel' ? [hostOf(wanted.apiUrl)] : []),
  needs: (wanted) => (wanted.from === 'vercel' ? [wanted.secret] : []),
  timeoutMs: 10_000,
  concurrency: 4,
  run: async (wanted, context) => {
    const held = wanted.from === 'vercel' ? await holdVercel(context, wanted) : await holdContainers(context, wanted)
    return 'findings' in held ? found(...held.findings) : judgeSecrets(wanted.names, held, wanted.target, context.now())
  },
})
