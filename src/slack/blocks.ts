/** Our messages as Slack's Block Kit. Running text is `rich_text`, where a text element is literal by construction; small print and fields,
 *  which Slack only shows as mrkdwn, are escaped and neutralised (faults 55). Pure. */
import type { Button as SlackButton, KnownBlock, MrkdwnElement, RichTextBlockElement, RichTextElement } from '@slack/types'
import type { Button, Message, Part, Span } from '../incident/message.ts'
import type { Instant } from '../incident/policy.ts'
import { fit, limits, within } from './fit.ts'
import { cut, inZone, isChannelId, literal, mentionOf, mrkdwn, mrkdwnBold, mrkdwnCode, mrkdwnLink, safeLink } from './literal.ts'

export type Rendered = {
  /** For notifications and screen readers, in mrkdwn: at most 1500 characters. */
  text: string
  /** At most 50, within every limit of Slack's. */
  blocks: KnownBlock[]
  /** The whole message as mrkdwn without blocks, at most 3900 characters (`chat.update` takes 4000): for when Slack refuses the blocks. */
  plain: string
}

const dateFormat = '{date_short_pretty} {time}'

const seconds = (instant: Instant): number | null => {
  const ms = Date.parse(instant)
  return Number.isNaN(ms) ? null : Math.floor(ms / 1000)
}

const mrkdwnSpan = (span: Span): string => {
  if (typeof span === 'string') return mrkdwn(span)
  if ('bold' in span) return mrkdwnBold(span.bold)
  if ('code' in span) return mrkdwnCode(span.code)
  if ('link' in span) return mrkdwnLink(span.link, span.text)
  if ('channel' in span) return isChannelId(span.channel) ? `<#${span.channel}>` : mrkdwn(`#${span.text}`)
  if ('time' in span) {
    const at = seconds(span.time)
    return at === null ? mrkdwn(span.time) : `<!date^${at}^${dateFormat}|${mrkdwn(inZone(span.time, span.zone))}>`
  }
  const mention = mentionOf(span.mention)
  switch (mention.kind) {
    case 'user':
      return `<@${mention.id}>`
    case 'usergroup':
      return `<!subteam^${mention.id}>`
    case 'channel':
      return `<#${mention.id}>`
    default:
      return mrkdwn(mention.text)
  }
}

/** Spans as mrkdwn, for the places where Slack takes nothing else. */
export const renderText = (spans: readonly Span[]): string => spans.map(mrkdwnSpan).join('')

const richText = (text: string, style?: { bold?: true; code?: true }): RichTextElement[] => {
  const shown = literal(text)
  // Slack refuses a message that holds an empty text element.
  return shown === '' ? [] : [{ type: 'text', text: shown, ...(style === undefined ? {} : { style }) }]
}

const richSpan = (span: Span): RichTextElement[] => {
  if (typeof span === 'string') return richText(span)
  if ('bold' in span) return richText(span.bold, { bold: true })
  if ('code' in span) return richText(span.code, { code: true })
  if ('link' in span) {
    const link = safeLink(span.link, span.text)
    return link === null ? richText(span.text) : [{ type: 'link', ...link }]
  }
  if ('channel' in span) return isChannelId(span.channel) ? [{ type: 'channel', channel_id: span.channel }] : richText(`#${span.text}`)
  if ('time' in span) {
    const timestamp = seconds(span.time)
    if (timestamp === null) return richText(span.time)
    return [{ type: 'date', timestamp, format: dateFormat, fallback: inZone(span.time, span.zone) }]
  }
  const mention = mentionOf(span.mention)
  switch (mention.kind) {
    case 'user':
      return [{ type: 'user', user_id: mention.id }]
    case 'usergroup':
      return [{ type: 'usergroup', usergroup_id: mention.id }]
    case 'channel':
      return [{ type: 'channel', channel_id: mention.id }]
    default:
      return richText(mention.text)
  }
}

const rich = (...elements: readonly RichTextBlockElement[]): KnownBlock[] => {
  const shown = elements.filter((element) => element.elements.length > 0)
  return shown.length === 0 ? [] : [{ type: 'rich_text', elements: shown }]
}

const section = (spans: readonly Span[]) => ({ type: 'rich_text_section' as const, elements: spans.flatMap(richSpan) })

/** `verbatim` keeps Slack from making links and mentions of its own out of addresses and names. */
const small = (text: string): MrkdwnElement => ({ type: 'mrkdwn', text, verbatim: true })

const chunks = <T>(all: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size))

const slackButton = (button: Button, actionId: string): SlackButton => ({
  type: 'button',
  action_id: actionId,
  text: { type: 'plain_text', text: cut(literal(button.label), limits.buttonLabel), emoji: false },
  value: button.value,
  ...(button.style === undefined ? {} : { style: button.style }),
})

/** Slack wants an action to stand only once in a block, so a repeated one gets a number: `ack.2`. `actionOf` reads it. */
const buttonBlocks = (buttons: readonly Button[]): KnownBlock[] => {
  const rows: Button[][] = []
  for (const button of buttons) {
    const row = rows.at(-1)
    if (row === undefined || row.length >= limits.buttons) rows.push([button])
    else row.push(button)
  }
  return rows.map((row) => ({
    type: 'actions',
    elements: row.map((button, index) => {
      const count = row.slice(0, index).filter(({ action }) => action === button.action).length
      return slackButton(button, count === 0 ? button.action : `${button.action}.${count + 1}`)
    }),
  }))
}

/** The action of a button, by the id that it has in its block. */
export const actionOf = (actionId: string): string => actionId.replace(/\.\d+$/, '')

const fieldText = (label: string, value: readonly Span[]): string => `${mrkdwnBold(label)}\n${renderText(value)}`

/** One part that is within the limits of a block. A part that shows nothing makes no block. */
const partBlocks = (part: Part): KnownBlock[] => {
  switch (part.kind) {
    case 'heading': {
      const text = literal(part.text).replace(/\s+/g, ' ').trim()
      // `emoji: false`, so that a foreign `:name:` stays what it is.
      return text === '' ? [] : [{ type: 'header', text: { type: 'plain_text', text, emoji: false } }]
    }
    case 'text':
      return rich(section(part.spans))
    case 'quote':
      return rich({ type: 'rich_text_quote', elements: richText(part.text) })
    case 'list':
      return rich({
        type: 'rich_text_list',
        style: 'bullet',
        elements: part.items.map(section).filter(({ elements }) => elements.length > 0),
      })
    case 'fields':
      return chunks(part.fields, limits.fields).map((fields) => ({
        type: 'section',
        fields: fields.map(({ label, value }) => small(fieldText(label, value))),
      }))
    case 'context': {
      const text = renderText(part.spans)
      return text.trim() === '' ? [] : [{ type: 'context', elements: [small(text)] }]
    }
    case 'buttons':
      return buttonBlocks(part.buttons)
    case 'divider':
      return [{ type: 'divider' }]
    default:
      return part satisfies never
  }
}

const measures = { blocks: partBlocks, text: renderText, field: fieldText }

/** Parts as blocks. Within every limit: too long a text ends in a line that says so, buttons stay (faults 18). */
export const renderParts = (parts: readonly Part[]): KnownBlock[] => fit(parts, measures).flatMap(partBlocks)

/** One line of plain text, itself cut when it would take too much of the room. */
const plainLine = (spans: readonly Span[]): string => renderText(within(spans, limits.plainLine, (each) => renderText(each).length))

const bulleted = (mark: string, rows: readonly (readonly Span[])[]): string[] =>
  rows.flatMap((row) => {
    const line = plainLine(row)
    return line.trim() === '' ? [] : [mark + line]
  })

const plainLines = (part: Part): string[] => {
  switch (part.kind) {
    case 'heading':
      return [plainLine([{ bold: part.text }])]
    case 'text':
    case 'context':
      return [plainLine(part.spans)]
    case 'quote':
      return bulleted(
        '> ',
        part.text.split('\n').map((line) => [line]),
      )
    case 'list':
      return bulleted('• ', part.items)
    case 'fields':
      return part.fields.map(({ label, value }) => plainLine([{ bold: label }, ' ', ...value]))
    case 'buttons':
      return part.buttons.map(({ action, value }) => plainLine([{ code: `/incident ${action} ${value}` }]))
    case 'divider':
      return []
    default:
      return part satisfies never
  }
}

/** Whole lines only: half a line could be half an escape. */
const plainOf = (parts: readonly Part[]): string => {
  const lines = parts.flatMap(plainLines).filter((line) => line.trim() !== '')
  const kept: string[] = []
  let room: number = limits.plain - limits.notice.length - 1
  for (const line of lines) {
    if (line.length + 1 > room) return [...kept, limits.notice].join('\n')
    kept.push(line)
    room -= line.length + 1
  }
  return kept.join('\n')
}

/** A message as Slack takes it. `late` adds that it tells of something that happened at that time. */
export const render = (message: Message, extra: { readonly late?: { readonly at: Instant; readonly zone?: string } } = {}): Rendered => {
  const late: Part[] =
    extra.late === undefined
      ? []
      : [{ kind: 'context', spans: ['🕓 Late: this happened ', { time: extra.late.at, zone: extra.late.zone ?? 'UTC' }] }]
  const text = mrkdwn(cut(message.summary, 300)).trim()
  const parts = fit([...late, ...message.parts], measures)
  const plain = plainOf(parts)
  // Without any text Slack refuses what has no blocks either.
  return { text: text === '' ? '…' : text, blocks: parts.flatMap(partBlocks), plain: plain === '' ? text || '…' : plain }
}
