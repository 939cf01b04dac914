/** What an incident is decided with. A policy is copied into the event that opens or re-classifies an incident, so that
 *  editing a product's file never rewrites what was promised before. */

/** An instant in UTC, ISO 8601 with milliseconds: `2026-11-21T03:04:05.000Z`. Such strings sort in time order. */
export type Instant = string

export const severities = ['P1', 'P2', 'P3', 'P4'] as const
export type Severity = (typeof severities)[number]

/** A time of day in a calendar's zone, `HH:MM`. */
export type TimeOfDay = string

/** A local date in a calendar's zone, `YYYY-MM-DD`. */
export type LocalDate = string

/** When a product's people work. Days are ISO weekdays, 1 = Monday … 7 = Sunday. `from` is inclusive, `to` exclusive. */
export type Calendar = {
  readonly zone: string
  readonly days: readonly number[]
  readonly from: TimeOfDay
  readonly to: TimeOfDay
  readonly holidays: readonly LocalDate[]
  /** Sprints of `days` calendar days, counted from the local date `start`. */
  readonly sprint: { readonly start: LocalDate; readonly days: number }
}

/** How long a clock runs. `immediate` pages at once and is a duration besides (S2: 5 min unless the product says otherwise). */
export type Target =
  | { readonly kind: 'duration'; readonly minutes: number; readonly hours: 'always' | 'business' }
  | { readonly kind: 'next-business-day' }
  | { readonly kind: 'next-sprint' }

/** Somebody or something that can be told. At least one way is given; a placeholder has none and is shown by its name. */
export type Contact = {
  readonly name: string
  readonly slackUser?: string
  readonly slackGroup?: string
  readonly slackChannel?: string
  readonly email?: string
  readonly phone?: string
  readonly url?: string
  /** Variables of the environment that would give a way to tell them, where none is given. */
  readonly unset?: readonly string[]
}

/** A promise besides the response and the updates (S3). `from` starts it, `until` meets it; `phase:<key>` is the end of a phase. */
export type FurtherClock = {
  /** Unlike `reservedClocks`, unless it is the one that is meant there. */
  readonly key: string
  readonly title: string
  readonly minutes: number
  readonly from: 'declared' | 'resolved' | `phase:${string}`
  readonly until: 'update' | 'mitigated' | 'resolved' | 'reviewed' | 'phase'
}

/** What no product can call a clock of its own. */
export const reservedClocks = ['response', 'update', 'window', 'rto'] as const

/** Whether the bot can call them by itself: a mention reaches them. Their e-mail stands for whoever has it in the chat. */
export const mentionable = (contact: Contact): boolean =>
  contact.slackUser !== undefined || contact.slackGroup !== undefined || contact.email !== undefined

/** Whether anybody can call them: the bot, or a person by telephone. A channel or a page calls nobody. */
export const reachable = (contact: Contact): boolean => mentionable(contact) || contact.phone !== undefined

/** One severity of one product, as it was when it was decided. */
export type Policy = {
  readonly severity: Severity
  readonly meaning: string
  /** `null`: no response clock. */
  readonly response: Target | null
  /** Mention the first of the ladder as soon as the incident opens. */
  readonly page: boolean
  /** Minutes between status updates; `null`: none are due. */
  readonly update: number | null
  /** Percentages of a clock at which to warn, ascending, each below 100. */
  readonly warnAt: readonly number[]
  /** Who is mentioned, in order: the first when paged, the next on each breach. */
  readonly ladder: readonly Contact[]
  /** Minutes from a breach to the next step of the ladder, while nobody has acknowledged. */
  readonly escalateEvery: number
  /** Who is invited to the channel. */
  readonly invite: readonly Contact[]
  readonly checklist: readonly string[]
  readonly calendar: Calendar
  /** Minutes between asking for a lead, while there is none; without it nobody asks. */
  readonly nagLead?: number | null
  /** Promises besides the response and the updates. */
  readonly clocks?: readonly FurtherClock[]
  /** Of a disaster, in minutes: how soon it works again, and how much that was recorded may be lost. */
  readonly objectives?: { readonly rto: number; readonly rpo: number }
}
