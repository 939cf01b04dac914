/** The kinds of record (S9): what each is called, and what becomes of a severity's promises in it. */
import { clocked } from './clocks.ts'
import type { Kind } from './events.ts'
import type { Incident } from './incident.ts'
import type { FurtherClock, Policy } from './policy.ts'

/** How each kind is shown, where it has to be shown: an incident is what everybody expects. */
export const kindWord: Readonly<Record<Kind, string | null>> = {
  incident: null,
  change: '🛠 Change',
  maintenance: '🛠 Maintenance',
  disaster: '🆘 Disaster',
  drill: '🧪 DRILL',
}

/** What a record is called in one line: planned work is not grave, and a drill must not be taken for what it plays. */
export const called = ({ id, kind, severity }: Pick<Incident, 'id' | 'kind' | 'severity'>): string =>
  [id, kindWord[kind], clocked(kind) ? severity : null].filter((word) => word !== null).join(' ')

/** What a product has planned for a disaster; times in minutes. `by` counts from the declaration, `within` from the end of `after`. */
export type DisasterPlan = {
  readonly rto: number
  readonly rpo: number
  readonly phases: Readonly<
    Record<
      string,
      {
        readonly title: string
        readonly task: string
        readonly by?: number | undefined
        readonly within?: number | undefined
        readonly after?: string | undefined
      }
    >
  >
}

/** A severity's policy for planned work: nobody is paged and nothing is due by itself. */
const planned = (policy: Policy): Policy => {
  const { clocks: _, ...rest } = policy
  return { ...rest, page: false, checklist: [] }
}

/** A severity's policy for a disaster (S3): its phases are its deadlines and its checklist; the recovery time objective is a deadline
 *  of its own where no phase has it. They take the place of what the severity promises besides response and updates. */
export const disasterPolicy = (policy: Policy, { rto, rpo, phases }: DisasterPlan): Policy => {
  const all = Object.entries(phases)
  const recovery: FurtherClock[] = all.some(([, { by }]) => by === rto)
    ? []
    : [{ key: 'rto', title: 'Recovery (RTO)', minutes: rto, from: 'declared', until: 'mitigated' }]
  return {
    ...policy,
    checklist: all.length === 0 ? policy.checklist : all.map(([, { title, task }]) => `${title}: ${task}`),
    clocks: [
      ...recovery,
      ...all.map(([key, { title, by, within, after }]): FurtherClock => ({
        key,
        title,
        minutes: by ?? within ?? 0,
        from: after === undefined ? 'declared' : `phase:${after}`,
        until: 'phase',
      })),
    ],
    objectives: { rto, rpo },
  }
}

/** The policy that a record of this kind is declared with. */
export const policyOf = (kind: Kind, policy: Policy): Policy => (clocked(kind) ? policy : planned(policy))

/** The policy that a record goes on with at another severity: what was planned for a disaster does not hang on the severity. */
export const policyAfter = ({ kind, policy: { clocks = [], checklist, objectives } }: Incident, policy: Policy): Policy =>
  objectives === undefined ? policyOf(kind, policy) : { ...policy, clocks, checklist, objectives }
