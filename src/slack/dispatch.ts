/** From what somebody typed, pressed or filled in to a verb, and from there to what they are told. Knows nothing of HTTP. */
import type { Answer, CommandContext, Form, Place, Reply, Verb } from '../define.ts'
import type { Actor } from '../incident/events.ts'
import type { Incident } from '../incident/incident.ts'
import { nearest } from '../incident/nearest.ts'
import { type Refusal, refusalParts, refuse } from '../incident/refusals.ts'

export type Source = { readonly by: Actor; readonly channel: string; readonly canShowForm: boolean }

/** What to do with the person: tell them something, or show them a form. */
export type Told =
  | { readonly answer: Answer }
  | { readonly form: Form; readonly place: { readonly channel: string; readonly incident: string | null } }

export type Dispatch = {
  /** A slash command as it was typed. */
  readonly type: (command: 'incident' | 'diag', text: string, source: Source) => Promise<Told>
  /** A button: a verb of `/incident` on the incident that it carries. */
  readonly press: (verb: string, incident: string, source: Source) => Promise<Told>
  /** A form that was sent. A refusal keeps the form open. */
  readonly submit: (
    verb: string,
    values: Readonly<Record<string, string>>,
    place: { channel: string; incident: string | null },
    by: Actor,
  ) => Promise<{ readonly answer: Answer } | { readonly refused: Refusal }>
}

type World = CommandContext & { readonly byChannel: (channel: string) => Promise<string | null> }

const idPattern = /^INC-\d+$/i

const firstWord = (text: string): { word: string; rest: string } => {
  const trimmed = text.trim()
  const end = trimmed.search(/\s/)
  return end < 0 ? { word: trimmed, rest: '' } : { word: trimmed.slice(0, end), rest: trimmed.slice(end).trim() }
}

/** A private incident is there for its channel, its declarer and its lead; others learn only its number. */
const mayEnter = (incident: Incident, source: { by: Actor; channel: string }): boolean => {
  const id = source.by.kind === 'person' ? source.by.id : null
  const has = (actor: Actor | null) => actor?.kind === 'person' && actor.id === id
  return !incident.private || incident.channel?.id === source.channel || has(incident.declaredBy) || has(incident.lead)
}

export const createDispatch = (world: World): Dispatch => {
  const find = async (id: string, source: { by: Actor; channel: string }): Promise<Incident | Refusal> => {
    const loaded = await world.load(id.toUpperCase())
    if (loaded === null) return refuse('unknown_incident', { id })
    return mayEnter(loaded.incident, source) ? loaded.incident : refuse('private_incident', { id: loaded.incident.id })
  }

  const told = (reply: Reply, place: { channel: string; incident: string | null }): Told => {
    if ('form' in reply) return { form: reply.form, place }
    return { answer: 'refused' in reply ? { parts: refusalParts(reply.refused) } : reply }
  }

  const run = async (verb: Verb, words: string, source: Source, incident: Incident | null): Promise<Told> => {
    const place = { channel: source.channel, incident: incident?.id ?? null }
    if (verb.definition.needs === 'incident' && incident === null)
      return told({ refused: refuse('not_in_incident', { verb: verb.name }) }, place)
    return told(
      await verb.definition.run({ by: source.by, channel: source.channel, incident, words, canShowForm: source.canShowForm }, world),
      place,
    )
  }

  /** The verb and its words; `/diag` takes a check's name where no verb stands. */
  const verbOf = (command: 'incident' | 'diag', text: string, here: Incident | null): { verb: Verb; words: string } | Refusal => {
    const { word, rest } = firstWord(text)
    const mine = world.verbs.filter((verb) => verb.command === command)
    const named = (name: string) => mine.find((verb) => verb.name === name)
    if (command === 'diag') {
      const verb = named(text.trim() === '' || world.catalogue.takeProduct(text).rest === '' ? 'list' : 'check')
      if (verb !== undefined) return { verb, words: text.trim() }
    }
    const verb = word === '' ? named(here === null ? 'new' : 'help') : named(word.toLowerCase())
    return verb === undefined
      ? refuse('unknown_verb', {
          verb: word,
          nearest: nearest(
            word,
            mine.map(({ name }) => name),
          ),
        })
      : { verb, words: rest }
  }

  return {
    type: async (command, text, source) => {
      const place = { channel: source.channel, incident: null }
      const hereId = await world.byChannel(source.channel)
      const here = hereId === null ? null : ((await world.load(hereId))?.incident ?? null)
      const parsed = verbOf(command, text, here)
      if ('code' in parsed) return told({ refused: parsed }, place)
      const { word, rest } = firstWord(parsed.words)
      if (parsed.verb.definition.needs !== 'incident' || !idPattern.test(word)) return run(parsed.verb, parsed.words, source, here)
      const named = await find(word, source)
      return 'code' in named ? told({ refused: named }, place) : run(parsed.verb, rest, source, named)
    },
    press: async (name, id, source) => {
      const verb = world.verbs.find((each) => each.command === 'incident' && each.name === name)
      if (verb === undefined)
        return told({ refused: refuse('unknown_verb', { verb: name, nearest: null }) }, { channel: source.channel, incident: null })
      const named = await find(id, source)
      return 'code' in named ? told({ refused: named }, { channel: source.channel, incident: null }) : run(verb, '', source, named)
    },
    submit: async (name, values, where, by) => {
      const verb = world.verbs.find((each) => each.command === 'incident' && each.name === name)
      if (verb?.definition.submit === undefined) return { refused: refuse('unknown_verb', { verb: name, nearest: null }) }
      const incident = where.incident === null ? null : await find(where.incident, { by, channel: where.channel })
      if (incident !== null && 'code' in incident) return { refused: incident }
      const place: Place = { by, channel: where.channel, incident }
      const reply = await verb.definition.submit(values, place, world)
      if ('refused' in reply) return reply
      return { answer: 'form' in reply ? { parts: [] } : reply }
    },
  }
}
