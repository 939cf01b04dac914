/** What the services refuse, in one place. Rates are counted per method as Slack does; sizes are in characters. */

const TIERS = { 1: 1, 2: 20, 3: 50, 4: 100 } as const
type Tier = keyof typeof TIERS

/** Calls a minute by tier. A method that is not listed is counted in tier 3. */
const METHODS: Readonly<Record<string, Tier | null>> = {
  'apps.connections.open': 1,
  'auth.test': null,
  'bookmarks.add': 2,
  'bookmarks.edit': 2,
  'bookmarks.list': 3,
  'bookmarks.remove': 2,
  'bots.info': 3,
  'chat.delete': 3,
  'chat.getPermalink': null,
  'chat.postEphemeral': 4,
  'chat.postMessage': null, // By channel, see POSTING.
  'chat.update': 3,
  'conversations.archive': 2,
  'conversations.create': 2,
  'conversations.history': 3,
  'conversations.info': 3,
  'conversations.invite': 3,
  'conversations.join': 3,
  'conversations.kick': 3,
  'conversations.leave': 3,
  'conversations.list': 2,
  'conversations.members': 4,
  'conversations.open': 3,
  'conversations.rename': 2,
  'conversations.replies': 3,
  'conversations.setPurpose': 2,
  'conversations.setTopic': 2,
  'conversations.unarchive': 2,
  'files.completeUploadExternal': 4,
  'files.getUploadURLExternal': 4,
  'files.info': 4,
  'pins.add': 2,
  'pins.list': 2,
  'pins.remove': 2,
  'reactions.add': 3,
  'reactions.get': 3,
  'reactions.remove': 2,
  'team.info': 3,
  'usergroups.list': 2,
  'usergroups.users.list': 2,
  'users.info': 4,
  'users.list': 2,
  'users.lookupByEmail': 3,
  'views.open': 4,
  'views.publish': 4,
  'views.push': 4,
  'views.update': 4,
}

export type Posting = { max: number; seconds: number }

/** One message a second and channel, with Slack's tolerance for short bursts. */
const POSTING: Posting = { max: 10, seconds: 10 }

export type LimitOptions = { on: boolean; posting?: Posting }

export const createLimiter = (options: LimitOptions) => {
  let settings = options
  const taken = new Map<string, number[]>()

  /** Seconds to wait, or 0 when the call may pass, which then counts. */
  const take = (key: string, { max, seconds }: Posting): number => {
    const now = performance.now()
    const recent = (taken.get(key) ?? []).filter((at) => at > now - seconds * 1000)
    taken.set(key, recent)
    const oldest = recent[recent.length - max]
    if (oldest !== undefined) return Math.max(1, Math.ceil((oldest + seconds * 1000 - now) / 1000))
    recent.push(now)
    return 0
  }

  return {
    set(next: LimitOptions): void {
      settings = next
      taken.clear()
    },
    retryAfter(method: string, channel: string): number {
      if (!settings.on) return 0
      if (method === 'chat.postMessage') return take(`${method} ${channel}`, settings.posting ?? POSTING)
      const tier = METHODS[method] === undefined ? 3 : METHODS[method]
      return tier === null ? 0 : take(method, { max: TIERS[tier], seconds: 60 })
    },
  }
}

export type Limiter = ReturnType<typeof createLimiter>

/** Largest request body that the front reads. */
export const BODY_LIMIT = '12mb'

export const SIZES = {
  channelName: 80,
  text: 40_000,
  updatedText: 4_000,
  blocks: 50,
  allBlocks: 13_000,
  header: 150,
  section: 3_000,
  fields: 10,
  field: 2_000,
  contextElements: 10,
  actionElements: 25,
  buttonText: 75,
  buttonValue: 2_000,
  buttonUrl: 3_000,
  id: 255,
  label: 2_000,
  options: 100,
  optionText: 75,
  markdown: 12_000,
  modalTitle: 24,
  modalBlocks: 100,
  privateMetadata: 3_000,
  metadata: 16_000,
} as const
