/** What can be locked: everything that an action of the catalogue changes, and nothing else. */
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { type Catalogue, loadCatalogue } from '../src/catalogue.ts'
import { inputOf } from '../src/define/action.ts'
import { kindsOf, loadRegistry, type Registry } from '../src/registry.ts'
import { createRequests } from '../src/requests.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
let catalogue: Catalogue
let registry: Registry
let targets: readonly string[]
beforeAll(async () => {
  registry = await loadRegistry(root)
  const loaded = loadCatalogue({ runbooks: `${root}runbooks`, templates: `${root}templates`, ...kindsOf(registry), environment: {} })
  catalogue = loaded.catalogue!
  targets = createRequests({ catalogue, kinds: registry.actions, environment: {} }).targets()
})

test('a target that depends on what is chosen is known for each of the choices', () => {
  expect(targets).toContain('secret:invoice2e:STRIPE_SECRET_KEY')
  expect(targets).not.toContain('secret:invoice2e:STRIPE_SECRET_KEE')
  const ofSecrets = targets.filter((target) => target.startsWith('secret:invoice2e:'))
  const options = catalogue.product('invoice2e')!.acting.actions.get('secret.rotate')!.options as { secrets: object }
  expect(ofSecrets).toEqual(Object.keys(options.secrets).map((name) => `secret:invoice2e:${name}`))
})

test('each action has one at least, each is there once, and each can be typed as one word', () => {
  for (const { acting } of catalogue.products.values())
    for (const { kind, options } of acting.actions.values()) {
      const definition = registry.actions.get(kind)!
      const typed = inputOf(definition, options).safeParse({}).data ?? {}
      if (definition.target.length < 2) expect(targets).toContain(definition.target(options, typed))
    }
  expect(new Set(targets).size).toBe(targets.length)
  expect(targets.filter((target) => /\s/.test(target))).toEqual([])
})
