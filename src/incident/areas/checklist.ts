/** The checklist of the severity (S5): ticked by people, and by the record where it knows that an item is done. */
import type { Actor } from '../events.ts'
import type { Incident } from '../incident.ts'
import { author, type Button, type Part, type Span } from '../message.ts'
import { type Instant, mentionable } from '../policy.ts'
import { refuse } from '../refusals.ts'
import { shorten } from '../text.ts'
import type { Area } from './area.ts'
import { phases } from './deadlines.ts'

/** An item is known by its words: what is ticked stays so, wherever it stands in the list of the next severity. */
export type ChecklistEvent = { readonly type: 'checklist-marked'; readonly v: 1; readonly item: string; readonly state: 'done' | 'open' }

/** `item`: its words, or its number in the list as it is. */
export type ChecklistIntent = { readonly type: 'mark-item'; readonly item: string; readonly state: 'done' | 'open' }

type Tick = { readonly item: string; readonly by: Actor; readonly at: Instant }

export type ChecklistState = {
  /** What people have ticked, oldest first. */
  readonly ticks: readonly Tick[]
}

export const noChecklist: ChecklistState = { ticks: [] }

/** Done by a person (`by`), or as the record knows (`by` is null); `at` is null where the record does not say when. */
export type ChecklistRow = { readonly item: string; readonly done: { readonly by: Actor | null; readonly at: Instant | null } | null }

const when = (at: Instant | null | undefined): ChecklistRow['done'] => (at === null || at === undefined ? null : { by: null, at })

/** Somebody was called whom the channel could reach. */
const paged = ({ calls, failedSteps }: Incident): ChecklistRow['done'] => {
  const called = calls.filter(({ to }) => mentionable(to))
  const missed = failedSteps.filter(({ step }) => step.startsWith('call:')).length
  return when(missed < called.length ? called[0]?.at : null)
}

/** Items whose words say unmistakably what the record knows. Whatever says it otherwise is ticked by people. */
const known: readonly (readonly [words: RegExp, done: (incident: Incident) => ChecklistRow['done']])[] = [
  [/^page (?:the )?on-?call(?: engineer)?$/i, paged],
  [/^(?:name|assign) a lead$/i, ({ lead }) => (lead === null ? null : { by: null, at: null })],
  [/^confirm the severity$/i, ({ stamps }) => when(stamps.assess)],
  [/^post (?:a|the) (?:first )?status update$/i, ({ stamps }) => when(stamps.communicate)],
]

/** A disaster's checklist is made of its phases. */
const phaseOf = (incident: Incident, item: string): ChecklistRow['done'] => {
  if (incident.policy.objectives === undefined) return null
  const phase = phases(incident).find(({ title }) => item.startsWith(`${title}: `))
  return when(phase === undefined ? null : incident.deadlines[phase.key]?.metAt)
}

/** The severity's items, and behind them what was ticked at another severity. */
export const checklistOf = (incident: Incident): ChecklistRow[] => {
  const { policy, ticks } = incident
  const kept = ticks.map(({ item }) => item).filter((item) => !policy.checklist.includes(item))
  return [...policy.checklist, ...kept].map((item) => {
    const tick = ticks.find((each) => each.item === item)
    const done = known.find(([words]) => words.test(item.trim()))?.[1](incident) ?? phaseOf(incident, item)
    return { item, done: tick ?? done }
  })
}

const plain = (words: string) => words.toLowerCase().replace(/\s+/g, ' ').trim()

/** The item that words mean, or that has this number. */
export const itemOf = (incident: Incident, words: string): ChecklistRow | undefined => {
  const rows = checklistOf(incident)
  return rows.find(({ item }) => plain(item) === plain(words)) ?? (/^\d{1,3}$/.test(words) ? rows[Number(words) - 1] : undefined)
}

const doneSpans = (done: NonNullable<ChecklistRow['done']>, zone: string): Span[] => [
  ...(done.by === null ? [] : [' · ', author(done.by)]),
  ...(done.at === null ? [] : ([' · ', { time: done.at, zone }] satisfies Span[])),
]

const longestLabel = 60

/** The list as it stands, with a button for each item that is to be done; nothing for a severity without items. */
export const checklistParts = (incident: Incident): Part[] => {
  const rows = checklistOf(incident)
  const buttons = rows
    .filter(({ done }) => done === null)
    .map(({ item }): Button => ({ label: `✓ ${shorten(item, longestLabel)}`, action: 'checklist', value: `${incident.id} done ${item}` }))
  return rows.length === 0
    ? []
    : [
        { kind: 'text', spans: [{ bold: `${incident.severity} checklist` }] },
        {
          kind: 'list',
          items: rows.map(({ item, done }): Span[] =>
            done === null ? [`☐ ${item}`] : [`✅ ${item}`, ...doneSpans(done, incident.policy.calendar.zone)],
          ),
        },
        ...(buttons.length === 0 ? [] : [{ kind: 'buttons' as const, buttons }]),
      ]
}

export const checklistArea: Area<ChecklistIntent, ChecklistEvent> = {
  whileOpen: [],
  decide: {
    'mark-item': (incident, { item: words, state }) => {
      const row = itemOf(incident, words)
      if (row === undefined) return refuse('unknown_item', { word: words, count: checklistOf(incident).length })
      const { item, done } = row
      if (state === 'done')
        return done === null
          ? [{ type: 'checklist-marked', v: 1, item, state }]
          : refuse('item_is_done', { item, by: done.by?.kind === 'person' ? done.by.name : null, at: done.at })
      if (done === null) return refuse('item_is_open', { item })
      return done.by === null ? refuse('item_is_known', { item }) : [{ type: 'checklist-marked', v: 1, item, state }]
    },
  },
  evolve: {
    'checklist-marked': (incident, { item, state }, { at, by }) => {
      const others = incident.ticks.filter((each) => each.item !== item)
      return { ...incident, ticks: state === 'done' ? [...others, { item, by, at }] : others }
    },
  },
  tell: {
    'checklist-marked': ({ item, state }) => ({ kind: 'checklist', text: `${state === 'done' ? 'Ticked off' : 'Opened again'}: ${item}` }),
  },
  // The opening message shows it.
  posts: { 'checklist-marked': () => [] },
}
