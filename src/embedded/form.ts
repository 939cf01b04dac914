/** A form as a terminal shows it: what is asked, what can be chosen, and how it is sent. */
import { styleText } from 'node:util'
import { initialOf, optionsOf } from './elements.ts'
import { object, objects, parsed, string, type Json } from './json.ts'
import { plainMessage, type Names } from './plain.ts'

const textOf = (value: unknown): string => string(object(value)['text'])

/** How a value is given on the command line. */
const kinds: Readonly<Record<string, string>> = {
  plain_text_input: 'text',
  number_input: 'a number',
  users_select: 'a name, such as bob',
  multi_users_select: 'names',
  datepicker: 'a day, such as 2026-12-01',
  timepicker: 'a time, such as 14:05',
  datetimepicker: 'seconds since 1970',
}

const wanted = (element: Json): string => {
  const options = optionsOf(element).map((option) => {
    const [value, label] = [string(option['value']), textOf(option['text'])]
    return label === '' || label === value ? value : `${value} (${label})`
  })
  return options.length > 0 ? options.join(' | ') : (kinds[string(element['type'])] ?? string(element['type']))
}

const fieldLines = (block: Json, width: number): string[] => {
  const element = object(block['element'])
  const initial = initialOf(element)
  const notes = [
    ...(block['optional'] === true ? ['may be left out'] : []),
    ...(initial === '' ? [] : [`it is ${JSON.stringify(initial)} unless you say otherwise`]),
  ]
  const hint = textOf(block['hint'])
  return [
    `  ${string(block['block_id']).padEnd(width)}  ${textOf(block['label'])}: ${wanted(element)}${notes.length === 0 ? '' : styleText('dim', ` (${notes.join('; ')})`)}`,
    ...(hint === '' ? [] : [`  ${' '.repeat(width)}  ${styleText('dim', hint)}`]),
  ]
}

/** The form, and the command that sends it. */
export const formLines = (view: Json, as: string, names: Names): string[] => {
  const blocks = objects(view['blocks'])
  const inputs = blocks.filter((block) => block['type'] === 'input')
  const width = Math.max(0, ...inputs.map((block) => string(block['block_id']).length))
  const lines = blocks.flatMap((block) =>
    block['type'] === 'input' ? fieldLines(block, width) : plainMessage({ blocks: [block] }, names).map((line) => `  ${line}`),
  )
  const needed = inputs.filter((block) => block['optional'] !== true && initialOf(object(block['element'])) === '')
  const pairs = (needed.length > 0 ? needed : inputs.slice(0, 1)).map((block) => ` --submit ${string(block['block_id'])}='…'`)
  return [
    styleText('bold', `A form: ${textOf(view['title'])}`),
    ...lines,
    ...(inputs.length === 0 ? [] : [`Send it: npm run slack -- --as ${as}${pairs.join('')}`]),
  ]
}

/** What the bot answers to a form that was sent: what is wrong with it, or what it shows in its place. */
export const submittedLines = (body: string, names: Names): string[] => {
  const answer = object(parsed(body))
  if (answer['response_action'] === 'errors')
    return [
      'Nothing was done; the form is still open:',
      ...Object.entries(object(answer['errors'])).map(([field, why]) => `  ${field}: ${string(why)}`),
    ]
  return answer['response_action'] === 'update' ? plainMessage({ blocks: object(answer['view'])['blocks'] }, names) : []
}
