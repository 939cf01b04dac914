/** What people write, without secrets, before any verb sees it. */
import type { Dispatch } from './dispatch.ts'

type Values = Readonly<Record<string, string>>

/** The same dispatch, behind `mask`. */
export const masked = (dispatch: Dispatch, mask: (text: string) => string): Dispatch => {
  const each = (values: Values): Values => Object.fromEntries(Object.entries(values).map(([key, value]) => [key, mask(value)]))
  return {
    type: (command, text, source) => dispatch.type(command, mask(text), source),
    press: (verb, value, source) => dispatch.press(verb, mask(value), source),
    quote: (quoted, summary, source) => dispatch.quote({ ...quoted, text: mask(quoted.text) }, mask(summary), source),
    refill: (verb, values, place, by) => dispatch.refill(verb, each(values), place, by),
    submit: (verb, values, place, by) => dispatch.submit(verb, each(values), place, by),
  }
}
