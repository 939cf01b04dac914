/** What Slack refuses before it does anything: sizes, names, forms. */
import { complainOfBlocks, complainOfView } from './blocks.ts'
import { isJson, parsed, string, type Json } from './json.ts'
import { SIZES } from './limits.ts'

/** An argument that may come as JSON or as its text. Undefined when it was not given, null when it cannot be read. */
const structured = (value: unknown): unknown => {
  if (value === undefined || value === null || value === '') return undefined
  return typeof value === 'string' ? parsed(value) : value
}

const refused = (error: string, messages: string[] = []): Json => ({
  ok: false,
  error,
  ...(messages.length > 0 ? { errors: messages, response_metadata: { messages } } : {}),
})

const refuseMessage =
  (longest: number) =>
  (args: Json): Json | null => {
    // Slack counts code points, not the halves of surrogate pairs.
    if (string(args['text']).length > longest && Array.from(string(args['text'])).length > longest) return refused('msg_too_long')
    const blocks = structured(args['blocks'])
    if (blocks !== undefined) {
      const complaint = complainOfBlocks(blocks)
      if (complaint) return refused(complaint.error, complaint.messages)
    }
    const metadata = structured(args['metadata'])
    if (metadata === undefined) return null
    if (!isJson(metadata)) return refused('invalid_metadata_format')
    // An empty object takes the metadata away.
    if (Object.keys(metadata).length > 0 && !(string(metadata['event_type']) && isJson(metadata['event_payload'])))
      return refused('invalid_metadata_schema')
    return JSON.stringify(metadata).length > SIZES.metadata ? refused('metadata_too_large') : null
  }

const refuseView = (args: Json): Json | null => {
  const view = structured(args['view'])
  if (!isJson(view)) return refused('invalid_arguments', ['[ERROR] missing required field: view'])
  const complaint = complainOfView(view)
  return complaint ? refused(complaint.error, complaint.messages) : null
}

const refuseName = (args: Json): Json | null => {
  const name = string(args['name'])
  if (name.length === 0) return refused('invalid_name_required')
  if (name.length > SIZES.channelName) return refused('invalid_name_maxlength')
  return /[^a-z0-9_-]/.test(name) ? refused('invalid_name_specials') : null
}

const REFUSALS: Readonly<Record<string, (args: Json) => Json | null>> = {
  'chat.postMessage': refuseMessage(SIZES.text),
  'chat.postEphemeral': refuseMessage(SIZES.text),
  'chat.update': refuseMessage(SIZES.updatedText),
  'views.open': refuseView,
  'views.push': refuseView,
  'views.publish': refuseView,
  'views.update': refuseView,
  'conversations.create': refuseName,
  'conversations.rename': refuseName,
}

/** Slack's answer when these arguments are wrong in themselves, or null. */
export const refuseArguments = (method: string, args: Json): Json | null => REFUSALS[method]?.(args) ?? null
