/** Where a vendor sends its events, held against where the product wants them. */
import type { CheckAnswer } from '../define/check.ts'
import type { Finding } from '../incident/check.ts'
import { count, found, listed, shownUrl } from './answer.ts'

export type Endpoint = {
  readonly url: string
  readonly enabled: boolean
  /** `*` stands for all of them. */
  readonly events: readonly string[]
}

export type WantedEndpoint = {
  /** Without one, the events may go to any endpoint. */
  readonly url?: string | undefined
  /** `payment_intent.*` is there when at least one event of that group is. */
  readonly events: readonly string[]
  /** The events of a group without which it is not whole. */
  readonly core?: Readonly<Record<string, readonly string[]>>
}

/** One form of an address, so that a slash at the end makes no difference. */
const same = (text: string): string => (URL.parse(text)?.href ?? text).replace(/\/+$/, '')

/** The events of an endpoint that a wanted name, or group of names, is answered by. */
const answering = (wanted: string, events: readonly string[]): readonly string[] => {
  if (events.includes('*') || events.includes(wanted)) return [wanted]
  if (!wanted.endsWith('*')) return []
  const group = wanted.slice(0, -1)
  return events.filter((event) => event.startsWith(group))
}

/** Judges. `where`: the vendor's page where an endpoint is changed. */
export const judgeEndpoints = (vendor: string, endpoints: readonly Endpoint[], wanted: WantedEndpoint, where: string): CheckAnswer => {
  const { url, events } = wanted
  const mine = url === undefined ? endpoints : endpoints.filter((endpoint) => same(endpoint.url) === same(url))
  const others = endpoints.filter((endpoint) => !mine.includes(endpoint))
  const enabled = mine.filter((endpoint) => endpoint.enabled)
  const place = url === undefined ? 'the product' : shownUrl(url)
  const shown = others.map((other) => `${shownUrl(other.url)}${other.enabled ? '' : ' (disabled)'}`)
  const rest: Finding[] = shown.length === 0 ? [] : [{ status: 'ok', text: `Other endpoints: ${listed(shown)}.` }]
  const answer = (...findings: readonly Finding[]): CheckAnswer => ({
    ...found(...findings, ...rest),
    measurements: [{ name: 'endpoints enabled', value: enabled.length, unit: '' }],
  })
  if (mine.length === 0)
    return answer({ status: 'fail', text: `${vendor} sends nothing to ${place}: no endpoint has that address. Add it in ${where}.` })
  const off = mine.filter((endpoint) => !endpoint.enabled).map((endpoint) => shownUrl(endpoint.url))
  if (enabled.length === 0)
    return answer({
      status: 'fail',
      text: `${vendor} sends nothing to ${listed(off)}: the endpoint is disabled. Mend why it failed, then enable it in ${where}.`,
    })
  const sent = enabled.flatMap((endpoint) => endpoint.events)
  const missing = events.filter((event) => answering(event, sent).length === 0)
  const covered = events.flatMap((event) => {
    const by = answering(event, sent)
    if (by.length === 0) return []
    return by.includes(event) ? [event] : [`${event} (as ${listed(by.map((name) => name.slice(event.length - 1)))})`]
  })
  const half = events.flatMap((event) => {
    const needed = wanted.core !== undefined && Object.hasOwn(wanted.core, event) ? (wanted.core[event] ?? []) : []
    return missing.includes(event) ? [] : needed.filter((name) => !sent.includes('*') && !sent.includes(event) && !sent.includes(name))
  })
  const gist = `${enabled.length} of ${count(mine.length, 'endpoint')} for ${place} enabled`
  return answer(
    missing.length > 0
      ? {
          status: 'fail',
          text: `${vendor} does not send ${listed(missing)} to ${place}, so the product never hears of it: add it to the endpoint’s events in ${where}.`,
        }
      : { status: 'ok', text: covered.length === 0 ? `${gist}.` : `${gist}; it is sent ${listed(covered)}.` },
    ...(half.length > 0
      ? [
          {
            status: 'warn' as const,
            text: `${vendor} does not send ${listed(half)} to ${place}, without which a group is not whole: add it in ${where}, unless the product does without.`,
          },
        ]
      : []),
    ...(off.length > 0 ? [{ status: 'warn' as const, text: `Disabled: ${listed(off)}.` }] : []),
  )
}
