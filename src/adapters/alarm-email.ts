/** Alarms as plain text e-mail, by SMTP. */
import { createTransport } from 'nodemailer'
import { type Alarm, type FaultCode, PortFault } from '../ports.ts'

/** Milliseconds for each step of a delivery. */
const patienceMs = 15_000

const codeOf = (error: Error): FaultCode => {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown }
  if (code === 'EAUTH' || code === 'ENOAUTH') return 'denied'
  // What begins with 5 the server will say again; without an answer nobody knows.
  return typeof responseCode === 'number' && responseCode >= 500 ? 'invalid' : 'unavailable'
}

const faultOf = (error: unknown): PortFault => {
  if (!(error instanceof Error)) return new PortFault('unavailable', 'alarm-email', String(error))
  return new PortFault(codeOf(error), 'alarm-email', error.message, { cause: error })
}

const isLocal = (host: string): boolean => ['localhost', '127.0.0.1', '[::1]'].includes(host)

/** The address with our settings in it: beside an address, nodemailer takes no others. What stands there already is left. */
const settled = (smtpUrl: string): string => {
  const url = new URL(smtpUrl)
  const ours = {
    connectionTimeout: patienceMs,
    greetingTimeout: patienceMs,
    socketTimeout: patienceMs,
    ...(url.protocol === 'smtp:' && url.password !== '' && !isLocal(url.hostname) ? { requireTLS: true } : {}),
  }
  for (const [name, value] of Object.entries(ours)) if (!url.searchParams.has(name)) url.searchParams.set(name, String(value))
  return url.href
}

/** `smtpUrl`: `smtp://user:password@host:587`, or `smtps://` for TLS from the start. A password leaves this machine encrypted only,
 *  unless the address says `?requireTLS=false`. */
export const emailAlarm = ({
  smtpUrl,
  to,
  from,
  log,
}: {
  smtpUrl: string
  to: readonly string[]
  from: string
  log: { warn(fields: object, message: string): void }
}): Alarm => {
  const transport = createTransport(settled(smtpUrl))
  return {
    name: 'e-mail',
    async send({ id, subject, text }) {
      try {
        const { rejected } = await transport.sendMail({
          from,
          to: [...to],
          subject,
          text,
          disableFileAccess: true,
          disableUrlAccess: true,
          // The same for a message that is sent twice, so that a mailbox shows it once.
          messageId: `<${id}@${from.split('@')[1]}>`,
          priority: 'high',
          headers: { 'Auto-Submitted': 'auto-generated' },
        })
        if (rejected.length > 0) log.warn({ rejected }, 'the mail server refused some of those who were to be alarmed')
      } catch (error) {
        throw faultOf(error)
      }
    },
    async probe() {
      try {
        await transport.verify()
        return null
      } catch (error) {
        return faultOf(error)
      }
    },
  }
}
