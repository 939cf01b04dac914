/** What Slack says about blocks that are too many, too long or wrong. */
import { isJson, object, objects, string, type Json } from './json.ts'
import { SIZES } from './limits.ts'

export type Complaint = { error: string; messages: string[] }

const TYPES = new Set([
  'actions',
  'context',
  'divider',
  'file',
  'header',
  'image',
  'input',
  'markdown',
  'rich_text',
  'section',
  'table',
  'video',
])

type Note = (problem: string, pointer: string) => void

const atMost = (note: Note, value: unknown, max: number, pointer: string): void => {
  if (string(value).length > max) note(`must be less than ${max + 1} characters`, pointer)
}

const checkText = (note: Note, value: unknown, max: number, pointer: string): void => {
  if (!isJson(value) || !['plain_text', 'mrkdwn'].includes(string(value['type']))) return note('missing required field: text', pointer)
  if (string(value['text']).length === 0) note('must be more than 0 characters', `${pointer}/text`)
  atMost(note, value['text'], max, `${pointer}/text`)
}

const checkElement = (note: Note, element: Json, pointer: string): void => {
  atMost(note, element['action_id'], SIZES.id, `${pointer}/action_id`)
  if (element['type'] === 'button') {
    checkText(note, element['text'], SIZES.buttonText, `${pointer}/text`)
    if (isJson(element['text']) && element['text']['type'] !== 'plain_text') note('unsupported type: mrkdwn', `${pointer}/text`)
    atMost(note, element['value'], SIZES.buttonValue, `${pointer}/value`)
    atMost(note, element['url'], SIZES.buttonUrl, `${pointer}/url`)
    if (element['style'] !== undefined && !['primary', 'danger'].includes(string(element['style']))) note('invalid style', pointer)
  }
  const options = objects(element['options'])
  if (options.length > SIZES.options) note(`no more than ${SIZES.options} items allowed`, `${pointer}/options`)
  for (const [index, option] of options.entries()) checkText(note, option['text'], SIZES.optionText, `${pointer}/options/${index}/text`)
}

const checkElements = (note: Note, value: unknown, max: number, pointer: string): void => {
  const elements = objects(value)
  if (elements.length === 0) note('no fewer than 1 items allowed', pointer)
  if (elements.length > max) note(`no more than ${max} items allowed`, pointer)
  const ids = elements.map((element) => string(element['action_id'])).filter(Boolean)
  if (new Set(ids).size < ids.length) note('action_id already exists in this block', pointer)
  for (const [index, element] of elements.entries()) checkElement(note, element, `${pointer}/${index}`)
}

const checkBlock = (note: Note, block: Json, pointer: string): void => {
  const type = string(block['type'])
  if (!TYPES.has(type)) return note(`unsupported type: ${type}`, pointer)
  atMost(note, block['block_id'], SIZES.id, `${pointer}/block_id`)
  switch (type) {
    case 'header':
      return checkText(note, block['text'], SIZES.header, `${pointer}/text`)
    case 'section': {
      const fields = objects(block['fields'])
      if (block['text'] === undefined && fields.length === 0) note('missing required field: text', pointer)
      if (block['text'] !== undefined) checkText(note, block['text'], SIZES.section, `${pointer}/text`)
      if (fields.length > SIZES.fields) note(`no more than ${SIZES.fields} items allowed`, `${pointer}/fields`)
      for (const [index, field] of fields.entries()) checkText(note, field, SIZES.field, `${pointer}/fields/${index}`)
      if (isJson(block['accessory'])) checkElement(note, block['accessory'], `${pointer}/accessory`)
      return
    }
    case 'context':
      if (objects(block['elements']).length > SIZES.contextElements) note(`no more than ${SIZES.contextElements} items allowed`, pointer)
      if (objects(block['elements']).length === 0) note('no fewer than 1 items allowed', `${pointer}/elements`)
      return
    case 'actions':
      return checkElements(note, block['elements'], SIZES.actionElements, `${pointer}/elements`)
    case 'input':
      checkText(note, block['label'], SIZES.label, `${pointer}/label`)
      return checkElement(note, object(block['element']), `${pointer}/element`)
    case 'markdown':
      return atMost(note, block['text'], SIZES.markdown, `${pointer}/text`)
    default:
      return undefined
  }
}

/** All text that a reader would see. */
const textLength = (value: unknown): number => {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + textLength(item), 0)
  if (!isJson(value)) return 0
  return Object.entries(value).reduce(
    (sum, [key, inner]) => sum + (key === 'text' && typeof inner === 'string' ? inner.length : textLength(inner)),
    0,
  )
}

/** Null when Slack would take them. */
export const complainOfBlocks = (value: unknown, max: number = SIZES.blocks, root = '/blocks'): Complaint | null => {
  if (!Array.isArray(value) || !value.every(isJson))
    return { error: 'invalid_blocks_format', messages: ['must provide an array of blocks'] }
  const messages: string[] = []
  const note: Note = (problem, pointer) => messages.push(`[ERROR] ${problem} [json-pointer:${pointer}]`)
  if (value.length > max) note(`no more than ${max} items allowed`, root)
  const ids = value.map((block) => string(block['block_id'])).filter(Boolean)
  if (new Set(ids).size < ids.length) note('block_id already exists', root)
  for (const [index, block] of value.entries()) checkBlock(note, block, `${root}/${index}`)
  if (messages.length > 0) return { error: 'invalid_blocks', messages }
  return textLength(value) > SIZES.allBlocks ? { error: 'msg_blocks_too_long', messages: [] } : null
}

/** Null when Slack would show it. */
export const complainOfView = (view: Json): Complaint | null => {
  const messages: string[] = []
  const note: Note = (problem, pointer) => messages.push(`[ERROR] ${problem} [json-pointer:${pointer}]`)
  for (const part of ['title', 'submit', 'close']) atMost(note, object(view[part])['text'], SIZES.modalTitle, `/view/${part}/text`)
  atMost(note, view['private_metadata'], SIZES.privateMetadata, '/view/private_metadata')
  atMost(note, view['callback_id'], SIZES.id, '/view/callback_id')
  const blocks = complainOfBlocks(view['blocks'], SIZES.modalBlocks, '/view/blocks')
  // The sum over all blocks is a limit of messages only.
  if (blocks && blocks.error !== 'msg_blocks_too_long') messages.push(...blocks.messages)
  return messages.length > 0 ? { error: 'invalid_arguments', messages } : null
}
