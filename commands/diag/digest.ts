import { productOf } from '../../src/asked-check.ts'
import { defineCommand } from '../../src/define.ts'
import { following } from '../../src/following.ts'
import type { Part } from '../../src/incident/message.ts'
import { noProduct } from '../../src/which.ts'

export default defineCommand({
  summary: 'How the product was in the last 24 h, as its daily digest says it',
  usage: 'digest [product]',
  examples: ['/diag digest', '/diag digest <product>'],
  needs: 'nothing',
  run: async (ask, context) => {
    const { catalogue } = context
    const { product: named, rest } = catalogue.takeProduct(ask.words)
    const product = named ?? (ask.words === '' ? productOf(ask, context) : null)
    if (product === null || rest !== '') return noProduct(catalogue, rest || ask.words, (some) => `/diag digest ${some}`)
    let parts: readonly Part[] = [{ kind: 'text', spans: ['⏳ Asking what goes into the digest of ', { bold: product.name }, ' …'] }]
    const work = async () => {
      parts = await context.digest(product.key)
    }
    return following(work(), () => ({ parts }))
  },
})
