import { askedOf, type Meant, meantChecks, productOf } from '../../src/asked-check.ts'
import { type Ask, type CommandContext, defineCommand, type Reply, say, tell } from '../../src/define.ts'
import { following } from '../../src/following.ts'
import type { CheckResult } from '../../src/incident/check.ts'
import { checkParts, headingOf } from '../../src/incident/check-report.ts'
import type { Incident } from '../../src/incident/incident.ts'
import { noProduct } from '../../src/which.ts'

/** In a record's channel the results are posted for everybody, and kept. */
const forAll = async (incident: Incident, meant: Meant, ask: Ask, context: CommandContext): Promise<Reply> => {
  const { which, checks, words } = meant
  const intent = { type: 'start-checks', phase: 'asked', which, checks: askedOf(checks), words } as const
  return tell(await context.handle(incident.id, intent, ask.by), () =>
    say(
      checks.length === 1
        ? `🩺 Asking ${checks[0]?.title ?? ''}; its answer comes in `
        : `🩺 Asking ${checks.length} checks; their answers come in `,
      { bold: incident.id },
      '’s channel.',
    ),
  )
}

/** Elsewhere who asked is answered, alone. */
const forOne = (
  product: { key: string; name: string; calendar: { zone: string } },
  meant: Meant,
  context: CommandContext,
): Promise<Reply> => {
  const results: CheckResult[] = []
  const keys = meant.checks.map(({ key }) => key)
  const all = context.runChecks(product.key, keys, { words: meant.words, onResult: (result) => void results.push(result) })
  return following(all, () =>
    checkParts({
      heading: `${product.name}: ${headingOf('asked')}`,
      results,
      waiting: meant.checks.filter(({ key }) => !results.some(({ check }) => check === key)).map(({ title }) => title),
      zone: product.calendar.zone,
      list: `/diag ${product.key}`,
    }),
  )
}

const diagnose = async (ask: Ask, context: CommandContext): Promise<Reply> => {
  const { catalogue } = context
  const { product: named, rest } = catalogue.takeProduct(ask.words)
  const first = ask.words.trim().split(/\s+/)[0]?.toLowerCase() ?? ''
  // Its name must not be taken for a check of the incident's own product.
  if (named === null && catalogue.broken.has(first)) return noProduct(catalogue, first, () => '')
  const product = named ?? productOf(ask, context)
  if (product === null) return noProduct(catalogue, ask.words, (some) => `/diag ${some} ${ask.words}`)
  const meant = meantChecks(product, rest, context)
  if ('code' in meant) return { refused: meant }
  if (meant.checks.length === 0) return say(`${product.name} has no checks yet.`)
  // Only this incident's own product is evidence in it.
  return ask.incident?.product.key === product.key ? forAll(ask.incident, meant, ask, context) : forOne(product, meant, context)
}

export default defineCommand({
  summary: 'Ask one check, or `all`',
  usage: '[product] <check> [key=value …] | all',
  examples: ['/diag health', '/diag all', '/diag <product> health', '/diag <product> all'],
  needs: 'nothing',
  run: diagnose,
})
