/** What happens to the channel itself. */
import { describe, expect, test } from 'vitest'
import { announcementOf } from '../../../src/incident/header.ts'
import { react } from '../../../src/incident/react.ts'
import { timeline } from '../../../src/incident/timeline.ts'
import { after, bot, declared, given, happened, resolve, type Step, step } from '../../given.ts'

const opened = step({ type: 'channel-opened', channel: 'C1', name: 'inc-7' }, 1, bot)
const removed = (minute: number, channel = 'C1') => step({ type: 'bot-removed', channel }, minute, bot)
const returned = (minute: number, channel = 'C1') => step({ type: 'bot-returned', channel }, minute, bot)
const renamed = (name: string, minute: number, channel = 'C1') => step({ type: 'channel-renamed', channel, name }, minute, bot)

test('a new name is kept, the same one and another channel are no news', () => {
  expect(after(declared(), opened, renamed('war', 2)).channel).toEqual({ id: 'C1', name: 'war' })
  given(declared(), opened).when(renamed('inc-7', 2)).happens()
  given(declared(), opened)
    .when(renamed('war', 2, 'C2'))
    .happens()
})

test('removed and let in again, each once', () => {
  given(declared(), opened).when(removed(2)).happens({ type: 'bot-removed' })
  given(declared(), opened, removed(2)).when(removed(3)).happens()
  given(declared(), opened).when(returned(2)).happens()
  given(declared(), opened).when(removed(2, 'C2')).happens()
  expect(given(declared(), opened, removed(2)).when(returned(3)).happens({ type: 'bot-returned' }).outside).toBe(false)
})

test('a channel that takes the place of one that the bot was removed from is open to it', () => {
  const lost = step({ type: 'channel-lost', channel: 'C1', why: 'deleted' }, 3, bot)
  const next = step({ type: 'channel-opened', channel: 'C2', name: 'inc-7-2' }, 4, bot)
  expect(after(declared(), opened, removed(2), lost, next).outside).toBe(false)
})

test('the announcement says that nothing can be posted, as long as that is so', () => {
  const failed = step({ type: 'step-failed', surface: 'channel', step: 'outside', reason: 'type /invite @tocsin' }, 3, bot)
  const mended = step({ type: 'step-mended', surface: 'channel', step: 'outside' }, 5, bot)
  const words = (...steps: readonly Step[]) => JSON.stringify(announcementOf(after(...steps)))
  expect(words(declared(), opened, removed(2), failed)).toContain('/invite @tocsin')
  expect(words(declared(), opened, removed(2), failed, returned(4), mended)).not.toContain('/invite')
  for (const steps of [[failed], [failed, returned(4), mended]] as const) {
    const all = [declared(), opened, removed(2), ...steps]
    const last = happened(...all).at(-1)
    if (last === undefined) throw new Error('nothing happened')
    expect(react(after(...all.slice(0, -1)), last, after(...all)).map(({ queue }) => queue)).toContain('sync-announcement')
  }
})

test('the story tells it, the post-mortem does not wait for it', () => {
  const events = happened(declared(), opened, resolve(2), removed(3))
  expect(timeline(events, { zone: 'UTC' }).at(-1)).toMatchObject({ who: 'Tocsin', text: 'The bot was removed from the channel.' })
  const last = events.at(-1)
  if (last === undefined) throw new Error('nothing happened')
  const queues = react(after(declared(), opened, resolve(2)), last, after(declared(), opened, resolve(2), removed(3)))
  expect(queues.map(({ queue }) => queue)).not.toContain('sync-pull-request')
})

describe('another channel', () => {
  const replace = (minute: number) => step({ type: 'replace-channel' }, minute)
  const unsure = step({ type: 'bot-removed', channel: 'C1', unsure: true }, 2, bot)

  test('in the place of one that the bot was removed from, or that may be deleted: when somebody asks', () => {
    given(declared(), opened).when(unsure).happens({ type: 'bot-removed', unsure: true })
    for (const out of [unsure, removed(2)]) {
      const now = given(declared(), opened, out).when(replace(3)).happens({
        type: 'channel-lost',
        channel: 'C1',
        why: 'Alice Adler asked for another, because the bot was not in it',
      })
      expect([now.channel, now.lostChannels]).toEqual([null, ['C1']])
    }
  })

  test('not while the bot is in it, while there is none, or when it is over', () => {
    given(declared(), opened).when(replace(2)).refused('channel_works', expect.stringContaining('it stays where it is'))
    given(declared()).when(replace(2)).refused('no_channel', expect.stringContaining('by itself'))
    given(declared(), opened, resolve(2), removed(3))
      .when(replace(4))
      .refused('already_resolved', expect.stringContaining('Already resolved'))
  })

  test('is told as it is: the chat does not say which of the two it was', () => {
    expect(timeline(happened(declared(), opened, unsure), { zone: 'UTC' }).at(-1)?.text).toBe(
      'The bot is not in the channel any more, or the channel was deleted: the chat does not say which.',
    )
  })
})
