/** What can be done with an incident at this moment, for who asks only `/incident`. Pure. */
import { clocked } from './clocks.ts'
import type { Incident } from './incident.ts'
import type { Button } from './message.ts'

/** The verbs that help most, in order, by how far it is. More than are shown: not every record has them all. */
const byStatus: Readonly<Record<Incident['status'], readonly string[]>> = {
  declared: ['ack', 'role', 'severity', 'page', 'update', 'resolve', 'note', 'status'],
  acknowledged: ['update', 'note', 'suspect', 'todo', 'mitigate', 'resolve', 'page', 'role', 'severity', 'status'],
  mitigated: ['resolve', 'update', 'note', 'todo', 'severity', 'role', 'status'],
  resolved: ['postmortem', 'reopen', 'note', 'todo', 'status', 'audit'],
  reviewed: ['note', 'reopen', 'todo', 'postmortem', 'status', 'audit'],
}

/** What is left to do with a record that was merged: to read it. */
const whenMerged = ['status', 'files', 'audit']

/** The names of the `most` most useful verbs, of those that exist. */
export const usefulVerbs = (incident: Incident, exist: ReadonlySet<string>, most: number): string[] =>
  (incident.mergedInto === null ? [...(incident.paused === null ? [] : ['resume']), ...byStatus[incident.status]] : whenMerged)
    .filter((verb) => exist.has(verb) && (verb !== 'ack' || clocked(incident.kind)))
    .slice(0, most)

/** What needs no words: one press does it, or asks in a form. */
export const usefulButtons = (incident: Incident, exist: ReadonlySet<string>): Button[] => {
  const { id, status, lead, kind, policy, escalation, mergedInto } = incident
  if (mergedInto !== null)
    return [mergedInto, id]
      .map((record): Button => ({ label: `Where ${record} stands`, action: 'status', value: record }))
      .filter(({ action }) => exist.has(action))
  const open = incident.stamps.resolve === null
  const unanswered = status === 'declared' && clocked(kind)
  const all: (Button | false)[] = [
    open && incident.paused !== null && { label: 'Resume the clocks', action: 'resume', value: id, style: 'primary' },
    unanswered && { label: 'Acknowledge', action: 'ack', value: id, style: 'primary' },
    open && lead === null && { label: 'Take the lead', action: 'role', value: `${id} lead` },
    open && { label: 'Post update', action: 'update', value: id },
    open && policy.ladder[escalation + 1] !== undefined && { label: 'Call the next of the ladder', action: 'page', value: id },
    open && { label: 'Who does what', action: 'role', value: id },
    open && { label: 'Resolve', action: 'resolve', value: id },
    !open && { label: 'Post-mortem', action: 'postmortem', value: id },
    { label: 'Where it stands', action: 'status', value: id },
  ]
  return all.filter((button) => button !== false && exist.has(button.action)) as Button[]
}
