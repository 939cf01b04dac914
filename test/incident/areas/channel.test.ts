/** What happens to the channel itself. */
import { expect, test } from 'vitest'
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
