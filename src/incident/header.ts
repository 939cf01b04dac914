/** The pinned header of an incident's channel, and its announcement: one message each, edited in place. */
import { clockLine } from './clock-line.ts'
import { teamLine } from './areas/roles.ts'
import { clocked } from './clocks.ts'
import { recordAt } from './areas/merging.ts'
import { nobodyAnswers } from './areas/unanswered.ts'
import type { Incident } from './incident.ts'
import { kindFields } from './kind-posts.ts'
import { called, kindWord } from './kinds.ts'
import { pagedNobody } from './ladder.ts'
import { author, type Message, type Part, type Span } from './message.ts'
import { failedStep } from './report.ts'
import { shorten } from './text.ts'

export const statusWord = {
  declared: '🔴 Declared',
  acknowledged: '🟠 Acknowledged',
  mitigated: '🟡 Mitigated',
  resolved: '🟢 Resolved',
  reviewed: '📘 Reviewed',
} as const

/** Planned work breaks nothing, and is done rather than resolved. */
const plannedStatus = ({ status, window }: Incident): string => {
  if (status === 'reviewed') return statusWord.reviewed
  if (status === 'resolved') return '🟢 Done'
  return window !== null && window.begunAt === null ? '🗓 Planned' : '🛠 Under way'
}

/** The status in words; of a record that was merged, where it went. */
export const statusOf = (incident: Incident): string => {
  if (incident.mergedInto !== null) return `🔗 Merged into ${incident.mergedInto}`
  return clocked(incident.kind) ? statusWord[incident.status] : plannedStatus(incident)
}

/** Since when; of a window, from when: it may be still to come. */
const since = ({ stamps, declaredAt, window, policy }: Incident): { readonly label: string; readonly at: Span } => {
  const { zone } = policy.calendar
  return window === null
    ? { label: 'Started', at: { time: stamps.detect ?? declaredAt, zone } }
    : { label: window.begunAt === null ? 'Begins' : 'Began', at: { time: window.begunAt ?? window.from, zone } }
}

/** Which records became part of this one, and which one this became part of. */
const mergers = ({ mergedInto, mergedWhere, absorbed }: Incident): Part[] => {
  const spans: Span[] = absorbed
    .slice(-8)
    .flatMap(({ id, channel }, index): Span[] => [index === 0 ? '🔗 Merged into this: ' : ' · ', ...recordAt(id, channel)])
  const gone: Span[] = mergedInto === null ? [] : ['🔗 Go on in ', ...recordAt(mergedInto, mergedWhere)]
  return [spans, gone].filter((line) => line.length > 0).map((line) => ({ kind: 'context', spans: line }))
}

/** That something ran without an approval: everybody must read it. */
const brokenGlass = ({ actions }: Incident): readonly Span[][] =>
  actions.flatMap(({ action, title, forced, startedAt }) =>
    forced === null || startedAt === null
      ? []
      : [
          [
            '🔴 ',
            { bold: `Without an approval (break-glass): action ${action}, ${title}` },
            ', by ',
            author(forced.by),
            `: ${shorten(forced.why, 300)}`,
          ],
        ],
  )

/** That the checks which ran at the resolution failed, and which; null when there is nothing to say. */
const stillFailing = ({ stamps, checks }: Incident): string | null => {
  const last = stamps.resolve === null ? undefined : checks.findLast(({ phase }) => phase === 'resolution')
  const failed = (last?.results ?? []).filter(({ status }) => status === 'fail').map(({ title }) => title)
  return failed.length === 0 ? null : `⚠ Checks still failed at the resolution: ${shorten(failed.join(', '), 300)}`
}

const severityField = ({ severity, policy }: Incident) => ({
  label: 'Severity',
  value: [{ bold: severity }, policy.meaning === '' ? '' : ` ${shorten(policy.meaning, 200)}`],
})

const fields = (incident: Incident): Part => ({
  kind: 'fields',
  fields: [
    ...kindFields(incident),
    // Planned work is not grave.
    ...(clocked(incident.kind) ? [severityField(incident)] : []),
    { label: 'Status', value: [statusOf(incident)] },
    { label: 'Lead', value: incident.lead === null ? ['nobody yet'] : [author(incident.lead)] },
    ...(Object.keys(incident.team).length === 0 ? [] : [{ label: 'Roles', value: teamLine(incident) }]),
    { label: 'Product', value: [incident.product.name] },
    { label: since(incident).label, value: [since(incident).at] },
    { label: 'Clocks', value: clockLine(incident) },
  ],
})

const kindOf = ({ kind }: Incident): string[] => (kindWord[kind] === null ? [] : [kindWord[kind]])

/** The header message. */
export const headerOf = (incident: Incident): Message => {
  const links: Span[] = incident.product.links
    .slice(0, 6)
    .flatMap((link, index): Span[] => [...(index === 0 ? [] : [' · ']), { link: link.url, text: link.name }])
  const warnings: Part[] = incident.failedSteps.map((failed) => ({
    kind: 'context',
    spans: [`⚠ ${shorten(failedStep(failed), 350)}`],
  }))
  warnings.unshift(...brokenGlass(incident).map((spans): Part => ({ kind: 'context', spans })))
  const failing = stillFailing(incident)
  if (failing !== null) warnings.unshift({ kind: 'context', spans: [failing] })
  const unanswered = nobodyAnswers(incident)
  if (unanswered !== null) warnings.unshift({ kind: 'context', spans: unanswered })
  const full: Part[] = Array.from(incident.title).length > 130 ? [{ kind: 'text', spans: [incident.title] }] : []
  const open = incident.stamps.resolve === null
  const paused: Part[] =
    open && incident.paused !== null ? [{ kind: 'context', spans: [`⏸ The clocks are paused: ${shorten(incident.paused.why, 350)}`] }] : []
  const buttons: Part = {
    kind: 'buttons',
    buttons: [
      ...(incident.paused === null
        ? []
        : [{ label: 'Resume the clocks', action: 'resume', value: incident.id, style: 'primary' as const }]),
      ...(incident.status === 'declared' && clocked(incident.kind)
        ? [{ label: 'Acknowledge', action: 'ack', value: incident.id, style: 'primary' as const }]
        : []),
      { label: 'Post update', action: 'update', value: incident.id },
      { label: clocked(incident.kind) ? 'Resolve' : 'Done', action: 'resolve', value: incident.id },
      ...(incident.lead === null && clocked(incident.kind)
        ? [{ label: 'Take the lead', action: 'role', value: `${incident.id} lead` }]
        : []),
    ],
  }
  const closing: Part[] =
    incident.pullRequest === null ? [] : [{ kind: 'text', spans: ['📄 ', { link: incident.pullRequest, text: 'Post-mortem' }] }]
  return {
    key: 'header',
    summary: shorten(`${called(incident)} ${incident.title}`, 150),
    parts: [
      { kind: 'heading', text: shorten([incident.id, ...kindOf(incident), incident.title].join(' · '), 150) },
      ...full,
      fields(incident),
      ...(links.length === 0 ? [] : [{ kind: 'context' as const, spans: links }]),
      ...mergers(incident),
      ...warnings,
      ...paused,
      ...(open ? [buttons] : closing),
    ],
  }
}

/** The message in the announcements channel. */
export const announcementOf = (incident: Incident): Message => {
  const where: Span[] = incident.channel === null ? [] : [' · ', { channel: incident.channel.id, text: incident.channel.name }]
  const outcome: Part[] =
    incident.resolution === null || incident.mergedInto !== null
      ? []
      : [{ kind: 'text', spans: [{ bold: clocked(incident.kind) ? 'Resolved:' : 'Done:' }, ` ${shorten(incident.resolution, 500)}`] }]
  const what = [...kindOf(incident), ...(clocked(incident.kind) ? [incident.severity] : [])].join(' ')
  const failing = stillFailing(incident)
  const nobody = pagedNobody(incident) ?? nobodyAnswers(incident)
  const out = incident.failedSteps.filter(({ step }) => step === 'outside').map((failed) => [`⚠ ${shorten(failedStep(failed), 350)}`])
  const warnings: Part[] = [
    ...brokenGlass(incident),
    ...(failing === null ? [] : [[failing]]),
    ...(nobody === null ? [] : [nobody]),
    ...out,
  ].map((spans) => ({
    kind: 'text',
    spans,
  }))
  return {
    key: 'announcement',
    summary: shorten(`${what} ${incident.product.name}: ${incident.title}`, 150),
    parts: [
      { kind: 'text', spans: [{ bold: `${what} ${incident.product.name}` }, ` ${shorten(incident.title, 300)}`] },
      ...outcome,
      ...warnings,
      {
        kind: 'context',
        spans: [
          `${incident.id} · ${statusOf(incident)} · ${since(incident).label === 'Begins' ? 'from' : 'since'} `,
          since(incident).at,
          ...where,
        ],
      },
    ],
  }
}
