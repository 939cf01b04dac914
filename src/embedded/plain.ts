/** Blocks and mrkdwn as plain text for a terminal. */
import { styleText } from 'node:util'
import { isJson, object, objects, string, type Json } from './json.ts'

export type Names = { users: ReadonlyMap<string, string>; channels: ReadonlyMap<string, string>; groups: ReadonlyMap<string, string> }

const dim = (text: string): string => styleText('dim', text)
const bold = (text: string): string => styleText('bold', text)

const unescaped = (text: string): string => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')

const reference = (inner: string, names: Names): string => {
  const [target = '', label] = inner.split('|')
  const id = target.slice(1)
  if (target.startsWith('@')) return `@${names.users.get(id) ?? label ?? id}`
  if (target.startsWith('#')) return `#${names.channels.get(id) ?? label ?? id}`
  if (target.startsWith('!subteam^')) return `@${names.groups.get(target.slice('!subteam^'.length)) ?? label ?? target}`
  if (target.startsWith('!date^')) return label ?? new Date(Number(target.split('^')[1]) * 1000).toISOString()
  if (target.startsWith('!')) return `@${id}`
  return label === undefined || label === target ? target : `${label} (${target.replace(/^mailto:/, '')})`
}

/** Slack's markup, read as a person reads it. Only what stands in `<…>` is markup: the rest was escaped. */
export const plainText = (mrkdwn: string, names: Names): string =>
  unescaped(mrkdwn.replace(/<([^<>]+)>/g, (_, inner: string) => reference(inner, names)))

const emphasised = (mrkdwn: string, names: Names): string =>
  plainText(mrkdwn, names)
    .replace(/(^|[\s(])\*([^*\n]+)\*(?=$|[\s).,:;!?])/gm, (_, before: string, text: string) => before + bold(text))
    .replace(/(^|[\s(])_([^_\n]+)_(?=$|[\s).,:;!?])/gm, (_, before: string, text: string) => before + text)

const textOf = (value: unknown, names: Names): string => {
  const text = object(value)
  return text['type'] === 'plain_text' ? string(text['text']) : emphasised(string(text['text']), names)
}

const labelOf = (element: Json): string => string(object(element['text'])['text']) || string(object(element['placeholder'])['text'])

const button = (element: Json): string => {
  const [label, action] = [labelOf(element), string(element['action_id'])]
  return `[${label}]${action && action !== label.toLowerCase() ? dim(` ${action}`) : ''}`
}

const richText = (value: unknown, names: Names): string =>
  objects(value)
    .map((element) => {
      switch (element['type']) {
        case 'user':
          return `@${names.users.get(string(element['user_id'])) ?? string(element['user_id'])}`
        case 'channel':
          return `#${names.channels.get(string(element['channel_id'])) ?? string(element['channel_id'])}`
        case 'usergroup':
          return `@${names.groups.get(string(element['usergroup_id'])) ?? string(element['usergroup_id'])}`
        case 'broadcast':
          return `@${string(element['range'])}`
        case 'date':
          return string(element['fallback']) || new Date(Number(element['timestamp']) * 1000).toISOString()
        case 'emoji':
          return `:${string(element['name'])}:`
        case 'link':
          return string(element['text']) ? `${string(element['text'])} (${string(element['url'])})` : string(element['url'])
        case 'rich_text_list':
          return objects(element['elements'])
            .map((item) => `• ${richText(item['elements'], names)}`)
            .join('\n')
        default:
          return element['elements'] === undefined ? string(element['text']) : richText(element['elements'], names)
      }
    })
    .join('')

const blockLines = (block: Json, names: Names): string[] => {
  switch (block['type']) {
    case 'header':
      return [bold(textOf(block['text'], names))]
    case 'section': {
      const fields = objects(block['fields']).map((field) => `  ${textOf(field, names).replace(/\n+/g, ' ')}`)
      const accessory = isJson(block['accessory']) && block['accessory']['action_id'] ? [button(block['accessory'])] : []
      return [...(block['text'] === undefined ? [] : textOf(block['text'], names).split('\n')), ...fields, ...accessory]
    }
    case 'context':
      return [
        dim(
          objects(block['elements'])
            .map((element) => textOf(element, names) || string(element['alt_text']))
            .join('  '),
        ),
      ]
    case 'actions':
      return [objects(block['elements']).map(button).join('  ')]
    case 'divider':
      return [dim('─'.repeat(40))]
    case 'markdown':
      return string(block['text']).split('\n')
    case 'rich_text':
      return richText(block['elements'], names).split('\n')
    case 'input':
      return [`${textOf(block['label'], names)}: ____  ${dim(string(block['block_id']))}`]
    default:
      return [dim(`(${string(block['type'])} ${string(block['alt_text'])})`)]
  }
}

/** A message's blocks, or its text when it has none. */
export const plainMessage = (message: { text?: unknown; blocks?: unknown }, names: Names): string[] => {
  const blocks = objects(message.blocks)
  return blocks.length > 0 ? blocks.flatMap((block) => blockLines(block, names)) : emphasised(string(message.text), names).split('\n')
}
