/** How far a record is (S6): Detect → Assess → Communicate → Mitigate → Resolve → Review, each with when it was reached, or that it was
 *  skipped. The same everywhere: in the chat, in the post-mortem and in the published record. */
import { clocked } from './clocks.ts'
import { type Incident, type Step, steps } from './incident.ts'
import type { Instant } from './policy.ts'

export type StepRow = { readonly step: Step; readonly at: Instant | null; readonly state: 'reached' | 'skipped' | 'pending' }

export const stepWord: Readonly<Record<Step, string>> = {
  detect: 'Detect',
  assess: 'Assess',
  communicate: 'Communicate',
  mitigate: 'Mitigate',
  resolve: 'Resolve',
  review: 'Review',
}

/** What planned work does not have, unless it was done all the same: nobody acknowledges it, and it has no impact to end. */
const ofTrouble: ReadonlySet<Step> = new Set(['assess', 'mitigate'])

type Far = Pick<Incident, 'kind' | 'stamps' | 'mergedInto' | 'reopenings'>

/** The steps in their order. One that was passed over is skipped, unless it was reached before the record was opened again; of a record
 *  that became part of another nothing is to come any more. */
export const stepRows = ({ kind, stamps, mergedInto, reopenings }: Far): StepRow[] =>
  steps
    .filter((step) => clocked(kind) || stamps[step] !== null || !ofTrouble.has(step))
    .map((step) => {
      const passed = mergedInto !== null || steps.slice(steps.indexOf(step) + 1).some((later) => stamps[later] !== null)
      const before = step === 'mitigate' && passed ? reopenings.findLast(({ mitigatedAt }) => mitigatedAt !== undefined)?.mitigatedAt : null
      const at = stamps[step] ?? before ?? null
      return { step, at, state: at !== null ? 'reached' : passed ? 'skipped' : 'pending' }
    })
