/** What the bot posts in an incident's channel: each event's message in words. Pure; what is foreign in it stays literal. */
import { waitingCards } from './acting/card.ts'
import { isAreaEvent, postsOfArea } from './areas.ts'
import { isAtTerminal } from './at-terminal.ts'
import { leadWanted } from './areas/roles.ts'
import { ranOut, warned } from './clock-posts.ts'
import { clocked } from './clocks.ts'
import { dueWords } from './due-words.ts'
import type { Event, Recorded } from './events.ts'
import type { Incident } from './incident.ts'
import { asDrill } from './kind-posts.ts'
import { ladderEnds, notCalled } from './ladder.ts'
import { author, line, type Message, type Span, asking } from './message.ts'
import { timeToResolve } from './metrics.ts'
import { ackHint, isOpeningPage, opening } from './opening.ts'
import { checkParts, checkSummary, headingOf } from './check-report.ts'
import { stillFailing } from './areas/checking.ts'
import { reasonWords } from './report.ts'
import { isNamedAbove, severityChanged } from './severity-post.ts'
import { stoodOverdue } from './standing.ts'
import { shorten } from './text.ts'
import { between, duration } from './timeline.ts'

/** The messages that one event adds or edits, in the state after it. `all`: the whole stream, for what was decided together. */
export const messagesOf = (incident: Incident, recorded: Recorded, all: readonly Recorded[]): Message[] =>
  messages(incident, recorded, all).map((message) => (incident.kind === 'drill' ? asDrill(message, recorded) : message))

const messages = (incident: Incident, recorded: Recorded, all: readonly Recorded[]): Message[] => {
  const { event, seq, by, at } = recorded
  const zone = incident.policy.calendar.zone
  if (event.type === 'deadline-set' && isNamedAbove(recorded, all)) return []
  if (isAreaEvent(event)) return [...postsOfArea(incident, event, recorded)]
  switch (event.type) {
    case 'declared':
      return [opening(incident, all)]
    case 'acknowledged': {
      const { response, declaredAt } = incident
      const stood = response === null ? 0 : stoodOverdue(incident, response)
      const after = duration(between(response?.startedAt ?? declaredAt, recorded.occurredAt) - stood)
      return [
        ...leadWanted(incident),
        line(`ack:${seq}`, `Acknowledged after ${after}`, [
          '✅ ',
          author(by),
          ` acknowledged after ${after}${incident.lead === by ? ' and leads' : ''}.`,
        ]),
      ]
    }
    case 'severity-changed':
      return [severityChanged(incident, { ...recorded, event }, all), ...waitingCards(incident)]
    case 'updated': {
      const due = event.updateDue === null ? null : dueWords(incident, 'update')
      const next: Span[] = due === null ? [] : [' · next update ', ...due]
      return [
        {
          key: `update:${seq}`,
          summary: shorten(`Update: ${event.text}`, 150),
          parts: [
            { kind: 'text', spans: ['📣 ', { bold: 'Update' }, ' ', event.text] },
            { kind: 'context', spans: ['by ', author(by), ...next] },
          ],
        },
      ]
    }
    case 'mitigated':
      return [
        line(`mitigated:${seq}`, 'Mitigated', ['🩹 ', author(by), ` mitigated the impact${event.text === null ? '.' : `: ${event.text}`}`]),
      ]
    case 'resolved':
      return [
        line(`resolved:${seq}`, shorten(`${clocked(incident.kind) ? 'Resolved' : 'Done'}: ${event.summary}`, 150), [
          '🟢 ',
          author(by),
          clocked(incident.kind) ? ` resolved after ${duration(timeToResolve(incident) ?? 0)}: ` : ' has done it: ',
          event.summary,
          // Of a private record nothing is opened that would say so later.
          ...(incident.private ? (['\n📄 Where the post-mortem is: ', { code: '/incident postmortem' }] as Span[]) : []),
          ...(incident.pullRequest === null
            ? []
            : (['\n📄 The ', { link: incident.pullRequest, text: 'post-mortem' }, ' is brought up to date.'] as Span[])),
        ]),
      ]
    case 'reviewed':
      return [line(`reviewed:${seq}`, 'Reviewed', ['📘 ', author(by), ' marked the post-mortem as reviewed.'])]
    case 'clock-warned':
      return [warned(incident, event, at)]
    case 'clock-breached':
      return ranOut(incident, event)
    case 'escalated':
      // The page at opening stands in the opening message.
      return isOpeningPage(recorded) ? [] : [called(incident, event)]
    case 'alert-joined':
    case 'alert-resolved':
      return [alertsOf(incident)]
    case 'checked': {
      if (event.results.length === 0) return []
      const failing = stillFailing(incident, event)
      const heading = headingOf(event.phase)
      const parts = [...checkParts({ heading, results: event.results, waiting: [], zone }), ...failing]
      const message = { key: `check:${seq}`, summary: checkSummary(heading, event.results, 0), parts }
      return [failing.length === 0 ? message : asking({ kind: 'reopening', before: incident.reopenings.length }, message)]
    }
    case 'published':
      return event.where === 'pull-request' && event.url !== null
        ? [line(postmortemKey(incident), 'Post-mortem', [...proposed(incident, event.url)])]
        : []
    case 'channel-lost':
      return [
        line(`lost:${seq}`, 'The channel before this one was lost', [
          `⚠ The channel before this one was lost: ${shorten(reasonWords(event.why), 300)}. What the bot posted there is repeated above.`,
        ]),
      ]
    // Whoever notes something here is told so; what was noted elsewhere, nobody here has seen.
    case 'noted':
      return isAtTerminal(by)
        ? [
            line(`note:${seq}`, shorten(`Note: ${event.text}`, 150), [
              '🗒 ',
              author(by),
              ' noted',
              ...(recorded.occurredAt === at ? [] : ([' for ', { time: recorded.occurredAt, zone }] as Span[])),
              `: ${event.text}`,
            ]),
          ]
        : []
    case 'channel-opened':
    case 'step-failed':
    case 'step-mended':
      return []
    default:
      return event satisfies never
  }
}

const proposed = (incident: Incident, url: string): Span[] =>
  incident.stamps.resolve === null
    ? [
        '📄 The post-mortem was merged already: ',
        { link: url, text: 'a new pull request' },
        ' says that it is open again, and is completed at the next resolution.',
      ]
    : ['📄 The post-mortem is ready: ', { link: url, text: 'pull request' }, '. Fill in impact, root cause and prevention there.']

/** A message of its own after each reopening: what people have seen already is not edited into something new. */
const postmortemKey = ({ reopenings }: Incident): string =>
  ['post-mortem', ...reopenings.slice(0, 1).map(() => reopenings.length)].join(':')

/** Somebody of the ladder is called, or it is said that they cannot be. */
const called = (incident: Incident, { run, level, to, why }: Event & { type: 'escalated' }): Message => {
  const key = `escalated:${run}:${level}`
  const last = why !== 'page' && incident.policy.ladder[level + 1] === undefined
  const missed = notCalled(incident, to)
  const waits = why === 'page' ? ' please acknowledge: ' : ` nobody has acknowledged ${incident.id} yet: `
  const spans: readonly Span[] =
    missed === null
      ? ['📟 ', { mention: to }, waits, { code: ackHint }, last ? `. ${ladderEnds}` : '']
      : [...missed, why === 'page' ? '\nAcknowledge: ' : `\nNobody has acknowledged ${incident.id} yet: `, { code: ackHint }]
  return asking(
    { kind: 'clock', clock: 'response', run },
    line(key, missed === null ? `Escalated to ${to.name}` : `${to.name} was not called`, spans),
  )
}

/** How many alerts are listed; the rest is counted. */
const mostAlerts = 10

/** One message for all alerts after the first, edited in place: a flapping alert makes one message, not hundreds (faults 24). */
const alertsOf = (incident: Incident): Message => {
  const firing = incident.alerts.filter((alert) => alert.endedAt === null)
  const cleared = incident.alerts.filter((alert) => alert.endedAt !== null)
  // What still fires comes first, in each half the newest.
  const shown = [...firing.toReversed(), ...cleared.toReversed()].slice(0, mostAlerts)
  const rest = incident.alerts.length - shown.length
  const over = firing.length === 0 && incident.stamps.resolve === null
  const counts =
    firing.length === 0
      ? `All alerts have cleared.${over ? ' When it is fixed: ' : ''}`
      : `${firing.length} of ${incident.alerts.length} alerts firing.`
  return {
    key: 'alerts',
    summary: firing.length === 0 ? 'All alerts have cleared' : `${firing.length} of ${incident.alerts.length} alerts firing`,
    parts: [
      { kind: 'text', spans: ['🔔 ', counts, ...(over ? [{ code: '/incident resolve <summary>' }] : [])] },
      {
        kind: 'list',
        items: shown.map((alert): Span[] => [
          alert.endedAt === null ? '🔴 ' : '🟢 ',
          { code: shorten(alert.rule, 100) },
          ` ${shorten(alert.summary, 200)}`,
          ...(alert.endedAt === null ? [] : ([' cleared ', { time: alert.endedAt, zone: incident.policy.calendar.zone }] as Span[])),
        ]),
      },
      ...(rest === 0 ? [] : [{ kind: 'context' as const, spans: [`and ${rest} more`] }]),
    ],
  }
}
