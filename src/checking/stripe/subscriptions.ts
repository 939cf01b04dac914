/** In which states subscriptions are. */
import type { CheckAnswer } from '../../define/check.ts'
import { finding, hold, together } from '../answer.ts'
import type { Limit } from '../option.ts'

/** The states that are counted, and those of them in which a customer does not pay. What has ended is not asked for: there is ever more of it. */
export const states = ['active', 'trialing', 'past_due', 'unpaid', 'incomplete', 'paused'] as const
export type State = (typeof states)[number]
const troubled: readonly State[] = ['past_due', 'unpaid', 'incomplete']

const words = (state: State): string => state.replace('_', ' ')

export const judgeSubscriptions = (
  counts: ReadonlyMap<State, { readonly many: number; readonly more: boolean }>,
  limit: Limit | undefined,
): CheckAnswer => {
  const of = (state: State): number => counts.get(state)?.many ?? 0
  const all = states.reduce((sum, state) => sum + of(state), 0)
  if (all === 0) return finding('unknown', 'There is no subscription: look whether this is the right account.')
  const trouble = troubled.reduce((sum, state) => sum + of(state), 0)
  const capped = [...counts.values()].some(({ more }) => more)
  const shown = states
    .filter((state) => of(state) > 0)
    .map((state) => `${words(state)} ${of(state)}${counts.get(state)?.more === true ? ' or more' : ''}`)
  // A list that was cut makes the share wrong: it is not told then.
  const share = capped ? { findings: [], measurements: [] } : hold('unpaid share', (trouble / all) * 100, '%', 'most', limit)
  const unjudged = capped && limit !== undefined
  return together(
    share,
    finding('ok', `Subscriptions: ${shown.join(', ')}.`),
    ...(unjudged ? [finding('unknown', 'There are more subscriptions than were counted, so their unpaid share cannot be told.')] : []),
    { findings: [], measurements: states.map((state) => ({ name: words(state), value: of(state), unit: '' })) },
  )
}
