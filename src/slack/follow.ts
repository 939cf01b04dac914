/** The rest of an answer, told in the place of what was told before. */
import type { RespondFn } from '@slack/bolt'
import type { Answer, Log } from '../define.ts'

/** Never throws: who waits for the rest has the first part. `body`: an answer as Slack takes it. */
export const follow = (
  answer: Answer | null,
  respond: RespondFn,
  body: (answer: Answer) => Exclude<Parameters<RespondFn>[0], string>,
  log: Log,
): void => {
  void answer
    ?.follows?.(async ({ parts }) => {
      await respond({ ...body({ parts }), replace_original: true })
    })
    .catch((error: unknown) => log.warn({ err: error }, 'the rest of an answer did not arrive'))
}
