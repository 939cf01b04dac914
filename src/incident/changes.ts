/** "What changed before it began": changes that checks have found, the likeliest cause first. Pure. */
import type { Change } from './check.ts'
import type { Part, Span } from './message.ts'
import type { Instant } from './policy.ts'
import { shorten } from './text.ts'
import { duration } from './duration.ts'

/** How near a change must be to be as suspicious as a deployment a minute before: a commit does nothing until it is deployed, a setting
 *  is often changed without harm. */
const distance: Readonly<Record<Change['kind'], number>> = {
  deployment: 1,
  migration: 2,
  setting: 3,
  commit: 30,
  'pull-request': 30,
  workflow: 40,
}

const kindWord: Readonly<Record<Change['kind'], string>> = {
  deployment: 'deployment',
  migration: 'migration',
  setting: 'setting',
  commit: 'commit',
  'pull-request': 'pull request',
  workflow: 'workflow run',
}

/** What is longer ago is no news. */
const windowMs = 24 * 3_600_000
/** Clocks differ: what seems to be just after the start may have been before it. */
const skewMs = 60_000
/** Below this nothing is told apart by nearness: an alert needs as long to fire. */
const nearMs = 60_000

const suspicion = ({ at, kind }: Change, start: Instant): number => Math.max(nearMs, Date.parse(start) - Date.parse(at)) * distance[kind]

/** What stands for its commit where that is told as well: nobody needs to read it twice. */
const told: readonly Change['kind'][] = ['commit', 'pull-request']

/** Those of the day before `start`, each once, the likeliest cause first: by how long before it was, and by its kind. What came after
 *  the start is left out, and a commit whose deployment is there. */
export const rankChanges = (changes: readonly Change[], start: Instant): Change[] => {
  const since = Date.parse(start) - windowMs
  const until = Date.parse(start) + skewMs
  const inTime = changes.filter(({ at }) => Date.parse(at) >= since && Date.parse(at) <= until)
  const once = new Map(inTime.map((change) => [JSON.stringify([change.kind, change.url ?? [change.at, change.title]]), change]))
  const deployed = new Set(inTime.flatMap(({ kind, commit }) => (kind === 'deployment' && commit !== undefined ? [commit] : [])))
  const distinct = [...once.values()].filter(({ kind, commit }) => !(told.includes(kind) && commit !== undefined && deployed.has(commit)))
  return distinct.toSorted(
    (a, b) => suspicion(a, start) - suspicion(b, start) || distance[a.kind] - distance[b.kind] || Date.parse(b.at) - Date.parse(a.at),
  )
}

/** `deployment, 4 min before: …` in plain words. */
export const changeLine = (change: Change, start: Instant): string => {
  const before = Date.parse(start) - Date.parse(change.at)
  const when = before < nearMs ? 'as it began' : `${duration(before)} before`
  return `${kindWord[change.kind]}, ${when}: ${shorten(change.title, 150)}${change.by === null ? '' : `, by ${shorten(change.by, 60)}`}`
}

/** What the checks see of changes, and why some of them see nothing; null: they are not configured yet. */
export type Seen = {
  readonly changes: readonly Change[]
  readonly unseen: readonly { readonly title: string; readonly why: string | null }[]
}

/** One plain line for a notification. */
export const changesSummary = ({ changes, unseen }: Seen, start: Instant): string => {
  const [first] = rankChanges(changes, start)
  if (first !== undefined) return shorten(`What changed before it began: ${first.title}`, 150)
  return unseen.length === 0 ? 'Nothing was changed before it began' : 'What changed before it began is not known in full'
}

/** The most that are shown. */
const mostShown = 5

/** Without what could not be asked, nobody may believe that nothing was changed. */
const unseenParts = (unseen: Seen['unseen']): Part[] => {
  const unset = unseen.filter(({ why }) => why === null).map(({ title }) => title)
  return [
    ...unseen.flatMap(({ title, why }): Part[] => (why === null ? [] : [{ kind: 'context', spans: [`⚪ Not seen: ${title}. ${why}`] }])),
    ...(unset.length === 0
      ? []
      : [
          {
            kind: 'context' as const,
            spans: [`⚪ Not seen, as it is not configured yet: ${shorten(unset.join(', '), 300)}. What to set: `, { code: '/diag' }],
          },
        ]),
  ]
}

/** The message's parts: the likeliest first, the rest counted. */
export const changeParts = ({ changes, unseen }: Seen, start: Instant): Part[] => {
  const ranked = rankChanges(changes, start)
  const rest = ranked.length - mostShown
  if (ranked.length === 0)
    return [
      unseen.length === 0
        ? { kind: 'text', spans: ['🔎 ', { bold: 'Nothing was changed' }, ' in the 24 h before it began, as far as the checks see.'] }
        : {
            kind: 'text',
            spans: [
              '🔎 ',
              { bold: 'What changed before it began' },
              ' is not known in full: nothing was found, but not all could be asked.',
            ],
          },
      ...unseenParts(unseen),
    ]
  return [
    { kind: 'text', spans: ['🔎 ', { bold: 'What changed before it began' }] },
    {
      kind: 'list',
      items: ranked
        .slice(0, mostShown)
        .map((change): Span[] => [
          changeLine(change, start),
          ...(change.url === null ? [] : ([' · ', { link: change.url, text: 'show' }] satisfies Span[])),
        ]),
    },
    {
      kind: 'context',
      spans: [
        ...(rest > 0 ? [`and ${rest} more · `] : []),
        'The nearest and gravest first; that it came before is no proof. To keep one in mind: ',
        { code: '/incident suspect <text>' },
      ],
    },
    ...unseenParts(unseen),
  ]
}
