/** What people wrote down and ticked off on the way, as the post-mortem shows it: actions, to-dos, suspicions, runbooks, files. */
import { type ActionRow, actionRows, ranAlone, rowsBrought } from './acting/rows.ts'
import { keptFiles, sizeOf } from './areas/messages.ts'
import { checklistOf } from './areas/checklist.ts'
import type { StepState } from './areas/runbooks.ts'
import type { Recorded } from './events.ts'
import type { Incident } from './incident.ts'
import { stepWords } from './runbook.ts'
import { progressOf, runbookName } from './runbook-posts.ts'
import { shorten } from './text.ts'
import { nameOf, when } from './timeline.ts'

export type Remembered = {
  /** Those of records that were merged into this one before its own. */
  readonly actions: readonly (Omit<ActionRow, 'of'> & { readonly of: string | null })[]
  /** How many ran without an approval. */
  readonly actionsForced: number
  /** To-dos: open ones first, those that are due soonest before the others. */
  readonly followUps: readonly {
    readonly todo: number
    readonly text: string
    readonly owner: string | null
    readonly due: string | null
    readonly done: boolean
  }[]
  readonly suspects: readonly {
    readonly suspect: number
    readonly text: string
    readonly by: string
    readonly ruledOut: { readonly because: string; readonly by: string; readonly at: string } | null
  }[]
  /** `by`: null where the record itself knows. */
  readonly checklist: readonly {
    readonly item: string
    readonly done: boolean
    readonly by: string | null
    readonly at: string | null
  }[]
  /** Those that were opened, in their order. */
  readonly runbooks: readonly {
    readonly name: string
    readonly url: string | null
    readonly by: string
    readonly at: string
    readonly progress: string
    readonly steps: readonly {
      readonly step: number
      readonly text: string
      readonly state: StepState
      readonly by: string | null
      readonly at: string | null
    }[]
  }[]
  /** Files at the messages that were kept; they lie in the bot's own database, where the verb `files` gets them by their number. */
  readonly files: readonly {
    readonly number: number
    readonly name: string
    readonly type: string
    readonly size: string
    readonly who: string
    readonly at: string
    readonly link: string
  }[]
}

const followUpsOf = ({ todos }: Incident): Remembered['followUps'] =>
  todos
    .map(({ todo, text, owner, due, doneAt }) => ({ todo, text, owner: owner?.name ?? null, due, done: doneAt !== null }))
    .toSorted((a, b) => Number(a.done) - Number(b.done) || (a.due ?? '9').localeCompare(b.due ?? '9') || a.todo - b.todo)

const filesOf = (incident: Incident, zone: string): Remembered['files'] =>
  keptFiles(incident).map(({ number, name, type, bytes, by, writtenAt, link }) => ({
    number,
    name,
    type,
    size: sizeOf(bytes),
    who: nameOf(by),
    at: when(writtenAt, zone),
    link,
  }))

const runbooksOf = ({ openedRunbooks }: Incident, zone: string): Remembered['runbooks'] =>
  openedRunbooks.map((runbook) => ({
    name: runbookName(runbook),
    url: runbook.url,
    by: nameOf(runbook.by),
    at: when(runbook.at, zone),
    progress: progressOf(runbook),
    steps: runbook.steps.map(({ text, state, marked }, index) => ({
      step: index + 1,
      text: shorten(stepWords(text), 300),
      state,
      by: marked === null || state === 'open' ? null : nameOf(marked.by),
      at: marked === null || state === 'open' ? null : when(marked.at, zone),
    })),
  }))

const actionsOf = (incident: Incident, events: readonly Recorded[], zone: string): Pick<Remembered, 'actions' | 'actionsForced'> => {
  const actions = [...rowsBrought(events), ...actionRows(incident, zone)]
  return { actions: actions.map((row) => ({ ...row, of: row.of ?? null })), actionsForced: ranAlone(actions).length }
}

/** The values for the template; instants are in `zone` (IANA). */
export const remembered = (incident: Incident, events: readonly Recorded[], zone: string): Remembered => ({
  ...actionsOf(incident, events, zone),
  followUps: followUpsOf(incident),
  suspects: incident.hypotheses.map(({ suspect, text, by, ruledOut }) => ({
    suspect,
    text,
    by: nameOf(by),
    ruledOut: ruledOut === null ? null : { because: ruledOut.because, by: nameOf(ruledOut.by), at: when(ruledOut.at, zone) },
  })),
  checklist: checklistOf(incident).map(({ item, done }) => ({
    item,
    done: done !== null,
    by: done === null || done.by === null ? null : nameOf(done.by),
    at: done === null || done.at === null ? null : when(done.at, zone),
  })),
  runbooks: runbooksOf(incident, zone),
  files: filesOf(incident, zone),
})
