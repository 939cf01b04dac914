import { describe, expect, test } from 'vitest'
import { forbiddenAddress } from '../../src/adapters/fetch/address.ts'
import { guardedFetch } from '../../src/adapters/fetch.ts'
import type { Lookup } from '../../src/adapters/fetch/guard.ts'
import { expectFault, to } from './asking.ts'
import { startHttp } from './server.ts'

describe('fault 56: only hosts that the product names', () => {
  const ask = guardedFetch({ hosts: ['app.example', 'app.example:8443', '127.0.0.1:3000'], lookup: to('93.184.215.14'), timeoutMs: 200 })
  test.each([
    'https://other.example/',
    'https://app.example.evil.example/',
    'https://app.example:9000/',
    'http://app.example:22/',
    'https://app.example./',
    'https://app.example@other.example/',
    'https://user:pass@app.example/',
    'http://127.0.0.1/',
    'http://127.0.0.1:3001/',
    'http://127.1:3001/',
    'http://2130706433/',
    'http://0177.0.0.1/',
    'http://0x7f.1/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::1]/',
    'http://localhost/',
    'ftp://app.example/',
    'file:///etc/passwd',
    'data:text/plain,hello',
    'app.example',
    'http://',
  ])('not asked: %s', (address) => expectFault(ask(address), 'forbidden', /^(Not asked: |That is not an address)/))

  test('odd forms of a literal address that is named are judged as what they are', async () => {
    for (const address of ['http://2130706433:3000/', 'http://0177.0.0.1:3000/', 'http://127.1:3000/'])
      await expectFault(ask(address), 'forbidden', /127\.0\.0\.1,? is a loopback address/)
    const six = guardedFetch({ hosts: ['[::ffff:7f00:1]:3000', '[::1]:3000'] })
    await expectFault(six('http://[::ffff:127.0.0.1]:3000/'), 'forbidden', /dressed as IPv6/)
    await expectFault(six('http://[::1]:3000/'), 'forbidden', /loopback/)
  })
})

describe('fault 56: addresses are judged when the connection is made', () => {
  test.each(['127.0.0.1', '10.1.2.3', '169.254.169.254', '100.64.0.1', '::1', 'fd00::1', '::ffff:10.0.0.1'])(
    'a name that resolves to %s',
    (address) =>
      expectFault(
        guardedFetch({ hosts: ['app.example'], lookup: to(address) })('https://app.example/'),
        'forbidden',
        /the product does not allow/,
      ),
  )
  test('one forbidden address among good ones', () =>
    expectFault(
      guardedFetch({ hosts: ['app.example'], lookup: to('93.184.215.14', '127.0.0.1') })('http://app.example/'),
      'forbidden',
      /loopback/,
    ))

  test('DNS rebinding: there is no second lookup to win', async () => {
    await using server = await startHttp((_, response) => response.end('inside'))
    let asked = 0
    // Good for whoever looks first, local for whoever connects later.
    const rebinding: Lookup = async () => {
      asked += 1
      return asked === 1 ? [{ address: '192.0.2.1', family: 4 }] : [{ address: '127.0.0.1', family: 4 }]
    }
    const host = `app.example:${server.port}`
    const guarded = guardedFetch({ hosts: [host], lookup: rebinding, timeoutMs: 300 })
    await expectFault(guarded(`http://${host}/`), 'forbidden', /192\.0\.2\.1/)
    expect(asked).toBe(1)
    await expectFault(guarded(`http://${host}/`), 'forbidden', /127\.0\.0\.1,? is a loopback/)
    expect(server.connections()).toBe(0)
  })

  test('a host that the product allows', async () => {
    await using server = await startHttp((_, response) => response.end('inside'))
    const host = `app.internal:${server.port}`
    for (const allowed of [host, 'app.internal', 'APP.internal']) {
      const response = await guardedFetch({ hosts: [host], privateHosts: [allowed], lookup: to('127.0.0.1') })(`http://${host}/`)
      expect(response.body).toBe('inside')
    }
    const other = guardedFetch({
      hosts: [host],
      privateHosts: ['other.internal', `app.internal:${server.port + 1}`],
      lookup: to('127.0.0.1'),
    })
    await expectFault(other(`http://${host}/`), 'forbidden', /loopback/)
  })
  test('metadata is not reached through an allowed name', () =>
    expectFault(
      guardedFetch({ hosts: ['app.internal'], privateHosts: ['app.internal'], lookup: to('169.254.169.254') })('http://app.internal/'),
      'forbidden',
      /metadata/,
    ))
})

describe('fault 56: ranges', () => {
  const refused = `0.0.0.0 127.0.0.1 127.255.255.254 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.1.1 169.254.169.254 100.64.0.1 100.100.100.200
    168.63.129.16 192.0.0.192 192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
    :: ::1 ::7f00:1 ::ffff:8.8.8.8 ::ffff:127.0.0.1 ::ffff:a9fe:a9fe 64:ff9b::7f00:1 64:ff9b:1::a00:1 2002:7f00:1:: 2001:0:1::1 fe80::1 fec0::1 fc00::1 fd00:ec2::254
    ff02::1 100::1 2001:db8::1 5f00::1 4000::1`
  test.each(refused.split(/\s+/))('%s', (address) =>
    expect(forbiddenAddress(address, { isPrivate: false, literal: 'app.example' })).toMatch(/address/),
  )
  test.each(['8.8.8.8', '93.184.215.14', '172.15.0.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450:4001::1'])(
    '%s may be reached',
    (address) => expect(forbiddenAddress(address, { isPrivate: false, literal: 'app.example' })).toBeNull(),
  )
  test('metadata only where it is itself named', () => {
    for (const address of ['169.254.169.254', '168.63.129.16', 'fd00:ec2::254', '::ffff:169.254.169.254'])
      expect(forbiddenAddress(address, { isPrivate: true, literal: 'app.example' })).toBe('an instance metadata address')
    expect(forbiddenAddress('169.254.169.254', { isPrivate: true, literal: '169.254.169.254' })).toBeNull()
  })
})
