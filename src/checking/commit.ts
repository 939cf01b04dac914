/** Commits in our sentences. */
import { foreign } from './foreign.ts'

/** As short as people write it. */
export const shortCommit = (sha: string): string => foreign(sha, 40).slice(0, 7)

/** What a commit says it does: the first line of its message. */
export const subject = (message: string, length = 120): string => foreign(message.split('\n', 1)[0] ?? '', length)
