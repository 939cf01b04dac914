/** How the scanned folders say what they hold: each file there is `export default defineX({…})`. */
import type { Remedies } from './acting.ts'
import type { Approvers } from './approvers.ts'
import type { ActionControls } from './controls.ts'
import type { Requests } from './requests.ts'
import type { Catalogue } from './catalogue.ts'
import type { AskableChecks } from './askable.ts'
import type { RunChecks } from './checking.ts'
import type { Digests, Samples } from './define/daily.ts'
import type { Form } from './form.ts'
import type { Intent } from './incident/commands.ts'
import type { Quoted } from './incident/areas/messages.ts'
import type { Actor, Recorded } from './incident/events.ts'
import type { Incident } from './incident/incident.ts'
import type { Refusal } from './incident/refusals.ts'
import type { Outage, Situation } from './incident/alarm.ts'
import type { Part, Span } from './incident/message.ts'
import type { Instant } from './incident/policy.ts'
import type { Wish } from './incident/wish.ts'
import type {
  Alarm,
  Chat,
  ChatContext,
  CodeHost,
  Homes,
  KeptFile,
  KeptFiles,
  Mentioned,
  RecordStore,
  Resolve,
  Templates,
  Who,
} from './ports.ts'

/** An incident with the events that make it. `head(seq)` is the chain's hash at that event. */
export type Loaded = { readonly incident: Incident; readonly events: readonly Recorded[]; readonly head: (seq: number) => string }

/** What became of a command: the incident after it and the events it added, or a refusal. */
export type Outcome = { readonly incident: Incident; readonly events: readonly Recorded[] } | { readonly refused: Refusal }

/** What a surface is known to hold. `intent`: it was about to be made; whoever finds it looks before making it again. */
export type SurfaceItem = {
  readonly key: string
  readonly ref: string | null
  readonly hash: string | null
  readonly state: 'intent' | 'done' | 'failed'
  readonly at: Instant
}

/** A surface held under a lease. Every write throws when the lease was lost meanwhile, so that the run stops there. */
export type SurfaceSession = {
  readonly items: ReadonlyMap<string, SurfaceItem>
  /** The database's clock when the surface was read. */
  readonly now: Instant
  readonly intend: (key: string) => Promise<void>
  readonly done: (key: string, ref: string | null, hash: string) => Promise<void>
  readonly failed: (key: string, error: string) => Promise<void>
  /** As `done`, but recorded together with the next write, or as the surface is given back. Whoever dies before that has the item as it
   *  was: looked for if it was intended, changed once more if it was there. */
  readonly showed: (key: string, ref: string | null, hash: string) => void
  /** Records what is only `showed` so far. To be called before anything else is changed outside: who lost the lease is to stop there. */
  readonly settle: () => Promise<void>
}

export type DelayedJob = {
  readonly queue: string
  readonly data: Readonly<Record<string, string | number>>
  readonly key: string
  readonly startAfter: Instant
}

/** The outage of the chat that lasts, and how things are meanwhile. */
export type OutageNow = Outage & Situation

/** What a job may use. */
export type JobContext = ChatContext & {
  readonly now: () => Promise<Instant>
  readonly load: (id: string) => Promise<Loaded | null>
  readonly handle: (id: string, intent: Intent, by?: Actor, occurredAt?: Instant) => Promise<Outcome>
  /** Runs `apply` on the incident as it is, under the surface's lease, and again as long as the incident changed meanwhile. */
  readonly surface: (
    surface: string,
    id: string,
    repeated: boolean,
    apply: (session: SurfaceSession, loaded: Loaded) => Promise<void>,
  ) => Promise<void>
  /** The same on a surface that belongs to no incident. */
  readonly shared: (surface: string, repeated: boolean, apply: (session: SurfaceSession) => Promise<void>) => Promise<void>
  /** Throws PortFault `limited` while calls of this scope have to wait. */
  readonly mayCall: (method: string, scope: string) => Promise<void>
  /** The ids of all open records. */
  readonly openIncidents: () => Promise<readonly string[]>
  readonly enqueue: (job: DelayedJob) => Promise<void>
  /** The id of the announcements channel; made if it does not exist, or if it is the one that is `gone`. */
  readonly announceChannel: (gone?: string) => Promise<string>
  readonly chat: Chat
  readonly homes: Homes
  /** Null when the group is off. */
  readonly codeHost: CodeHost | null
  readonly records: RecordStore | null
  /** How people are told while the chat cannot be used; none when nothing is configured. */
  readonly alarms: readonly Alarm[]
  /** The outage of the chat that lasts, or null. */
  readonly outage: () => Promise<OutageNow | null>
  /** Whether it was known at this time that the chat cannot be used. */
  readonly wasAway: (at: Instant) => Promise<boolean>
  readonly resolve: Resolve
  readonly templates: Templates
  readonly catalogue: Catalogue
  readonly runChecks: RunChecks
  readonly askable: AskableChecks
  readonly remedies: Remedies
  readonly approvers: Approvers
  readonly actions: ActionControls
  readonly requests: Requests
  readonly samples: Samples
  readonly digests: Digests
  /** Alerts of one product and rule, oldest first, that no incident has yet been told of; each is settled once. */
  readonly matchAlerts: (product: string, rule: string) => Promise<void>
  readonly log: Log
}

/** Constant messages; the variables are fields. */
export type Log = Record<'debug' | 'info' | 'warn' | 'error', (fields: object, message: string) => void>

export type JobRun = { readonly data: Readonly<Record<string, string | number>>; readonly retryCount: number; readonly signal: AbortSignal }

export type JobDefinition = {
  readonly summary: string
  /** Seconds after which a run is given up and the job is taken as failed. */
  readonly expireInSeconds: number
  /** How often it is repeated before it becomes a dead letter; the pauses double from 1 s up to 5 min. */
  readonly retryLimit: number
  readonly concurrency: number
  /** Whether jobs with the same key coalesce while they wait. */
  readonly coalesce: boolean
  /** How long finished ones are kept, and with them the ids that say "once"; a week without it. */
  readonly keptSeconds?: number
  readonly run: (job: JobRun, context: JobContext) => Promise<void | { again: Instant }>
}

/** Declares an effect; its queue is its file's path below `src/jobs/`, with `/` as `-`. */
export const defineJob = (definition: JobDefinition): JobDefinition => definition

/** What the person who asked is told, and nobody else. `file`: what they get with it; `standsAlone`: without it, too. */
export type Told = { readonly parts: readonly Part[]; readonly file?: KeptFile; readonly standsAlone?: true }

/** Shows the person who asked this instead of what they were told before. */
export type Show = (told: Told) => Promise<void>

/** `follows`: tells the rest as it comes; the chat takes five answers to a command at most. */
export type Answer = Told & { readonly follows?: (show: Show) => Promise<void> }

export type { Checked } from './checking.ts'
export { type AlertRequest, type AlertSource, defineAlertSource, type ParsedAlert } from './define/alert.ts'
export type { Field, Form } from './form.ts'

/** Who asked, and from where. */
export type Place = {
  readonly by: Actor
  readonly channel: string
  /** The incident whose channel this is, or that was named first. */
  readonly incident: Incident | null
  /** Its id; known also when what is stored of it cannot be read. */
  readonly id: string | null
  /** The message whose menu the form was opened from. */
  readonly from?: Quoted
}

export type Ask = Place & {
  /** What was typed behind the verb (and behind the incident's id). */
  readonly words: string
  /** True when a person can be shown a form now. */
  readonly canShowForm: boolean
  /** Whom the words name, in order. */
  readonly mentioned?: readonly Mentioned[]
}

/** What a verb may do and say. `form`: show this form and end there. */
export type Reply = Answer | { readonly form: Form } | { readonly refused: Refusal }

type Pair = { readonly source: Incident; readonly target: Incident }

/** What became of a merge: the target as it is then; or both as they are, while nobody has confirmed it. */
export type MergeOutcome = { readonly merged: Pair } | { readonly asks: Pair } | { readonly refused: Refusal }

/** What a verb may use. */
export type CommandContext = {
  readonly now: () => Promise<Instant>
  readonly load: (id: string) => Promise<Loaded | null>
  readonly handle: (id: string, intent: Intent, by: Actor, occurredAt?: Instant) => Promise<Outcome>
  readonly declare: (wish: Wish, by: Actor) => Promise<Outcome>
  /** Makes `from` a part of `into`, both by their ids. `channel`: where it was asked. Nothing takes it back, so that without `confirmed`
   *  it is only looked whether it may be. */
  readonly merge: (from: string, into: string, by: Actor, channel: string, confirmed: boolean) => Promise<MergeOutcome>
  readonly open: (by: Actor) => Promise<readonly OpenIncident[]>
  /** The public records that were declared since, of one product or all, oldest first; what cannot be read is left out. */
  readonly history: (since: Instant, product: string | null) => Promise<readonly Omit<Loaded, 'head'>[]>
  readonly verify: (
    id: string,
  ) => Promise<
    | { readonly whole: true; readonly events: number; readonly head: string }
    | { readonly whole: false; readonly seq: number; readonly why: string }
  >
  readonly files: KeptFiles
  readonly runChecks: RunChecks
  readonly askable: AskableChecks
  readonly approvers: Approvers
  readonly actions: ActionControls
  readonly requests: Requests
  /** What the digest of a product would say now. */
  readonly digest: (product: string) => Promise<readonly Part[]>
  readonly catalogue: Catalogue
  /** Null: the chat knows nobody by this id. `name` is used while it does not answer. */
  readonly who: (user: string, name: string) => Promise<Who | null>
  readonly resolve: Resolve
  /** Since when the chat cannot be used; null: it can, as far as is known. */
  readonly away: () => Promise<Instant | null>
  /** Which of the places for post-mortems are on; absent: all. */
  readonly publishes: { readonly codeHost: boolean; readonly record: boolean }
  /** Every verb of both commands, for help. */
  readonly verbs: readonly Verb[]
}

/** A record as a verb finds it. `incident`: null when what is stored of it cannot be read. `open`: whether this person may know,
 *  from this channel, what is in it. */
export type Found = { readonly id: string; readonly incident: Incident | null; readonly open: boolean }

/** What finds the record that somebody means. */
export type Finder = {
  readonly byId: (id: string, by: Actor, channel: string) => Promise<Found | null>
  /** The record whose channel this is. */
  readonly byChannel: (channel: string) => Promise<Found | null>
}

/** A line of the list of open incidents. Private ones show only their number to who is not in them; `incident` is null when what is
 *  stored of it cannot be read. */
export type OpenIncident = { readonly id: string; readonly hidden: boolean; readonly incident: Incident | null }

export type CommandDefinition = {
  /** What it does, in one line of `/incident help`. */
  readonly summary: string
  /** What can be typed, e.g. `severity <P1..P4 or alias> [why]`. */
  readonly usage: string
  readonly examples: readonly string[]
  /** Whether it needs an incident: its channel, or an id as the first word. `id`: also one that cannot be read. */
  readonly needs: 'incident' | 'id' | 'nothing'
  /** What to say of its words where there is no record, in place of the general sentence. */
  readonly outside?: (words: string) => Refusal
  /** Whether its words are a text, which may begin with anything: with the id of another record, too. */
  readonly says?: true
  readonly run: (ask: Ask, context: CommandContext) => Promise<Reply>
  /** What it asks in a form where it is given no words, or only `…`; or why it cannot be done now, which is said before anybody fills
   *  anything in. What is filled in is read as its words, unless it has a `submit`. */
  readonly form?: (place: Place, context: CommandContext) => Promise<Form | Refusal>
  /** Whether it has something to say without words, so that only `…` asks for its form. */
  readonly bare?: true
  /** Its form anew, when a field that `refills` it was filled in; what else was filled in stays. */
  readonly refill?: (values: Readonly<Record<string, string>>, place: Place, context: CommandContext) => Promise<Form>
  /** What the form of this verb does when it is sent. */
  readonly submit?: (values: Readonly<Record<string, string>>, place: Place, context: CommandContext) => Promise<Reply>
}

export type Verb = { readonly command: 'incident' | 'diag'; readonly name: string; readonly definition: CommandDefinition }

/** Declares a verb; its name is its file's, its command its folder's. */
export const defineCommand = (definition: CommandDefinition): CommandDefinition => definition

/** An answer of one paragraph. */
export const say = (...spans: readonly Span[]): Answer => ({ parts: [{ kind: 'text', spans }] })

/** The refusal of an outcome, or what `done` says of it. */
export const tell = (outcome: Outcome, done: (incident: Incident) => Reply): Reply =>
  'refused' in outcome ? outcome : done(outcome.incident)

/** The incident that a verb with `needs: 'incident'` is always given. */
export const given = (place: Place): Incident => {
  if (place.incident === null) throw new Error('a verb that needs an incident was run without one')
  return place.incident
}
