/** From what somebody typed, pressed or filled in to a verb, and from there to what they are told. Knows nothing of HTTP. */
import type { Answer, CommandContext, Field, Finder, Form, Found, Place, Reply, Verb } from '../define.ts'
import type { Quoted } from '../incident/areas/messages.ts'
import type { Actor } from '../incident/events.ts'
import type { Part } from '../incident/message.ts'
import type { Mentioned } from '../ports.ts'
import { nearest } from '../incident/nearest.ts'
import { type Refusal, refusalParts, refuse } from '../incident/refusals.ts'
import { ellipsis } from '../incident/possible.ts'
import { cleanLine, isBlank, shorten } from '../incident/text.ts'
import { synonym } from '../incident/synonyms.ts'
import { notOffered, typedIn } from './forms.ts'
import { masked } from './masked.ts'
import { typed, untyped } from './typed.ts'

export type Source = {
  readonly by: Actor
  readonly channel: string
  readonly canShowForm: boolean
  /** Everybody reads the answer: it is short, and says what helps here. */
  readonly mention?: true
  /** Whom the text names. */
  readonly mentioned?: readonly Mentioned[]
}

/** What a form brings back with its values. */
export type FormPlace = { readonly channel: string; readonly incident: string | null; readonly from?: Quoted }

/** What to do with the person: tell them something, or show them a form. */
export type Told =
  /** `refused`: nothing came of it, and the answer says why. */
  { readonly answer: Answer; readonly refused?: true } | { readonly form: Form; readonly place: FormPlace }

export type Dispatch = {
  /** A slash command as it was typed. */
  readonly type: (command: 'incident' | 'diag', text: string, source: Source) => Promise<Told>
  /** A button: a verb of `/incident` on the incident that it carries, and what would be typed behind it: `INC-12 lead`. */
  readonly press: (verb: string, value: string, source: Source) => Promise<Told>
  /** The form that declares an incident from a message. */
  readonly quote: (quoted: Quoted, summary: string, source: Source) => Promise<Told>
  /** A form anew, because a field that refills it was filled in; null when it stays as it is. */
  readonly refill: (
    verb: string,
    values: Readonly<Record<string, string>>,
    place: { channel: string; incident: string | null },
    by: Actor,
  ) => Promise<Form | null>
  /** A form that was sent. A refusal keeps the form open. */
  readonly submit: (
    verb: string,
    values: Readonly<Record<string, string>>,
    place: FormPlace,
    by: Actor,
  ) => Promise<{ readonly answer: Answer } | { readonly refused: Refusal }>
}

/** `mask`: takes the secrets of products out of a text. */
export type World = CommandContext & Finder & { readonly mask: (text: string) => string }

/** An incident that is named first. In an incident's channel only what cannot be a word of the text is one. */
const named = { here: /^inc-?(\d+)(?=\s|$)/i, elsewhere: /^(?:inc[-\s]?|#)(\d+)(?=\s|$)/i } as const

/** The record before the verb, where it is all that is typed, too: `INC-5 status`, `INC-5`. */
const idFirst = named.elsewhere

const firstWord = (text: string): { word: string; rest: string } => {
  const trimmed = text.trim()
  const end = trimmed.search(/\s/)
  return end < 0 ? { word: trimmed, rest: '' } : { word: trimmed.slice(0, end), rest: trimmed.slice(end).trim() }
}

/** Asks which of two records a text is for that begins with the id of the one, in the channel of the other: either may be meant, and
 *  what is said of the wrong one is not taken back. */
const which = (verb: Verb, here: string, other: string, words: string, rest: string, { mentioned = [] }: Source): Told => {
  const { name } = verb
  const buttons = [
    { label: `${name} in ${here}`, action: name, value: `${here} ${untyped(words, mentioned)}` },
    { label: `${name} in ${other}`, action: name, value: `${other} ${untyped(rest, mentioned)}` },
  ]
  return {
    refused: true,
    answer: {
      parts: [
        {
          kind: 'text',
          spans: [
            'Nothing was recorded yet: this is the channel of ',
            { bold: here },
            ', and the text begins with ',
            { bold: other },
            '. Which one is it for? To say so at once: ',
            { code: `/incident ${other} ${name} …` },
          ],
        },
        { kind: 'buttons', buttons },
      ],
    },
  }
}

/** An answer or a form about a record, with the record named in it. */
const about = ({ id, incident }: Found, outcome: Told): Told => {
  if ('form' in outcome) {
    const title = incident === null ? '' : ` ${shorten(incident.title, 150)}`
    const name: Field = { key: 'about', kind: 'words', parts: [{ kind: 'text', spans: [{ bold: id }, title] }] }
    return { ...outcome, form: { ...outcome.form, fields: [name, ...outcome.form.fields] } }
  }
  return { ...outcome, answer: { ...outcome.answer, parts: naming(id, outcome.answer.parts) } }
}

const naming = (id: string, parts: readonly Part[]): readonly Part[] => {
  if (new RegExp(`\\b${id}\\b`).test(JSON.stringify(parts))) return parts
  const [first, ...rest] = parts
  return first?.kind === 'text'
    ? [{ ...first, spans: [{ bold: id }, ': ', ...first.spans] }, ...rest]
    : [{ kind: 'text', spans: [{ bold: id }] }, ...parts]
}

/** Of a message that an incident is declared from the form has the first line as its title, and all of it, in characters. */
const longestQuotedTitle = 150
const longestQuote = 3000

/** Makes it. What comes in is masked before anything is done with it. */
export const createDispatch = (world: World): Dispatch => masked(dispatching(world), world.mask)

const dispatching = (world: World): Dispatch => {
  const find = async (id: string, { by, channel }: { by: Actor; channel: string }): Promise<Found | Refusal> => {
    const found = await world.byId(id.toUpperCase(), by, channel)
    if (found === null) return refuse('unknown_incident', { id })
    return found.open ? found : refuse('private_incident', { id: found.id })
  }

  const told = (reply: Reply, place: { channel: string; incident: string | null }): Told => {
    if ('form' in reply) return { form: reply.form, place }
    return 'refused' in reply ? { answer: { parts: refusalParts(reply.refused) }, refused: true } : { answer: reply }
  }

  /** What a verb says of a record, where it may be taken for another: elsewhere than in its own channel its id stands in it. */
  const run = async (verb: Verb, words: string, source: Source, found: Found | null, here: Found | null): Promise<Told> => {
    const outcome = await runHere(verb, words, source, found)
    return found === null || found.id === here?.id ? outcome : about(found, outcome)
  }

  const runHere = async (verb: Verb, words: string, source: Source, found: Found | null): Promise<Told> => {
    const id = found?.id ?? null
    const incident = found?.incident ?? null
    const place = { channel: source.channel, incident: id }
    const { needs } = verb.definition
    if (needs !== 'nothing' && id === null) {
      // A bare number may be part of the text, so it is not taken for an incident without asking.
      const number = /^(\d+)(?=\s|$)/.exec(words)?.[1]
      if (number === undefined && verb.definition.outside !== undefined) return told({ refused: verb.definition.outside(words) }, place)
      return told(
        {
          refused: refuse('not_in_incident', {
            verb: verb.name,
            ...(verb.command === 'diag' ? { command: 'diag' as const } : {}),
            ...(number === undefined ? {} : { meant: `INC-${number}` }),
          }),
        },
        place,
      )
    }
    if (needs === 'incident' && id !== null && incident === null) return told({ refused: refuse('unreadable_record', { id }) }, place)
    const { by, channel, canShowForm, mentioned = [] } = source
    const { form, bare } = verb.definition
    if (form !== undefined && (words === ellipsis || (words === '' && bare !== true))) {
      const asked = await form({ by, channel, id, incident }, world)
      if ('code' in asked) return told({ refused: asked }, place)
      if (canShowForm) return told({ form: asked }, place)
    }
    const typedWords = words === ellipsis ? '' : words
    return told(await verb.definition.run({ by, channel, id, incident, words: typedWords, canShowForm, mentioned }, world), place)
  }

  /** What comes of a form. Without a `submit` of the verb, what was filled in is its words. */
  const filledIn = async ({ name, definition }: Verb, values: Readonly<Record<string, string>>, place: Place): Promise<Reply> => {
    const { submit, form, run: runWith } = definition
    if (submit !== undefined) return submit(values, place, world)
    const asked = (await form?.(place, world)) ?? refuse('unknown_verb', { verb: name, nearest: null })
    if ('code' in asked) return { refused: asked }
    const stranger = notOffered(asked, values)
    if (stranger !== null) return { refused: stranger }
    return runWith({ ...place, ...typed(typedIn(asked, values)), canShowForm: false }, world)
  }

  /** The verb and its words; `/diag` takes a check's name where no verb stands. */
  const verbOf = (command: 'incident' | 'diag', text: string, here: Found | null): { verb: Verb; words: string } | Refusal => {
    const { word, rest } = firstWord(text)
    const mine = world.verbs.filter((verb) => verb.command === command)
    const byName = (name: string) => mine.find((verb) => verb.name === name)
    if (command === 'diag') {
      const { product, rest: behind } = world.catalogue.takeProduct(text)
      const own = product === null ? byName(word.toLowerCase()) : undefined
      if (own !== undefined) return { verb: own, words: rest }
      const verb = byName(text.trim() === '' || behind === '' ? 'list' : 'check')
      if (verb !== undefined) return { verb, words: text.trim() }
    }
    const verb = word === '' ? byName(here === null ? 'new' : 'now') : byName(word.toLowerCase())
    if (verb !== undefined) return { verb, words: rest }
    const meant =
      synonym(word) ??
      nearest(
        word,
        mine.map(({ name }) => name),
      )
    const asText = meant === null && rest !== '' ? { text: `${here === null ? 'new' : 'note'} ${text.trim()}` } : {}
    return refuse('unknown_verb', { verb: word, nearest: meant, ...asText })
  }

  /** The same for a mention, which is no command yet: where it names no verb, what can be done in the record's channel. */
  const mentionOf = (text: string, here: Found | null): { verb: Verb; words: string } | Refusal => {
    if (here === null && text.trim() === '') return refuse('nothing_asked', {})
    const parsed = verbOf('incident', text, here)
    const unclear = 'code' in parsed && parsed.code === 'unknown_verb' && parsed.params.nearest === null
    return unclear && here !== null ? verbOf('incident', '', here) : parsed
  }

  return {
    type: async (command, text, source) => {
      const place = { channel: source.channel, incident: null }
      const here = await world.byChannel(source.channel)
      const before = idFirst.exec(text.trim())
      if (before !== null) {
        const found = await find(`INC-${before[1] ?? ''}`, source)
        if ('code' in found) return told({ refused: found }, place)
        const parsed = verbOf(command, text.trim().slice(before[0].length), found)
        return 'code' in parsed ? told({ refused: parsed }, place) : run(parsed.verb, parsed.words, source, found, here)
      }
      const parsed = source.mention === true ? mentionOf(text, here) : verbOf(command, text, here)
      if ('code' in parsed) return told({ refused: parsed }, place)
      const { verb, words } = parsed
      const match = verb.definition.needs === 'nothing' ? null : named[here === null ? 'elsewhere' : 'here'].exec(words)
      if (match === null) return run(verb, words, source, here, here)
      const id = `INC-${match[1] ?? ''}`
      const rest = words.slice(match[0].length).trim()
      if (here !== null && here.id !== id && rest !== '' && verb.definition.says === true)
        return which(verb, here.id, id, words, rest, source)
      const found = await find(id, source)
      return 'code' in found ? told({ refused: found }, place) : run(verb, rest, source, found, here)
    },
    press: async (name, value, source) => {
      const { word: id, rest } = firstWord(value)
      const here = await world.byChannel(source.channel)
      const verb = world.verbs.find((each) => each.command === 'incident' && each.name === name)
      if (verb === undefined)
        return told({ refused: refuse('unknown_verb', { verb: name, nearest: null }) }, { channel: source.channel, incident: null })
      // A button that needs no incident, such as one that begins one.
      if (verb.definition.needs === 'nothing' && !named.here.test(id)) return run(verb, '', source, here, here)
      const found = await find(id, source)
      if ('code' in found) return told({ refused: found }, { channel: source.channel, incident: null })
      const { words, mentioned } = typed(rest)
      return run(verb, words, { ...source, mentioned }, found, here)
    },
    refill: async (name, values, where, by) => {
      const verb = world.verbs.find((each) => each.command === 'incident' && each.name === name)
      const found = where.incident === null ? null : await find(where.incident, { by, channel: where.channel })
      if (verb?.definition.refill === undefined || (found !== null && 'code' in found)) return null
      const place: Place = { by, channel: where.channel, id: found?.id ?? null, incident: found?.incident ?? null }
      return verb.definition.refill(values, place, world)
    },
    quote: async (quoted, summary, source) => {
      const verb = world.verbs.find((each) => each.command === 'incident' && each.name === 'new')
      const { by, channel } = source
      const title =
        summary
          .split('\n')
          .map(cleanLine)
          .find((each) => !isBlank(each)) ?? ''
      const values = { title: shorten(title, longestQuotedTitle), summary: shorten(summary, longestQuote) }
      const form = await verb?.definition.refill?.(values, { by, channel, id: null, incident: null }, world)
      if (form === undefined) throw new Error('there is no verb that declares')
      return { form, place: { channel, incident: null, from: quoted } }
    },
    submit: async (name, values, where, by) => {
      const verb = world.verbs.find((each) => each.command === 'incident' && each.name === name)
      if (verb === undefined) return { refused: refuse('unknown_verb', { verb: name, nearest: null }) }
      const found = where.incident === null ? null : await find(where.incident, { by, channel: where.channel })
      if (found !== null && 'code' in found) return { refused: found }
      if (verb.definition.needs === 'incident' && found !== null && found.incident === null)
        return { refused: refuse('unreadable_record', { id: found.id }) }
      const place: Place = {
        by,
        channel: where.channel,
        id: found?.id ?? null,
        incident: found?.incident ?? null,
        ...(where.from === undefined ? {} : { from: where.from }),
      }
      const reply = await filledIn(verb, values, place)
      if ('refused' in reply) return reply
      const answer = 'form' in reply ? { parts: [] } : reply
      const here = await world.byChannel(where.channel)
      return found === null || found.id === here?.id ? { answer } : { answer: { ...answer, parts: naming(found.id, answer.parts) } }
    },
  }
}
