/** Foreign text at the edge: nothing that deceives, nothing that must not be stored. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clean, cleanLine, isBlank, keep, keepAlert, keepLine, mask, maskLabels, shorten } from '../../src/incident/text.ts'
import { alertOf } from '../given.ts'

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('\u202E', '\u0000', '\uD83D', '\u200B', '\u200D', '\r', '\n', '\u2028', ' ', 'a', '🔥', '\u{E0041}', '\u3164'),
  }),
)

const deceptive = /[\u202A-\u202E\u2066-\u2069\u200B\u200E\u200F\u2060\uFEFF\u00AD\r\u2028\u2029]|\p{Cs}/u

describe('clean', () => {
  test('leaves well-formed text without what deceives or hides; cleaning again changes nothing', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const cleaned of [clean(text), cleanLine(text)]) {
          expect(cleaned.isWellFormed()).toBe(true)
          expect(cleaned).not.toMatch(deceptive)
          // oxlint-disable-next-line no-control-regex
          expect(cleaned).not.toMatch(/[\u0000-\u0008]/)
        }
        expect(clean(clean(text))).toBe(clean(text))
        expect(cleanLine(cleanLine(text))).toBe(cleanLine(text))
        expect(cleanLine(text)).not.toContain('\n')
      }),
    )
  })

  test('keeps what people need: emoji, right-to-left letters, joiners, line ends', () => {
    for (const text of ['👩‍💻 🇩🇪 ❤️ 1️⃣', 'الدفع لا يعمل', 'می‌خواهم', 'été', 'one\n\ttwo']) expect(clean(text)).toBe(text)
    expect(clean('one\r\ntwo\rthree\u2028four')).toBe('one\ntwo\nthree\nfour')
  })

  test('blank is what nobody sees', () => {
    expect(['', ' ', '\u200D', '\u0301', '\n'].every(isBlank)).toBe(true)
    expect(['a', '0', '.', '🔥', '支', '€'].some(isBlank)).toBe(false)
  })
})

test('shorten counts characters and never cuts one in half', () => {
  expect(shorten('abc', 3)).toBe('abc')
  expect(shorten('abcd', 3)).toBe('ab…')
  expect(shorten('a bcd', 3)).toBe('a…')
  expect(shorten('🔥🔥🔥🔥', 3)).toBe('🔥🔥…')
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: 20 }), (text, most) => {
      expect(Array.from(shorten(text, most)).length).toBeLessThanOrEqual(most)
      expect(shorten(text.toWellFormed(), most).isWellFormed()).toBe(true)
    }),
  )
})

describe('mask (faults 58)', () => {
  const hidden = 'a1B2c3D4e5F6g7H8i9J0'

  test.each([
    [`sk_live_${hidden}`, 'sk_live_***'],
    [`rk_test_${hidden}`, 'rk_test_***'],
    [`whsec_${hidden}`, 'whsec_***'],
    [`xoxb-1234-5678-${hidden}`, 'xoxb-***'],
    [`ghp_${hidden}`, 'ghp_***'],
    [`github_pat_11AAA_${hidden}`, 'github_pat_***'],
    [`sk-proj-${hidden}`, 'sk-proj-***'],
    [`sk-ant-api03-${hidden}`, 'sk-ant-***'],
    [`sb_secret_${hidden}`, 'sb_secret_***'],
    [`re_${hidden}`, 're_***'],
    [`SG.${hidden}.${hidden}`, 'SG.***'],
    ['AKIAABCDEFGHIJKLMNOP', 'AKIA***'],
    [`AIzaSyA${hidden}${hidden}`, 'AIza***'],
    [`eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.${hidden}`, 'eyJ***'],
    [`Authorization: Bearer ${hidden}`, 'Authorization: Bearer ***'],
    ['postgres://bot:hunter2@db.acme.example/x', 'postgres://bot:***@db.acme.example/x'],
    ['postgres://bot:p@ss:w0rd@db.acme.example/x', 'postgres://bot:***@db.acme.example/x'],
    [`https://hooks.slack.com/services/T000/B000/${hidden}`, 'https://hooks.slack.com/services/***'],
    ['DATABASE_PASSWORD=hunter22', 'DATABASE_PASSWORD=***'],
    ['STRIPE_SECRET_KEY = "hunter22"', 'STRIPE_SECRET_KEY = "***"'],
    ['{"clientSecret":"hunter22"}', '{"clientSecret":"***"}'],
    ['{"password": "hunter22"}', '{"password": "***"}'],
    ['password: hunter22', 'password: ***'],
    ['api-key: correcthorsebattery', 'api-key: ***'],
    [`-----BEGIN RSA PRIVATE KEY-----\n${hidden}\n-----END RSA PRIVATE KEY-----`, '-----PRIVATE KEY***-----'],
    [`-----BEGIN PRIVATE KEY----- ${hidden} cut of`, '-----PRIVATE KEY***-----'],
  ])('%s', (text, masked) => {
    expect(mask(text)).toBe(masked)
    expect(mask(`before ${text} after`)).not.toContain(hidden)
  })

  test.each([
    'Reset password: customers cannot log in',
    'Stripe token: expired',
    'https://acme.example:8443/path?mail=a@b.example',
    'the secret of it',
    'monkey: bananas1',
    'risk_live_patient',
    'Deploy 3f786850e387550fdab836ed7e6dc881de23001b',
  ])('says nothing of: %s', (text) => {
    expect(mask(text)).toBe(text)
  })

  test('masking twice changes nothing, and a zero-width character hides no secret', () => {
    const words = fc.constantFrom(
      `sk_live_${hidden}`,
      'password=',
      'Bearer ',
      'token: ',
      `eyJ${hidden}.${hidden}.${hidden}`,
      'https://a:b@c',
      ' ',
      '"',
      'secret',
      '=',
      hidden,
      '\u200B',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string()), { maxLength: 8 }), (parts) => {
        const text = parts.join('')
        expect(mask(mask(text))).toBe(mask(text))
        expect(keep(keep(text))).toBe(keep(text))
        expect(keepLine(keepLine(text))).toBe(keepLine(text))
      }),
    )
    expect(keep(`sk_live_\u200B${hidden}`)).toBe('sk_live_***')
  })

  test.each([
    'a.'.repeat(50_000),
    'a-'.repeat(50_000),
    'eyJ-'.repeat(25_000),
    'password'.repeat(12_000),
    '_'.repeat(100_000),
    'a://'.repeat(25_000),
    `${'x'.repeat(63)}:`.repeat(1500),
  ])('a text made to be slow is not (%#)', (text) => {
    // Time of the processor, not of the clock on the wall: other work on the machine does not count.
    const began = process.cpuUsage()
    mask(text)
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(2000)
  })
})

test('labels are masked by value and by name', () => {
  expect(maskLabels({ job: 'shop', url: 'https://a:hunter22@b', DB_PASSWORD: 'x', 'api-key': 'y', tokens: '12', monkey: 'z' })).toEqual({
    job: 'shop',
    url: 'https://a:***@b',
    DB_PASSWORD: '***',
    'api-key': '***',
    tokens: '12',
    monkey: 'z',
  })
})

test('an alert keeps what it is known by', () => {
  const alert = alertOf({ summary: 'x'.repeat(2000), rule: 'a\nb' })
  expect(keepAlert(alert)).toEqual({ ...alert, rule: 'a b', summary: `${'x'.repeat(999)}…` })
  expect(keepAlert(keepAlert(alert))).toEqual(keepAlert(alert))
})
