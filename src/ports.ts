/** What the bot may ask of the world, in our words: types and the one error they throw. Implementations are in `adapters/`. */
import type { AlarmMessage } from './incident/alarm.ts'
import type { Contact, Instant } from './incident/policy.ts'
import type { Message } from './incident/message.ts'
import type { PublishedIncident } from './incident/record.ts'

/** Why the world said no. `limited`: wait `retryAfter` seconds, for this method and scope only. `unavailable`: try again.
 *  `gone`: the channel, message or file is not there any more. `taken`: the name is in use. `denied`: the token lacks the
 *  right. `invalid`: it will never be accepted as it is. */
export type FaultCode = 'limited' | 'unavailable' | 'gone' | 'taken' | 'denied' | 'invalid'

/** A fault of the world outside. `limited` and `unavailable` are retried by the job; the others need a decision. */
export class PortFault extends Error {
  readonly code: FaultCode
  readonly method: string
  /** What a limit holds for: a channel's id, or empty for the whole method. */
  readonly scope: string
  /** Seconds; only with `limited`. */
  readonly retryAfter: number
  constructor(code: FaultCode, method: string, message: string, more: { scope?: string; retryAfter?: number; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'PortFault'
    this.code = code
    this.method = method
    this.scope = more.scope ?? ''
    this.retryAfter = more.retryAfter ?? 0
  }
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
  pin(channel: string, ts: string): Promise<void>
  topic(channel: string, topic: string): Promise<void>
  /** Invites all who can be invited; who cannot be is named with the reason, never a reason to fail the others. */
  invite(channel: string, users: readonly string[]): Promise<{ refused: { user: string; reason: string }[] }>
  /** `first`: it cannot be there yet, so nobody looks for it. */
  bookmark(channel: string, title: string, url: string, first?: boolean): Promise<void>
  /** The user with this verified e-mail, or null. */
  userByEmail(email: string): Promise<string | null>
  /** Members of a user group. */
  groupMembers(group: string): Promise<string[]>
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
  constructor(code: FetchFaultCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'FetchFault'
    this.code = code
  }
}
