import { describe, expect, test } from 'vitest'
import { codeWord, failedStep, reasonWords } from '../../src/incident/report.ts'

describe('why something failed: plain words first, the code behind them, no method', () => {
  test.each([
    [
      'Slack, conversations.invite: not_in_channel (the bot is not in the channel: invite it)',
      'the bot is not in the channel: invite it (not_in_channel)',
    ],
    ['Slack, chat.postMessage: is_archived', 'the channel is archived (is_archived)'],
    [
      'Slack, pins.add: missing_scope (the app lacks a scope; needed: pins:write)',
      'the app lacks a scope; needed: pins:write (missing_scope)',
    ],
    ['Slack, pins.add: something_new', 'the chat refused (something_new)'],
    ['Slack, chat.postMessage: HTTP 503', 'Slack: HTTP 503'],
    ["Slack, chat.postMessage: the answer is not Slack's", "Slack: the answer is not Slack's"],
    ['given up: Slack, chat.postMessage: is_archived', 'given up: the channel is archived (is_archived)'],
    ['the channel was archived', 'the channel was archived'],
    ['Bad credentials - https://docs.github.com/rest', 'Bad credentials - https://docs.github.com/rest'],
    ['nobody@example.test (not in this workspace)', 'nobody@example.test (not in this workspace)'],
  ])('%s', (reason, words) => expect(reasonWords(reason)).toBe(words))

  test('behind what could not be done', () => {
    expect(failedStep({ step: 'invite:P1', reason: `Bob: ${codeWord('user_disabled')}` })).toBe(
      'Not everybody could be invited: Bob: the account is deactivated (user_disabled)',
    )
  })
})
