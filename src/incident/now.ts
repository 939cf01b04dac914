/** What can be done with an incident at this moment, for who asks only `/incident`. Pure. */
import { phases } from './areas/deadlines.ts'
import { clocked, runningClocks } from './clocks.ts'
import type { Incident } from './incident.ts'
import type { Button } from './message.ts'
import { ellipsis } from './possible.ts'

/** The verbs that help most, in order, by how far it is. More than are shown: not every record has them all. */
const byStatus: Readonly<Record<Incident['status'], readonly string[]>> = {
  declared: ['ack', 'role', 'severity', 'page', 'update', 'resolve', 'note', 'status'],
  acknowledged: ['update', 'note', 'suspect', 'todo', 'mitigate', 'resolve', 'page', 'role', 'severity', 'status'],
  mitigated: ['resolve', 'update', 'note', 'todo', 'severity', 'role', 'status'],
  resolved: ['postmortem', 'reopen', 'note', 'todo', 'status', 'audit'],
  reviewed: ['note', 'reopen', 'todo', 'postmortem', 'status', 'audit'],
}

/** What can be done with a record that became a part of another: everything else is refused. */
const whenMerged: readonly string[] = ['status', 'files', 'audit']

/** The names of the `most` most useful verbs, of those that exist. */
export const usefulVerbs = (incident: Incident, exist: ReadonlySet<string>, most: number): string[] =>
  (incident.mergedInto === null ? [...(incident.paused === null ? [] : ['resume']), ...byStatus[incident.status]] : whenMerged)
    .filter((verb) => exist.has(verb) && (verb !== 'ack' || clocked(incident.kind)))
    .slice(0, most)

/** What one press does, or asks in a form: what is most likely comes first. */
export const usefulButtons = (incident: Incident, exist: ReadonlySet<string>): Button[] => {
  const { id, status, lead, kind, policy, escalation, hypotheses } = incident
  const open = incident.stamps.resolve === null
  const merged = incident.mergedInto !== null
  const timed = open && clocked(kind)
  const asks = `${id} ${ellipsis}`
  const suspected = hypotheses.some(({ ruledOut }) => ruledOut === null)
  const all: (Button | false)[] = [
    open && incident.paused !== null && { label: 'Resume the clocks', action: 'resume', value: id, style: 'primary' },
    timed && status === 'declared' && { label: 'Acknowledge', action: 'ack', value: id, style: 'primary' },
    timed && lead === null && { label: 'Take the lead', action: 'role', value: `${id} lead` },
    open && { label: 'Post update', action: 'update', value: id },
    !merged && { label: 'Note', action: 'note', value: id },
    timed && { label: 'Suspect', action: 'suspect', value: asks },
    open && suspected && { label: 'Rule out', action: 'ruled-out', value: id },
    !merged && { label: 'To do', action: 'todo', value: asks },
    timed && policy.ladder[escalation + 1] !== undefined && { label: 'Call the next of the ladder', action: 'page', value: id },
    open && { label: 'Call somebody', action: 'page', value: asks },
    timed && { label: 'Runbooks', action: 'runbook', value: id },
    open && { label: 'Run an action', action: 'run', value: id },
    timed && { label: 'Change the severity', action: 'severity', value: id },
    open && phases(incident).length > 0 && { label: 'Phases', action: 'phase', value: id },
    open && { label: 'Who does what', action: 'role', value: id },
    open && incident.paused === null && runningClocks(incident).length > 0 && { label: 'Pause the clocks', action: 'pause', value: id },
    timed && { label: 'Merge', action: 'merge', value: id },
    timed && incident.stamps.mitigate === null && { label: 'Mitigated', action: 'mitigate', value: id },
    open && { label: clocked(kind) ? 'Resolve' : 'Done', action: 'resolve', value: id },
    !open && !merged && { label: 'Post-mortem', action: 'postmortem', value: id },
    !open && !merged && { label: 'Reopen', action: 'reopen', value: id },
    incident.mergedInto !== null && { label: `Where ${incident.mergedInto} stands`, action: 'status', value: incident.mergedInto },
    { label: 'Where it stands', action: 'status', value: id },
  ]
  return all.filter((button) => button !== false && exist.has(button.action)) as Button[]
}
