import type { Askable } from '../../src/askable.ts'
import { askedOf, meantChecks, productOf } from '../../src/asked-check.ts'
import { defineCommand, given, say, tell } from '../../src/define.ts'
import { refuse } from '../../src/incident/refusals.ts'
import { parseNext } from '../../src/incident/when.ts'

const example = '/diag watch health every 5m'

/** A check that there is: one that is asked by itself, too, is the likeliest to be meant. */
const exampleOf = (checks: readonly Askable[]): string => {
  const check = checks.find(({ auto, missing }) => auto && missing.length === 0) ?? checks[0]
  return check === undefined ? example : `/diag watch ${check.key} every 5m`
}
const mostMinutes = 60

export default defineCommand({
  summary: 'Ask a check again and again, and post when it changes; ends with the incident, or after a day',
  usage: 'watch <check> [key=value …] [every 2m]',
  examples: ['/diag watch health', example],
  needs: 'incident',
  run: async (ask, context) => {
    const incident = given(ask)
    const product = productOf(ask, context)
    if (product === null) return say(`${incident.product.name} is not in the catalogue any more, so it cannot be asked.`)
    const [, words = '', every = '2m'] = /^([\s\S]*?)(?:(?:^|\s)every\s+(.*))?$/.exec(ask.words) ?? []
    const { text, minutes } = parseNext(`next ${every.trim()}`)
    if (typeof minutes !== 'number' || text !== '' || minutes > mostMinutes)
      return { refused: refuse('unreadable', { what: 'a time from 1m to 1h', word: every, example }) }
    const meant = meantChecks(product, words, context)
    const known = exampleOf([...context.askable(product.key).values()])
    if (words.trim().toLowerCase() === 'all')
      return { refused: refuse('unreadable', { what: 'one check to watch', word: 'all', example: known }) }
    if ('code' in meant) return { refused: meant }
    const [check] = askedOf(meant.checks)
    if (meant.which === 'all' || check === undefined)
      return { refused: refuse('missing', { what: 'The one check to watch', example: known }) }
    return tell(await context.handle(incident.id, { type: 'start-watch', ...check, minutes, words: meant.words }, ask.by), () =>
      say(`👁 Watching ${check.title} every ${minutes} min. To end it: `, { code: `/diag unwatch ${check.check}` }),
    )
  },
})
