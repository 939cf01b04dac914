/** APIs that speak as OpenAI's does. */
import type { Finding } from '../incident/check.ts'

/** What their refusals mean beyond their status. */
export const meaning =
  (vendor: string, model: string) =>
  (status: number, body: string): Finding | null => {
    if (/"insufficient_quota"|Insufficient Balance/.test(body) || status === 402)
      return { status: 'fail', text: `${vendor} answers nothing any more: the account has no credits left. Add some in its billing page.` }
    if (status === 404 && model !== '')
      return {
        status: 'fail',
        text: `${vendor} has no model ${model} for this key (404): it was retired, is misspelt, or the key’s project may not use it.`,
      }
    return null
  }
