/** The doctor inside the running bot: looks soon after the start and again now and then, in the background. What it finds is logged
 *  once and shown in `/health`, until it is not found any more. */
import type { Catalogue } from './catalogue.ts'
import type { Log } from './define.ts'
import { type Finding, inShort, safe } from './doctor/finding.ts'

/** When it looks first, in milliseconds, since the first seconds belong to what waited for the bot; and when again: sooner while
 *  something is shown that may have been mended. */
const after = { start: 5_000, clean: 86_400_000, found: 3_600_000 }

/** Examines what is configured. `userByEmail` asks nobody twice; `away`: services that are known not to answer. */
export type Examine = (inside: {
  readonly catalogue: Catalogue
  readonly userByEmail: (email: string) => Promise<string | null>
  readonly away: readonly string[]
}) => Promise<readonly Finding[]>

export type Checkup = {
  readonly findings: () => readonly Finding[]
  readonly start: () => void
  readonly stop: () => void
}

/** `examine` is null where nothing is to be examined. What passes by itself is left to who watches the services anyway. */
export const createCheckup = (examine: (() => Promise<readonly Finding[]>) | null, log: Log): Checkup => {
  let found: readonly Finding[] = []
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  const look = async (ask: () => Promise<readonly Finding[]>): Promise<void> => {
    const known = new Set(found.map(inShort))
    const now = (await ask()).filter(({ level, passing }) => level !== 'ok' && passing !== true).map(safe)
    if (stopped) return
    found = now
    for (const finding of now.filter((each) => !known.has(inShort(each)))) {
      const { level, ...fields } = finding
      if (level === 'error') log.error(fields, 'the doctor found an error')
      else log.warn(fields, 'the doctor found something to look at')
    }
  }
  const keepLooking = async (ask: () => Promise<readonly Finding[]>): Promise<void> => {
    try {
      await look(ask)
    } catch (error) {
      log.warn({ err: error }, 'the doctor could not look; it looks again')
    }
    if (!stopped) timer = setTimeout(() => void keepLooking(ask), found.length > 0 ? after.found : after.clean)
  }

  return {
    findings: () => found,
    start: () => {
      if (examine !== null && !stopped) timer = setTimeout(() => void keepLooking(examine), after.start)
    },
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}
