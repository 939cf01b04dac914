/** Webhook of Prometheus' Alertmanager, payload version 4.
 *  https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
import { createHash } from 'node:crypto'
import { isUtf8 } from 'node:buffer'
import { defineAlertSource, type AlertRequest, type ParsedAlert } from '../define.ts'
import { caps, cleanLabels, cleanSpan, cleanText, cleanUrl, cleanWord } from '../incident/foreign.ts'
import type { Instant } from '../incident/policy.ts'
import { sameSecret } from '../secret.ts'

type Fields = Readonly<Record<string, unknown>>
type Parsed = { alerts: ParsedAlert[]; unreadable: { index: number; why: string }[] }

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The bearer token, or the password of basic authentication whatever the user. */
const credentials = (header: string): string => {
  const [, scheme = '', rest = ''] = /^(\S+) +(\S+)$/.exec(header.trim()) ?? []
  if (scheme.toLowerCase() === 'bearer') return rest
  if (scheme.toLowerCase() !== 'basic') return ''
  const pair = Buffer.from(rest, 'base64').toString('utf8')
  return pair.includes(':') ? pair.slice(pair.indexOf(':') + 1) : ''
}

const fingerprintOf = (sent: unknown, labels: Readonly<Record<string, string>>, cleaned: string[]): string => {
  if (typeof sent === 'string' && /^[\w.:-]{1,128}$/.test(sent)) return sent
  cleaned.push('fingerprint: missing or malformed, made from the labels')
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  return sha256(JSON.stringify(sorted)).toString('hex')
}

const stateOf = (statuses: readonly unknown[], cleaned: string[]): 'firing' | 'resolved' => {
  for (const status of statuses) if (status === 'firing' || status === 'resolved') return status
  cleaned.push('status: neither firing nor resolved, taken as firing')
  return 'firing'
}

/** What people named it, in the order of how well they did. */
const first = (texts: readonly (string | undefined)[]): string | undefined => texts.find((text) => text !== undefined && text.trim() !== '')

/** What the alerts of a group share: cleaned once, or a thousand alerts would each pay for it. */
type Shared = { readonly status: unknown; readonly labels: Record<string, string>; readonly annotations: Record<string, string> }

const read = (alert: Fields, shared: Shared, now: Instant): ParsedAlert => {
  const cleaned: string[] = []
  const labels = cleanLabels([alert['labels'], shared.labels], 'label', cleaned)
  const notes = cleanLabels([alert['annotations'], shared.annotations], 'annotation', cleaned)
  const fingerprint = fingerprintOf(alert['fingerprint'], labels, cleaned)
  const state = stateOf([alert['status'], shared.status], cleaned)
  const rule = first([labels['alertname']])
  if (rule === undefined) cleaned.push('alertname: missing')
  const text = first([notes['summary'], notes['description'], notes['message'], labels['summary'], rule]) ?? ''
  const url = cleanUrl(alert['generatorURL'], 'generatorURL', cleaned)
  return {
    fingerprint,
    ...cleanSpan({ startsAt: alert['startsAt'], endsAt: alert['endsAt'] }, state === 'resolved', now, cleaned),
    rule: rule ?? '',
    summary: cleanText(text, caps.summary, 'summary', cleaned),
    severity: cleanWord(labels['severity'] ?? notes['severity'], 'severity', cleaned),
    product: cleanWord(labels['product'] ?? notes['product'], 'product', cleaned),
    ...(url === null ? {} : { url }),
    // Annotations are kept beside the labels, so that a product can map any name of either; a label wins over an annotation.
    labels: cleanLabels([labels, Object.fromEntries(Object.entries(notes).filter(([name]) => name !== 'summary'))], 'label', cleaned),
    state,
    cleaned,
  }
}

const parseBody = (request: AlertRequest): unknown => {
  try {
    return JSON.parse(request.body.toString('utf8').replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
}

/** What concerns the whole payload, in words. */
const remarks = (group: Fields, body: Buffer): string[] => {
  const said: string[] = []
  const truncated = group['truncatedAlerts']
  if (typeof truncated === 'number' && truncated > 0)
    said.push(`the sender left ${truncated} more alerts of this group out (truncatedAlerts)`)
  if (group['version'] !== undefined && group['version'] !== '4') said.push('the payload is not of version 4, read as if it were')
  if (!isUtf8(body)) said.push('the payload is not UTF-8: wrong bytes were replaced')
  return said
}

const parse = (request: AlertRequest): Parsed => {
  const group = parseBody(request)
  if (!isFields(group)) return { alerts: [], unreadable: [{ index: 0, why: 'the body is not a JSON object' }] }
  const list = group['alerts']
  if (!Array.isArray(list)) return { alerts: [], unreadable: [{ index: 0, why: '"alerts" is not a list' }] }
  const parsed: Parsed = { alerts: [], unreadable: [] }
  const said = remarks(group, request.body)
  const shared: Shared = {
    status: group['status'],
    labels: cleanLabels([group['commonLabels']], 'common label', said),
    annotations: cleanLabels([group['commonAnnotations']], 'common annotation', said),
  }
  const unlabelled = Object.keys(shared.labels).length === 0
  for (const [index, alert] of list.entries()) {
    if (!isFields(alert)) parsed.unreadable.push({ index, why: 'not an object' })
    else if (unlabelled && (!isFields(alert['labels']) || Object.keys(alert['labels']).length === 0))
      parsed.unreadable.push({ index, why: 'no labels' })
    else parsed.alerts.push(read(alert, shared, request.receivedAt))
  }
  const [carrier, ...others] = parsed.alerts
  if (carrier) parsed.alerts = [{ ...carrier, cleaned: [...carrier.cleaned, ...said] }, ...others]
  else for (const why of said) parsed.unreadable.push({ index: list.length, why })
  return parsed
}

export default defineAlertSource({
  summary: "Prometheus' Alertmanager, webhook version 4; bearer token, or basic authentication with the secret as the password",
  verify: (request, secret) => sameSecret(credentials(request.headers['authorization'] ?? ''), secret),
  parse,
})
