/** Time that passes by being set, for a bot whose clock stands still (`vi.useFakeTimers({ toFake: ['Date'] })`) and whose database is in
 *  this process: whatever comes due on the way is done at its own time, however slow the machine. */
import { vi } from 'vitest'
import type { TestBot } from './bot.ts'

export const clockwork = (bot: Pick<TestBot, 'store' | 'until'>) => {
  // pg-boss's table is none of ours, so its columns are not known to the types.
  const jobs = () =>
    bot.store.db
      .withSchema('tocsin_jobs')
      .selectFrom('job' as never)
      .select('start_after as at' as never)

  /** No job runs, and none could. One that failed and is tried again half a second later is not waited for: the clock stands. */
  const quiet = () =>
    bot.until(
      async () => {
        const busy = await jobs()
          .where('state' as never, 'in', ['created', 'retry', 'active'] as never)
          .where((eb) => eb.or([eb('state' as never, '=', 'active' as never), eb('start_after' as never, '<=', new Date() as never)]))
          .execute()
        return busy.length === 0
      },
      'a moment without jobs',
      60_000,
    )

  /** When the next job comes due that waits for its time; one that is tried again is no such job. */
  const nextDue = async (until: Date): Promise<Date | null> => {
    const next = (await jobs()
      .where('state' as never, '=', 'created' as never)
      .where('start_after' as never, '>', new Date() as never)
      .where('start_after' as never, '<=', until as never)
      .orderBy('start_after' as never)
      .executeTakeFirst()) as { at: string } | undefined
    return next === undefined ? null : new Date(next.at)
  }

  /** It becomes `until`; whatever comes due on the way is done at its own time. */
  const pass = async (until: string): Promise<void> => {
    const end = new Date(until)
    for (;;) {
      await quiet()
      const next = await nextDue(end)
      if (next === null) break
      vi.setSystemTime(next)
    }
    vi.setSystemTime(end)
    await quiet()
  }

  return { quiet, pass }
}
