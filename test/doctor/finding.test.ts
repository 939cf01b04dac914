/** How findings are shown, and what the exit code says of them. */
import { expect, test } from 'vitest'
import { error, exitCode, ok, report, safe, warning } from '../../src/doctor/finding.ts'

const all = [
  ok('Slack', 'the token is there'),
  warning('people', 'nobody', 'invite'),
  error('clock', 'late', 'set it'),
  ok('Slack', 'all scopes'),
]

test('what is wrong line by line, the worst first; what is well in short', () => {
  expect(report(all)).toBe(`✔ Slack: the token is there; all scopes
✘ clock: late → set it
⚠ people: nobody → invite

1 error, 1 warning`)
})

test.each([
  [[all[0]!], false, true, 0],
  [[all[1]!], false, true, 0],
  [[all[1]!], true, true, 1],
  [all, false, true, 1],
  [all, true, false, 2],
] as const)('exit code %#', (found, strict, settings, code) => expect(exitCode(found, { strict, settings })).toBe(code))

test('foreign text cannot speak to the terminal, and secrets are masked', () => {
  const shown = safe(
    error('a\u001B[2Jb', 'line\nline xoxb-1234567890-abc postgres://u:hunter22@h/d', 'Bearer abcdefghijklmnopqrstuvwx\u202E'),
  )
  expect(JSON.stringify(shown)).not.toMatch(/\\u001b|\\n|1234567890|hunter22|abcdefghijklmnop|\u202E/)
  expect(shown.what).toContain('line line xoxb-***')
})
