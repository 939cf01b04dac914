/** TLS (D13): how many days a server's certificate is still valid, for which names, and whether its chain is trusted. */
import { isIP } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { z } from 'zod'
import { productFault } from '../checking/fault.ts'
import { Host, Port } from '../checking/address.ts'
import { socketFault } from '../checking/socket.ts'
import { judgeCertificate, type Served } from '../checking/tls/certificate.ts'
import { type CheckContext, defineCheck } from '../define/check.ts'
import { FetchFault } from '../ports.ts'

const options = z
  .strictObject({
    host: Host,
    port: Port.default(443),
    /** Names that the certificate must be valid for; the host alone when none are given. */
    names: z.array(Host).min(1).max(50).optional(),
    /** Fewer days left than this is worth a look. */
    warnDays: z.number().positive().optional(),
    /** Fewer days left than this is critical. */
    failDays: z.number().positive().optional(),
  })
  .refine(({ warnDays, failDays }) => warnDays === undefined || failDays === undefined || failDays <= warnDays, {
    path: ['failDays'],
    message: 'must not be more than warnDays',
  })

type Options = z.infer<typeof options>

const serve = ({ host, port }: Options, { address, signal }: CheckContext): Promise<Served> => {
  const at = `${host}:${port}`
  const name = host.replace(/^\[|\]$/g, '')
  return address(host, port).then(
    (found) =>
      new Promise((resolve, reject) => {
        const socket: TLSSocket = connect({
          host: found.address,
          port,
          // A certificate that is not trusted is what is looked for: it is read, and nothing is sent.
          rejectUnauthorized: false,
          ...(isIP(name) === 0 ? { servername: name } : {}),
          checkServerIdentity: () => undefined,
        })
        const giveUp = () => socket.destroy(new FetchFault('timeout', `${at} did not complete a TLS handshake in time.`))
        if (signal.aborted) giveUp()
        signal.addEventListener('abort', giveUp, { once: true })
        socket.once('secureConnect', () => {
          // A code at run time, whatever its type says.
          const code: unknown = socket.authorizationError
          const distrust = socket.authorized ? null : typeof code === 'string' ? code : 'without a reason'
          resolve({ certificate: socket.getPeerCertificate(true), distrust, protocol: socket.getProtocol() })
          socket.destroy()
        })
        socket.once('error', reject)
        socket.once('close', () => {
          signal.removeEventListener('abort', giveUp)
          reject(new FetchFault('reset', `${at} closed the connection before the TLS handshake was complete.`))
        })
      }),
  )
}

export default defineCheck({
  summary: 'asks how long a server’s certificate is valid, for which names, and whether it is trusted',
  options,
  hosts: ({ host, port }) => [`${host}:${port}`],
  timeoutMs: 10_000,
  concurrency: 8,
  run: async (wanted, context) => {
    const at = `${wanted.host}:${wanted.port}`
    try {
      const served = await serve(wanted, context)
      return judgeCertificate(at, served, { ...wanted, names: wanted.names ?? [wanted.host.replace(/^\[|\]$/g, '')] }, context.now())
    } catch (error) {
      const fault = socketFault(error, at)
      if (fault === null) throw error
      return { findings: [productFault(fault)], measurements: [] }
    }
  },
})
