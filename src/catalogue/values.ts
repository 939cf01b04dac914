/** The small values that the files are made of, each with the sentence that is shown when it is wrong. */
import { z } from 'zod'
import { meansSomethingToDiag } from '../incident/command-words.ts'
import { severities } from '../incident/policy.ts'
import { nearest } from './problems.ts'

export const Text = z.string().trim().min(1, 'must not be empty').max(500, 'must have at most 500 characters')
export const Words = z.array(Text)
export const SeverityKey = z.enum(severities)

/** Keys of contacts, checks and the like. */
export const Slug = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'a key here is made of small letters, digits and dashes, such as `on-call`')

/** The name under which a secret stands in the environment: never the secret. */
export const SecretName = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]*$/, 'must be the name of an environment variable in capitals, never the secret itself')

export const Email = z.email('must be an e-mail address')

export const Url = Text.refine((text) => {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
}, 'must be an http(s) address, with no user name or password in it')

export const ChannelName = z.string().regex(/^(#?[a-z0-9][a-z0-9_-]{0,79}|[CG][A-Z0-9]{5,})$/, 'must be the name or the id of a channel')

const unitMinutes: Readonly<Record<string, number>> = { min: 1, h: 60, d: 1440 }
const maxMinutes = 366 * 1440

const minutesOf = (text: string): number | null => {
  if (!/^\d+ ?(min|h|d)( \d+ ?(min|h|d))*$/.test(text)) return null
  const minutes = [...text.matchAll(/(\d+) ?(min|h|d)/g)].reduce((sum, [, count, unit]) => sum + Number(count) * unitMinutes[unit!]!, 0)
  return minutes > 0 && minutes <= maxMinutes ? minutes : null
}

const durationHint = 'a duration such as `15 min`, `4 h`, `1 h 30 min` or `2 d`'

/** Gives minutes. */
export const Duration = z.string().transform((text, context): number => {
  const minutes = minutesOf(text)
  if (minutes !== null) return minutes
  context.addIssue({ code: 'custom', message: `\`${text}\` is not ${durationHint}` })
  return z.NEVER
})

/** The key of a check: like other keys, in parts with dots, such as `stripe.webhooks`. */
export const CheckKey = z
  .string()
  .regex(/^[a-z0-9]+([.-][a-z0-9]+)*$/, 'the key of a check is made of small letters, digits, dots and dashes, such as `stripe.webhooks`')
  .refine((key) => !meansSomethingToDiag(key) && key !== 'auto', 'this word means something to /diag: choose another key')

/** The key of an action, such as `vercel.rollback`. */
export const ActionKey = z
  .string()
  .regex(/^[a-z0-9]+([.-][a-z0-9]+)*$/, 'the key of an action is made of small letters, digits, dots and dashes, such as `letters.unstick`')
  .refine((key) => !['again', 'undo'].includes(key), 'this word means something to /incident run: choose another key')

/** A point of the week such as `Fri 16:00`, or a date such as `2026-12-24`, with a time of day if need be. */
export const Moment = z
  .string()
  .regex(
    /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([01]\d|2[0-3]):[0-5]\d|\d{4}-\d\d-\d\d(?: ([01]\d|2[0-3]):[0-5]\d)?)$/,
    'must be a point of the week such as `Fri 16:00`, or a date such as `2026-12-24` or `2026-12-24 16:00`',
  )

/** Gives minutes, or null for `none`. */
export const DurationOrNone = z.string().transform((text, context): number | null => {
  if (text === 'none') return null
  const minutes = minutesOf(text)
  if (minutes !== null) return minutes
  context.addIssue({ code: 'custom', message: `\`${text}\` is neither \`none\` nor ${durationHint}` })
  return z.NEVER
})

const responseWords = ['immediate', 'next business day', 'next sprint', 'none'] as const

export type Response = { readonly kind: 'minutes'; readonly minutes: number } | { readonly kind: (typeof responseWords)[number] }

/** How soon somebody must have answered. */
export const Response = z.string().transform((text, context): Response => {
  const word = responseWords.find((known) => known === text.toLowerCase())
  if (word !== undefined) return { kind: word }
  const minutes = minutesOf(text)
  if (minutes !== null) return { kind: 'minutes', minutes }
  context.addIssue({
    code: 'custom',
    message: `\`${text}\` is neither ${durationHint} nor one of ${responseWords.join(', ')}`,
    params: { suggestion: nearest(text, responseWords) },
  })
  return z.NEVER
})

export const WarnAt = z
  .array(z.int().min(1, 'must be a percentage from 1 to 99').max(99, 'must be a percentage from 1 to 99'))
  .refine((percents) => percents.every((percent, index) => index === 0 || percent > percents[index - 1]!), 'percentages must ascend')

export const Zone = z.string().superRefine((zone, context) => {
  try {
    Intl.DateTimeFormat('en', { timeZone: zone })
  } catch {
    const suggestion = nearest(zone, Intl.supportedValuesOf('timeZone'))
    context.addIssue({ code: 'custom', message: `\`${zone}\` is not a time zone such as \`Europe/Zurich\``, params: { suggestion } })
  }
})

export const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as `09:00`')

export const LocalDate = z.string().refine((text) => {
  const date = new Date(`${text}T00:00:00Z`)
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}, 'must be a date that exists, such as `2026-12-24`')

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const

/** Gives ISO weekdays, 1 = Monday, in order. */
export const Days = z
  .array(z.enum(weekdays))
  .min(1, 'at least one day must be a working day')
  .refine((days) => new Set(days).size === days.length, 'a day stands twice')
  .transform((days) => days.map((day) => weekdays.indexOf(day) + 1).toSorted((a, b) => a - b))

/** A host without port: a name, or an address. */
export const isHost = (text: string): boolean => URL.parse(`http://${text}/`)?.hostname === text.toLowerCase()
