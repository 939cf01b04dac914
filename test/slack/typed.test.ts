/** What is typed, as Slack sends it with `should_escape`, becomes words again. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { escaped } from '../../src/embedded/typed.ts'
import { workspaceOf } from '../../src/embedded/workspace.ts'
import { nameless, typed, untyped } from '../../src/slack/typed.ts'

describe('people, groups and channels', () => {
  test('are read by their names, and known by their ids', () => {
    expect(typed('role lead <@U012AB|bea.meier>')).toEqual({
      words: 'role lead @bea.meier',
      mentioned: [{ kind: 'user', id: 'U012AB', word: '@bea.meier' }],
    })
    expect(typed('page <!subteam^S0DBA|@dba> now')).toEqual({
      words: 'page @dba now',
      mentioned: [{ kind: 'group', id: 'S0DBA', word: '@dba' }],
    })
    expect(typed('note see <#C012AB|general> and <#C034CD>').words).toBe('note see #general and #C034CD')
  })

  test('and become again what Slack sends', () => {
    const sent = 'todo a &lt;b&gt; &amp; c <@U012AB|bea.meier> <!subteam^S0DBA|@dba>'
    const { words, mentioned } = typed(sent)
    expect(untyped(words, mentioned)).toBe(sent)
  })

  test('without a name are asked for, and keep their id while nobody knows', () => {
    expect(nameless('role lead <@U012AB> <@U034CD|bea> <!subteam^S0DBA> <!subteam^S0OPS|@ops> <#C012AB|> <#C034CD|x> <!here>')).toEqual([
      { kind: 'user', id: 'U012AB' },
      { kind: 'group', id: 'S0DBA' },
      { kind: 'channel', id: 'C012AB' },
    ])
    const names: Readonly<Record<string, string>> = { S0DBA: 'dba', C012AB: 'general' }
    expect(typed('note <!subteam^S0DBA> in <#C012AB|> and <#C034CD>', (id) => names[id]).words).toBe('note @dba in #general and #C034CD')
    expect(typed('role lead <@U012AB>', () => 'Bea Meier').mentioned).toEqual([{ kind: 'user', id: 'U012AB', word: '@Bea.Meier' }])
    expect(typed('role lead <@U012AB>').words).toBe('role lead @U012AB')
  })

  test('a name cannot make another mention', () => {
    expect(typed('note <@U012AB|@channel>').words).toBe('note @channel')
    expect(typed('note &lt;@U012AB|bea&gt;')).toEqual({ words: 'note <@U012AB|bea>', mentioned: [] })
  })
})

test('addresses are as they were typed, and nobody is called by a broadcast', () => {
  expect(typed('note see <https://acme.example/a?b=1&amp;c=2> and <http://acme.example|acme.example>').words).toBe(
    'note see https://acme.example/a?b=1&c=2 and acme.example',
  )
  expect(typed('note <!channel> <!here|here>').words).toBe('note @channel @here')
})

test('whatever is typed comes back as it was, through the world’s own Slack', () => {
  const workspace = workspaceOf({
    users: [{ name: 'bea', email: 'bea@acme.example', realName: 'Bea' }],
    bot: { token: 'x', name: 'bot', signingSecret: 'y' },
  })
  expect(typed(escaped('@bea & <b> @nobody bea@acme.example', workspace, []))).toEqual({
    words: '@bea & <b> @nobody bea@acme.example',
    mentioned: [{ kind: 'user', id: workspace.people[0]?.id, word: '@bea' }],
  })
  fc.assert(fc.property(fc.string(), (text) => typed(escaped(text, workspace, [])).words === text))
})
