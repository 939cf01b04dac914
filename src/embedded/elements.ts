/** Interactive elements: finding them in blocks, and what Slack sends when they were used. */
import { isJson, object, objects, string, type Json } from './json.ts'

type Wanted = { action: string; value: string | undefined }

const interactive = (block: Json): Json[] =>
  [...objects(block['elements']), ...(isJson(block['accessory']) ? [block['accessory']] : [])].filter((element) =>
    string(element['action_id']),
  )

const label = (element: Json): string => string(object(element['text'])['text'])

/** What can be chosen. */
export const optionsOf = (element: Json): Json[] => [
  ...objects(element['options']),
  ...objects(element['option_groups']).flatMap((group) => objects(group['options'])),
]

const choose = (element: Json, choice: string): Json | undefined =>
  optionsOf(element).find((option) => option['value'] === choice || label(option).toLowerCase() === choice.toLowerCase())

const used = (element: Json, block: string, value: string | undefined): Json => {
  const type = string(element['type'])
  const base = { type, action_id: element['action_id'], block_id: block }
  if (type !== 'button') return { ...base, selected_option: choose(element, value ?? '') }
  return {
    ...base,
    text: element['text'],
    ...(element['value'] === undefined ? {} : { value: element['value'] }),
    ...(element['style'] ? { style: element['style'] } : {}),
  }
}

const fits = (element: Json, { action, value }: Wanted): boolean => {
  if (element['action_id'] !== action && label(element).toLowerCase() !== action.toLowerCase()) return false
  if (value === undefined) return true
  return element['type'] === 'button' ? element['value'] === value : choose(element, value) !== undefined
}

/** The action as Slack reports it, or undefined. */
export const findElement = (blocks: unknown, wanted: Wanted): Json | undefined => {
  for (const [index, block] of objects(blocks).entries()) {
    const element = interactive(block).find((each) => fits(each, wanted))
    if (element) return used(element, string(block['block_id']) || `b${index}`, wanted.value)
  }
  return undefined
}

/** The action ids that there are. */
findElement.all = (blocks: unknown): string[] =>
  objects(blocks).flatMap((block) => interactive(block).map((each) => string(each['action_id'])))

const option = (element: Json, choice: string): Json =>
  choose(element, choice) ?? { text: { type: 'plain_text', text: choice }, value: choice }

type Fill = (element: Json, given: unknown, people: ReadonlyMap<string, string>) => Json

const one =
  (key: string, initial: string): Fill =>
  (element, given) => ({ [key]: given === undefined ? (element[initial] ?? null) : given })

const idOf = (people: ReadonlyMap<string, string>, ref: unknown): string => people.get(string(ref).replace(/^@/, '')) ?? string(ref)
const list = (given: unknown): unknown[] => (Array.isArray(given) ? given : [given])

const typed = one('value', 'initial_value')
const chosen: Fill = (element, given) => ({
  selected_option: given === undefined ? (element['initial_option'] ?? null) : option(element, string(given)),
})
const chosenMany: Fill = (element, given) => ({
  selected_options: given === undefined ? (element['initial_options'] ?? []) : list(given).map((each) => option(element, String(each))),
})

/** What a field holds before anybody fills it in, as it is given on a command line; empty: nothing. */
export const initialOf = (element: Json): string => {
  const preset = isJson(element['initial_option']) ? [element['initial_option']] : objects(element['initial_options'])
  if (preset.length > 0) return preset.map((each) => string(each['value'])).join(', ')
  const key = Object.keys(element).find((each) => each.startsWith('initial_'))
  const value = key === undefined ? '' : element[key]
  return typeof value === 'number' ? String(value) : string(value)
}

/** How each kind of input reports what was put in. */
const FILLS: Readonly<Record<string, Fill>> = {
  plain_text_input: typed,
  number_input: typed,
  email_text_input: typed,
  url_text_input: typed,
  static_select: chosen,
  external_select: chosen,
  radio_buttons: chosen,
  multi_static_select: chosenMany,
  checkboxes: chosenMany,
  users_select: (element, given, people) => ({
    selected_user: given === undefined ? (element['initial_user'] ?? null) : idOf(people, given),
  }),
  multi_users_select: (element, given, people) => ({
    selected_users: given === undefined ? (element['initial_users'] ?? []) : list(given).map((each) => idOf(people, each)),
  }),
  channels_select: one('selected_channel', 'initial_channel'),
  conversations_select: one('selected_conversation', 'initial_conversation'),
  datepicker: one('selected_date', 'initial_date'),
  timepicker: one('selected_time', 'initial_time'),
  datetimepicker: one('selected_date_time', 'initial_date_time'),
}

/** A form's state when these values, by block or action id, were put in; what was not keeps its initial value. */
export const stateOf = (blocks: Json[], values: Json, people: ReadonlyMap<string, string>): Json => {
  const state: Json = {}
  const asked = new Set(Object.keys(values))
  for (const [index, block] of blocks.entries()) {
    const inputs = block['type'] === 'input' ? [object(block['element'])] : interactive(block).filter((each) => each['type'] !== 'button')
    const blockId = string(block['block_id']) || `b${index}`
    for (const element of inputs) {
      const action = string(element['action_id'])
      const type = string(element['type'])
      const given = values[blockId] ?? values[action]
      asked.delete(blockId)
      asked.delete(action)
      state[blockId] = { ...object(state[blockId]), [action]: { type, ...FILLS[type]?.(element, given, people) } }
    }
  }
  if (asked.size > 0) throw new Error(`the form has no field ${[...asked].join(', ')}; it has ${Object.keys(state).join(', ')}`)
  return state
}
