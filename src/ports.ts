/** What the bot may ask of the world, in our words: types and the one error they throw. Implementations are in `adapters/`. */
import type { Person } from './incident/areas/area.ts'
import type { FileRef } from './incident/areas/messages.ts'
import type { Actor } from './incident/events.ts'
import type { AlarmMessage } from './incident/alarm.ts'
import type { Incident } from './incident/incident.ts'
import type { Contact, Instant } from './incident/policy.ts'
import type { Message } from './incident/message.ts'
import type { PublishedIncident } from './incident/record.ts'

/** Why the world said no. `limited`: wait `retryAfter` seconds, for this method and scope only. `unavailable`: try again.
 *  `gone`: the channel, message or file is not there any more. `outside`: the bot is no member of the channel. `absent`: the person
 *  is not in the channel. `taken`: the name is in use. `denied`: the token lacks the right. `invalid`: it will never be accepted as
 *  it is. */
export type FaultCode = 'limited' | 'unavailable' | 'gone' | 'outside' | 'absent' | 'taken' | 'denied' | 'invalid'

/** A fault of the world outside. `limited` and `unavailable` are retried by the job; the others need a decision. */
export class PortFault extends Error {
  readonly code: FaultCode
  readonly method: string
  /** What a limit holds for: a channel's id, or empty for the whole method. */
  readonly scope: string
  /** Seconds; only with `limited`. */
  readonly retryAfter: number
  /** With `gone`: it may as well be a private channel that the bot is not in. The chat gives the same answer for both. */
  readonly hidden: boolean
  constructor(
    code: FaultCode,
    method: string,
    message: string,
    more: { scope?: string; retryAfter?: number; hidden?: boolean; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'PortFault'
    this.code = code
    this.method = method
    this.scope = more.scope ?? ''
    this.retryAfter = more.retryAfter ?? 0
    this.hidden = more.hidden ?? false
  }
}

/** A message that somebody wrote in a channel. `user` is empty for what an app or the chat itself says. */
export type Said = {
  readonly ts: string
  readonly user: string
  readonly text: string
  /** Pinned, or marked with 📌. */ readonly marked: boolean
}
/** A user of the chat. `standing`: what they are to this workspace. */
export type Member = {
  readonly user: string
  /** As people are known: the real name. */
  readonly name: string
  readonly email: string | null
  /** `guest`: let into single channels; `stranger`: of another workspace; `deactivated`: cannot sign in any more. */
  readonly standing: 'member' | 'guest' | 'stranger' | 'bot' | 'deactivated'
}

/** Somebody whom a person named by picking them in the chat. `word`: how it stands in the text, e.g. `@bea`. */
export type Mentioned = { readonly kind: 'user' | 'group'; readonly id: string; readonly word: string }

/** Who is meant: as an author of events, and as somebody who can be called. `standing`: `unknown` while the chat does not say. */
export type Who = {
  readonly person: Person
  readonly contact: Contact
  readonly standing: Member['standing'] | 'unknown'
}

/** The chat where incidents are run. Every method throws PortFault. `marker` is put into the message's metadata, so that a
 *  repeated job finds what an earlier run of it has posted. Channels and users are the chat's ids; messages are `ts`. */
export type Chat = {
  /** Throws `taken` when the name is in use, by an archived channel too. */
  createChannel(name: string, isPrivate: boolean): Promise<{ id: string; name: string }>
  /** Walks the list of channels: only for repeats and start-up. `createdAt` has a resolution of one second. */
  findChannel(name: string): Promise<{ id: string; createdAt: Instant; ours: boolean; archived: boolean } | null>
  post(channel: string, message: Message, marker: string): Promise<{ ts: string }>
  edit(channel: string, ts: string, message: Message, marker: string): Promise<void>
  /** Looks for a message of ours with this marker, posted at or after `since`. */
  findPosted(channel: string, marker: string, since: Instant): Promise<{ ts: string } | null>
  /** Whether a channel can still be written in. `gone`: or it is a private one that the bot is not in. */
  channelState(channel: string): Promise<'open' | 'archived' | 'gone'>
  /** What was said in a channel from `since` on, oldest first; without what was said in threads. */
  said(channel: string, since: Instant): Promise<Said[]>
  /** Shows a message to one person in a channel. May not arrive, even when it does not throw. Throws `absent` when they are not in
   *  the channel. */
  ephemeral(channel: string, user: string, message: Message): Promise<void>
  pin(channel: string, ts: string): Promise<void>
  topic(channel: string, topic: string): Promise<void>
  /** Invites all who can be invited; who cannot be is named with the reason, never a reason to fail the others. */
  invite(channel: string, users: readonly string[]): Promise<{ refused: { user: string; reason: string }[] }>
  /** Everybody in a channel, bots too. */
  members(channel: string): Promise<string[]>
  /** Makes the bot a member of a public channel; nothing happens when it is one. */
  join(channel: string): Promise<void>
  /** A message to one person, whom nobody else sees. */
  direct(user: string, message: Message, marker: string): Promise<void>
  /** `first`: it cannot be there yet, so nobody looks for it. */
  bookmark(channel: string, title: string, url: string, first?: boolean): Promise<void>
  /** The user with this verified e-mail, or null. */
  userByEmail(email: string): Promise<string | null>
  /** Members of a user group. */
  groupMembers(group: string): Promise<string[]>
  /** What the chat knows of a user; null when it knows none, or shows us none, by this id. */
  member(user: string): Promise<Member | null>
  /** Answers in the thread of a message. `first`: it cannot be there yet; else it is looked for by its marker, as with `bookmark`. */
  reply(channel: string, thread: string, message: Message, marker: string, first: boolean): Promise<void>
  /** Puts a file into the thread of a message. `first`: it cannot be there yet; else it is looked for by its name. */
  share(channel: string, thread: string, file: KeptFile, first: boolean): Promise<void>
}

/** A message that somebody wrote, as it is now. `text` is plain: mentions are names. `reactions`: who reacted with what, without the
 *  bot itself. */
export type ChatMessage = {
  /** Written by the bot. */
  readonly ours: boolean
  /** Null for what an integration posted without a user. */
  readonly user: string | null
  readonly name: string
  readonly text: string
  readonly pinned: boolean
  readonly reactions: ReadonlyMap<string, readonly string[]>
  readonly files: readonly FileRef[]
}

/** A file at a message that was kept, with what is in it. */
export type KeptFile = { readonly name: string; readonly type: string; readonly content: Buffer }

/** The files at kept messages: which of them are stored, by their ids, and what is in one; null when it is not stored. */
export type KeptFiles = {
  readonly stored: (incident: string) => Promise<ReadonlySet<string>>
  readonly content: (incident: string, id: string) => Promise<Buffer | null>
}

/** What is read of what people say. Throws PortFault. */
export type ChatReading = {
  /** The message, in a thread or not; null when it is not there any more. */
  readonly message: (channel: string, ts: string) => Promise<ChatMessage | null>
  /** Where it can be read. */
  readonly permalink: (channel: string, ts: string) => Promise<string | null>
  /** The chat's text as plain text: mentions become names. */
  readonly plain: (text: string) => Promise<string>
  readonly userName: (user: string) => Promise<string | null>
  readonly channelName: (channel: string) => Promise<string | null>
  /** What a group is called behind an @. */
  readonly groupName: (group: string) => Promise<string | null>
  /** The content of a file, or null when it is larger than `most` bytes. Nothing about the file is changed. */
  readonly file: (id: string, most: number) => Promise<Buffer | null>
}

/** What a job may use to follow what people say. */
type SaidContext = {
  readonly reading: ChatReading
  /** Who a user of the chat is to the bot. */
  readonly person: (user: string, name: string) => Actor
  /** Keeps a file of an incident, where only the bot reads it; again changes nothing. */
  readonly saveFile: (incident: string, file: FileRef, content: Buffer) => Promise<void>
  /** What is in a file that was kept; null when it is not here. */
  readonly fileContent: (incident: string, id: string) => Promise<Buffer | null>
}

/** What a job may use while more records want a channel than the chat opens at once. */
export type StormContext = {
  /** When this record may have its channel opened, null for now: after a limit the gravest come first. `fault`: it has just met one. */
  readonly turn: (id: string, fault?: PortFault) => Promise<Instant | null>
  /** The open records that wait for a channel and for nothing else, the gravest first. */
  readonly waiting: () => Promise<readonly Incident[]>
}

/** What a job may use besides the chat's own calls. */
export type ChatContext = SaidContext & StormContext

/** The homes that people have open. */
export type Homes = {
  /** Users who opened theirs lately. */
  readonly opened: () => Promise<readonly string[]>
  /** Shows it anew if it shows something else by now. Throws PortFault while that has to wait. */
  readonly refresh: (user: string) => Promise<void>
}

/** Where post-mortems are proposed. Throws PortFault. */
export type CodeHost = {
  /** Makes the file on `branch` what `write` gives for its present text (null: not there yet, neither on the branch nor on the
   *  default branch), with one open pull request for the branch. Changes nothing when the text is the same already. */
  propose(proposal: {
    branch: string
    path: string
    write: (present: string | null) => string
    message: string
    title: string
    body: string
  }): Promise<{ url: string; state: 'open' | 'merged' | 'closed' }>
}

/** The published record that people read. Throws PortFault. */
export type RecordStore = {
  /** Upserts everything about the incident; running it again changes nothing. */
  publish(incident: PublishedIncident): Promise<void>
}

/** A way to tell people without the chat. Throws PortFault. The same message may be sent twice, with the same `id`. */
export type Alarm = {
  readonly name: string
  readonly send: (message: AlarmMessage) => Promise<void>
  /** Why it could not be sent at present, or null. Sends nothing to anybody. */
  readonly probe: () => Promise<PortFault | null>
}

/** Templates in `templates/*.md`. */
export type Templates = {
  /** Throws when the template does not exist or refers to what the model lacks, naming file and line. */
  render(name: string, model: object): string
}

/** Turns contacts into what the chat can mention and invite; unknown ones stay as they are. */
export type Resolve = (contact: Contact) => Promise<Contact>

/** `fetch` that connects only to hosts that the product names; addresses are checked when the connection is made (faults 56).
 *  Never follows a redirect to another host that is not named. */
export type GuardedFetch = (
  url: string,
  options?: { method?: string; headers?: Record<string, string>; body?: string; timeoutMs?: number },
) => Promise<GuardedResponse>

/** The standard `fetch` under the same guard, for vendors' clients. */
export type WebFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/** What checks connect with. `hosts`: what may be reached; `privateHosts`: those of them whose address may be private. Only reading is
 *  allowed, and POST to exactly the addresses of `posts`. */
export type Guarded = (guard: {
  readonly hosts: readonly string[]
  readonly privateHosts: readonly string[]
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly readOnly: { readonly posts: readonly string[] }
  /** What else may be called, `POST https://example.com/v1/things/:id`. */
  readonly calls?: readonly string[]
}) => {
  readonly fetch: GuardedFetch
  readonly web: WebFetch
  readonly address: (host: string, port: number) => Promise<{ readonly address: string; readonly family: number }>
}

export type GuardedResponse = {
  status: number
  headers: Record<string, string>
  /** At most 1 MiB is read. */
  body: string
  /** Milliseconds from the first byte sent to the last byte read. */
  took: number
  /** The addresses that were followed, the first being the one asked for. */
  urls: string[]
}

/** Why a guarded fetch got no answer. */
export type FetchFaultCode = 'dns' | 'refused' | 'tls' | 'timeout' | 'redirect' | 'forbidden' | 'reset' | 'too-large'

export class FetchFault extends Error {
  readonly code: FetchFaultCode
  /** It is certain that nothing of the request was sent. Without that it may have arrived, and been done. */
  readonly unsent: boolean
  constructor(code: FetchFaultCode, message: string, cause?: unknown, unsent = false) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'FetchFault'
    this.code = code
    this.unsent = unsent
  }
}
