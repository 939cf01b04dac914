/** From what somebody typed, pressed or filled in to a verb, and from there to what they are told. Knows nothing of HTTP. */
import type { Answer, CommandContext, Finder, Form, Found, Place, Reply, Verb } from '../define.ts'
import type { Actor } from '../incident/events.ts'
import { nearest } from '../incident/nearest.ts'
import { type Refusal, refusalParts, refuse } from '../incident/refusals.ts'
import { synonym } from '../incident/synonyms.ts'

export type Source = { readonly by: Actor; readonly channel: string; readonly canShowForm: boolean }

/** What to do with the person: tell them something, or show them a form. */
export type Told =
  /** `refused`: nothing came of it, and the answer says why. */
  | { readonly answer: Answer; readonly refused?: true }
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

type World = CommandContext & Finder

/** An incident that is named first. In an incident's channel only what cannot be a word of the text is one. */
const named = { here: /^inc-?(\d+)(?=\s|$)/i, elsewhere: /^(?:inc[-\s]?|#)(\d+)(?=\s|$)/i } as const

const firstWord = (text: string): { word: string; rest: string } => {
  const trimmed = text.trim()
  const end = trimmed.search(/\s/)
  return end < 0 ? { word: trimmed, rest: '' } : { word: trimmed.slice(0, end), rest: trimmed.slice(end).trim() }
}

export const createDispatch = (world: World): Dispatch => {
  const find = async (id: string, { by, channel }: { by: Actor; channel: string }): Promise<Found | Refusal> => {
    const found = await world.byId(id.toUpperCase(), by, channel)
    if (found === null) return refuse('unknown_incident', { id })
    return found.open ? found : refuse('private_incident', { id: found.id })
  }

  const told = (reply: Reply, place: { channel: string; incident: string | null }): Told => {
    if ('form' in reply) return { form: reply.form, place }
    return 'refused' in reply ? { answer: { parts: refusalParts(reply.refused) }, refused: true } : { answer: reply }
  }

  const run = async (verb: Verb, words: string, source: Source, found: Found | null): Promise<Told> => {
    const id = found?.id ?? null
    const incident = found?.incident ?? null
    const place = { channel: source.channel, incident: id }
    const { needs } = verb.definition
    if (needs !== 'nothing' && id === null) {
      // A bare number may be part of the text, so it is not taken for an incident without asking.
      const number = /^(\d+)(?=\s|$)/.exec(words)?.[1]
      return told(
        { refused: refuse('not_in_incident', { verb: verb.name, ...(number === undefined ? {} : { meant: `INC-${number}` }) }) },
        place,
      )
    }
    if (needs === 'incident' && id !== null && incident === null) return told({ refused: refuse('unreadable_record', { id }) }, place)
    const { by, channel, canShowForm } = source
    return told(await verb.definition.run({ by, channel, id, incident, words, canShowForm }, world), place)
  }

  /** The verb and its words; `/diag` takes a check's name where no verb stands. */
  const verbOf = (command: 'incident' | 'diag', text: string, here: Found | null): { verb: Verb; words: string } | Refusal => {
    const { word, rest } = firstWord(text)
    const mine = world.verbs.filter((verb) => verb.command === command)
    const byName = (name: string) => mine.find((verb) => verb.name === name)
    if (command === 'diag') {
      const verb = byName(text.trim() === '' || world.catalogue.takeProduct(text).rest === '' ? 'list' : 'check')
      if (verb !== undefined) return { verb, words: text.trim() }
    }
    const verb = word === '' ? byName(here === null ? 'new' : 'help') : byName(word.toLowerCase())
    return verb === undefined
      ? refuse('unknown_verb', {
          verb: word,
          nearest:
            synonym(word) ??
            nearest(
              word,
              mine.map(({ name }) => name),
            ),
        })
      : { verb, words: rest }
  }

  return {
    type: async (command, text, source) => {
      const place = { channel: source.channel, incident: null }
      const here = await world.byChannel(source.channel)
      const parsed = verbOf(command, text, here)
      if ('code' in parsed) return told({ refused: parsed }, place)
      const { verb, words } = parsed
      const match = verb.definition.needs === 'nothing' ? null : named[here === null ? 'elsewhere' : 'here'].exec(words)
      if (match === null) return run(verb, words, source, here)
      const found = await find(`INC-${match[1] ?? ''}`, source)
      return 'code' in found ? told({ refused: found }, place) : run(verb, words.slice(match[0].length).trim(), source, found)
    },
    press: async (name, id, source) => {
      const verb = world.verbs.find((each) => each.command === 'incident' && each.name === name)
      if (verb === undefined)
        return told({ refused: refuse('unknown_verb', { verb: name, nearest: null }) }, { channel: source.channel, incident: null })
      const found = await find(id, source)
      return 'code' in found ? told({ refused: found }, { channel: source.channel, incident: null }) : run(verb, '', source, found)
    },
    submit: async (name, values, where, by) => {
      const verb = world.verbs.find((each) => each.command === 'incident' && each.name === name)
      if (verb?.definition.submit === undefined) return { refused: refuse('unknown_verb', { verb: name, nearest: null }) }
      const found = where.incident === null ? null : await find(where.incident, { by, channel: where.channel })
      if (found !== null && 'code' in found) return { refused: found }
      if (found !== null && found.incident === null) return { refused: refuse('unreadable_record', { id: found.id }) }
      const place: Place = { by, channel: where.channel, id: found?.id ?? null, incident: found?.incident ?? null }
      const reply = await verb.definition.submit(values, place, world)
      if ('refused' in reply) return reply
      return { answer: 'form' in reply ? { parts: [] } : reply }
    },
  }
}
