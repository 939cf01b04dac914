/** The pinned header of an incident's channel, and its announcement: one message each, edited in place. */
import { clocked } from './clocks.ts'
import type { ClockRun, Incident } from './incident.ts'
import { author, type Message, type Part, type Span } from './message.ts'
import { stepWord } from './report.ts'
import { shorten } from './text.ts'
import { between, duration } from './timeline.ts'

export const statusWord = {
  declared: '🔴 Declared',
  acknowledged: '🟠 Acknowledged',
  mitigated: '🟡 Mitigated',
  resolved: '🟢 Resolved',
  reviewed: '📘 Reviewed',
} as const

/** One clock in the header: `Ack ✅ 3 min of 15 min`, `Ack due 14:20`, `Ack ⏰ due 14:20, overdue`. Only what stays true without
 *  editing: the header is changed by events, never by the passing of time. */
const clock = (word: string, run: ClockRun | null, zone: string): Span[] => {
  if (run === null || run.due === null) return []
  if (run.metAt !== null) {
    const late = run.metAt > run.due
    return [`${word} ${late ? '⏰' : '✅'} ${duration(between(run.startedAt, run.metAt))} of ${duration(between(run.startedAt, run.due))}`]
  }
  return run.breachedAt === null ? [`${word} due `, { time: run.due, zone }] : [`${word} ⏰ overdue since `, { time: run.due, zone }]
}

/** The clocks in one line. */
export const clockLine = (incident: Incident): Span[] => {
  const zone = incident.policy.calendar.zone
  const response = clock('Ack', incident.response, zone)
  const update = incident.stamps.resolve === null ? clock('Update', incident.update, zone) : []
  if (response.length === 0 && update.length === 0) return ['no clock runs']
  return response.length > 0 && update.length > 0 ? [...response, ' · ', ...update] : [...response, ...update]
}

const fields = (incident: Incident): Part => ({
  kind: 'fields',
  fields: [
    {
      label: 'Severity',
      value: [{ bold: incident.severity }, incident.policy.meaning === '' ? '' : ` ${shorten(incident.policy.meaning, 200)}`],
    },
    { label: 'Status', value: [statusWord[incident.status]] },
    { label: 'Lead', value: incident.lead === null ? ['nobody yet'] : [author(incident.lead)] },
    { label: 'Product', value: [incident.product.name] },
    { label: 'Started', value: [{ time: incident.stamps.detect ?? incident.declaredAt, zone: incident.policy.calendar.zone }] },
    { label: 'Clocks', value: clockLine(incident) },
  ],
})

/** The header message. */
export const headerOf = (incident: Incident): Message => {
  const links: Span[] = incident.product.links
    .slice(0, 6)
    .flatMap((link, index): Span[] => [...(index === 0 ? [] : [' · ']), { link: link.url, text: link.name }])
  const warnings: Part[] = incident.failedSteps.map((failed) => ({
    kind: 'context',
    spans: [`⚠ ${stepWord(failed.step)}: ${shorten(failed.reason, 300)}`],
  }))
  const full: Part[] = Array.from(incident.title).length > 130 ? [{ kind: 'text', spans: [incident.title] }] : []
  const open = incident.stamps.resolve === null
  const buttons: Part = {
    kind: 'buttons',
    buttons: [
      ...(incident.status === 'declared' && clocked(incident.kind)
        ? [{ label: 'Acknowledge', action: 'ack', value: incident.id, style: 'primary' as const }]
        : []),
      { label: 'Post update', action: 'update', value: incident.id },
      { label: 'Resolve', action: 'resolve', value: incident.id },
    ],
  }
  const closing: Part[] =
    incident.pullRequest === null ? [] : [{ kind: 'text', spans: ['📄 ', { link: incident.pullRequest, text: 'Post-mortem' }] }]
  return {
    key: 'header',
    summary: shorten(`${incident.id} ${incident.severity} ${incident.title}`, 150),
    parts: [
      { kind: 'heading', text: shorten(`${incident.id} · ${incident.title}`, 150) },
      ...full,
      fields(incident),
      ...(links.length === 0 ? [] : [{ kind: 'context' as const, spans: links }]),
      ...warnings,
      ...(open ? [buttons] : closing),
    ],
  }
}

/** The message in the announcements channel. */
export const announcementOf = (incident: Incident): Message => {
  const where: Span[] = incident.channel === null ? [] : [' · ', { channel: incident.channel.id, text: incident.channel.name }]
  const outcome: Part[] = incident.resolution === null ? [] : [{ kind: 'text', spans: [shorten(incident.resolution, 500)] }]
  return {
    key: 'announcement',
    summary: shorten(`${incident.severity} ${incident.product.name}: ${incident.title}`, 150),
    parts: [
      { kind: 'text', spans: [{ bold: `${incident.severity} ${incident.product.name}` }, ` ${shorten(incident.title, 300)}`] },
      ...outcome,
      {
        kind: 'context',
        spans: [
          `${incident.id} · ${statusWord[incident.status]} · since `,
          { time: incident.stamps.detect ?? incident.declaredAt, zone: incident.policy.calendar.zone },
          ...where,
        ],
      },
    ],
  }
}
