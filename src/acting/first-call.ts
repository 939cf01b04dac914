/** The first call by which a run changes something. */
import type { ActContext } from '../define/action.ts'
import type { Ran } from '../incident/acting/action.ts'
import { FetchFault } from '../ports.ts'

/** How a run ends whose first call was not sent: nobody has to look what became of it. Null for every other error. */
const notSent = (error: unknown): Ran | null =>
  error instanceof FetchFault && error.unsent ? { outcome: 'failed', text: `${error.message} Nothing was changed.` } : null

/** Makes the first call, which the run has remembered. Where it was not sent, that is taken back, so that a crash before the run is
 *  recorded as failed finds that nothing was begun. Of a run that was begun before, nothing is certain: then the fault is thrown. */
export const firstCall = async <Value extends object>(
  context: Pick<ActContext, 'memo' | 'remember' | 'signal'>,
  call: () => Promise<Value>,
): Promise<Value | { readonly unsent: Ran }> => {
  try {
    return await call()
  } catch (error) {
    const unsent = context.memo === null ? notSent(error) : null
    // Whose time is over says nothing more: another may be at it.
    if (unsent === null || context.signal.aborted) throw error
    await context.remember(null)
    return { unsent }
  }
}
