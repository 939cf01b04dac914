/** Forms as Slack's modals. Pure. Limits: title 24, label 150, option text 75, placeholder 150, private_metadata 3000. */
import type { KnownBlock, View } from '@slack/types'
import type { Field, Form } from '../define.ts'
import type { FormPlace } from './dispatch.ts'
import { type Refusal, refuse } from '../incident/refusals.ts'
import { shorten } from '../incident/text.ts'
import { renderParts } from './blocks.ts'
import { untyped } from './typed.ts'

const plain = (text: string, most: number) => ({ type: 'plain_text' as const, text: shorten(text, most), emoji: true })

type Options = Extract<Field, { kind: 'choice' | 'ticks' }>['options']

const optionsOf = (options: Options) =>
  options.map((option) => ({
    text: plain(option.label, 75),
    value: option.value,
    ...(option.hint === undefined || option.hint === '' ? {} : { description: plain(option.hint, 75) }),
  }))

type Element = Extract<KnownBlock, { type: 'input' }>['element']

const elementOf = (field: Exclude<Field, { kind: 'words' }>): Element => {
  switch (field.kind) {
    case 'text':
      return {
        type: 'plain_text_input',
        action_id: 'value',
        multiline: field.multiline,
        max_length: Math.min(field.most, 3000),
        ...(field.initial === undefined ? {} : { initial_value: field.initial }),
      }
    case 'day':
      return { type: 'datepicker', action_id: 'value' }
    case 'time':
      return { type: 'timepicker', action_id: 'value' }
    case 'person':
      return { type: 'users_select', action_id: 'value', ...(field.initial === undefined ? {} : { initial_user: field.initial }) }
    case 'choice': {
      const options = optionsOf(field.options.slice(0, 100))
      const initial = options.find(({ value }) => value === field.initial)
      return { type: 'static_select', action_id: 'value', options, ...(initial === undefined ? {} : { initial_option: initial }) }
    }
    case 'ticks': {
      const options = optionsOf(field.options.slice(0, 10))
      const ticked = (field.initial ?? '').split(',')
      const initial = options.filter(({ value }) => ticked.includes(value))
      return { type: 'checkboxes', action_id: 'value', options, ...(initial.length === 0 ? {} : { initial_options: initial }) }
    }
    default:
      return field satisfies never
  }
}

const blocksOf = (field: Field): KnownBlock[] => {
  if (field.kind === 'words') return renderParts(field.parts)
  return [
    {
      type: 'input',
      block_id: field.key,
      optional: field.optional,
      ...(field.kind === 'choice' && field.refills === true ? { dispatch_action: true } : {}),
      label: plain(field.label, 150),
      ...(field.hint === undefined ? {} : { hint: plain(field.hint, 150) }),
      element: elementOf(field),
    },
  ]
}

/** What comes back with the form. A message that it is about is cut to what fits: the whole is read again where the bot may. */
const metadataOf = (place: FormPlace): string => {
  const text = JSON.stringify(place)
  const { from } = place
  if (text.length <= 3000 || from === undefined || from.text === '') return text
  const length = Array.from(from.text).length
  // Some characters take six times their length.
  const fitting = Math.min(length - 1, Math.floor((length * 3000) / text.length))
  return metadataOf({ ...place, from: { ...from, text: fitting < 1 ? '' : shorten(from.text, fitting) } })
}

/** The modal; `place` comes back with it. */
export const viewOf = (form: Form, place: FormPlace): View => ({
  type: 'modal',
  callback_id: `form:${form.submit}`,
  private_metadata: metadataOf(place),
  title: plain(form.title, 24),
  submit: plain('Send', 24),
  close: plain('Cancel', 24),
  blocks: form.fields.flatMap(blocksOf),
})

type Value = {
  readonly value?: string | null
  readonly selected_option?: { readonly value?: string } | null
  readonly selected_options?: readonly { readonly value?: string }[] | null
  readonly selected_user?: string | null
  readonly selected_date?: string | null
  readonly selected_time?: string | null
}

/** What was filled in, by the fields' keys; empty ones are empty strings. */
export const valuesOf = (values: Readonly<Record<string, Readonly<Record<string, Value>>>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([key, { value: filled }]) => [
      key,
      filled?.selected_option?.value ??
        filled?.selected_options?.map(({ value }) => value).join(',') ??
        filled?.selected_user ??
        filled?.selected_date ??
        filled?.selected_time ??
        filled?.value ??
        '',
    ]),
  )

/** What was filled in as Slack would send it if it were typed: the fields in their order, each behind its word. */
export const typedIn = (form: Form, values: Readonly<Record<string, string>>): string =>
  form.fields
    .flatMap((field) => {
      const value = field.kind === 'words' ? '' : (values[field.key] ?? '').trim()
      if (field.kind === 'words' || value === '') return []
      const typed = field.kind === 'person' ? `<@${value}>` : untyped(value, [])
      return field.before === undefined ? [typed] : [`${field.before} ${typed}`]
    })
    .join(' ')

/** That something was chosen which the form does not offer any more: it would be read as words. */
export const notOffered = (form: Form, values: Readonly<Record<string, string>>): Refusal | null => {
  for (const field of form.fields) {
    const word = values[field.key] ?? ''
    if (field.kind !== 'choice' || word === '' || field.options.some(({ value }) => value === word)) continue
    return refuse('unreadable', { what: 'one of the choices', word, example: field.options[0]?.value ?? '' })
  }
  return null
}
