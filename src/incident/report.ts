/** Results of checks as a message, for `/diag` and for the channel, and what failed steps are called. */
import type { CheckResult, CheckStatus, Measurement } from './check.ts'
import type { CheckPhase } from './events.ts'
import type { Part, Span } from './message.ts'
import { shorten } from './text.ts'

const statusIcon: Readonly<Record<CheckStatus, string>> = { ok: '🟢', warn: '🟡', fail: '🔴', unknown: '⚪' }

const phaseWord: Readonly<Record<CheckPhase, string>> = {
  opening: 'Checks at opening',
  resolution: 'Checks at resolution',
  asked: 'Diagnosis',
}

/** `180 ms`, `45 %`, with its limit when there is one. */
const measured = (measurement: Measurement): string => {
  const value = (number: number) => `${Math.round(number * 100) / 100}${measurement.unit === '' ? '' : ` ${measurement.unit}`}`
  return `${measurement.name} ${value(measurement.value)}${measurement.limit === undefined ? '' : ` (limit ${value(measurement.limit)})`}`
}

const resultSpans = (result: CheckResult): Span[] => {
  const numbers = result.measurements.map(measured).join(' · ')
  const findings = result.findings
    .filter((finding) => finding.status !== 'ok' || result.status === 'ok')
    .map((finding) => shorten(finding.text, 200))
  return [
    `${statusIcon[result.status]} `,
    { bold: result.title },
    ` ${shorten(findings.join(' '), 600)}`,
    ...(numbers === '' ? [] : [`\n${shorten(numbers, 300)}`]),
  ]
}

/** The results, worst first, with what was measured and when. */
export const checkParts = (phase: CheckPhase, results: readonly CheckResult[], zone: string): Part[] => {
  const order: readonly CheckStatus[] = ['fail', 'warn', 'unknown', 'ok']
  const sorted = [...results].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status))
  const at = results[0]?.startedAt
  return [
    { kind: 'text', spans: ['🩺 ', { bold: phaseWord[phase] }] },
    ...sorted.map((result): Part => ({ kind: 'text', spans: resultSpans(result) })),
    ...(at === undefined ? [] : [{ kind: 'context' as const, spans: ['measured ', { time: at, zone }] as Span[] }]),
  ]
}

/** By the first word of a step's name. */
const stepWords: Readonly<Record<string, string>> = {
  channel: 'The channel could not be opened',
  pin: 'The header could not be pinned',
  topic: 'The topic could not be set',
  invite: 'Not everybody could be invited',
  bookmark: 'A bookmark could not be added',
  announcement: 'The announcement could not be posted',
  record: 'The record could not be published',
  message: 'A message could not be posted; it is tried again',
  'post-mortem': 'The post-mortem could not be proposed',
  backlog: 'What was said while Slack was not heard could not be read',
}

/** What could not be done, in words, by the name of a step that failed. */
export const stepWord = (step: string) => stepWords[step.split(':')[0] ?? ''] ?? `The job ${step} failed`
