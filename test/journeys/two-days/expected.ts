/** What the channel must show for each event, written down apart from the code that shows it. */
import type { Recorded } from '../../../src/incident/events.ts'

/** Berlin's clock, by hand: two hours ahead of UTC until Sunday at one o'clock UTC, one hour after that. */
export const berlin = (instant: string): string => {
  const summer = instant < '2026-10-25T01:00:00.000Z'
  const local = new Date(Date.parse(instant) + (summer ? 2 : 1) * 3_600_000).toISOString()
  return `${local.slice(0, 10)} ${local.slice(11, 16)} ${summer ? 'CEST' : 'CET'}`
}

/** A message, named by the first event that it tells of; a later event with the same name edits it where it stands. */
type Shown = { readonly name: string; readonly starts: string; readonly holds?: string }

/** Who of the four it was, as Slack shows them. */
const at = ({ by }: Recorded): string => (by.kind === 'person' ? (/bob|carol|alice|dave/i.exec(by.name)?.[0].toLowerCase() ?? '?') : 'bot')

/** Null for what the channel need not tell: who did it is told alone, or it is seen there anyhow. Throws for what nobody thought of. */
const shownOf = (recorded: Recorded): Shown | null => {
  const { event, seq } = recorded
  const who = `@${at(recorded)}`
  const own = (starts: string, holds?: string): Shown => ({ name: `${seq}`, starts, ...(holds === undefined ? {} : { holds }) })
  switch (event.type) {
    case 'declared':
      return own(event.summary ?? '?', 'P2 checklist')
    case 'deadline-set':
      // The header names what is due from the beginning.
      return event.clock === 'fix' ? null : own(`⏱ ${event.title} due ${berlin(event.due)}.`)
    case 'checks-started':
      return null
    case 'checks-answered':
      return { name: `checks ${event.run}`, starts: '🩺 Checks at ' }
    case 'lead-wanted':
      return { name: `lead wanted ${event.search}`, starts: `🙋 Nobody led for a while; now @${['bob', 'dave'][event.search - 1]} does.` }
    case 'acknowledged':
      return own(`✅ ${who} acknowledged after ${{ '@bob': '12 min and leads', '@alice': '4 min' }[who]}.`)
    case 'role-taken':
      return own(event.role === 'lead' ? `🎯 ${who} leads.` : '🎯 Communications: @carol. Asked by @bob.')
    case 'role-left':
      return own(`👋 ${who} has given Lead back.`)
    case 'suspected':
      return { name: 'suspicions', starts: 'What is suspected', holds: event.text }
    case 'ruled-out':
      return { name: 'suspicions', starts: 'Nothing is suspected', holds: event.because }
    case 'updated':
      return own(`📣 Update ${event.text}\nby ${who} · next update by ${berlin(event.updateDue ?? '')}`)
    case 'absorbed':
      return own(`🔗 INC-2 #inc-2-kontor-31-orders-twice-in-5-min is merged into this by ${who}`, '; 1 alert came with it.')
    case 'alert-resolved':
      return { name: 'alerts', starts: '🔔 All alerts have cleared', holds: `cleared ${berlin(event.endsAt)}` }
    case 'clock-warned': {
      const title = { update: 'Status update', fix: 'Fix', review: 'Review' }[event.clock]
      const words = `⏳ ${title} due ${berlin(event.due)}`
      return event.percent < 90 ? { name: `${event.clock} ${event.run}`, starts: words } : own(`@dave ${words}`)
    }
    case 'clock-breached':
      return own(`@dave ⏰ Status update overdue since ${berlin(event.due)}`)
    case 'snoozed':
      return own(`💤 ${who} will be reminded of the update at ${berlin(event.until)}.`)
    case 'reminded':
      return own(`🔔 @dave Status update due ${berlin(event.due)}`)
    case 'paused':
      return own(`⏸ ${who} paused the clocks: ${event.why}`)
    case 'resumed':
      return own(`▶ ${who} let the clocks run again after 9 h 30 min.`)
    case 'noted':
      return recorded.by.kind === 'person' && recorded.by.name.endsWith('(terminal)') ? own(`🗒 ${who} noted: ${event.text}`) : null
    case 'todo-added':
      return { name: 'to-dos', starts: 'To do: 1 open', holds: event.text }
    case 'todo-done':
      return { name: 'to-dos', starts: 'Everything is done', holds: '☑ 1 Remove 412 duplicates' }
    case 'mitigated':
      return own(`🩹 ${who} mitigated the impact: ${event.text}`)
    case 'resolved':
      return own(`🟢 ${who} resolved after `, event.summary)
    case 'published':
      return { name: 'post-mortem', starts: '📄 The post-mortem is ready' }
    case 'reopened':
      return own(`🔁 ${who} opened it again: ${event.why}`)
    case 'channel-opened':
    case 'message-kept':
    case 'deadline-dropped':
    case 'step-failed':
    case 'step-mended':
      return null
    default:
      throw new Error(`nobody thought of ${event.type} in this story`)
  }
}

/** The messages of the channel, in order. */
export const expected = (events: readonly Recorded[]): Shown[] => {
  const messages = new Map<string, Shown>()
  // A map keeps the place of what is set again.
  for (const shown of events.map(shownOf)) if (shown !== null) messages.set(shown.name, shown)
  return [...messages.values()]
}

/** The events that the channel shows. */
export const inChannel = (events: readonly Recorded[]): Recorded[] => events.filter((recorded) => shownOf(recorded) !== null)
