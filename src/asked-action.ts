/** What people type of actions: which one, with what, and why. */
import type { Answer, Ask, CommandContext, Reply } from './define.ts'
import { tell } from './define.ts'
import { lockOn, whyFor } from './incident/acting/controls.ts'
import { obstacleSpans } from './incident/acting/obstacle.ts'
import { actionOf, type ActionRequest, type Wanted } from './incident/acting/request.ts'
import { statusIcons, statusWords } from './incident/acting/words.ts'
import type { Incident } from './incident/incident.ts'
import type { Button, Span } from './incident/message.ts'
import { type Refusal, refuse } from './incident/refusals.ts'
import { shorten } from './incident/text.ts'
import type { Words } from './requests.ts'

/** The words behind a verb that names an action by its number: `3 because it is too late`. */
export const takeNumber = (words: string): { readonly action: number | null; readonly rest: string } => {
  const match = /^(?:action\s+)?#?(\d{1,6})(?=\s|$)/i.exec(words.trim())
  return match === null
    ? { action: null, rest: words.trim() }
    : {
        action: Number(match[1]),
        rest: words
          .trim()
          .slice(match[0].length)
          .replace(/^(?::|because\b)/i, '')
          .trim(),
      }
}

/** `key=value` with its key and its value, quoted or not: `"`, or what a phone makes of quotes, in any language. */
const pair = /(?<![^\s])([a-z][\w-]*)=("[^"]*"|[“”„][^“”„]*[“”]|[‘‚].*?[‘’](?!\S)|\S*)/gi

/** Behind this all is the reason. */
const because = /(?<![^\s])(?::|because\b)/i

/** What is between quotes, blanked out, so that nothing in it is taken for something else. */
const unquoted = (words: string): string => words.replaceAll(pair, (whole) => '_'.repeat(whole.length))

const valueOf = (typed: string): string => (/^[“”„‘‚]/.test(typed) ? typed.slice(1).replace(/[“”‘’]$/, '') : typed.replaceAll('"', ''))

/** `to=dpl_A because payments fail`: what stands as `key=value`, and the rest as the reason. */
export const takeInput = (words: string): { readonly input: Words; readonly reason: string | null } => {
  const input: Record<string, string> = {}
  const found = because.exec(unquoted(words))
  const [word, at] = found === null ? ['', words.length] : [found[0], found.index]
  const before = words.slice(0, at).replaceAll(pair, (_, key: string, value: string) => {
    input[key.toLowerCase()] = valueOf(value)
    return ''
  })
  // Only where nothing was said before it, the word itself says nothing.
  const rest = [before, before.trim() === '' ? '' : word, words.slice(at + word.length)].join(' ').replaceAll(/\s+/g, ' ').trim()
  return { input, reason: rest === '' ? null : rest }
}

const about = ({ action, title, status, preview }: ActionRequest): Span[] => [
  `${statusIcons[status]} `,
  { bold: `Action ${action}` },
  ` ${title}, ${statusWords[status]}`,
  ...(status === 'waiting' && preview !== null ? [` – ${shorten(preview.summary, 300)}`] : []),
]

/** The answer to a verb that needs a number and was given none. `what`: what those that are meant do. */
export const whichAction = (
  incident: Incident,
  { verb, what }: { readonly verb: string; readonly what: string },
  fits: (request: ActionRequest) => boolean,
  value: (request: ActionRequest) => string = ({ action }) => `${incident.id} ${action}`,
): Reply => {
  const fitting = incident.actions.filter(fits)
  if (fitting.length === 0) return { refused: refuse('no_such_action', { what }) }
  const label = verb[0]!.toUpperCase() + verb.slice(1)
  const buttons = fitting.slice(-5).map((request): Button => ({ label: `${label} ${request.action}`, action: verb, value: value(request) }))
  return {
    parts: [
      { kind: 'list', items: fitting.slice(-5).map(about) },
      { kind: 'buttons', buttons },
    ],
  }
}

/** Asks for an action in a record, unless all of them are stopped or its target is locked. */
export const ask = async (
  { by }: Pick<Ask, 'by'>,
  incident: Incident,
  wanted: Wanted | Refusal,
  { reason, undoes }: { readonly reason: string | null; readonly undoes?: number },
  context: CommandContext,
): Promise<Reply> => {
  if ('code' in wanted) return { refused: wanted }
  const against = await context.actions.against(incident, { target: wanted.target, undoes: undoes ?? null })
  const { locks, frozen } = await context.actions.now()
  if (against !== null && frozen !== null) {
    const name = frozen.by.kind === 'person' ? frozen.by.name : 'Tocsin'
    return { refused: refuse('is_frozen', { name, at: frozen.at, why: whyFor(frozen, incident.id) }) }
  }
  const lock = lockOn({ locks }, wanted.target)
  if (against !== null && lock !== undefined) {
    const name = lock.by.kind === 'person' ? lock.by.name : 'Tocsin'
    return { refused: refuse('is_locked', { target: lock.target, name, at: lock.at, why: whyFor(lock, incident.id) }) }
  }
  const known = await context.approvers.identify(by)
  if ('unknown' in known) return { refused: refuse('not_told_apart', { why: known.unknown }) }
  const { identities } = known
  const intent = { type: 'ask-action', wanted, reason, identities, ...(undoes === undefined ? {} : { undoes }) } as const
  const outcome = await context.handle(incident.id, intent, by)
  return tell(outcome, (after): Answer => {
    const { action, title } = after.actions.at(-1) ?? { action: 0, title: wanted.title }
    return {
      parts: [
        {
          kind: 'text',
          spans: [
            '✋ Asked for ',
            { bold: `action ${action}: ${title}` },
            '. What it would do comes in the channel in a moment; nothing runs before somebody else has approved it',
            incident.kind === 'drill' ? ', and in this drill nothing is run then. To call it off: ' : '. To call it off: ',
            { code: `/incident deny ${action}` },
          ],
        },
        ...(against === null
          ? []
          : [
              {
                kind: 'text' as const,
                spans: ['⛔ ', { bold: 'Nobody can approve it now' }, ': ', ...obstacleSpans(against), '\nOnce that has passed they can.'],
              },
            ]),
      ],
    }
  })
}

/** The request that a verb names, or why there is none. */
export const namedAction = (incident: Incident, action: number): ActionRequest | Refusal =>
  actionOf(incident, action) ?? refuse('unknown_action_number', { action, count: incident.actions.length })
