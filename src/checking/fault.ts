/** What keeps an answer from coming, as a finding: a check that could not ask says so, and never that all is well. */
import type { CheckStatus, Finding } from '../incident/check.ts'
import { FetchFault, type FetchFaultCode } from '../ports.ts'
import { foreign } from './foreign.ts'

/** How bad each fault is: ours to refuse is unknown, an answer too large is odd, the rest keeps users out. */
const severityOf: Readonly<Record<FetchFaultCode, CheckStatus>> = {
  dns: 'fail',
  refused: 'fail',
  tls: 'fail',
  timeout: 'fail',
  redirect: 'fail',
  reset: 'fail',
  forbidden: 'unknown',
  'too-large': 'warn',
}

const titles: Readonly<Record<FetchFaultCode, string>> = {
  dns: 'DNS failure',
  refused: 'Connection refused',
  tls: 'TLS failure',
  timeout: 'Timeout',
  redirect: 'Redirected away',
  reset: 'Connection broken',
  forbidden: 'Not allowed to ask',
  'too-large': 'Answer too large',
}

/** The fault of the network behind an error of a vendor's client, or null. */
export const networkFault = (error: unknown): FetchFault | null => {
  let next: unknown = error
  for (let depth = 0; next instanceof Error && depth < 8; depth += 1) {
    if (next instanceof FetchFault) return next
    next = next.cause
  }
  return null
}

/** For a question to the product itself: that it does not answer is the finding. */
export const productFault = ({ code, message }: FetchFault): Finding => ({
  status: severityOf[code],
  text: `${titles[code]}: ${message}`,
})

/** For a question to a vendor about the product: that the vendor does not answer leaves it open how the product is. */
export const vendorFault = ({ code, message }: FetchFault): Finding => ({ status: 'unknown', text: `${titles[code]}: ${message}` })

/** Whether an answer to a change leaves it open if it was done: whoever gives it, the vendor or a proxy before it, failed at it or gave up on
 *  it, when it may have been acted on. */
export const leavesOpen = (status: number): boolean => status >= 500 || [408, 460, 499].includes(status)

/** What a vendor's status means for who asked, with what to do. `secret`: the setting whose value was sent, null when none was. */
export const vendorRefusal = (vendor: string, status: number, secret: string | null, said = ''): Finding => {
  const words = said === '' ? '' : ` It says: ${foreign(said, 200)}`
  if (secret === null && (status === 401 || status === 403))
    return { status: 'unknown', text: `${vendor} does not let everybody ask that (${status}): look at the address in service.yml.${words}` }
  if (status === 401)
    return { status: 'unknown', text: `${vendor} does not accept the key (401): look whether ${secret} is current.${words}` }
  if (status === 403)
    return {
      status: 'unknown',
      text: `${vendor} does not let this key ask that (403): give the key in ${secret} the right to read it.${words}`,
    }
  if (status === 404)
    return {
      status: 'unknown',
      text: `${vendor} knows nothing by that name (404): look at the options in service.yml.${words}`,
    }
  if (status === 429) return { status: 'unknown', text: `${vendor} limits the rate of our questions (429): ask again in a minute.${words}` }
  if (status >= 500) return { status: 'unknown', text: `${vendor} has a problem of its own (${status}): look at its status page.${words}` }
  return { status: 'unknown', text: `${vendor} answered ${status}, which was not expected.${words}` }
}
