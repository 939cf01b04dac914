/** A digest in words, in its product's zone: one line when all is quiet. Pure. */
import { TZDate } from '@date-fns/tz'
import { amount, limitWords } from './amount.ts'
import type { CheckStatus, Measurement } from './check.ts'
import { worstFirst } from './check-groups.ts'
import { statusIcon } from './check-report.ts'
import { addDays } from './calendar.ts'
import { type Asked, type Digest, isQuiet } from './digest.ts'
import { between } from './duration.ts'
import type { Message, Part, Span } from './message.ts'
import type { Instant, LocalDate } from './policy.ts'
import { shorten } from './text.ts'
import { type Gap, type Period, percent, type Trouble, type Uptime } from './uptime.ts'
import { dateIn } from './when.ts'

/** What is still read of a list. */
const most = 15
/** So many times of trouble, and so many gaps, are named of one check. */
const mostTimes = 5

/** So much is said in a digest, as its parts are counted, and so much of that in one list: nothing that stands below is pushed out. The
 *  checks that are sampled have what the others leave. */
const room = {
  all: 10_500,
  asked: 2500,
  records: 1200,
  /** The names of those that are not told one by one. */
  names: 600,
  /** A check that was fine, and the least that is said of another. */
  fine: 300,
  ill: 600,
}
/** The longest name of a check that is told whole. */
const longestTitle = 80

/** What surrounds a digest that is posted. */
export type DigestNotes = {
  /** The digest before it, with its date. */
  readonly before: { readonly date: LocalDate; readonly digest: Digest } | null
  /** Dates that had none. */
  readonly missed: readonly LocalDate[]
  /** When it should have been posted, where that is long ago. */
  readonly late: Instant | null
}

const noNotes: DigestNotes = { before: null, missed: [], late: null }

const timeIn = (at: Instant, zone: string): string => new TZDate(at, zone).toISOString().slice(11, 16)

/** `09:00`, `yesterday 09:00`; other days by their date. */
const clock = (at: Instant, { during, zone }: Digest): string => {
  const [date, today] = [dateIn(at, zone), dateIn(during.to, zone)]
  const time = timeIn(at, zone)
  if (date === today) return time
  return date === addDays(today, -1) ? `yesterday ${time}` : `${date} ${time}`
}

/** `yesterday 23:40–23:50`, `yesterday 23:40–today 00:20`. */
const times = ({ from, to }: Period, digest: Digest): string => {
  const [first, last] = [clock(from, digest), clock(to, digest)]
  const both = 'yesterday '
  if (first.startsWith(both) && last.startsWith(both)) return `${first}–${last.slice(both.length)}`
  const today = dateIn(digest.during.to, digest.zone)
  return `${first}–${dateIn(from, digest.zone) < today && dateIn(to, digest.zone) === today ? 'today ' : ''}${last}`
}

/** `, the 24 h to 09:00 Europe/Berlin`: a day in which a clock is changed is not as long. */
const spanWords = ({ during, zone }: Digest): string =>
  `, the ${Math.round(between(during.from, during.to) / 3_600_000)} h to ${timeIn(during.to, zone)} ${zone}`

const several = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

const ms = (value: number): string => amount({ value: Math.round(value), unit: 'ms' })

const speed = ({ response }: Uptime): string =>
  response === null ? '' : ` · ${ms(response.average)} on average, 95 % within ${ms(response.p95)}`

/** `100 % of 288 samples healthy`; what was never measured is said in words. */
const health = ({ samples, healthy }: Uptime): string => {
  if (samples === 0) return 'was not measured at all'
  const failed = samples - healthy
  return `${percent(healthy, samples)} of ${several(samples, 'sample')} healthy${failed === 0 ? '' : `, ${failed} failed (${Math.ceil((failed / samples) * 10_000) / 100} %)`}`
}

const statusOf = ({ samples, troubles, gaps }: Uptime): CheckStatus => {
  if (samples === 0) return 'unknown'
  if (troubles.some(({ status }) => status === 'fail')) return 'fail'
  return troubles.length > 0 || gaps.length > 0 ? 'warn' : 'ok'
}

const worstChecks = ({ checks }: Digest): Digest['checks'] =>
  worstFirst(checks.map((check) => ({ check, status: statusOf(check.uptime) }))).map(({ check }) => check)

/** What a part, a row and a span take besides what they say. */
const frame = { part: 100, row: 60, span: 35 }

const rowSize = (spans: readonly Span[]): number => spans.reduce((sum, span) => sum + JSON.stringify(span).length + frame.span, frame.row)

const partSize = (part: Part): number => {
  if (part.kind === 'list') return part.items.reduce((sum, item) => sum + rowSize(item), frame.part)
  return frame.part + ('spans' in part ? rowSize(part.spans) : JSON.stringify(part).length)
}

const namesOf = (others: readonly Pick<Asked, 'status' | 'title'>[]): string =>
  shorten(others.map(({ status, title }) => `${statusIcon[status]} ${shorten(title, longestTitle)}`).join(', '), 400)

/** As many as there is room for, in their order, at least one; and how many there are besides. `rest`: what is said of those. */
const capped = <Item>(
  items: readonly Item[],
  size: number,
  words: (item: Item) => readonly Span[],
  rest: (others: readonly Item[]) => string = () => '',
): (readonly Span[])[] => {
  const shown: (readonly Span[])[] = []
  let left = size
  for (const item of items.slice(0, most)) {
    const row = words(item)
    left -= rowSize(row)
    if (left < 0 && shown.length > 0) break
    shown.push(row)
  }
  const others = items.slice(shown.length)
  return others.length === 0 ? shown : [...shown, [`and ${others.length} more${rest(others)}`]]
}

/** Failures first, and of each sort the longest. */
const gravest = <Time extends Period>(periods: readonly Time[], isFailure: (period: Time) => boolean): Time[] =>
  periods.toSorted((a, b) => Number(isFailure(b)) - Number(isFailure(a)) || between(b.from, b.to) - between(a.from, a.to))

/** The gravest of these times that there is room for, in the order in which they were, and how many more there are. */
const named = <Time extends Period>(
  periods: readonly Time[],
  size: number,
  words: (period: Time) => string,
  isFailure: (period: Time) => boolean = () => false,
): string[] => {
  const chosen = new Set<Time>()
  let left = size
  for (const period of gravest(periods, isFailure).slice(0, mostTimes)) {
    left -= words(period).length + frame.span
    if (left < 0 && chosen.size > 0) break
    chosen.add(period)
  }
  const rest = periods.length - chosen.size
  return [...periods.filter((period) => chosen.has(period)).map(words), ...(rest > 0 ? [`\nand ${rest} more`] : [])]
}

/** One check: how it was, and below it when it was not well and when nobody looked. */
const checkPart = ({ title, uptime }: Digest['checks'][number], size: number, digest: Digest): Part => {
  const { troubles, gaps, samples } = uptime
  const head: Span[] = [`${statusIcon[statusOf(uptime)]} `, { bold: shorten(title, longestTitle) }, ` ${health(uptime)}${speed(uptime)}`]
  const longest = Math.max(40, Math.min(200, Math.floor(size / 5)))
  const trouble = (time: Trouble) => `\n${statusIcon[time.status]} ${times(time, digest)}: ${shorten(time.finding, longest)}`
  // Where nothing at all was measured, that is said already.
  const gap = (time: Gap) => {
    const why = time.why === null ? '' : `: ${shorten(time.why, longest)}`
    return samples === 0 ? why : `\n⚪ not measured ${times(time, digest)}${why}`
  }
  const left = size - frame.part - rowSize(head)
  const ofTroubles = named(troubles, gaps.length === 0 ? left : (left * 2) / 3, trouble, ({ status }) => status === 'fail')
  const used = ofTroubles.reduce((sum, words) => sum + words.length + frame.span, 0)
  return { kind: 'text', spans: [...head, ...ofTroubles, ...named(gaps, left - used, gap)] }
}

const isFine = ({ uptime }: Digest['checks'][number]): boolean => statusOf(uptime) === 'ok'

/** The worst first. What there is no room for is named all the same. */
const checkParts = (digest: Digest, size: number): Part[] => {
  const sorted = worstChecks(digest)
  const shown: Digest['checks'][number][] = []
  let left = size - room.names
  for (const check of sorted.slice(0, most)) {
    left -= isFine(check) ? room.fine : room.ill
    if (left < 0 && shown.length > 0) break
    shown.push(check)
  }
  const fine = shown.filter(isFine).length
  const share = (size - room.names - fine * room.fine) / Math.max(1, shown.length - fine)
  const others = sorted.slice(shown.length).map(({ title, uptime }) => ({ title, status: statusOf(uptime) }))
  const rest: Part[] = others.length === 0 ? [] : [{ kind: 'text', spans: [`and ${others.length} more: ${namesOf(others)}`] }]
  return [...shown.map((check) => checkPart(check, share, digest)), ...rest]
}

/** `revenue 412 USD (yesterday 380 USD)`. */
const measured = (measurement: Measurement, earlier: Asked | undefined, before: string): string => {
  const { name, unit } = measurement
  const was = earlier?.measurements.find((each) => each.name === name && each.unit === unit)
  const then = was === undefined || was.value === measurement.value ? '' : ` (${before} ${amount(was)})`
  return `${name} ${amount(measurement)}${limitWords(measurement)}${then}`
}

const measuredAll = (asked: Asked, { before }: DigestNotes, { during, zone }: Digest): string => {
  const earlier = before?.digest.asked.find(({ check, words }) => check !== undefined && check === asked.check && words === asked.words)
  const word = before?.date === addDays(dateIn(during.to, zone), -1) ? 'yesterday' : (before?.date ?? '')
  return shorten(asked.measurements.map((measurement) => measured(measurement, earlier, word)).join(' · '), 300)
}

const askedLine = (asked: Asked, digest: Digest, notes: DigestNotes): Span[] => {
  const numbers = measuredAll(asked, notes, digest)
  const finding = shorten(asked.finding, 300)
  const words = asked.status === 'ok' && numbers !== '' ? numbers : `${finding}${numbers === '' ? '' : ` ${numbers}`}`
  const typed: Span[] = asked.words === undefined || asked.words === '' ? [] : [' ', { code: shorten(asked.words, longestTitle) }]
  return [`${statusIcon[asked.status]} `, { bold: shorten(asked.title, longestTitle) }, ...typed, ` ${words}`]
}

/** What there is no room for is named all the same. */
const askedList = (digest: Digest, notes: DigestNotes): Part[] =>
  digest.asked.length === 0
    ? []
    : [
        {
          kind: 'list',
          items: capped(
            worstFirst(digest.asked),
            room.asked,
            (asked) => askedLine(asked, digest, notes),
            (others) => `: ${namesOf(others)}`,
          ),
        },
      ]

const section = (title: string, items: readonly (readonly Span[])[]): Part[] =>
  items.length === 0
    ? []
    : [
        { kind: 'text', spans: [{ bold: `${title}: ${items.length}` }] },
        { kind: 'list', items: capped(items, room.records, (item) => item) },
      ]

const botLines = ({ bot: { dead, away } }: Digest): Part[] => {
  const lines: Span[][] = [
    ...(dead === 0 ? [] : [[`${several(dead, 'job was', 'jobs were')} given up, and nobody has done the work since`]]),
    ...Object.entries(away).map(([service, why]): Span[] => [`${service} is ${shorten(why, 100)}`]),
  ]
  return lines.length === 0
    ? []
    : [
        { kind: 'text', spans: ['🤖 ', { bold: 'The bot itself' }] },
        { kind: 'list', items: lines },
      ]
}

const unsetLine = ({ unset, product }: Digest): Part[] =>
  unset.length === 0
    ? []
    : [
        {
          kind: 'context',
          spans: [
            `⚪ Not configured yet, so not in here: ${shorten([...new Set(unset.map(({ title }) => title))].join(', '), 300)}. What to set: `,
            { code: `/diag ${product.key}` },
          ],
        },
      ]

const dates = (missed: readonly LocalDate[]): string => {
  const [first, last] = [missed[0], missed.at(-1)]
  return missed.length > 2 ? `from ${first} to ${last}` : `for ${missed.join(' and ')}`
}

const noteLine = ({ missed, late }: DigestNotes, { zone }: Digest): Part[] => {
  const notes = [
    ...(late === null ? [] : [`⏰ Late: it was due at ${timeIn(late, zone)}, and could not be posted then.`]),
    ...(missed.length === 0 ? [] : [`There was no digest ${dates(missed)}.`]),
  ]
  return notes.length === 0 ? [] : [{ kind: 'context', spans: [notes.join(' ')] }]
}

/** All is quiet: everything in one line. */
const quietLine = (digest: Digest, notes: DigestNotes): Part => {
  const { product, checks, asked } = digest
  const up = checks.map(({ title, uptime }) => {
    const average = uptime.response === null ? '' : `, ${ms(uptime.response.average)}`
    return `${title} ${percent(uptime.healthy, uptime.samples)} (${several(uptime.samples, 'sample')}${average})`
  })
  const numbers = asked.flatMap((each) => {
    const words = measuredAll(each, notes, digest)
    return words === '' ? [] : [`${[each.title, each.words ?? ''].filter((word) => word !== '').join(' ')}: ${words}`]
  })
  const all = [...up, ...numbers, 'nothing open or overdue']
  return { kind: 'text', spans: ['🟢 ', { bold: product.name }, `${spanWords(digest)}: all quiet. ${shorten(all.join(' · '), 900)}`] }
}

/** What is told to a channel, or to one person. */
export const digestParts = (digest: Digest, notes: DigestNotes = noNotes): Part[] => {
  if (isQuiet(digest)) return [quietLine(digest, notes), ...unsetLine(digest), ...noteLine(notes, digest)]
  const { product, checks, records } = digest
  const nothing: Part = { kind: 'text', spans: ['⚪ No check was asked on a schedule, so nothing is known of its uptime.'] }
  const head: Part[] = [{ kind: 'text', spans: ['📊 ', { bold: product.name }, spanWords(digest)] }, ...noteLine(notes, digest)]
  const below: Part[] = [
    ...askedList(digest, notes),
    ...section('Open', records.open),
    ...section('Not kept in this time', records.missed),
    ...section('Overdue', records.overdue),
    ...botLines(digest),
    ...unsetLine(digest),
  ]
  const left = [...head, ...below].reduce((rest, part) => rest - partSize(part), room.all)
  return [...head, ...(checks.length === 0 ? [nothing] : checkParts(digest, left)), ...below]
}

/** What a notification shows. */
const longestSummary = 150

/** One plain line for a notification: what is not well, the worst first, and how many records need somebody. */
const summaryOf = (digest: Digest): string => {
  const { product, checks, asked, records } = digest
  if (isQuiet(digest)) return `${product.name}: all quiet`
  const judged = [
    ...asked.flatMap(({ status, title }) => (status === 'ok' ? [] : [{ status, words: `${title} ${status}` }])),
    ...checks.map(({ title, uptime }) => ({ status: statusOf(uptime), words: `${title} ${health(uptime)}` })),
  ]
  const counts = [
    `${records.open.length} open`,
    ...(records.missed.length === 0 ? [] : [`${records.missed.length} not kept`]),
    ...(records.overdue.length === 0 ? [] : [`${records.overdue.length} overdue`]),
  ].join(', ')
  const name = shorten(product.name, 50)
  // The counts stay, however much there is to be said before them.
  const left = longestSummary - `${name}: , ${counts}`.length
  const worst = shorten(
    worstFirst(judged)
      .map(({ words }) => words)
      .join(', '),
    left,
  )
  return `${name}: ${worst === '' ? '' : `${worst}, `}${counts}`
}

/** The message of a date. */
export const digestMessage = (key: string, digest: Digest, notes: DigestNotes): Message => ({
  key,
  summary: summaryOf(digest),
  parts: digestParts(digest, notes),
})
