/** The texts that people write: how long each may be, and how it is kept. */
import { type Refusal, refuse } from './refusals.ts'
import { isBlank, keep, keepLine } from './text.ts'

/** What each is called, what to type instead of none, and how long it may be, in characters: what fits into one Slack message with
 *  room for its frame. */
export const texts = {
  title: { what: 'The title', example: '/incident new <product> P1 Payments fail', most: 500 },
  description: { what: 'The description', example: '/incident new <product> P1 Payments fail', most: 3000 },
  why: { what: 'The reason', example: '/incident severity P1 All payments fail now', most: 1000 },
  update: { what: 'The update', example: '/incident update Rolled back, watching', most: 3000 },
  note: { what: 'The note', example: '/incident note Restarted the worker at 14:05', most: 3000 },
  mitigation: { what: 'The text', example: '/incident mitigate Rolled back to v141', most: 3000 },
  summary: { what: 'The summary', example: '/incident resolve Rolled back to v141', most: 3000 },
  todo: { what: 'The text', example: '/incident todo Add an alert on the pool by 2026-12-01', most: 500 },
  suspect: { what: 'The suspicion', example: '/incident suspect The migration of 14:00 holds a lock', most: 500 },
  because: { what: 'The reason', example: '/incident ruled-out 1 because the lock was gone at 14:10', most: 500 },
  pause: { what: 'The reason', example: '/incident pause Waiting for the provider', most: 500 },
  phase: { what: 'The text', example: '/incident phase recovery Restored from the backup of 02:00', most: 1000 },
  action: { what: 'The reason', example: '/incident deny 3 The new deployment is about to go out', most: 500 },
  lock: { what: 'The reason', example: '/incident lock vercel:shop The database is being restored', most: 500 },
  freeze: { what: 'The reason', example: '/incident freeze Somebody has the bot’s account', most: 500 },
  reopen: { what: 'The reason', example: '/incident reopen Payments fail again since 15:20', most: 1000 },
} as const

/** A text as it is kept, or why it cannot be. */
export const written = (of: keyof typeof texts, text: string): string | Refusal => {
  const { what, example, most } = texts[of]
  const kept = of === 'title' ? keepLine(text) : keep(text)
  const length = Array.from(kept).length
  if (isBlank(kept)) return refuse('missing', { what, example })
  return length > most ? refuse('too_long', { what, length, most }) : kept
}

/** A text that need not be there. */
export const optional = (of: keyof typeof texts, text: string | null): string | null | Refusal =>
  text === null || isBlank(keep(text)) ? null : written(of, text)

export const isRefusal = (text: string | null | Refusal): text is Refusal => typeof text === 'object' && text !== null
