/** What the front remembers because the emulator does not: what only one person saw, forms, and who may open them. */
import type { Json } from './json.ts'

export type Ephemeral = {
  ts: string
  channel: string
  /** Who alone can see it. */
  user: string
  text: string
  blocks?: unknown
  edited: boolean
  deleted: boolean
}

export type OpenedView = { id: string; user: string; view: Json; open: boolean }

const TRIGGERS_KEPT = 1000

export const createMemory = () => {
  let ephemerals: Ephemeral[] = []
  const views = new Map<string, OpenedView>()
  const triggers = new Map<string, string>()
  const expired = new Set<string>()
  const converted = new Set<string>()
  let counter = 0

  return {
    keepEphemeral(entry: { channel: string; user: string; text: string; blocks?: unknown; ts?: string }): Ephemeral {
      counter += 1
      const kept: Ephemeral = {
        // Sorts among the messages of its second, and cannot be one of them.
        ts: entry.ts ?? `${Math.floor(Date.now() / 1000)}.9${String(counter).padStart(5, '0')}`,
        channel: entry.channel,
        user: entry.user,
        text: entry.text,
        ...(entry.blocks === undefined ? {} : { blocks: entry.blocks }),
        edited: false,
        deleted: false,
      }
      ephemerals = [...ephemerals.slice(-5000), kept]
      return kept
    },
    ephemerals: (channel: string): Ephemeral[] => ephemerals.filter((each) => each.channel === channel),
    keepView(id: string, user: string | undefined, view: Json): void {
      const known = views.get(id)
      // The last opened is the last in the map.
      if (!known) views.set(id, { id, user: user ?? '', view, open: true })
      else views.set(id, { ...known, view })
    },
    closeView(id: string): void {
      const known = views.get(id)
      if (known) views.set(id, { ...known, open: false })
    },
    views: (): OpenedView[] => [...views.values()],
    keepTrigger(id: string, user: string): void {
      triggers.set(id, user)
      const oldest = triggers.keys().next().value
      if (triggers.size > TRIGGERS_KEPT && oldest !== undefined) triggers.delete(oldest)
    },
    keepExpired(id: string): void {
      expired.add(id)
    },
    isExpired: (id: string): boolean => expired.has(id),
    /** A public channel was made private. */
    makePrivate(channel: string): void {
      converted.add(channel)
    },
    isMadePrivate: (channel: string): boolean => converted.has(channel),
    userOfTrigger: (id: string): string | undefined => triggers.get(id),
  }
}

export type Memory = ReturnType<typeof createMemory>
