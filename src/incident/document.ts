/** The post-mortem as a document: which part of the chain it tells, where it lies, and its text from the template. */
import { channelName } from './channel-name.ts'
import type { Recorded } from './events.ts'
import { replay } from './evolve.ts'
import type { Incident } from './incident.ts'
import { type Head, postmortem } from './postmortem.ts'
import { untold } from './react.ts'

type Stream = { readonly incident: Incident; readonly events: readonly Recorded[]; readonly head: (seq: number) => string }

/** What there is to tell in a post-mortem, or null while there is nothing: all of a resolved record. Of one that is open again only
 *  that it is, and not each step until the next resolution; of one that was merged only where it stood as resolved before. */
export const toldOf = <S extends Stream>(stream: S): S | null => {
  const { incident, events } = stream
  if (incident.stamps.resolve !== null) return incident.mergedInto === null || incident.reopenings.length > 0 ? stream : null
  const reopened = events.findLastIndex(({ event }) => event.type === 'reopened')
  if (reopened === -1) return null
  const until = events.slice(0, reopened + 1)
  return { ...stream, incident: replay(until) ?? incident, events: until }
}

/** The chain's head at the last event that the post-mortem tells. How it was published is no part of it: telling that would
 *  make it a new document each time. */
export const toldHead = ({ events, head }: Stream): Head => {
  const seq = events.findLast(({ event }) => !untold.has(event.type))?.seq ?? 1
  return { seq, hash: head(seq) }
}

/** `postmortems/<year>/INC-n-slug.md`; the year in which it was detected, in UTC. */
export const postmortemPath = (incident: Incident): string => {
  const slug = channelName({ number: incident.number, title: incident.title, product: { key: '' } }).replace(/^inc-\d+-?/, '')
  return `postmortems/${(incident.stamps.detect ?? incident.declaredAt).slice(0, 4)}/${incident.id}${slug === '' ? '' : `-${slug}`}.md`
}

/** The document in Markdown, freshly generated. */
export const writePostmortem = (stream: Stream, templates: { readonly render: (name: string, model: object) => string }): string =>
  templates.render('postmortem', postmortem(stream.incident, stream.events, toldHead(stream)))
