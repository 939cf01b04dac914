import { askedOf, type Meant, meantChecks, productOf } from '../../src/asked-check.ts'
import { type Ask, type Checked, type CommandContext, defineCommand, type Reply, say, tell, type Told } from '../../src/define.ts'
import { following } from '../../src/following.ts'
import { checkParts, headingOf } from '../../src/incident/check-report.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { Part } from '../../src/incident/message.ts'
import { shorten } from '../../src/incident/text.ts'
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
  const results: Checked[] = []
  const keys = meant.checks.map(({ key }) => key)
  const all = context.runChecks(product.key, keys, { words: meant.words, onResult: (result) => void results.push(result) })
  return following(all, () => {
    const parts = checkParts({
      heading: `${product.name}: ${headingOf('asked')}`,
      results,
      waiting: meant.checks.filter(({ key }) => !results.some(({ check }) => check === key)).map(({ title }) => title),
      zone: product.calendar.zone,
      list: `/diag ${product.key}`,
    })
    return withLines(product.key, parts, meant, results)
  })
}

/** So much is read in a message; more is a file. */
const most = { lines: 15, characters: 1500 }

/** The lines behind a result are kept for nobody here, so they come with it. Of many checks only each by itself gives them. */
const withLines = (product: string, parts: readonly Part[], { checks }: Meant, results: readonly Checked[]): Told => {
  const [result] = results
  if (checks.length > 1) {
    const more = results.filter((each) => each.more !== undefined).map(({ check }) => check)
    if (more.length === 0) return { parts }
    const rest = more.length === 1 ? '' : `, ${shorten(more.slice(1).join(', '), 300)}`
    return { parts: [...parts, { kind: 'context', spans: ['More lines by ', { code: `/diag ${product} ${more[0] ?? ''}` }, rest] }] }
  }
  if (result?.more === undefined) return { parts }
  const { title, text } = result.more
  if (text.length <= most.characters && text.split('\n').length <= most.lines)
    return { parts: [...parts, { kind: 'text', spans: [{ bold: title }] }, { kind: 'quote', text }] }
  const name = `${product}-${result.check.replaceAll(/[^\w-]+/g, '-')}.txt`
  return { parts, file: { name, type: 'text/plain', content: Buffer.from(text) }, standsAlone: true }
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
