/** The homes that people look at: shown when they are opened, and for some hours after that made anew when something in them changes. */
import { createHash } from 'node:crypto'
import type { SlackChat } from './adapters/slack.ts'
import type { Catalogue } from './catalogue.ts'
import type { CommandContext, Finder, Log } from './define.ts'
import type { Person } from './incident/areas/area.ts'
import { homeOf } from './incident/home.ts'
import { type Homes, PortFault } from './ports.ts'
import { renderParts } from './slack/blocks.ts'
import { closedWithTodosOf } from './store/reads.ts'
import type { Store } from './store/database.ts'
import { forgetSetting, recall, recallAll, remember } from './store/settings.ts'

/** So many records that are over are looked through for what somebody still has to do. */
const mostClosed = 20

/** How long after it was opened a home is kept up to date. */
const watchedMs = 8 * 3_600_000

const prefix = 'home:'

/** What is kept of a home that was opened. `hash`: of what it shows. */
type Opened = { readonly at: string; readonly name: string; readonly hash: string }

export type HomesWorld = {
  readonly store: Store
  readonly catalogue: Catalogue
  readonly verbs: Pick<CommandContext & Finder, 'open' | 'byId'>
  readonly person: (user: string, name: string) => Person
  readonly slack: Pick<SlackChat, 'reading' | 'publishHome'>
  readonly log: Log
}

export const createHomes = ({ store, catalogue, verbs, person, slack, log }: HomesWorld) => {
  const show = async (user: string, { at, name, hash }: Opened): Promise<void> => {
    const me = person(user, name)
    const now = await store.now()
    const closed = await closedWithTodosOf(store.db, me.id, mostClosed)
    const found = await Promise.all(closed.map((id) => verbs.byId(id, me, '')))
    const over = found.flatMap((record) => (record?.open === true && record.incident !== null ? [record.incident] : []))
    const parts = homeOf({ open: await verbs.open(me), over }, me, now, catalogue.unassigned.calendar.zone)
    // The last part says when that was.
    const shown = createHash('sha256')
      .update(JSON.stringify(parts.slice(0, -1)))
      .digest('hex')
    if (shown === hash) return
    await slack.publishHome(user, renderParts(parts))
    await remember(store.db, `${prefix}${user}`, JSON.stringify({ at, name, hash: shown } satisfies Opened))
  }

  const homes: Homes = {
    opened: async () => {
      const earliest = new Date(Date.parse(await store.now()) - watchedMs).toISOString()
      const users: string[] = []
      for (const { key, value } of await recallAll(store.db, prefix)) {
        if ((JSON.parse(value) as Opened).at > earliest) users.push(key.slice(prefix.length))
        else await forgetSetting(store.db, key)
      }
      return users
    },
    refresh: async (user) => {
      const kept = await recall(store.db, `${prefix}${user}`)
      if (kept === null) return
      try {
        await show(user, JSON.parse(kept) as Opened)
      } catch (fault) {
        if (!(fault instanceof PortFault) || fault.code === 'limited' || fault.code === 'unavailable') throw fault
        log.warn({ err: fault, user }, 'a home cannot be shown any more')
        await forgetSetting(store.db, `${prefix}${user}`)
      }
    },
  }
  return {
    ...homes,
    /** Somebody has opened theirs: it is shown in any case. */
    open: async (user: string): Promise<void> =>
      show(user, { at: await store.now(), name: (await slack.reading.userName(user)) ?? user, hash: '' }),
  }
}
