/** Forms: what a verb asks for instead of words. */
import type { Part } from './incident/message.ts'

/** `before`: the word that stands before it where it is typed: `by`, `because`. */
type Asked = {
  readonly key: string
  readonly label: string
  readonly optional: boolean
  readonly hint?: string
  readonly before?: string
}

/** One field of a form. */
export type Field =
  | (Asked & { readonly kind: 'text'; readonly multiline: boolean; readonly most: number; readonly initial?: string })
  | (Asked & {
      readonly kind: 'choice'
      readonly options: readonly { readonly value: string; readonly label: string; readonly hint?: string }[]
      readonly initial?: string
      /** Choosing something makes the form anew: see the verb's `refill`. */
      readonly refills?: true
    })
  /** A day (`2026-12-01`), or a time of day (`14:05`). */
  | (Asked & { readonly kind: 'day' | 'time' })
  /** Any number of them; the value has those that are ticked, with commas between. */
  | (Asked & {
      readonly kind: 'ticks'
      readonly options: readonly { readonly value: string; readonly label: string; readonly hint?: string }[]
      readonly initial?: string
    })
  /** Somebody of the chat; the value is their id. */
  | (Asked & { readonly kind: 'person'; readonly initial?: string })
  /** Nothing to fill in: something to read. */
  | { readonly key: string; readonly kind: 'words'; readonly parts: readonly Part[] }

/** A form that stands for a verb: its values come back as that verb's `submit`, or as its words in the order of the fields. */
export type Form = { readonly title: string; readonly submit: string; readonly fields: readonly Field[] }
