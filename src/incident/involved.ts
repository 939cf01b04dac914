/** Who had a part in an incident, and which. */
import { holder, roles } from './areas/roles.ts'
import { type Person, samePerson } from './areas/area.ts'
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
  mitigated: 'mitigated',
  resolved: 'resolved',
  reviewed: 'reviewed',
}

const asRole = { lead: 'led', comms: 'did communications', scribe: 'was scribe', ops: 'did operations' } as const

/** Somebody's part in an incident, in words. */
export type Part = { readonly person: Person; readonly roles: readonly string[]; readonly did: readonly string[] }

/** The names of those who led, in their order; whoever came back stands there again. Who led a record that was merged while nobody led
 *  this one led this one, too. */
export const leads = (events: readonly Recorded[]): string[] => {
  const names: string[] = []
  let incident = null as Incident | null
  for (const recorded of events) {
    const { event } = recorded
    if (event.type === 'absorbed' && incident?.lead === null) names.push(...(event.brings?.leads ?? []))
    incident = evolve(incident, recorded)
    const { lead } = incident
    if (lead?.kind === 'person' && lead.name !== names.at(-1)) names.push(lead.name)
  }
  return names
}

/** Everybody who did something or had a role, also in what was merged, in the order of their first deed. */
export const partsOf = (events: readonly Recorded[]): Part[] => {
  const people = new Map<string, { person: Person; roles: Set<string>; did: Set<string> }>()
  const of = (person: Person) => {
    const known = people.get(person.id) ?? { person, roles: new Set<string>(), did: new Set<string>() }
    people.set(person.id, known)
    return known
  }
  let incident = null as Incident | null
  for (const recorded of events) {
    const before = incident
    incident = evolve(before, recorded)
    const { by, event } = recorded
    const deed = deeds[event.type]
    if (by.kind === 'person' && deed !== undefined) of(by).did.add(deed)
    for (const { person, roles: had, did } of event.type === 'absorbed' ? (event.brings?.people ?? []) : []) {
      const known = of(person)
      for (const role of had) known.roles.add(role)
      for (const each of did) known.did.add(each)
    }
    for (const role of roles) {
      const person = holder(incident, role)
      if (person?.kind !== 'person' || (before !== null && samePerson(holder(before, role), person))) continue
      of(person).roles.add(asRole[role])
    }
  }
  return [...people.values()].map(({ person, roles: had, did }) => ({ person, roles: [...had], did: [...did] }))
}

/** The same as it is read: their roles come first, those that they gave back or lost, too. */
export const involved = (events: readonly Recorded[]): { name: string; did: string }[] =>
  partsOf(events).map(({ person, roles: had, did }) => ({ name: person.name, did: [...had, ...did].join(', ') }))
