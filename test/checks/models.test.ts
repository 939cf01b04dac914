/** OpenAI, DeepSeek and Gemini, as they document their answers. */
import { describe, expect, test } from 'vitest'
import deepseek from '../../src/checks/deepseek.ts'
import gemini from '../../src/checks/gemini.ts'
import openai from '../../src/checks/openai.ts'
import { ask } from './asking.ts'
import { startVendor } from './vendor.ts'

describe('openai', () => {
  const model = { id: 'gpt-4-turbo', object: 'model', created: 1712361441, owned_by: 'system' }
  const about = async (answer: object, options: object = {}) => {
    await using vendor = await startVendor({ '/v1/models/gpt-4-turbo': answer as never })
    const asked = { secret: 'OPENAI_API_KEY', model: 'gpt-4-turbo', apiUrl: `${vendor.url}/v1`, ...options }
    const result = await ask(openai, asked, { secrets: { OPENAI_API_KEY: 'sk-proj-key-of-openai' } })
    return { ...result, heard: vendor.heard }
  }
  test('the key and the model', async () => {
    const { texts, measurements, heard } = await about({ body: model }, { organization: 'org-1', project: 'proj_1' })
    expect(texts).toEqual(['ok: The key is valid, and model gpt-4-turbo is there for it.'])
    expect(measurements).toEqual([])
    expect(heard).toHaveLength(1)
    expect(heard[0]?.headers).toMatchObject({
      authorization: 'Bearer sk-proj-key-of-openai',
      'openai-organization': 'org-1',
      'openai-project': 'proj_1',
    })
  })
  test('rate limits, where it names them', async () => {
    const headers = {
      'x-ratelimit-limit-requests': '500',
      'x-ratelimit-remaining-requests': '25',
      'x-ratelimit-limit-tokens': '30000',
      'x-ratelimit-remaining-tokens': '29000',
    }
    const { status, texts, measurements } = await about({ body: model, headers }, { remaining: 10 })
    expect([status, texts[0]]).toEqual(['warn', 'warn: requests left is 5 %, below the limit of 10 %.'])
    expect(measurements).toEqual([
      { name: 'requests left', value: 5, unit: '%', limit: 10, bound: 'least' },
      { name: 'tokens left', value: 96.67, unit: '%', limit: 10, bound: 'least' },
    ])
    const odd = { ...headers, 'x-ratelimit-limit-requests': 'NaN', 'x-ratelimit-limit-tokens': '0' }
    expect((await about({ body: model, headers: odd }, { remaining: 10 })).status).toBe('unknown')
  })
  test.each<[string, number, object, string, RegExp]>([
    [
      'the model is gone',
      404,
      { error: { message: 'x', code: 'model_not_found' } },
      'fail',
      /has no model gpt-4-turbo for this key \(404\)/,
    ],
    ['no credits', 429, { error: { message: 'You exceeded your current quota', code: 'insufficient_quota' } }, 'fail', /no credits left/],
    ['too fast', 429, { error: { message: 'Rate limit reached', code: 'rate_limit_exceeded' } }, 'unknown', /limits the rate/],
    [
      'a wrong key',
      401,
      { error: { message: 'Incorrect API key provided' } },
      'unknown',
      /OPENAI_API_KEY is current\. It says: Incorrect API/,
    ],
  ])('%s', async (_, status, body, expected, words) => {
    const answer = await about({ status, body })
    expect([answer.status, ...answer.texts]).toEqual([expected, expect.stringMatching(words)])
    expect(answer.heard).toHaveLength(1)
  })
})

describe('deepseek', () => {
  const models = {
    object: 'list',
    data: [
      { id: 'deepseek-chat', object: 'model' },
      { id: 'deepseek-reasoner', object: 'model' },
    ],
  }
  const funds = (total: unknown, more: object = {}) => ({
    is_available: true,
    balance_infos: [{ currency: 'USD', total_balance: total, granted_balance: '0.00', topped_up_balance: total }],
    ...more,
  })
  const about = async (balance: unknown, options: object = {}) => {
    await using vendor = await startVendor({ '/models': { body: models }, '/user/balance': { body: balance } })
    const asked = { secret: 'DEEPSEEK_API_KEY', apiUrl: vendor.url, model: 'deepseek-chat', ...options }
    return await ask(deepseek, asked, { secrets: { DEEPSEEK_API_KEY: 'sk-key-of-deepseek' } })
  }
  test('the model is there, the balance suffices', async () => {
    const { texts, measurements } = await about(funds('110.00'), { balance: 5 })
    expect(texts).toEqual(['ok: The key is valid, and model deepseek-chat is there for it.'])
    expect(measurements).toEqual([{ name: 'balance USD', value: 110, unit: 'USD', limit: 5, bound: 'least' }])
  })
  test.each<[string, unknown, object, string, RegExp]>([
    ['little is left', funds('3.20'), { balance: 5 }, 'warn', /^warn: balance USD is 3\.2 USD, below the limit of 5 USD\.$/],
    ['nothing is left', funds('0.00', { is_available: false }), { balance: 5 }, 'fail', /^fail: DeepSeek answers nothing any more/],
    ['another currency', funds('10'), { balance: 5, currency: 'CNY' }, 'unknown', /^unknown: DeepSeek names no balance in CNY/],
    ['no number', funds('lots'), { balance: 5 }, 'unknown', /^unknown: balance USD is not a number\.$/],
    [
      'another model',
      funds('10'),
      { model: 'deepseek-coder' },
      'fail',
      /^fail: DeepSeek has no model deepseek-coder .* there is deepseek-chat, deepseek-reasoner\.$/,
    ],
  ])('%s', async (_, balance, options, status, words) => {
    const answer = await about(balance, options)
    expect([answer.status, answer.texts[0]]).toEqual([status, expect.stringMatching(words)])
  })
})

describe('gemini', () => {
  const model = { name: 'models/gemini-2.5-flash', version: '001', supportedGenerationMethods: ['generateContent', 'countTokens'] }
  const about = async (answer: object, options: object = {}) => {
    await using vendor = await startVendor({ '/v1beta/models/gemini-2.5-flash': answer as never })
    const asked = { secret: 'GEMINI_API_KEY', model: 'models/gemini-2.5-flash', apiUrl: vendor.url, ...options }
    const result = await ask(gemini, asked, { secrets: { GEMINI_API_KEY: 'key-of-gemini-is-here' } })
    return { ...result, heard: vendor.heard }
  }
  test('the key is in a header, never in the address', async () => {
    const { texts, heard } = await about({ body: model })
    expect(texts).toEqual(['ok: The key is valid, and model gemini-2.5-flash can generateContent.'])
    expect(heard[0]?.headers['x-goog-api-key']).toBe('key-of-gemini-is-here')
    expect(heard[0]?.url).toBe('/v1beta/models/gemini-2.5-flash')
  })
  const wrong = { error: { code: 400, message: 'API key not valid. Please pass a valid API key.', status: 'INVALID_ARGUMENT' } }
  test.each<[string, object, object, string, RegExp]>([
    [
      'a wrong key is a wrong request',
      { status: 400, body: wrong },
      {},
      'unknown',
      /does not accept the key \(401\): look whether GEMINI_API_KEY/,
    ],
    ['another wrong request', { status: 400, body: { error: { message: 'x' } } }, {}, 'unknown', /answered 400, which was not expected/],
    [
      'the model is gone',
      { status: 404, body: { error: { message: 'models/x is not found' } } },
      {},
      'fail',
      /has no model gemini-2\.5-flash/,
    ],
    ['it cannot do that', { body: model }, { method: 'embedContent' }, 'fail', /cannot embedContent: it can generateContent, countTokens/],
    ['an alias', { body: { ...model, name: 'models/gemini-3-flash' } }, {}, 'ok', /it answers as models\/gemini-3-flash/],
  ])('%s', async (_, answer, options, status, words) => {
    const result = await about(answer, options)
    expect([result.status, ...result.texts]).toEqual([status, expect.stringMatching(words)])
  })
})
