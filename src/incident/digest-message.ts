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

/** `yesterday 23:40–00:20`. */
const times = ({ from, to }: Period, digest: Digest): string => {
  const [first, last] = [clock(from, digest), clock(to, digest)]
  const both = 'yesterday '
  return `${first}–${first.startsWith(both) && last.startsWith(both) ? last.slice(both.length) : last}`
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

const capped = (items: readonly (readonly Span[])[]): (readonly Span[])[] =>
  items.length > most ? [...items.slice(0, most), [`and ${items.length - most} more`]] : [...items]

/** Failures first, and of each sort the longest. */
const gravest = <Time extends Period>(periods: readonly Time[], isFailure: (period: Time) => boolean): Time[] =>
  periods.toSorted((a, b) => Number(isFailure(b)) - Number(isFailure(a)) || between(b.from, b.to) - between(a.from, a.to))

/** The gravest of these times in the order in which they were, and how many more there are. */
const named = <Time extends Period>(
  periods: readonly Time[],
  words: (period: Time) => string,
  isFailure: (period: Time) => boolean = () => false,
): string[] => {
  const chosen = new Set(gravest(periods, isFailure).slice(0, mostTimes))
  const rest = periods.length - chosen.size
  return [...periods.filter((period) => chosen.has(period)).map(words), ...(rest > 0 ? [`\nand ${rest} more`] : [])]
}

/** One check: how it was, and below it when it was not well and when nobody looked. */
const checkParts = (digest: Digest): Part[] => {
  const all = worstChecks(digest).map(({ title, uptime }): Part => {
    const trouble = (time: Trouble) => `\n${statusIcon[time.status]} ${times(time, digest)}: ${shorten(time.finding, 200)}`
    // Where nothing at all was measured, that is said already.
    const gap = (time: Gap) => {
      const why = time.why === null ? '' : `: ${shorten(time.why, 200)}`
      return uptime.samples === 0 ? why : `\n⚪ not measured ${times(time, digest)}${why}`
    }
    return {
      kind: 'text',
      spans: [
        `${statusIcon[statusOf(uptime)]} `,
        { bold: title },
        ` ${health(uptime)}${speed(uptime)}`,
        ...named(uptime.troubles, trouble, ({ status }) => status === 'fail'),
        ...named(uptime.gaps, gap),
      ],
    }
  })
  const rest = all.length - most
  return rest > 0 ? [...all.slice(0, most), { kind: 'text', spans: [`and ${rest} more`] }] : all
}

/** `revenue 412 USD (yesterday 380 USD)`. */
const measured = (measurement: Measurement, earlier: Asked | undefined, before: string): string => {
  const { name, unit } = measurement
  const was = earlier?.measurements.find((each) => each.name === name && each.unit === unit)
  const then = was === undefined || was.value === measurement.value ? '' : ` (${before} ${amount(was)})`
  return `${name} ${amount(measurement)}${limitWords(measurement)}${then}`
}

const measuredAll = (asked: Asked, { before }: DigestNotes, { during, zone }: Digest): string => {
  const earlier = before?.digest.asked.find(({ title }) => title === asked.title)
  const word = before?.date === addDays(dateIn(during.to, zone), -1) ? 'yesterday' : (before?.date ?? '')
  return shorten(asked.measurements.map((measurement) => measured(measurement, earlier, word)).join(' · '), 300)
}

const askedLines = (digest: Digest, notes: DigestNotes): Span[][] =>
  worstFirst(digest.asked).map((asked) => {
    const numbers = measuredAll(asked, notes, digest)
    const words = asked.status === 'ok' && numbers !== '' ? numbers : `${asked.finding}${numbers === '' ? '' : ` ${numbers}`}`
    return [`${statusIcon[asked.status]} `, { bold: asked.title }, ` ${words}`]
  })

const section = (title: string, items: readonly (readonly Span[])[]): Part[] =>
  items.length === 0
    ? []
    : [
        { kind: 'text', spans: [{ bold: `${title}: ${items.length}` }] },
        { kind: 'list', items: capped(items) },
      ]

const botLines = ({ bot: { dead, away } }: Digest): Part[] => {
  const lines: Span[][] = [
    ...(dead === 0 ? [] : [[`${several(dead, 'job was', 'jobs were')} given up, and nobody has done the work since`]]),
    ...Object.entries(away).map(([service, why]): Span[] => [`${service} is ${shorten(why, 200)}`]),
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
    return words === '' ? [] : [`${each.title}: ${words}`]
  })
  const all = [...up, ...numbers, 'nothing open or overdue']
  return { kind: 'text', spans: ['🟢 ', { bold: product.name }, `${spanWords(digest)}: all quiet. ${shorten(all.join(' · '), 900)}`] }
}

/** What is told to a channel, or to one person. */
export const digestParts = (digest: Digest, notes: DigestNotes = noNotes): Part[] => {
  if (isQuiet(digest)) return [quietLine(digest, notes), ...unsetLine(digest), ...noteLine(notes, digest)]
  const { product, checks, records } = digest
  const asked = askedLines(digest, notes)
  const nothing: Part = { kind: 'text', spans: ['⚪ No check was asked on a schedule, so nothing is known of its uptime.'] }
  return [
    { kind: 'text', spans: ['📊 ', { bold: product.name }, spanWords(digest)] },
    ...noteLine(notes, digest),
    ...(checks.length === 0 ? [nothing] : checkParts(digest)),
    ...(asked.length === 0 ? [] : [{ kind: 'list' as const, items: capped(asked) }]),
    ...section('Open', records.open),
    ...section('Not kept in this time', records.missed),
    ...section('Overdue', records.overdue),
    ...botLines(digest),
    ...unsetLine(digest),
  ]
}

/** One plain line for a notification. */
const summaryOf = (digest: Digest): string => {
  const { product, checks, records } = digest
  if (isQuiet(digest)) return `${product.name}: all quiet`
  const worst = checks.map(({ title, uptime }) => `${title} ${health(uptime)}`)
  return shorten(`${product.name}: ${[...worst, `${records.open.length} open`].join(', ')}`, 150)
}

/** The message of a date. */
export const digestMessage = (key: string, digest: Digest, notes: DigestNotes): Message => ({
  key,
  summary: summaryOf(digest),
  parts: digestParts(digest, notes),
})
