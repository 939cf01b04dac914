/** What people wrote down on the way, as the post-mortem shows it: to-dos, suspicions, files. */
import type { Recorded } from './events.ts'
import type { Incident } from './incident.ts'
import { nameOf, when } from './timeline.ts'

export type Remembered = {
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
  /** Files at the messages that were kept; they lie in the bot's own database, and nothing links to them. */
  readonly files: readonly {
    readonly name: string
    readonly type: string
    readonly size: string
    readonly who: string
    readonly at: string
  }[]
}

const followUpsOf = ({ todos }: Incident): Remembered['followUps'] =>
  todos
    .map(({ todo, text, owner, due, doneAt }) => ({ todo, text, owner: owner?.name ?? null, due, done: doneAt !== null }))
    .toSorted((a, b) => Number(a.done) - Number(b.done) || (a.due ?? '9').localeCompare(b.due ?? '9') || a.todo - b.todo)

const sizeOf = (bytes: number): string =>
  bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${Math.round(bytes / 100_000) / 10} MB`

const filesOf = ({ messages }: Incident, zone: string): Remembered['files'] =>
  messages.flatMap(({ files, by, writtenAt }) =>
    files.map(({ name, type, bytes }) => ({ name, type, size: sizeOf(bytes), who: nameOf(by), at: when(writtenAt, zone) })),
  )

/** The values for the template; instants are in `zone` (IANA). */
export const remembered = (incident: Incident, zone: string): Remembered => ({
  followUps: followUpsOf(incident),
  suspects: incident.hypotheses.map(({ suspect, text, by, ruledOut }) => ({
    suspect,
    text,
    by: nameOf(by),
    ruledOut: ruledOut === null ? null : { because: ruledOut.because, by: nameOf(ruledOut.by), at: when(ruledOut.at, zone) },
  })),
  files: filesOf(incident, zone),
})

/** Where what an entry of the story tells can be read itself. */
export const linkOf = (recorded: Recorded | undefined): string | null =>
  recorded?.event.type === 'message-kept' ? recorded.event.link : null
