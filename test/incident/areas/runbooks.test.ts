/** Runbooks in an incident: suggested when it opens, shown as they were, told in the story. */
import { expect, test } from 'vitest'
import { conversation } from '../../../src/incident/conversation.ts'
import { partsOf } from '../../../src/incident/markdown.ts'
import { timeline } from '../../../src/incident/timeline.ts'
import { after, declared, given, happened, type Step, step } from '../../given.ts'

const show = (minute: number, slug = 'payments') =>
  step(
    { type: 'show-runbook', slug, title: 'Payments', text: '1. Look at `/diag health`\n2. Ask **Stripe**', url: 'https://wiki.test' },
    minute,
  )
const messages = (...steps: readonly Step[]) => conversation(happened(...steps)).flatMap((item) => (item.step === 'message' ? [item] : []))

test('the opening says which may help', () => {
  const runbooks = [{ slug: 'payments', title: 'Payments' }]
  const opening = messages(declared({ runbooks })).find(({ key }) => key === 'opening')
  expect(JSON.stringify(opening?.message)).toContain('📖 May help: ')
  expect(JSON.stringify(opening?.message)).toContain('/incident runbook payments')
  expect(after(declared({ runbooks })).runbooks).toEqual(runbooks)
  expect(JSON.stringify(messages(declared()))).not.toContain('May help')
})

test('is shown with its steps, and typed twice it shows once', () => {
  given(declared()).when(show(3)).happens({ type: 'runbook-shown', slug: 'payments' })
  given(declared(), show(3))
    .when(show(5))
    .refused('runbook_is_shown', '“Payments” is in the channel since 2026-01-14T09:03:00.000Z; scroll up to it.')
  given(declared(), show(3)).when(show(5, 'other')).happens({ type: 'runbook-shown' })
  given(declared(), show(3)).when(show(30)).happens({ type: 'runbook-shown' })
  const shown = messages(declared(), show(3)).at(-1)
  expect(shown?.message.parts).toEqual([
    { kind: 'text', spans: ['📖 ', { bold: 'Payments' }] },
    expect.objectContaining({ kind: 'context' }),
    { kind: 'text', spans: ['1. Look at ', { code: '/diag health' }, '\n2. Ask ', { bold: 'Stripe' }] },
  ])
  expect(timeline(happened(declared(), show(3)), { zone: 'UTC' }).at(-1)?.text).toBe('Opened the runbook “Payments”.')
})

test('Markdown: headings, lists that go on, code, links; the rest is text', () => {
  expect(
    partsOf(
      '# Look `here`\nfirst\nsecond\n\n- [ ] one\n  goes on\n- two [wiki](https://w.test/a)\n```sh\nls -l\n\npwd\n```\n<!channel> *x*',
    ),
  ).toEqual([
    { kind: 'text', spans: [{ bold: 'Look here' }] },
    { kind: 'text', spans: ['first\nsecond'] },
    { kind: 'list', items: [['one goes on'], ['two ', { link: 'https://w.test/a', text: 'wiki' }]] },
    { kind: 'text', spans: [{ code: 'ls -l' }, '\n', { code: 'pwd' }] },
    { kind: 'text', spans: ['<!channel> *x*'] },
  ])
})
