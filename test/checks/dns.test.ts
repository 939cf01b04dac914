/** DNS (D13) against a real server. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import check from '../../src/checks/dns.ts'
import { ensure } from '../system/debian.ts'
import { ask, type Asking } from './asking.ts'
import { dnsPackages, startDns, startRefusal, startSilence } from './dnsmasq.ts'

const records = (web: string) => [
  '--address=/ready.test/192.0.2.99',
  `--host-record=shop.test,${web},2001:db8::1`,
  '--cname=www.shop.test,shop.test',
  '--mx-host=shop.test,mx1.mail.test,10',
  '--mx-host=shop.test,mx2.mail.test,20',
  '--txt-record=shop.test,v=spf1 include:mail.test -all',
  '--txt-record=_dmarc.shop.test,v=DMARC1; p=reject',
  '--txt-record=evil.test,\u202E<!channel>',
  '--caa-record=shop.test,0,issue,letsencrypt.org',
  '--local=/test/',
]

describe.skipIf(!ensure(dnsPackages))('records', () => {
  let [one, other] = [] as Awaited<ReturnType<typeof startDns>>[]
  beforeAll(async () => {
    ;[one, other] = await Promise.all([startDns(records('192.0.2.1')), startDns(records('192.0.2.2'))])
  })
  afterAll(async () => {
    await one?.[Symbol.asyncDispose]()
    await other?.[Symbol.asyncDispose]()
  })
  const run = (list: object[], more: object = {}, asking: Asking = {}) =>
    ask(check, { name: 'shop.test', records: list as never, resolvers: [one!.server], ...more }, asking)

  test('that are right', async () => {
    const { status, texts } = await run([
      { type: 'A', values: ['192.0.2.1'], exactly: true },
      { type: 'AAAA', values: ['2001:db8::1'] },
      { type: 'CNAME', name: 'www.shop.test', values: ['Shop.test.'] },
      { type: 'MX', values: ['10 MX1.mail.test', '20 mx2.mail.test.'], exactly: true },
      { type: 'TXT', values: ['v=spf1 include:mail.test -all'] },
      { type: 'TXT', name: '_dmarc.shop.test' },
      { type: 'CAA', values: ['0 issue "letsencrypt.org"'] },
    ])
    expect(texts).toEqual([
      'ok: A of shop.test is “192.0.2.1”.',
      'ok: AAAA of shop.test is “2001:db8::1”.',
      'ok: CNAME of www.shop.test is “shop.test”.',
      'ok: MX of shop.test is “10 mx1.mail.test”, “20 mx2.mail.test”.',
      'ok: TXT of shop.test is “v=spf1 include:mail.test -all”.',
      'ok: TXT of _dmarc.shop.test is “v=DMARC1; p=reject”.',
      'ok: CAA of shop.test is “0 issue letsencrypt.org”.',
    ])
    expect(status).toBe('ok')
  })
  test.each<[string, object, string, RegExp]>([
    [
      'another value',
      { type: 'A', values: ['192.0.2.7'] },
      'fail',
      /^fail: A of shop\.test lacks “192\.0\.2\.7” \(.*\): it is “192\.0\.2\.1”\.$/,
    ],
    [
      'one more than expected',
      { type: 'MX', values: ['10 mx1.mail.test'], exactly: true },
      'warn',
      /^warn: MX of shop\.test has “20 mx2\.mail\.test”/,
    ],
    ['no such record', { type: 'NS' }, 'fail', /^fail: shop\.test has no NS record/],
    ['no such name', { type: 'A', name: 'gone.shop.test' }, 'fail', /^fail: gone\.shop\.test does not exist .*look at the zone/],
    ['a name of others', { type: 'A', name: 'shop.example' }, 'unknown', /^unknown: The resolver \(.*\) refuses to answer for this name/],
    ['hostile words', { type: 'TXT', name: 'evil.test' }, 'ok', /^ok: TXT of evil\.test is “[^\u202E]*”\.$/],
  ])('%s', async (_, record, expected, words) => {
    const { status, texts } = await run([record])
    expect(texts).toEqual([expect.stringMatching(words)])
    expect(status).toBe(expected)
  })
  test('on which resolvers disagree', async () => {
    const resolvers = [one!.server, other!.server]
    const { status, texts } = await run([{ type: 'A' }, { type: 'MX' }], { resolvers })
    expect([status, ...texts]).toEqual([
      'warn',
      `warn: Resolvers disagree on A of shop.test: ${one!.server} says “192.0.2.1”, ${other!.server} says “192.0.2.2”. A change may still be spreading.`,
      'ok: MX of shop.test is “10 mx1.mail.test”, “20 mx2.mail.test”.',
    ])
    expect((await run([{ type: 'A' }], { resolvers, agree: false })).status).toBe('ok')
  })
  test('where one resolver fails and the other does not', async () => {
    await using broken = await startRefusal(2)
    const { status, texts } = await run([{ type: 'A' }], { resolvers: [one!.server, broken.server] })
    expect([status, ...texts]).toEqual(['fail', expect.stringMatching(/^fail: The name servers of shop\.test fail \(127.*\) \(SERVFAIL\)/)])
  })
  test('a resolver that may not be asked (faults 56)', async () => {
    const { status, texts } = await run([{ type: 'A' }], {}, { isPrivate: false })
    expect([status, ...texts]).toEqual([
      'unknown',
      expect.stringMatching(/^unknown: Not allowed to ask: 127\.0\.0\.1 is a loopback address/),
    ])
  })
})

test('a resolver that is silent', async () => {
  await using silence = await startSilence()
  const { status, texts } = await ask(
    check,
    { name: 'shop.test', records: [{ type: 'A' }], resolvers: [silence.server] },
    { timeoutMs: 200 },
  )
  expect([status, ...texts]).toEqual([
    'unknown',
    expect.stringMatching(
      /^unknown: The resolver \(.*\) did not answer before the time of the check was up: A of shop\.test could not be asked\.$/,
    ),
  ])
})

test('a resolver that talks nonsense', async () => {
  await using nonsense = await startRefusal('nonsense')
  const { status } = await ask(check, { name: 'shop.test', records: [{ type: 'A' }], resolvers: [nonsense.server] }, { timeoutMs: 500 })
  expect(status).toBe('unknown')
})

test.each<[string, object]>([
  ['a scheme', { name: 'https://shop.test' }],
  ['another type', { records: [{ type: 'ANY' }] }],
  ['no record', { records: [] }],
  ['a resolver by name', { resolvers: ['dns.google'] }],
])('%s is refused', (_, given) =>
  expect(check.options.safeParse({ name: 'shop.test', records: [{ type: 'A' }], ...given }).success).toBe(false),
)
