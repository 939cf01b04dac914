import { askedOf } from '../../src/asked-check.ts'
import { type Ask, type CommandContext, defineCommand, given, type Reply, say } from '../../src/define.ts'
import { sayable } from '../../src/incident/acting/criteria.ts'
import type { OpenedRunbook, StepState } from '../../src/incident/areas/runbooks.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { Span } from '../../src/incident/message.ts'
import { nearest } from '../../src/incident/nearest.ts'
import { ellipsis } from '../../src/incident/possible.ts'
import { refuse } from '../../src/incident/refusals.ts'
import { stepWords } from '../../src/incident/runbook.ts'
import { runbookName, runbookParts } from '../../src/incident/runbook-posts.ts'
import { shorten } from '../../src/incident/text.ts'

const plain = (words: string) => words.toLowerCase().replace(/[\s_-]+/g, ' ')

/** By its file's name, its id or its title, or by how one of them begins. */
const find = <R extends { slug: string; id: string | null; title: string }>(runbooks: readonly R[], words: string): R | undefined => {
  const wanted = plain(words)
  const called = ({ slug, id, title }: R) => [slug, ...(id === null ? [] : [id]), title].map(plain)
  return (
    runbooks.find((each) => called(each).includes(wanted)) ?? runbooks.find((each) => called(each).some((name) => name.startsWith(wanted)))
  )
}

const runbooksOf = (incident: Incident, { catalogue }: CommandContext) => catalogue.product(incident.product.key)?.runbooks ?? []

const unknown = (incident: Incident, words: string, context: CommandContext): Reply => {
  const known = runbooksOf(incident, context).map(({ slug }) => slug)
  const { product } = incident
  return {
    refused: refuse('unknown_runbook', { word: words, product: product.name, nearest: nearest(words, known), known: known.join(', ') }),
  }
}

/** Opens it, unless it is open: everybody sees it from then on as it is now. */
const open = async (incident: Incident, words: string, { by }: Ask, context: CommandContext) => {
  const opened = find(incident.openedRunbooks, words)
  if (opened !== undefined) return { incident, runbook: opened, isNew: false }
  const found = find(runbooksOf(incident, context), words)
  if (found === undefined) return null
  const { slug, id, title, url, after } = found
  const offered = context.requests.offered(incident.product.key)
  const criteria = sayable(context.catalogue.product(incident.product.key)?.acting.criteria ?? [])
  const steps = found.steps.map((step) => {
    const ready = step.actions.filter((action) => offered.has(action.split(' ')[0] ?? ''))
    const said = criteria.filter(({ key }) => step.criteria?.includes(key)).map(({ key, title: called }) => ({ key, title: called }))
    return { ...step, ...(ready.length === 0 ? {} : { ready }), ...(said.length === 0 ? {} : { sayable: said }) }
  })
  const outcome = await context.handle(incident.id, { type: 'open-runbook', slug, id, title, url, steps, after }, by)
  if ('refused' in outcome) return outcome
  const runbook = find(outcome.incident.openedRunbooks, slug)
  return runbook === undefined ? null : { incident: outcome.incident, runbook, isNew: outcome.events.length > 0 }
}

/** Asks what the step names, and keeps the answers as evidence. */
const runStep = async (
  incident: Incident,
  runbook: OpenedRunbook,
  number: number,
  { by }: Ask,
  context: CommandContext,
): Promise<Reply> => {
  const { title, steps } = runbook
  const step = steps[number - 1]
  if (step === undefined) return { refused: refuse('unknown_step', { step: number, title, count: steps.length }) }
  if (step.checks.length === 0) return { refused: refuse('step_asks_nothing', { step: number, title }) }
  const askable = context.askable(incident.product.key)
  const asked = step.checks.map(({ check, words }) => ({ name: check, words, check: askable.get(check) }))
  for (const { name, words, check } of asked) {
    // The runbook is as it was when it was opened; the product may have another file since then.
    const keys = [...askable.keys()]
    if (check === undefined)
      return {
        refused: refuse('unknown_check', {
          word: name,
          product: incident.product.name,
          nearest: nearest(name, keys),
          known: keys.join(', '),
        }),
      }
    const refused = check.refusal(words)
    if (refused !== null) return { refused }
  }
  // One answer for all that are asked with the same words: words are those of a run.
  for (const same of Map.groupBy(asked, ({ words }) => JSON.stringify(words)).values()) {
    const checks = [...new Map(same.flatMap(({ check }) => (check === undefined ? [] : [[check.key, check] as const]))).values()]
    const which = checks.map(({ key }) => key).join(', ')
    const intent = { type: 'start-checks', phase: 'asked', which, checks: askedOf(checks), words: same[0]?.words ?? {} } as const
    const outcome = await context.handle(incident.id, intent, by)
    if ('refused' in outcome) return outcome
  }
  return say(`🩺 Step ${number} of “${title}”: what was asked comes in `, { bold: incident.id }, '’s channel.')
}

const states: Readonly<Record<string, StepState>> = { done: 'done', skip: 'skipped', open: 'open' }
const said: Readonly<Record<StepState, string>> = { done: '✅ Done', skipped: '⏭ Skipped', open: '☐ Open again' }

const markStep = async (
  id: string,
  runbook: OpenedRunbook,
  step: number,
  state: StepState,
  { by }: Ask,
  context: CommandContext,
): Promise<Reply> => {
  const outcome = await context.handle(id, { type: 'mark-step', slug: runbook.slug, step, state }, by)
  if ('refused' in outcome) return outcome
  const steps = find(outcome.incident.openedRunbooks, runbook.slug)?.steps ?? []
  const next = steps.findIndex((each) => each.state === 'open')
  const words = next < 0 ? 'All steps are done or skipped.' : `Next: ${next + 1}. ${shorten(stepWords(steps[next]?.text ?? ''), 200)}`
  return say(`${said[state]}: step ${step} of “${runbook.title}”. ${words}`)
}

/** `done 2`, `done payments 2`: without a name the one that was opened last. */
const stepVerb = /^(run|done|skip|open)(?:\s+(.+?))?\s+(\d{1,4})$/i

const list = (incident: Incident, context: CommandContext): Reply => {
  const { product, id } = incident
  const runbooks = runbooksOf(incident, context)
  if (runbooks.length === 0)
    return say(`${product.name} has no runbook yet. One is a file: `, { code: `runbooks/${product.key}/<name>.md` }, '.')
  const suggested = new Set(incident.runbooks.map(({ slug }) => slug))
  const opened = new Set(incident.openedRunbooks.map(({ slug }) => slug))
  const items = runbooks
    .toSorted((a, b) => Number(suggested.has(b.slug)) - Number(suggested.has(a.slug)))
    .map((runbook): Span[] => [
      { code: `/incident runbook ${runbook.slug}` },
      ` ${runbookName(runbook)}: ${runbook.when.join(', ')}${suggested.has(runbook.slug) ? ' · may help here' : ''}${opened.has(runbook.slug) ? ' · open' : ''}`,
    ])
  return {
    parts: [
      { kind: 'text', spans: [{ bold: `Runbooks of ${product.name}` }] },
      { kind: 'list', items },
      { kind: 'buttons', buttons: [{ label: 'Open one…', action: 'runbook', value: `${id} ${ellipsis}` }] },
    ],
  }
}

export default defineCommand({
  summary: 'The runbooks of this product; with a name, opens one here: its steps are run and ticked off',
  usage: 'runbook [name] | run|done|skip|open [name] <step>',
  examples: [
    '/incident runbook',
    '/incident runbook payment-failures',
    '/incident runbook done 2',
    '/incident runbook run payment-failures 1',
  ],
  needs: 'incident',
  bare: true,
  form: async (place, context) => {
    const incident = given(place)
    const runbooks = runbooksOf(incident, context)
    if (runbooks.length === 0)
      return refuse('unknown_runbook', { word: ellipsis, product: incident.product.name, nearest: null, known: '' })
    return {
      title: 'Open a runbook',
      submit: 'runbook',
      fields: [
        {
          key: 'runbook',
          label: 'Everybody in the channel sees it',
          kind: 'choice',
          optional: false,
          options: runbooks.map((runbook) => ({ value: runbook.slug, label: runbookName(runbook), hint: runbook.when.join(', ') })),
        },
      ],
    }
  },
  run: async (ask, context) => {
    const incident = given(ask)
    if (ask.words === '') return list(incident, context)
    const [, verb, name, number] = stepVerb.exec(ask.words) ?? []
    if (verb === undefined) {
      const found = await open(incident, ask.words, ask, context)
      if (found === null) return unknown(incident, ask.words, context)
      if ('refused' in found) return found
      if (found.isNew) return say(`📖 “${found.runbook.title}” is open in the channel.`)
      return { parts: runbookParts(found.incident, found.runbook) }
    }
    const step = Number(number)
    const state = states[verb.toLowerCase()]
    if (name === undefined) {
      const last = incident.openedRunbooks.at(-1)
      if (last === undefined) return { refused: refuse('runbook_not_open', { id: incident.id, name: null }) }
      return state === undefined ? runStep(incident, last, step, ask, context) : markStep(incident.id, last, step, state, ask, context)
    }
    if (state !== undefined) {
      const opened = find(incident.openedRunbooks, name)
      if (opened !== undefined) return markStep(incident.id, opened, step, state, ask, context)
      const known = find(runbooksOf(incident, context), name)
      return known === undefined
        ? unknown(incident, name, context)
        : { refused: refuse('runbook_not_open', { id: incident.id, name: known.slug }) }
    }
    // What runs a step opens its runbook: the offer has such a button.
    const found = await open(incident, name, ask, context)
    if (found === null) return unknown(incident, name, context)
    return 'refused' in found ? found : runStep(found.incident, found.runbook, step, ask, context)
  },
})
