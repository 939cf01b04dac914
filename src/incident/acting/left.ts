/** What becomes of the actions of a record that is merged into another. What runs goes on where it was begun; what was not started yet is
 *  called off, so that nobody approves it where nobody reads any more. */
import type { Incident } from '../incident.ts'
import type { Span } from '../message.ts'
import type { Instant } from '../policy.ts'
import { shorten } from '../text.ts'
import { type ActionRequest, isPending, isRunning, isUndoable } from './request.ts'
import { inputWords } from './words.ts'

export type LeftAction = {
  readonly action: number
  readonly title: string
  readonly runs: boolean
  /** What to type to ask for it in the other record; null: it runs, or took something back, which is known in its own record only. */
  readonly again: string | null
  /** It was done, and can still be taken back in its own record. */
  readonly undo?: true
}

/** The open to-dos of a record that hand over this action of `record`. */
export const handedOver = ({ todos }: Pick<Incident, 'todos'>, record: string, action: number): number[] =>
  todos
    .filter(({ handsOver, doneAt }) => doneAt === null && handsOver?.record === record && handsOver.action === action)
    .map(({ todo }) => todo)

/** So many are named. */
const most = 5

/** What to type to ask for it in another record; null: what it takes back is known in its own record only. */
export const askedElsewhere = ({ key, input, undoes }: ActionRequest): string | null => {
  const words = inputWords(input)
  return undoes === null ? `/incident run ${key}${words === '' ? '' : ` ${words}`}` : null
}

const leftOf = (request: ActionRequest): LeftAction => {
  const { action, title } = request
  if (isUndoable(request)) return { action, title: shorten(title, 100), runs: false, again: null, undo: true }
  return { action, title: shorten(title, 100), runs: isRunning(request), again: isRunning(request) ? null : askedElsewhere(request) }
}

/** What was not over comes first. */
const inOrder = (left: readonly LeftAction[]): LeftAction[] => left.toSorted((a, b) => Number(a.undo ?? false) - Number(b.undo ?? false))

/** Those that a merge now would leave. */
export const leftBehind = ({ actions }: Pick<Incident, 'actions'>): LeftAction[] =>
  inOrder(actions.filter((request) => isRunning(request) || isUndoable(request) || (isPending(request) && !request.automatic)).map(leftOf))

/** Those that the merge at this time left, in the record that was merged. */
export const wereLeft = ({ actions }: Pick<Incident, 'actions'>, at: Instant): LeftAction[] =>
  inOrder(
    actions
      .filter((request) => isRunning(request) || isUndoable(request) || (request.status === 'closed' && request.ended?.at === at))
      .map(leftOf),
  )

/** A sentence for each. `of`: their record, where it is not the reader's; `runs`: where those go on that run; `ask`: where the others can be
 *  asked for. */
export const leftWords = (
  left: readonly LeftAction[],
  { of, runs, ask }: { readonly of?: string; readonly runs: readonly Span[]; readonly ask: readonly Span[] },
): Span[] => [
  ...left
    .slice(0, most)
    .flatMap(({ action, title, runs: running, again, undo }): Span[] => [
      ' ',
      { bold: `Action ${action}` },
      `${of === undefined ? '' : ` of ${of}`}, “${title}”, `,
      ...(undo === true
        ? ['can be taken back ', ...runs, ' only: ', { code: `/incident undo ${action}` }, '.']
        : running
          ? ['still runs: it goes on ', ...runs, ', where it can be ticked off or given up.']
          : ['is called off before it ran.', ...(again === null ? [] : [' To ask for it ', ...ask, ': ', { code: again }, '.'])]),
    ]),
  ...(left.length > most ? [` And ${left.length - most} more.`] : []),
]
