/** The terminal's way in: commands that come through the door, answered by the dispatch. */
import { isAway } from './store/away.ts'
import { createTerminal, TerminalRequest } from './terminal.ts'
import { openDoor } from './web/door.ts'

type Opened = Omit<Parameters<typeof createTerminal>[0], 'databaseIsAway'> & {
  /** Where it is written how the door is reached; null: there is none. */
  readonly file: string | null
}

/** Opens it, and gives what closes it. */
export const openTerminal = async ({ file, ...options }: Opened): Promise<() => Promise<void>> => {
  if (file === null) return () => Promise.resolve()
  const terminal = createTerminal({ ...options, databaseIsAway: isAway })
  return openDoor({
    file,
    log: options.log,
    run: async (body) => {
      const request = TerminalRequest.safeParse(body)
      return request.success ? terminal(request.data) : null
    },
  })
}
