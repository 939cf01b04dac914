/** An area: one part of an incident's life, with everything that its own events mean. Each area is one file: what can be asked
 *  (`decide`), what an event changes (`evolve`), how the story tells it (`tell`), and what the channel shows (`posts`). */
import type { Actor, Event, Recorded } from '../events.ts'
import type { Incident } from '../incident.ts'
import type { Message } from '../message.ts'
import type { Instant } from '../policy.ts'
import type { Job } from '../react.ts'
import type { Refusal } from '../refusals.ts'

type Typed = { readonly type: string }
type Of<Union extends Typed, Type extends Union['type']> = Extract<Union, { readonly type: Type }>

/** When and by whom something is asked. */
export type Asked = { readonly at: Instant; readonly occurredAt: Instant; readonly by: Actor }

/** How a story tells an event: one kind of entry and one sentence, in the past tense, without the author, who stands beside it. */
export type Told = { readonly kind: string; readonly text: string }

/** Where an event stands: in the whole stream, as number `seq`. `zone` (IANA) is for instants in sentences. */
export type Story = { readonly events: readonly Recorded[]; readonly seq: number; readonly zone: string }

export type Area<Intents extends Typed, Events extends Typed> = {
  /** Events, none when nothing is new, or why not. */
  readonly decide: {
    readonly [Type in Intents['type']]: (incident: Incident, intent: Of<Intents, Type>, asked: Asked) => readonly Event[] | Refusal
  }
  /** What can only be asked while the record is open. */
  readonly whileOpen: readonly Intents['type'][]
  readonly evolve: {
    readonly [Type in Events['type']]: (incident: Incident, event: Of<Events, Type>, recorded: Recorded) => Incident
  }
  /** Null: nothing that a reader of the story needs. */
  readonly tell: { readonly [Type in Events['type']]: (event: Of<Events, Type>, story: Story) => Told | null }
  /** Messages of the channel, in the state after the event. */
  readonly posts: {
    readonly [Type in Events['type']]: (incident: Incident, event: Of<Events, Type>, recorded: Recorded) => readonly Message[]
  }
  /** Jobs besides the syncing of the surfaces, which every event causes. */
  readonly react?: (before: Incident, recorded: Recorded, after: Incident) => readonly Job[]
}

/** An author who is a person. */
export type Person = Actor & { readonly kind: 'person' }

/** Whether both are the same person. */
export const samePerson = (a: Actor | null | undefined, b: Actor | null | undefined): boolean =>
  a?.kind === 'person' && b?.kind === 'person' && a.id === b.id
