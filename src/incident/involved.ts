/** Who had a part in an incident, and which. */
import { holder, roles } from './areas/roles.ts'
import { samePerson } from './areas/area.ts'
import type { Recorded } from './events.ts'
import { evolve } from './evolve.ts'
import type { Incident } from './incident.ts'

const deeds: Readonly<Partial<Record<Recorded['event']['type'], string>>> = {
  declared: 'declared',
  acknowledged: 'acknowledged',
  'severity-changed': 'set the severity',
  updated: 'reported',
  noted: 'took notes',
  paged: 'called somebody',
  'runbook-step': 'worked through a runbook',
  mitigated: 'mitigated',
  resolved: 'resolved',
  reviewed: 'reviewed',
}

const asRole = { lead: 'led', comms: 'did communications', scribe: 'was scribe', ops: 'did operations' } as const

/** The names of those who led, in their order; whoever came back stands there again. */
export const leads = (events: readonly Recorded[]): string[] => {
  const names: string[] = []
  let incident = null as Incident | null
  for (const recorded of events) {
    incident = evolve(incident, recorded)
    const { lead } = incident
    if (lead?.kind === 'person' && lead.name !== names.at(-1)) names.push(lead.name)
  }
  return names
}

/** Everybody who did something or had a role, in the order of their first deed; their roles come first, those that they gave back or
 *  lost, too. */
export const involved = (events: readonly Recorded[]): { name: string; did: string }[] => {
  const people = new Map<string, { name: string; roles: Set<string>; did: Set<string> }>()
  const of = (id: string, name: string) => {
    const known = people.get(id) ?? { name, roles: new Set<string>(), did: new Set<string>() }
    people.set(id, known)
    return known
  }
  let incident = null as Incident | null
  for (const recorded of events) {
    const before = incident
    incident = evolve(before, recorded)
    const { by, event } = recorded
    const deed = deeds[event.type]
    if (by.kind === 'person' && deed !== undefined) of(by.id, by.name).did.add(deed)
    for (const role of roles) {
      const person = holder(incident, role)
      if (person?.kind !== 'person' || (before !== null && samePerson(holder(before, role), person))) continue
      of(person.id, person.name).roles.add(asRole[role])
    }
  }
  return [...people.values()].map(({ name, roles: had, did }) => ({ name, did: [...had, ...did].join(', ') }))
}
