/** What can be asked for in a record: a product's actions, what each takes, and a request as the catalogue has it now. */
import { z } from 'zod'
import { missingSettings as settings } from './askable.ts'
import type { Catalogue } from './catalogue.ts'
import type { Action } from './catalogue/actions.ts'
import type { Product } from './catalogue/product.ts'
import { type ActionDefinition, inputOf } from './define/action.ts'
import type { Risk } from './incident/acting/action.ts'
import { actionOf, type ActionRequest, type ApprovalRule, type Wanted } from './incident/acting/request.ts'
import type { Incident } from './incident/incident.ts'
import { nearest } from './incident/nearest.ts'
import { keepLine } from './incident/text.ts'
import { type Refusal, refuse } from './incident/refusals.ts'
import type { Severity } from './incident/policy.ts'

export type Words = Readonly<Record<string, string>>

/** Something that an action takes. */
export type Input = {
  readonly name: string
  readonly label: string
  /** What it is without a word; null: it must be given. */
  readonly preset: string | null
  /** What can be chosen; null: anything that the kind takes. */
  readonly choices: readonly string[] | null
}

export type OfferedAction = Pick<Action, 'key' | 'kind' | 'title' | 'link'> & {
  readonly summary: string
  readonly inputs: readonly Input[]
  /** What must be set before it can run. */
  readonly missing: readonly string[]
}

export type Requests = {
  /** What the actions of all products can change, as far as the catalogue alone tells. */
  readonly targets: () => readonly string[]
  /** In the order of the product's file. */
  readonly offered: (product: string) => ReadonlyMap<string, OfferedAction>
  /** A request with these words, or why it cannot be one. */
  readonly want: (incident: Pick<Incident, 'product' | 'severity'>, key: string, words: Words) => Wanted | Refusal
  /** A request that takes another back, or why it cannot be one. */
  readonly back: (incident: Pick<Incident, 'product' | 'severity'>, request: ActionRequest) => Wanted | Refusal
  /** The same request as the catalogue and its record have it now, or why it cannot be one any more. */
  readonly anew: (incident: Incident, request: ActionRequest) => Wanted | Refusal
}

type Environment = Readonly<Record<string, string | undefined>>

const inputsOf = (input: z.ZodObject): Input[] => {
  const { properties = {}, required = [] } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' })
  return Object.keys(input.shape).map((name) => {
    const known = properties[name]
    const { default: preset, description, enum: choices } = typeof known === 'object' ? known : {}
    const given = typeof preset === 'string' || typeof preset === 'number' || typeof preset === 'boolean' ? String(preset) : null
    return {
      name,
      label: description ?? name,
      preset: given ?? (required.includes(name) ? null : ''),
      choices: Array.isArray(choices) ? choices.map(String) : null,
    }
  })
}

/** Everything that can be typed of what has choices, each with each. */
const chosen = (inputs: readonly Input[]): Words[] =>
  inputs.reduce<Words[]>(
    (all, { name, choices }) => (choices === null ? all : all.flatMap((words) => choices.map((choice) => ({ ...words, [name]: choice })))),
    [{}],
  )

/** `minutes=10, pattern=…`. */
const inputWords = (inputs: readonly Input[]): string =>
  inputs.map(({ name, preset, choices }) => `${name}=${preset === null || preset === '' ? (choices?.join('|') ?? '…') : preset}`).join(', ')

/** Makes the list. */
export const createRequests = ({
  catalogue,
  kinds,
  environment,
}: {
  catalogue: Catalogue
  kinds: ReadonlyMap<string, ActionDefinition>
  environment: Environment
}): Requests => {
  const find = (productKey: string, key: string): { product: Product; action: Action; definition: ActionDefinition } | Refusal => {
    const product = catalogue.product(productKey)
    const known = [...(product?.acting.actions.keys() ?? [])]
    const action = product?.acting.actions.get(key)
    const definition = action === undefined ? undefined : kinds.get(action.kind)
    if (product === null || action === undefined || definition === undefined)
      return refuse('unknown_action', {
        word: key,
        product: product?.name ?? productKey,
        nearest: nearest(key, known),
        known: known.join(', '),
      })
    return { product, action, definition }
  }
  const missingOf = (product: Product, action: Action, definition: ActionDefinition): string[] =>
    settings(product, { unset: action.unset, options: action.options }, { needs: definition.needs }, environment)

  const ruleOf = ({ acting }: Product, action: Action, risk: Risk, severity: Severity): ApprovalRule => {
    const { approvals } = acting
    return {
      needed: approvals[risk],
      approvers: action.approvers ?? approvals.approvers(severity),
      minutes: approvals.minutes,
      breakGlassMinutes: approvals.breakGlassMinutes,
    }
  }

  const wish = (
    { product, action, definition }: { product: Product; action: Action; definition: ActionDefinition },
    severity: Severity,
    words: Words,
    typed: unknown,
  ): Wanted => {
    const risk = action.risk ?? definition.risk(action.options, typed as never)
    return {
      key: action.key,
      kind: action.kind,
      title: action.title,
      input: words,
      risk,
      target: definition.target(action.options, typed as never),
      rule: ruleOf(product, action, risk, severity),
      checks: action.checks,
      watchMinutes: action.watchMinutes,
      link: action.link,
    }
  }

  const want: Requests['want'] = ({ product: { key: productKey }, severity }, key, words) => {
    const found = find(productKey, key)
    if ('code' in found) return found
    const { product, action, definition } = found
    const schema = inputOf(definition, action.options)
    const inputs = inputsOf(schema)
    const known = inputWords(inputs)
    const unknown = Object.keys(words).find((name) => !inputs.some((input) => input.name === name))
    if (unknown !== undefined) return refuse('unknown_input', { word: unknown, action: key, known })
    // What is typed is kept, and shown to everybody.
    for (const [name, value] of Object.entries(words)) {
      if (keepLine(value) !== value.replaceAll(/ +/g, ' ').trim() || value.includes('***'))
        return refuse('bad_input', {
          word: name,
          why: 'has characters that cannot be kept, or looks like a secret, which must never be typed here',
          action: key,
          known,
        })
    }
    const parsed = schema.safeParse(words)
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      const name = String(issue?.path[0] ?? '')
      return refuse('bad_input', {
        word: `${name}=${words[name] ?? ''}`,
        why: (issue?.message ?? '').replaceAll('`', ''),
        action: key,
        known,
      })
    }
    const missing = missingOf(product, action, definition)
    if (missing.length > 0) return refuse('not_configured', { action: key, missing: [...new Set(missing)].join(', ') })
    return wish(found, severity, words, parsed.data)
  }

  const back: Requests['back'] = ({ product: { key: productKey }, severity }, request) => {
    const found = find(productKey, request.key)
    if ('code' in found) return found
    const { product, action, definition } = found
    // What it left is of the kind that it was.
    if (definition.undo === undefined || action.kind !== request.kind)
      return refuse('action_not_undoable', {
        action: request.action,
        title: request.title,
        status: request.status,
        by: request.preview?.reversible ?? undefined,
      })
    return {
      key: action.key,
      kind: action.kind,
      title: `Undo: ${request.title}`,
      input: request.input,
      risk: request.risk,
      // What was changed, whatever the catalogue says now.
      target: request.target,
      rule: ruleOf(product, action, request.risk, severity),
      checks: request.checks,
      watchMinutes: request.watchMinutes,
      link: action.link,
    }
  }

  return {
    targets: () => [
      ...new Set(
        [...catalogue.products.values()].flatMap((product) =>
          [...product.acting.actions.values()].flatMap((action) => {
            const definition = kinds.get(action.kind)
            if (definition === undefined) return []
            if (definition.target.length < 2) return [definition.target(action.options, {})]
            // What depends on what is typed is known for each value that can be chosen, and without one of those that cannot.
            const schema = inputOf(definition, action.options)
            return chosen(inputsOf(schema)).flatMap((words) => {
              const typed = schema.safeParse(words)
              return typed.success ? [definition.target(action.options, typed.data)] : []
            })
          }),
        ),
      ),
    ],
    offered: (productKey) => {
      const product = catalogue.product(productKey)
      return new Map(
        [...(product?.acting.actions ?? [])].flatMap(([key, action]): [string, OfferedAction][] => {
          const definition = kinds.get(action.kind)
          if (product === null || definition === undefined) return []
          const { kind, title, link } = action
          const { summary } = definition
          const inputs = inputsOf(inputOf(definition, action.options))
          return [[key, { key, kind, title, link, summary, inputs, missing: missingOf(product, action, definition) }]]
        }),
      )
    },
    want,
    back,
    anew: (incident, request) => {
      const first = request.undoes === null ? undefined : actionOf(incident, request.undoes)
      return first === undefined ? want(incident, request.key, request.input) : back(incident, first)
    },
  }
}
