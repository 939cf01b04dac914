/** OAuth issuers (D14), with answers as OpenID Connect Discovery has them. */
import { describe, expect, test } from 'vitest'
import check from '../../src/checks/oauth-issuer.ts'
import { startHttp } from '../adapters/server.ts'
import { ask } from './asking.ts'
import { conforms } from './conformance.ts'

const keys = {
  keys: [
    { kty: 'RSA', kid: 'a', n: 'x', e: 'AQAB' },
    { kty: 'RSA', kid: 'b', n: 'x', e: 'AQAB' },
  ],
}

const asked = async (document: (base: string) => object, jwks: unknown = keys, options: object = {}, path = '') => {
  const asks: (string | undefined)[] = []
  let base = ''
  await using server = await startHttp((request, response) => {
    asks.push(request.url)
    const body = request.url === `${path}/.well-known/openid-configuration` ? document(base) : jwks
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  })
  base = `http://${server.host}`
  const answer = await ask(check, { issuer: `${base}${path}`, ...options })
  return { ...answer, said: [answer.status, ...answer.texts], base, asks }
}
const document =
  (more: object = {}) =>
  (base: string) => ({
    issuer: base,
    authorization_endpoint: `${base}/authorize`,
    token_endpoint: `${base}/token`,
    jwks_uri: `${base}/keys`,
    response_types_supported: ['code'],
    ...more,
  })

describe('an issuer', () => {
  test('that is well', async () => {
    const { said, asks, base, measurements } = await asked(document())
    expect(said).toEqual(['ok', `ok: ${new URL(base).host} says where to sign in and gives 2 keys.`])
    expect(asks).toEqual(['/.well-known/openid-configuration', '/keys'])
    expect(measurements).toEqual([{ name: 'latency', value: expect.any(Number), unit: 'ms' }])
  })
  test('for all tenants, as Microsoft’s is', async () => {
    const { said } = await asked((base) => ({ ...document()(base), issuer: `${base}/{tenantid}/v2.0` }), keys, {}, '/common/v2.0')
    expect(said[0]).toBe('ok')
  })
  test('by another name', async () => {
    const { said } = await asked(document({ issuer: 'https://evil.test/\u202E' }))
    expect(said).toEqual(['warn', expect.stringMatching(/^warn: 127.* calls itself https:\/\/evil\.test\/: tokens are refused where http/)])
  })
  test('without keys', async () => {
    const { said } = await asked(document(), { keys: [] })
    expect(said).toEqual(['fail', expect.stringMatching(/gives no keys: nobody’s sign-in can be verified/)])
  })
  test('whose keys are no keys', async () => {
    expect((await asked(document(), { keys: 'all' })).said[0]).toBe('unknown')
  })
  test('whose keys are elsewhere: not asked unless service.yml names them (faults 56)', async () => {
    await using other = await startHttp((_, response) => response.end(JSON.stringify(keys)))
    const away = document({ jwks_uri: `http://${other.host}/certs?token=x` })
    const { said } = await asked(away)
    expect(said).toEqual([
      'unknown',
      expect.stringMatching(/gives its keys at http:\/\/127\.0\.0\.1:\d+\/certs: name that address as `keys` in service\.yml/),
    ])
    expect(other.connections()).toBe(0)
    expect((await asked(away, keys, { keys: `http://${other.host}/certs` })).said[0]).toBe('ok')
    expect(other.connections()).toBeGreaterThan(0)
  })
  test('that is slow', async () => {
    const { said } = await asked(document(), keys, { latency: 0.000_001 })
    expect(said).toEqual([
      'warn',
      expect.stringMatching(/configuration took \d+ ms, above the limit/),
      expect.stringMatching(/keys took \d+ ms, above the limit/),
    ])
  })
})

conforms('oauth-issuer', check, (base) => ({ issuer: base }))
