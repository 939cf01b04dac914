/** What `/incident postmortem` says of where the post-mortem is. */
import { expect, test } from 'vitest'
import verb from '../../commands/incident/postmortem.ts'
import type { CommandContext } from '../../src/define.ts'
import type { Span } from '../../src/incident/message.ts'
import * as g from '../given.ts'

const spanText = (span: Span): string =>
  typeof span === 'string' ? span : 'code' in span ? `\`${span.code}\`` : 'link' in span ? `[${span.text}](${span.link})` : '?'

/** Nothing but this is asked of the context where nothing is changed. */
const contextOf = (publishes: CommandContext['publishes']) => ({ publishes }) as CommandContext

const told = async (publishes: CommandContext['publishes'], ...steps: readonly g.Step[]): Promise<string> => {
  const incident = g.after(...steps)
  const ask = { by: g.alice, channel: 'C1', id: incident.id, incident, words: '', canShowForm: false }
  const reply = await verb.run(ask, contextOf(publishes))
  if (!('parts' in reply)) throw new Error('no answer')
  return reply.parts.map((part) => (part.kind === 'text' ? part.spans.map(spanText).join('') : part.kind)).join('\n')
}

const on = { codeHost: true, record: true }
const resolved = [g.declared(), g.resolve(5)] as const
const hidden = [g.declared({ private: true }), g.resolve(5)] as const
const published = g.step({ type: 'published', where: 'pull-request', url: 'https://github.com/acme/incidents/pull/1', head: 'h' }, 6, g.bot)
const failed = g.step({ type: 'step-failed', surface: 'pull-request', step: 'post-mortem', reason: 'Bad credentials' }, 6, g.bot)

test.each<[string, CommandContext['publishes'], readonly g.Step[]]>([
  ['The post-mortem is being written. It is posted here when it is ready.', on, resolved],
  [
    '⚠ The post-mortem could not be proposed: Bad credentials. It is tried again, and posted here when it is ready.',
    on,
    [...resolved, failed],
  ],
  [
    '📄 [Post-mortem](https://github.com/acme/incidents/pull/1). Reviewed? `/incident postmortem done`',
    { codeHost: false, record: true },
    [...resolved, published],
  ],
  [
    '📄 [Post-mortem](https://github.com/acme/incidents/pull/1). INC-7 is open again: it says so, and is completed at the next resolution.',
    on,
    [...resolved, published, g.step({ type: 'reopen', why: 'It is back' }, 9)],
  ],
  [
    'GitHub is off, so no pull request is opened: the post-mortem is in Supabase only, in the table `postmortems`. For pull requests set `GITHUB_TOKEN` and `GITHUB_REPOSITORY`, and start the bot again.',
    { codeHost: false, record: true },
    resolved,
  ],
  [
    'GitHub and Supabase are off: the post-mortem is nowhere yet. Set `GITHUB_TOKEN` and `GITHUB_REPOSITORY`, or `SUPABASE_URL` and `SUPABASE_SECRET_KEY`, and start the bot again.',
    { codeHost: false, record: false },
    resolved,
  ],
  ['INC-7 is private, so no pull request is opened: the post-mortem is in Supabase only, in the table `postmortems`.', on, hidden],
  [
    'INC-7 is private, so no pull request is opened, and Supabase is off: the post-mortem is nowhere yet. Set `SUPABASE_URL` and `SUPABASE_SECRET_KEY`, and start the bot again.',
    { codeHost: true, record: false },
    hidden,
  ],
])('%s', async (words, publishes, steps) => {
  expect(await told(publishes, ...steps)).toBe(words)
})
