/** What a commit that takes another back says of itself: as git words it, with the mark of the run that made it. Pure. */
import { subject } from '../../checking/commit.ts'

/** Tells people which run made the commit. */
const mark = (runKey: string): string => `Tocsin-Run: ${runKey}`

const reverted = /^Revert "(.*)"$/

/** `Revert "…"`; of one that is such already, `Reapply "…"`. */
export const titleOf = (message: string): string => {
  const first = subject(message, 200)
  const [, inner] = reverted.exec(first) ?? []
  return inner === undefined ? `Revert "${first}"` : `Reapply "${inner}"`
}

export const bodyOf = (commit: string, kept: string | null, runKey: string): string =>
  `This reverts commit ${commit}${kept === null ? '' : `, reversing changes made to ${kept}`}.\n\n${mark(runKey)}`

/** Whether a commit says that it takes this one back. */
export const reverts = (message: string, commit: string): boolean => message.includes(`This reverts commit ${commit}`)
