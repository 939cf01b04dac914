/** Anybody's alerts, as small JSON. One object, a list of them, or `{ "alerts": [ … ] }`; at most 1 MiB. Each object:
 *
 *  | field         | what                                                                                                 |
 *  | ------------- | ---------------------------------------------------------------------------------------------------- |
 *  | `alertname`   | needed: the rule's name; one incident is open for a product and rule                                 |
 *  | `product`     | the product's key; without one the alert belongs to the address's product, or to `unassigned`        |
 *  | `severity`    | a word, e.g. `critical`, `P2`, `warning`; without one the product's default                          |
 *  | `summary`     | what happened, at most 1000 characters; without one the name                                         |
 *  | `runbook`     | a runbook's name or address                                                                          |
 *  | `labels`      | names with texts: at most 64, each value at most 1024 characters                                     |
 *  | `status`      | `firing` (default) or `resolved`                                                                     |
 *  | `startsAt`    | ISO 8601 with a zone; without one the time of arrival. Together with the fingerprint it is the alert's identity: repeats send the same |
 *  | `endsAt`      | the same; only with `resolved`                                                                       |
 *  | `fingerprint` | at most 128 of letters, digits, `_.:-`; without one SHA-256 over product, alertname and labels       |
 *  | `url`         | http or https, where to look                                                                         |
 *
 *  Authenticated by `authorization: Bearer <secret>`, or by `x-tocsin-signature: t=<unix seconds>,v1=<hex>` where hex is
 *  HMAC-SHA-256 with the secret over `<t>.<body>`, within five minutes. */
import { createHash, createHmac } from 'node:crypto'
import { isUtf8 } from 'node:buffer'
import { defineAlertSource, type AlertRequest, type ParsedAlert } from '../define.ts'
import { caps, cleanLabels, cleanSpan, cleanText, cleanUrl, cleanWord } from '../incident/foreign.ts'
import { shorten } from '../incident/text.ts'
import type { Instant } from '../incident/policy.ts'
import { sameSecret } from '../secret.ts'

type Fields = Readonly<Record<string, unknown>>
type Parsed = { alerts: ParsedAlert[]; unreadable: { index: number; why: string }[] }

/** Seconds that a signature may be old or ahead. */
const tolerance = 300
const fields = 'product severity alertname summary runbook labels status startsAt endsAt fingerprint url'.split(' ')

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

const signed = (request: AlertRequest, header: string, secret: string): boolean => {
  const parts = header.split(',').map((part) => part.trim())
  const time = parts.find((part) => part.startsWith('t='))?.slice(2) ?? ''
  const hashes = parts.filter((part) => part.startsWith('v1=')).slice(0, 4)
  if (secret === '' || !/^\d{1,12}$/.test(time)) return false
  if (!(Math.abs(Date.parse(request.receivedAt) / 1000 - Number(time)) <= tolerance)) return false
  const expected = createHmac('sha256', secret).update(`${time}.`).update(request.body).digest('hex')
  // Several, while a sender changes its secret; every one is compared, so that the time tells nothing.
  return hashes.map((hash) => sameSecret(hash.slice(3).toLowerCase(), expected)).includes(true)
}

const verify = (request: AlertRequest, secret: string): boolean => {
  const signature = request.headers['x-tocsin-signature']
  if (signature !== undefined) return signed(request, signature, secret)
  return sameSecret(/^bearer +(\S+)$/i.exec((request.headers['authorization'] ?? '').trim())?.[1] ?? '', secret)
}

const fingerprintOf = (
  alert: Fields,
  rule: string,
  product: string | null,
  labels: Readonly<Record<string, string>>,
  cleaned: string[],
): string => {
  const sent = alert['fingerprint']
  if (typeof sent === 'string' && /^[\w.:-]{1,128}$/.test(sent)) return sent
  if (sent !== undefined && sent !== null) cleaned.push('fingerprint: malformed, made from product, alertname and labels')
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  return sha256(JSON.stringify([product, rule, sorted])).toString('hex')
}

const stateOf = (status: unknown, cleaned: string[]): 'firing' | 'resolved' => {
  if (status === 'firing' || status === 'resolved') return status
  if (status !== undefined) cleaned.push('status: neither firing nor resolved, taken as firing')
  return 'firing'
}

const read = (alert: Fields, sentRule: string, now: Instant): ParsedAlert => {
  const cleaned: string[] = []
  const unknown = Object.keys(alert).filter((name) => !fields.includes(name))
  if (unknown.length > 0) cleaned.push(`fields not known, ignored: ${shorten(unknown.slice(0, 10).join(', '), 200).toWellFormed()}`)
  const rule = cleanText(sentRule, caps.labelValue, 'alertname', cleaned).trim()
  const own = cleanLabels([alert['labels']], 'label', cleaned)
  const product = cleanWord(alert['product'], 'product', cleaned) ?? cleanWord(own['product'], 'product', cleaned)
  const state = stateOf(alert['status'], cleaned)
  if (state === 'firing' && alert['endsAt'] !== undefined && alert['endsAt'] !== null) cleaned.push('endsAt: ignored, the alert is firing')
  const summary = typeof alert['summary'] === 'string' && alert['summary'].trim() !== '' ? alert['summary'] : null
  if (summary === null) cleaned.push('summary: missing or not a text, the name stands in')
  const runbook = typeof alert['runbook'] === 'string' ? { runbook: alert['runbook'] } : {}
  const url = cleanUrl(alert['url'], 'url', cleaned)
  return {
    fingerprint: fingerprintOf(alert, rule, product, own, cleaned),
    ...cleanSpan({ startsAt: alert['startsAt'], endsAt: alert['endsAt'] }, state === 'resolved', now, cleaned),
    rule,
    summary: cleanText(summary ?? rule, caps.summary, 'summary', cleaned),
    severity: cleanWord(alert['severity'], 'severity', cleaned) ?? cleanWord(own['severity'], 'severity', cleaned),
    product,
    ...(url === null ? {} : { url }),
    labels: cleanLabels([runbook, own], 'label', cleaned),
    state,
    cleaned,
  }
}

const ruleOf = (alert: Fields): string | null => {
  const labels = isFields(alert['labels']) ? alert['labels'] : {}
  for (const name of [alert['alertname'], labels['alertname']])
    if (typeof name === 'string' && name.replaceAll('\u0000', '').trim() !== '') return name
  return null
}

const listOf = (body: unknown): readonly unknown[] | null => {
  if (Array.isArray(body)) return body
  if (!isFields(body)) return null
  if (!('alerts' in body)) return [body]
  return Array.isArray(body['alerts']) ? body['alerts'] : null
}

const parse = (request: AlertRequest): Parsed => {
  let body: unknown
  try {
    body = JSON.parse(request.body.toString('utf8').replace(/^\uFEFF/, ''))
  } catch {
    return { alerts: [], unreadable: [{ index: 0, why: 'the body is not JSON' }] }
  }
  const list = listOf(body)
  if (list === null) return { alerts: [], unreadable: [{ index: 0, why: 'neither an alert, a list of alerts, nor { "alerts": [ … ] }' }] }
  const parsed: Parsed = { alerts: [], unreadable: [] }
  const bytes = isUtf8(request.body) ? [] : ['the payload is not UTF-8: wrong bytes were replaced']
  for (const [index, alert] of list.entries()) {
    const rule = isFields(alert) ? ruleOf(alert) : null
    if (!isFields(alert)) parsed.unreadable.push({ index, why: 'not an object' })
    else if (rule === null) parsed.unreadable.push({ index, why: 'no alertname' })
    else {
      const readable = read(alert, rule, request.receivedAt)
      parsed.alerts.push({ ...readable, cleaned: [...readable.cleaned, ...bytes] })
    }
  }
  return parsed
}

export default defineAlertSource({ summary: 'Small JSON of anybody; bearer token or signature', verify, parse })
