/** Reads events as they were stored by any version. An event is never edited: when its shape changes it gets a new `v`, and a
 *  line here that makes the new shape out of the old one. Pure. */
import type { Event, Recorded } from './events.ts'

/** The old shape, one version up. */
type Upcaster = (event: Record<string, unknown>) => Record<string, unknown>

/** By `<type> <v>` of the shape that is read. */
const upcasters: Readonly<Record<string, Upcaster>> = {}

/** What was stored, in today's shape. */
export const upcast = (stored: Recorded): Recorded => {
  let event = stored.event as unknown as Record<string, unknown>
  for (;;) {
    const up = upcasters[`${String(event['type'])} ${String(event['v'])}`]
    if (up === undefined) return { ...stored, event: event as unknown as Event }
    event = up(event)
  }
}
