/** What can be asked for, taken back and locked, as the catalogue has it. */
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { type Catalogue, loadCatalogue } from '../src/catalogue.ts'
import { inputOf } from '../src/define/action.ts'
import { kindsOf, loadRegistry, type Registry } from '../src/registry.ts'
import type { ActionRequest } from '../src/incident/acting/request.ts'
import type { Incident } from '../src/incident/incident.ts'
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

test('what people take back by hand says how, in place of that it cannot be', () => {
  const { back } = createRequests({ catalogue, kinds: registry.actions, environment: {} })
  const incident = { product: { key: 'invoice2e' }, severity: 'P1' } as unknown as Incident
  const isolated = { action: 1, key: 'isolate', kind: 'manual', title: 'Isolate', status: 'done' }
  const of = (reversible: string | null) => back(incident, { ...isolated, preview: { reversible } } as unknown as ActionRequest)
  const by = 'people, by hand: Switch it on again.'
  expect(of(by)).toMatchObject({ code: 'action_not_undoable', params: { status: 'done', by } })
  expect(of(null)).toMatchObject({ code: 'action_not_undoable', params: { status: 'done', by: undefined } })
})
