/** Reads events as they were stored by any version. An event is never edited: when its shape changes it gets a new `v`, and a
 *  line here that makes the new shape out of the old one. Pure. */
import type { Event, EventType, Recorded } from './events.ts'

/** The old shape, one version up. */
type Upcaster = (event: Record<string, unknown>) => Record<string, unknown>

/** By `<type> <v>` of the shape that is read. */
const upcasters: Readonly<Record<string, Upcaster>> = {}

/** Every type of event with its present version. */
export const versions: { readonly [Type in EventType]: Extract<Event, { readonly type: Type }>['v'] } = {
  declared: 1,
  'channel-opened': 1,
  'channel-lost': 1,
  'alert-joined': 1,
  'alert-resolved': 1,
  acknowledged: 1,
  'severity-changed': 1,
  updated: 1,
  noted: 1,
  mitigated: 1,
  resolved: 1,
  reviewed: 1,
  'clock-warned': 1,
  'clock-breached': 1,
  escalated: 1,
  paged: 1,
  checked: 1,
  'checks-started': 1,
  'checks-answered': 1,
  'lines-shown': 1,
  'watch-started': 1,
  'watch-changed': 1,
  'watch-stopped': 1,
  'step-failed': 1,
  'step-mended': 1,
  published: 1,
  'role-taken': 1,
  'role-left': 1,
  'lead-wanted': 1,
  'runbook-shown': 1,
  'runbook-opened': 1,
  'runbook-step': 1,
  'checklist-marked': 1,
  'todo-added': 1,
  'todo-edited': 1,
  'todo-done': 1,
  'todo-reopened': 1,
  'todos-freed': 1,
  snoozed: 1,
  reminded: 1,
  'window-set': 1,
  'window-begun': 1,
  suspected: 1,
  'ruled-out': 1,
  paused: 1,
  resumed: 1,
  reopened: 1,
  'deadline-set': 1,
  'deadline-dropped': 1,
  'phase-done': 1,
  'message-kept': 1,
  'message-edited': 1,
  'message-deleted': 1,
  'message-dropped': 1,
  merged: 1,
  absorbed: 1,
  'link-moved': 1,
  'channel-renamed': 1,
  'bot-removed': 1,
  'bot-returned': 1,
  unanswered: 1,
  'action-suggested': 1,
  'action-asked': 1,
  'action-previewed': 1,
  'action-held': 1,
  'action-rule-changed': 1,
  'action-approved': 1,
  'action-unanswered': 1,
  'action-forced': 1,
  'action-ended': 1,
  'action-refused': 1,
  'action-started': 1,
  'action-progressed': 1,
  'action-waits': 1,
  'action-ticked': 1,
  'action-ran': 1,
  'action-verified': 1,
}

/** What was stored, in today's shape. Throws for a shape that only a later version knows: read as today's it would tell something else.
 *  A type that only a later version knows is for `evolve` to refuse. */
export const upcast = (stored: Recorded): Recorded => {
  let event = stored.event as unknown as Record<string, unknown>
  for (;;) {
    const up = upcasters[`${String(event['type'])} ${String(event['v'])}`]
    if (up === undefined) break
    event = up(event)
  }
  const { type, v } = event as { type: EventType; v: unknown }
  if (Object.hasOwn(versions, type) && versions[type] !== v)
    throw new Error(`event ${stored.seq} of ${stored.incident} is of a form that this version does not know: ${type} v${String(v)}`)
  return { ...stored, event: event as unknown as Event }
}
