/** A digest in words, in its product's zone: one line when all is quiet. Pure. */
import { amount, limitWords } from './amount.ts'
import type { Measurement } from './check.ts'
import { worstFirst } from './check-groups.ts'
import { statusIcon } from './check-report.ts'
import { addDays } from './calendar.ts'
import { type Asked, type Digest, isQuiet } from './digest.ts'
import { checkParts, health, ms, several, statusOf, timeIn } from './digest-checks.ts'
import { capped, longestTitle, namesOf, partSize, room } from './digest-room.ts'
import { between } from './duration.ts'
import type { Message, Part, Span } from './message.ts'
import type { Instant, LocalDate } from './policy.ts'
import { shorten } from './text.ts'
import { percent } from './uptime.ts'
import { dateIn } from './when.ts'

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

/** `, the 24 h to 09:00 Europe/Berlin`: a day in which a clock is changed is not as long. */
const spanWords = ({ during, zone }: Digest): string =>
  `, the ${Math.round(between(during.from, during.to) / 3_600_000)} h to ${timeIn(during.to, zone)} ${zone}`

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
