import { takeNumber } from '../../src/asked-action.ts'
import { type CommandContext, defineCommand, type Form, given, type Place, type Reply, say, tell } from '../../src/define.ts'
import { type ActionRequest, isPending } from '../../src/incident/acting/request.ts'
import { ellipsis, refusalNow } from '../../src/incident/possible.ts'
import { type Refusal, refuse } from '../../src/incident/refusals.ts'
import { shorten } from '../../src/incident/text.ts'

const example = '/incident break-glass 3 Nobody answers, and every payment fails'

/** The number of an action, what the card showed of it, and the reason. */
type Wish = { readonly action: number; readonly hash: string | null; readonly why: string }

const intentOf = ({ action, hash, why }: Wish, identities: readonly string[]) =>
  ({ type: 'force-action', action, ...(hash === null ? {} : { hash }), why, identities }) as const

/** Which one, and why; or why none of them can be run alone now, which is said before anybody writes a reason. */
const formOf = async (place: Place, context: CommandContext, named: Omit<Wish, 'why'> | null): Promise<Form | Refusal> => {
  const incident = given(place)
  const known = await context.approvers.identify(place.by)
  if ('unknown' in known) return refuse('not_told_apart', { why: known.unknown })
  const at = await context.now()
  const asked = incident.actions.filter((request) => (named === null ? isPending(request) : request.action === named.action))
  const refusalOf = ({ action }: ActionRequest) =>
    refusalNow(incident, intentOf({ action, hash: named?.hash ?? null, why: ellipsis }, known.identities), place.by, at)
  const possible = asked.filter((request) => refusalOf(request) === null)
  if (possible.length === 0) {
    const last = asked.at(-1)
    if (last !== undefined) return refusalOf(last)!
    return named === null
      ? refuse('no_such_action', { what: 'waits for an approval' })
      : refuse('unknown_action_number', { action: named.action, count: incident.actions.length })
  }
  const options = possible.map(({ action, hash, title, preview }) => ({
    value: `${action} ${hash ?? ''}`,
    label: `${action} ${title}`,
    hint: shorten(preview?.summary ?? '', 75),
  }))
  return {
    title: 'Run without an approval',
    submit: 'break-glass',
    fields: [
      { key: 'action', label: 'Action', kind: 'choice', optional: false, options, initial: options.at(-1)!.value },
      {
        key: 'why',
        label: 'Why nobody else can approve it, and why it cannot wait',
        hint: 'Everybody reads it, in the announcement and the post-mortem too.',
        kind: 'text',
        multiline: true,
        optional: false,
        most: 500,
      },
    ],
  }
}

const force = async (wish: Wish, place: Place, context: CommandContext): Promise<Reply> => {
  const known = await context.approvers.identify(place.by)
  if ('unknown' in known) return { refused: refuse('not_told_apart', { why: known.unknown }) }
  return tell(await context.actions.vote(given(place).id, intentOf(wish, known.identities), place.by), () =>
    say(
      `🔴 Action ${wish.action} starts now without an approval, if nothing else stands against it. Everybody reads that it did, and why.`,
    ),
  )
}

/** What stands behind the number in a button: what its card showed. Alone there, what looks like a hash is held against the request, whole
 *  or not. */
const takeHash = (words: string): { hash: string | null; why: string } => {
  const hash = /^(?:[0-9a-f]{64}(?=\s|$)|[0-9a-f]{16,}$)/i.exec(words)?.[0] ?? null
  return { hash, why: words.slice(hash?.length ?? 0).trim() }
}

export default defineCommand({
  summary: 'In a P1 that nobody approves in time: the lead runs an action alone, with a reason',
  usage: 'break-glass <n> <why>',
  examples: ['/incident break-glass', example],
  needs: 'incident',
  form: (place, context) => formOf(place, context, null),
  submit: async (values, place, context) => {
    const { action, rest } = takeNumber(values['action'] ?? '')
    if (action === null) return { refused: refuse('missing', { what: 'The action', example }) }
    return force({ action, hash: takeHash(rest).hash, why: values['why'] ?? '' }, place, context)
  },
  run: async (ask, context) => {
    const { action, rest } = takeNumber(ask.words)
    if (action === null) return { refused: refuse('missing', { what: 'The number of the action', example }) }
    const { hash, why } = takeHash(rest)
    if (why !== '' || !ask.canShowForm) return force({ action, hash, why }, ask, context)
    const form = await formOf(ask, context, { action, hash })
    return 'code' in form ? { refused: form } : { form }
  },
})
