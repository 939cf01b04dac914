/** A runbook's body, read as steps. */
import { expect, test } from 'vitest'
import { firstWords, parseRunbook, stepWords } from '../../src/incident/runbook.ts'

const body = `Only in an emergency.

## Diagnose

1. List the endpoints. \`check: stripe.webhooks\`
2. Read the logs. \`check: vercel.errors since=1h\` and \`/diag health\`
   - the first hour
     1. not a step

   More of it.

## Fix

Ask first.

3. Roll back. \`action: vercel.rollback\`
1. Scale: \`action: celery.scale  workers=5\`, [dashboard](https://dash.test)

## Then

Write down what you did, with \`/diag diff\`.
`

test('steps are the items of the top-level numbered lists, numbered through', () => {
  expect(parseRunbook(body)).toMatchObject({
    steps: [
      {
        before: 'Only in an emergency.\n\n## Diagnose',
        text: 'List the endpoints. `check: stripe.webhooks`',
        checks: [{ check: 'stripe.webhooks', words: {} }],
        actions: [],
      },
      {
        text: 'Read the logs. `check: vercel.errors since=1h` and `/diag health`\n- the first hour\n  1. not a step\n\nMore of it.',
        checks: [
          { check: 'vercel.errors', words: { since: '1h' } },
          { check: 'health', words: {} },
        ],
      },
      { before: '## Fix\n\nAsk first.', text: 'Roll back. `action: vercel.rollback`', checks: [], actions: ['vercel.rollback'] },
      { actions: ['celery.scale workers=5'] },
    ],
    lines: [5, 6, 16, 17],
    after: '## Then\n\nWrite down what you did, with `/diag diff`.',
  })
  expect(parseRunbook(body).steps[1]).not.toHaveProperty('before')
})

test('line ends of Windows change nothing', () => expect(parseRunbook(body.replaceAll('\n', '\r\n'))).toEqual(parseRunbook(body)))

test('what inline code names, wherever it stands', () => {
  const { named, steps, after } = parseRunbook(
    '`check: a.b`\n\n- `action: x`\n- `check: two words`\n- `/diag watch c`, `/diag unwatch`, `ls`\n- `/diag help`, `/diag watch`, `/diag check d x=1`',
  )
  expect([steps, after]).toEqual([[], ''])
  expect(named).toEqual([
    { kind: 'check', line: 1, step: null, question: { check: 'a.b', words: {} } },
    { kind: 'action', line: 3, step: null, action: 'x' },
    { kind: 'unclear', line: 4, step: null, text: 'check: two words' },
    { kind: 'check', line: 5, step: null, question: { check: 'c', words: {} } },
    { kind: 'check', line: 6, step: null, question: { check: 'd', words: { x: '1' } } },
  ])
})

test('in a sentence a step has plain words, and no names at its end', () => {
  expect(stepWords('List **all** of `them`. `check: a` and `check: b x=1`\n- no')).toBe('List all of them.')
  expect(stepWords('Ask `check: a` now')).toBe('Ask check: a now')
  expect(stepWords('`check: a`')).toBe('check: a')
})

test('a step is told by its first paragraph', () => {
  expect(firstWords('Read\n  on\n- no\n')).toBe('Read on')
  expect(firstWords('One. `x`\n\nTwo.')).toBe('One. `x`')
})
