/** The pinned header of an incident's channel, and its announcement: one message each, edited in place. */
import { teamLine } from './areas/roles.ts'
import { clocked } from './clocks.ts'
import { stoppedBy } from './compliance.ts'
import type { ClockRun, Incident } from './incident.ts'
import { pagedNobody } from './ladder.ts'
import { author, type Message, type Part, type Span } from './message.ts'
import { failedStep } from './report.ts'
import { shorten } from './text.ts'
import { between, duration } from './timeline.ts'

export const statusWord = {
  declared: '🔴 Declared',
  acknowledged: '🟠 Acknowledged',
  mitigated: '🟡 Mitigated',
  resolved: '🟢 Resolved',
  reviewed: '📘 Reviewed',
} as const

/** One clock in the header: `Ack ✅ 3 min of 15 min`, `Ack none: resolved after 3 min of 15 min`, `Ack due 14:20`, `Ack ⏰ overdue since
 *  14:20`. Only what stays true without editing: the header is changed by events, never by the passing of time. `instead`: what
 *  stopped the clock, if it was not met. */
const clock = (word: string, run: ClockRun | null, zone: string, instead: string | null = null): Span[] => {
  if (run === null || run.due === null) return []
  if (run.metAt !== null) {
    const late = run.metAt > run.due
    const took = `${duration(between(run.startedAt, run.metAt))} of ${duration(between(run.startedAt, run.due))}`
    if (instead !== null) return [`${word} ${late ? '⏰ ' : ''}none: ${instead} after ${took}`]
    return [`${word} ${late ? '⏰' : '✅'} ${took}`]
  }
  return run.breachedAt === null ? [`${word} due `, { time: run.due, zone }] : [`${word} ⏰ overdue since `, { time: run.due, zone }]
}

/** The clocks in one line. */
export const clockLine = (incident: Incident): Span[] => {
  const zone = incident.policy.calendar.zone
  const response = clock('Ack', incident.response, zone, stoppedBy(incident, incident.response))
  const update = incident.stamps.resolve === null ? clock('Update', incident.update, zone) : []
  if (response.length === 0 && update.length === 0) return ['no clock runs']
  return response.length > 0 && update.length > 0 ? [...response, ' · ', ...update] : [...response, ...update]
}

/** That the checks which ran at the resolution failed, and which; null when there is nothing to say. */
const stillFailing = ({ stamps, checks }: Incident): string | null => {
  const last = stamps.resolve === null ? undefined : checks.findLast(({ phase }) => phase === 'resolution')
  const failed = (last?.results ?? []).filter(({ status }) => status === 'fail').map(({ title }) => title)
  return failed.length === 0 ? null : `⚠ Checks still failed at the resolution: ${shorten(failed.join(', '), 300)}`
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
    ...(Object.keys(incident.team).length === 0 ? [] : [{ label: 'Roles', value: teamLine(incident) }]),
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
    spans: [`⚠ ${shorten(failedStep(failed), 350)}`],
  }))
  const failing = stillFailing(incident)
  if (failing !== null) warnings.unshift({ kind: 'context', spans: [failing] })
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
      ...(incident.lead === null && clocked(incident.kind)
        ? [{ label: 'Take the lead', action: 'role', value: `${incident.id} lead` }]
        : []),
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
  const outcome: Part[] =
    incident.resolution === null ? [] : [{ kind: 'text', spans: [{ bold: 'Resolved:' }, ` ${shorten(incident.resolution, 500)}`] }]
  const failing = stillFailing(incident)
  const nobody = pagedNobody(incident)
  const warnings: Part[] = [...(failing === null ? [] : [[failing]]), ...(nobody === null ? [] : [nobody])].map((spans) => ({
    kind: 'text',
    spans,
  }))
  return {
    key: 'announcement',
    summary: shorten(`${incident.severity} ${incident.product.name}: ${incident.title}`, 150),
    parts: [
      { kind: 'text', spans: [{ bold: `${incident.severity} ${incident.product.name}` }, ` ${shorten(incident.title, 300)}`] },
      ...outcome,
      ...warnings,
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
