/** What can be done with an incident as it is, asked before anybody writes a text for it. Pure. */
import type { Intent } from './commands.ts'
import { decide } from './decide.ts'
import type { Actor } from './events.ts'
import type { Incident } from './incident.ts'
import type { Instant } from './policy.ts'
import type { Refusal } from './refusals.ts'

/** Stands for a text that is still to be written. */
export const ellipsis = '…'

/** Why an intent would be refused now; null when it would not. */
export const refusalNow = (incident: Incident, intent: Intent, by: Actor, at: Instant): Refusal | null => {
  const decision = decide(incident, { intent, by, at })
  return 'refused' in decision ? decision.refused : null
}
