/** Gemini (D8): the key is valid, and the model is there and can do what the product asks of it. */
import { z } from 'zod'
import { finding, found, listed } from '../checking/answer.ts'
import { foreign } from '../checking/foreign.ts'
import { vendorRefusal } from '../checking/fault.ts'
import { readJson, said } from '../checking/json.ts'
import { below } from '../checking/address.ts'
import { apiHost, apiUrl, SecretName } from '../checking/option.ts'
import { type CheckAnswer, defineCheck } from '../define/check.ts'

const options = z.strictObject({
  secret: SecretName,
  /** With or without `models/` before it. */
  model: z
    .string()
    .regex(/^(models\/)?[A-Za-z0-9._-]+$/, 'must be the name of a model, such as `gemini-2.5-flash`')
    .transform((name) => name.replace(/^models\//, '')),
  apiUrl: apiUrl('https://generativelanguage.googleapis.com'),
  /** What the product asks of the model. */
  method: z.string().default('generateContent'),
})

const Model = z.object({ name: z.string(), supportedGenerationMethods: z.array(z.string()).default([]) })

/** Google says of a wrong key that the request is wrong (400), with this reason. */
const isWrongKey = (status: number, body: string): boolean =>
  status === 400 && /API_KEY_INVALID|API key not valid|API key expired/.test(body)

const refusal = (status: number, body: string, secret: string, model: string): CheckAnswer => {
  if (status === 404)
    return finding(
      'fail',
      `Gemini has no model ${model} for this key (404): it was retired or is misspelt. Choose one from Gemini’s list of models.`,
    )
  return found(vendorRefusal('Gemini', isWrongKey(status, body) ? 401 : status, secret, said(body)))
}

export default defineCheck({
  summary: 'asks Gemini whether the key is valid and the model is there',
  options,
  hosts: apiHost,
  needs: ({ secret }) => [secret],
  timeoutMs: 10_000,
  concurrency: 4,
  run: async ({ secret, model, method, apiUrl: base }, context) => {
    // In a header: an address is written into logs, a header is not.
    const headers = { accept: 'application/json', 'x-goog-api-key': context.secret(secret) }
    const response = await context.fetch(below(base, `/v1beta/models/${model}`), { headers })
    if (response.status !== 200) return refusal(response.status, response.body, secret, model)
    const read = readJson('Gemini', response, Model)
    if ('findings' in read) return found(...read.findings)
    const { name, supportedGenerationMethods: methods } = read.value
    if (!methods.includes(method))
      return finding('fail', `Model ${model} cannot ${method}: it can ${methods.length === 0 ? 'nothing that is named' : listed(methods)}.`)
    return finding(
      'ok',
      `The key is valid, and model ${model} can ${method}${name === `models/${model}` ? '' : ` (it answers as ${foreign(name)})`}.`,
    )
  },
})
