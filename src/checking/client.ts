/** A vendor's own client, asked under the guard: what keeps it from answering is a finding, whatever the client makes of it. */
import { z } from 'zod'
import type { CheckContext } from '../define/check.ts'
import type { Finding } from '../incident/check.ts'
import type { WebFetch } from '../ports.ts'
import { networkFault, vendorFault, vendorRefusal } from './fault.ts'
import { othersFirst } from './turn.ts'
import { asDocumented, bodyForClient, said } from './json.ts'

type Ask = {
  readonly vendor: string
  /** The setting whose value is sent. */
  readonly secret: string
  /** What a refusal means that this question knows more about; null for what any vendor means by it. */
  readonly refusal?: (status: number, body: string) => Finding | null
  /** A bare list is an answer, too. */
  readonly lists?: boolean
}

/** Asks with a client that takes a `fetch`. Clients wrap errors, retype them, or lose their cause: so what went wrong is noted where it
 *  happens, below the client. Throws only for a bug. */
export const throughClient = async <Value>(
  context: Pick<CheckContext, 'web'>,
  { vendor, secret, refusal, lists = false }: Ask,
  ask: (web: WebFetch) => Promise<Value>,
): Promise<{ readonly value: Value } | { readonly findings: readonly Finding[] }> => {
  const noted: Finding[] = []
  const web: WebFetch = async (input, init) => {
    let response: Response
    let body: string
    try {
      response = await context.web(input, init)
      body = await response.text()
    } catch (error) {
      const fault = networkFault(error)
      if (fault !== null) noted.push(vendorFault(fault))
      throw error
    }
    const { status, headers } = response
    await othersFirst()
    const read = response.ok
      ? bodyForClient(vendor, status, body, lists)
      : { finding: refusal?.(status, body) ?? vendorRefusal(vendor, status, secret, said(body)) }
    if ('finding' in read) {
      noted.push(read.finding)
      throw new Error(`${vendor} gave no answer that its client could read`)
    }
    // The client parses it once more.
    await othersFirst()
    return new Response(read.body, { status, headers })
  }
  try {
    return { value: await ask(web) }
  } catch (error) {
    const [first] = noted
    if (first !== undefined) return { findings: [first] }
    if (error instanceof z.ZodError) return { findings: [asDocumented(vendor, error)] }
    throw error
  }
}
