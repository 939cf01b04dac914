/** Whose workspace this is: asked of Slack, and remembered, so that the bot starts and works while Slack cannot be reached. */
import { createHash } from 'node:crypto'
import type { Log } from './define.ts'
import type { Store } from './store/database.ts'
import { recall, remember } from './store/settings.ts'

export type Identity = { readonly teamId: string; readonly botUserId: string; readonly botId: string }

/** How often Slack is asked again while it has not answered, in milliseconds. */
const againMs = 5_000

/** `known`: the identity as soon as there is one. Another token may belong to another workspace, so it is kept by the token's hash. */
export const createIdentity = async ({
  store,
  token,
  ask,
  log,
}: {
  store: Store
  token: string
  ask: () => Promise<Identity>
  log: Log
}) => {
  const key = `slack-identity:${createHash('sha256').update(token).digest('hex').slice(0, 16)}`
  const kept = await recall(store.db, key)
  let known = kept === null ? null : (JSON.parse(kept) as Identity)
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  const look = async (): Promise<void> => {
    try {
      const told = await ask()
      if (JSON.stringify(told) !== JSON.stringify(known)) await remember(store.db, key, JSON.stringify(told))
      known = told
    } catch (error) {
      log.warn({ err: error, remembered: known !== null }, 'Slack did not say whose workspace this is; it is asked again')
      timer = stopped ? undefined : setTimeout(() => void look(), againMs)
    }
  }

  // What is remembered will do; only who has never been asked waits.
  if (known === null) await look()
  else void look()

  return {
    /** Null until Slack has answered for the first time; it is asked again until it does. */
    known: (): Identity | null => known,
    stop: (): void => {
      stopped = true
      clearTimeout(timer)
    },
  }
}
