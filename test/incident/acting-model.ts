/** The protocol of approved actions, played by several people at once and held against a bookkeeping of its own, which knows who somebody
 *  truly is and asks nothing of `src/` but what has been recorded. Every job acts through commands, so that late, doubled and crashed jobs
 *  are commands that come at any time, and again. */
import * as fc from 'fast-check'
import type { Preview, Ran } from '../../src/incident/acting/action.ts'
import type { ActionRequest, ActionStatus, Wanted } from '../../src/incident/acting/request.ts'
import type { Command, Intent } from '../../src/incident/commands.ts'
import { decide } from '../../src/incident/decide.ts'
import type { Actor, Kind, Recorded } from '../../src/incident/events.ts'
import { evolve } from '../../src/incident/evolve.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { Policy, Severity } from '../../src/incident/policy.ts'

type Name = 'alice' | 'bob' | 'carol'

/** Somebody at a keyboard. `truth`: who that is, for certain; null: nobody can tell. */
type Account = { readonly by: Actor & { readonly kind: 'person' }; readonly truth: Name | null; readonly identities: readonly string[] }

const identitiesOf = (name: Name) => [`email:${name}@acme.example`, `person:${name}`]
const account = (truth: Name, more: object = {}): Account => ({
  truth,
  by: { kind: 'person', id: truth, name: truth, slack: `U0${truth.toUpperCase()}`, ...more },
  identities: identitiesOf(truth),
})

const accounts: readonly Account[] = [
  account('alice'),
  account('bob'),
  account('carol'),
  account('alice'),
  account('bob'),
  account('carol'),
  // Bob's second account shares his mailbox and nothing else.
  { ...account('bob', { id: 'slack:U0BOB2', slack: 'U0BOB2' }), identities: ['email:bob@acme.example'] },
  account('alice', { via: 'terminal' }),
  account('carol', { via: 'terminal' }),
  { truth: null, by: { kind: 'person', id: 'terminal:root', name: 'root', via: 'terminal', unverified: true }, identities: [] },
  { truth: null, by: { kind: 'person', id: 'slack:U0NOBODY', name: 'Nobody', slack: 'U0NOBODY' }, identities: [] },
]
const names: readonly Name[] = ['alice', 'bob', 'carol']

const policy = (severity: Severity): Policy => ({
  severity,
  meaning: severity,
  response: { kind: 'duration', minutes: 20, hours: 'always' },
  page: false,
  update: null,
  warnAt: [],
  ladder: [],
  escalateEvery: 10,
  invite: [],
  checklist: [],
  calendar: { zone: 'UTC', days: [1, 2, 3, 4, 5], from: '09:00', to: '17:00', holidays: [], sprint: { start: '2026-01-05', days: 14 } },
})

/** Minutes that an approval counts, and after which the lead of a P1 may go on alone. */
const approvalMinutes = 10
const glassMinutes = 5

const kinds = [
  { key: 'low', needed: 1, returnsAfter: undefined },
  { key: 'high', needed: 2, returnsAfter: undefined },
  { key: 'later', needed: 1, returnsAfter: 30 },
] as const

type Known = {
  readonly asker: Name | null
  readonly target: string
  readonly needed: number
  readonly undoes: number | null
  readonly automatic: boolean
  readonly votes: { readonly who: Name; readonly at: number; readonly hash: string }[]
  readonly authors: string[]
  hash: string | null
  previewedAt: number
  returnsAfter: number | null
  forced: { readonly who: Name | null } | null
  started: number
  ended: boolean
  /** Times that it was done. */
  done: number
}

type Book = {
  readonly id: string
  readonly kind: Kind
  incident: Incident
  seq: number
  open: boolean
  merged: boolean
  severity: Severity
  /** Since when. */
  graveSince: number
  lead: Actor | null
  readonly requests: Known[]
}

/** What was merged still takes back what it ran. */
const isOpen = ({ open, merged }: Book, { undoes }: Known): boolean => open || (merged && undoes !== null)

export type Counts = Record<'voted' | 'forced' | 'automatic' | 'undone' | 'ended' | 'refused' | 'events', number>
export const noCounts = (): Counts => ({ voted: 0, forced: 0, automatic: 0, undone: 0, ended: 0, refused: 0, events: 0 })

/** What a step is depends on `what`; the rest says of whom and of which. */
export type Step = readonly [what: number, who: number, which: number, how: number]

const start = Date.parse('2026-01-14T09:00:00.000Z')
const minute = 60_000
const ends: ReadonlySet<string> = new Set(['done', 'failed', 'unclear', 'denied', 'withdrawn', 'expired', 'refused', 'closed'])
const bot: Actor = { kind: 'bot' }

/** How often each comes. */
const weights = {
  ask: 4,
  preview: 4,
  approve: 8,
  start: 4,
  end: 3,
  verify: 1,
  undo: 3,
  'give-back': 2,
  force: 4,
  lead: 2,
  again: 2,
  move: 1,
  time: 2,
  back: 1,
  may: 2,
  lock: 1,
  expire: 1,
  unanswered: 1,
  deny: 1,
  unable: 1,
  progress: 1,
  wait: 1,
  tick: 1,
  severity: 2,
  resolve: 1,
  reopen: 2,
  merge: 1,
} as const
type What = keyof typeof weights
const whats = (Object.keys(weights) as What[]).flatMap((what) => Array<What>(weights[what]).fill(what))

/** What a step is mostly about. */
const fits: Partial<Record<What, readonly ActionStatus[]>> = {
  preview: ['previewing'],
  approve: ['waiting'],
  force: ['waiting'],
  start: ['approved'],
  end: ['running'],
  tick: ['running'],
  verify: ['verifying'],
  undo: ['verifying', 'done'],
  'give-back': ['verifying', 'done'],
}

const claim = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(what)
}

/** Plays the steps, and throws at the first thing that must never be. Gives how often what happened. */
export const play = (steps: readonly Step[], counts: Counts = noCounts()): Counts => {
  let now = start
  const may = new Set<Name>(names)
  /** The version of each target, which a preview sees. */
  const targets = [0, 0]
  /** Targets that somebody has locked. */
  const locked = new Set<string>()
  const past: { book: Book; intent: Intent; by: Actor }[] = []

  let opened = 0
  const open = (kind: Kind): Book => {
    opened += 1
    const id = `INC-${opened}`
    const intent: Intent = {
      type: 'declare',
      id,
      number: opened,
      kind,
      product: { key: 'acme', name: 'Acme', links: [], hash: 'f00d' },
      title: 'It fails',
      summary: null,
      policy: policy('P1'),
      private: false,
      rule: null,
      alert: null,
    }
    const decision = decide(null, { intent, at: new Date(now).toISOString(), by: accounts[0]!.by })
    if ('refused' in decision) throw new Error(decision.refused.code)
    const at = new Date(now).toISOString()
    const recorded = decision.events.map((event, index): Recorded => {
      return { incident: id, seq: index + 1, at, occurredAt: at, by: accounts[0]!.by, event }
    })
    const incident = recorded.reduce<Incident | null>(evolve, null)!
    return {
      id,
      kind,
      incident,
      seq: recorded.length,
      open: true,
      merged: false,
      severity: 'P1',
      graveSince: now,
      lead: null,
      requests: [],
    }
  }
  const books = [open('incident'), open('change'), open('drill')]

  const started = (book: Book, { hash }: { hash: string }, known: Known, author: Actor, hindered: boolean) => {
    claim(author.kind === 'bot', 'it was started by the bot')
    claim(known.started === 0, 'nothing starts twice')
    claim(!known.ended, 'nothing starts after its end')
    claim(!hindered, 'nothing starts that something stands against')
    claim(book.kind === 'drill' || !locked.has(known.target), 'nothing starts on a locked target, but in a drill')
    claim(known.hash !== null && hash === known.hash, 'what starts is what was previewed')
    if (known.undoes !== null) {
      const first = book.requests[known.undoes - 1]!
      claim(first.done === 1, 'what is taken back was done')
      const others = book.requests.filter((other) => other !== known && other.undoes === known.undoes)
      claim(
        others.every((other) => other.done === 0 && (other.started === 0 || other.ended)),
        'it is taken back once',
      )
    }
    if (known.automatic) {
      const first = book.requests[(known.undoes ?? 0) - 1]
      claim(first?.returnsAfter != null && first.undoes === null, 'what returns by itself was approved for a time')
      counts.automatic += 1
      return
    }
    claim(isOpen(book, known), 'nothing starts in a record that is closed')
    claim(now < known.previewedAt + approvalMinutes * minute, 'nothing starts after its time')
    if (known.forced !== null) {
      claim(book.severity === 'P1' && book.kind === 'incident', 'an action runs without approval in an incident of P1 only')
      claim(
        book.lead !== null && book.lead.kind === 'person' && book.lead.id === known.forced.who,
        'an action runs without approval by the lead only',
      )
      counts.forced += 1
      return
    }
    const voters = new Set(known.votes.map(({ who }) => who))
    claim(voters.size >= known.needed, 'enough have approved')
    claim(known.asker !== null && !voters.has(known.asker), 'whoever asked has not approved')
    for (const { who, hash: seen } of known.votes) {
      claim(may.has(who), 'who has approved still may')
      claim(seen === hash, 'what was approved is what starts')
    }
    counts.voted += 1
  }

  const note = (book: Book, { event, by }: Recorded, who: Account | null, command: Intent) => {
    switch (event.type) {
      case 'action-asked': {
        const automatic = event.automatic === true
        claim(event.action === book.requests.length + 1, 'requests are numbered')
        claim(automatic ? by.kind === 'bot' : who?.truth != null, 'who asks is known for certain')
        const needed = (kinds.find(({ key }) => key === event.key)?.needed ?? 9) + (by.kind === 'person' && by.via === 'terminal' ? 1 : 0)
        book.requests.push({
          asker: who?.truth ?? null,
          target: event.target,
          needed,
          undoes: event.undoes ?? null,
          automatic,
          votes: [],
          authors: [],
          hash: null,
          previewedAt: 0,
          returnsAfter: null,
          forced: null,
          started: 0,
          ended: false,
          done: 0,
        })
        return
      }
      case 'resolved':
      case 'merged':
        book.open = false
        book.merged ||= event.type === 'merged'
        return
      case 'reopened':
        book.open = true
        return
      case 'severity-changed':
        book.severity = event.policy.severity
        book.graveSince = now
        return
      case 'role-taken':
        if (event.role === 'lead') book.lead = event.person
        return
      case 'role-left':
        if (event.role === 'lead') book.lead = null
        return
      default:
    }
    if (!('action' in event) || typeof event.action !== 'number') return
    const known = book.requests[event.action - 1]
    if (known === undefined) throw new Error(`${event.type} of a request that nobody asked for`)
    claim(!known.ended || event.type === 'action-verified', `an ended request does not change: ${event.type}`)
    switch (event.type) {
      case 'action-previewed':
        claim(known.hash === null, 'a request is previewed once')
        known.hash = event.hash
        known.previewedAt = now
        known.returnsAfter = event.preview.returnsAfter ?? null
        return
      case 'action-approved': {
        claim(who !== null && who.truth !== null, 'who approves is known for certain')
        const truth = who!.truth!
        claim(who!.by.via !== 'terminal', 'nobody approves from a terminal')
        claim(truth !== known.asker, 'nobody approves what they asked for')
        claim(
          known.votes.every((vote) => vote.who !== truth),
          'nobody approves twice',
        )
        claim(may.has(truth), 'who approves may')
        claim(book.kind === 'drill' || !locked.has(known.target), 'no vote is spent on a locked target, but in a drill')
        claim(isOpen(book, known) && known.started === 0, 'what is approved is open')
        claim(now < known.previewedAt + approvalMinutes * minute, 'what is approved is in its time')
        claim(event.hash === known.hash, 'what is approved is what was previewed')
        if (command.type === 'approve-action' && command.hash !== null)
          claim(command.hash === known.hash, 'what was pressed is what was previewed')
        known.votes.push({ who: truth, at: now, hash: event.hash })
        known.authors.push(by.kind === 'person' ? by.id : '')
        return
      }
      case 'action-forced':
        claim(book.severity === 'P1' && book.kind === 'incident' && book.open, 'break-glass is for an open incident of P1')
        claim(who !== null && who.truth !== null && who.by.via !== 'terminal', 'who runs it alone is known for certain')
        claim(book.lead?.kind === 'person' && book.lead.id === who!.by.id, 'who runs it alone leads')
        claim(event.why.trim() !== '', 'break-glass has a reason')
        claim(!locked.has(known.target), 'break-glass is no way around a lock')
        claim(now >= known.previewedAt + glassMinutes * minute, 'break-glass waits for others')
        claim(now >= book.graveSince + glassMinutes * minute, 'others had their time in the P1')
        claim(now < known.previewedAt + approvalMinutes * minute, 'break-glass is in its time')
        claim(event.hash === known.hash && known.hash !== null, 'break-glass is of what was previewed')
        known.forced = { who: who!.by.id as Name }
        return
      case 'action-started':
        started(book, event, known, by, command.type === 'start-action' && command.hindrance !== null)
        known.started += 1
        return
      case 'action-ticked':
      case 'action-waits':
      case 'action-progressed':
        claim(known.started === 1, 'what goes on was started')
        return
      case 'action-ran':
        claim(known.started === 1 && known.done === 0, 'what ran was started, and ran once')
        if (event.ran.outcome !== 'done') known.ended = true
        else {
          known.done = 1
          if (known.undoes !== null) counts.undone += 1
        }
        return
      case 'action-verified':
        claim(known.done === 1, 'what is verified was done')
        known.ended ||= event.last
        return
      case 'action-ended':
      case 'action-refused':
        claim(known.started === 0, 'what has started is not called off')
        known.ended = true
        counts.ended += 1
        return
      default:
    }
  }

  /** An end is an end; only that it was taken back is added to it. */
  const same = (before: ActionRequest, after: ActionRequest | undefined) =>
    after === before ||
    (before.status === 'done' &&
      after !== undefined &&
      before.undoneBy === null &&
      JSON.stringify({ ...after, undoneBy: null }) === JSON.stringify(before))

  const handle = (book: Book, intent: Intent, who: Account | null) => {
    const by = who?.by ?? bot
    const at = new Date(now).toISOString()
    const command: Command = { intent, at, by }
    past.push({ book, intent, by })
    const decision = decide(book.incident, command)
    if ('refused' in decision) {
      counts.refused += 1
      return
    }
    const before = book.incident.actions
    for (const event of decision.events) {
      book.seq += 1
      const recorded: Recorded = { incident: book.id, seq: book.seq, at, occurredAt: decision.occurredAt, by, event }
      book.incident = evolve(book.incident, recorded)
      counts.events += 1
      note(book, recorded, who, intent)
    }
    if (book.incident.actions === before) return
    for (const [index, request] of before.entries())
      if (ends.has(request.status)) claim(same(request, book.incident.actions[index]), `request ${index + 1} had ended, and is another now`)
  }

  const hashOf = (target: number, request: ActionRequest) =>
    `${request.key} ${JSON.stringify(request.input)} ${request.undoes} ${target} ${targets[target]}`

  /** What stands against it, as whoever takes a vote or starts it finds. */
  const lockOn = (book: Book, target: string) =>
    book.kind === 'drill' || !locked.has(target)
      ? null
      : ({ code: 'locked', why: `${target} is locked.`, remedy: 'Unlock it.', command: null, thaws: false } as const)

  const mayNot = { code: 'role', why: 'May not any more' } as const
  /** Whether somebody who has approved it may not any more, as a job finds when it looks. */
  const lapsed = ({ votes }: ActionRequest): boolean =>
    votes.some(({ by }) => by.kind === 'person' && !may.has((by.id === 'slack:U0BOB2' ? 'bob' : by.id) as Name))

  const wantedOf = (target: number, which: number): Wanted => {
    const { key, needed } = kinds[which % kinds.length]!
    return {
      key,
      kind: 'fixture',
      title: key,
      input: { to: `v${which % 2}` },
      risk: needed === 1 ? 'low' : 'high',
      target: `server:${target}`,
      rule: { needed, approvers: [], minutes: approvalMinutes, breakGlassMinutes: glassMinutes },
      checks: [],
      watchMinutes: 0,
      link: null,
    }
  }

  /** The same again: who may, and what is locked, is looked at each time that something arrives or runs. */
  const asNow = (book: Book, intent: Intent, who: Account | null): Intent => {
    if (!('action' in intent)) return intent
    const request = book.incident.actions.find(({ action }) => action === intent.action)
    const against = request === undefined ? null : lockOn(book, request.target)
    if (intent.type === 'approve-action') return { ...intent, basis: who?.truth != null && may.has(who.truth) ? 'a member' : null, against }
    if (intent.type === 'force-action') return { ...intent, against }
    if (intent.type !== 'start-action') return intent
    return { ...intent, hindrance: request !== undefined && lapsed(request) ? mayNot : (against ?? intent.hindrance) }
  }

  const step = ([what, whoNumber, which, how]: Step) => {
    const book = books[how % 16 < 4 ? 1 : how % 16 === 4 ? 2 : 0]!
    const dice = Math.floor(how / 16)
    const who = accounts[whoNumber % accounts.length]!
    const { actions } = book.incident
    const name = whats[what % whats.length]!
    // Mostly one for which it is meant, the latest or the first, else any of the latest.
    const fitting = ({ status }: ActionRequest) => fits[name]?.includes(status) ?? false
    const meant = which % 4 === 0 ? undefined : which % 4 === 1 ? actions.find(fitting) : actions.findLast(fitting)
    const request = meant ?? (actions.length === 0 ? undefined : actions[actions.length - 1 - (which % Math.min(actions.length, 4))])
    const target = request === undefined ? 0 : Number(request.target.slice(-1))
    const action = request?.action ?? 1
    const against = request === undefined ? null : lockOn(book, request.target)
    const basis = who.truth !== null && may.has(who.truth) ? 'a member' : null
    const { identities } = who
    const does: Record<What, () => void> = {
      ask: () => handle(book, { type: 'ask-action', wanted: wantedOf(dice % 2, which), reason: null, identities }, who),
      preview: () => {
        if (request === undefined) return
        const returnsAfter = kinds.find(({ key }) => key === request.key)?.returnsAfter
        const preview: Preview = {
          summary: 'It changes',
          calls: [],
          effects: [],
          reversible: null,
          warnings: [],
          plan: null,
          state: targets[target]!,
          ...(returnsAfter === undefined ? {} : { returnsAfter }),
        }
        handle(book, { type: 'preview-action', action, preview, hash: hashOf(target, request), before: [], against }, null)
      },
      unable: () => {
        if (dice % 4 === 0) handle(book, { type: 'refuse-action', action, why: 'It is not there' }, null)
      },
      approve: () => {
        const hash = dice % 7 === 0 ? 'of another' : dice % 3 === 0 ? null : (request?.hash ?? null)
        handle(book, { type: 'approve-action', action, hash, identities, basis, against }, who)
      },
      deny: () => {
        if (dice % 3 === 0) handle(book, { type: 'deny-action', action, why: null, identities }, who)
      },
      force: () => {
        const why = dice % 4 === 0 ? ' ' : 'Nobody answers'
        const leads = accounts.find(({ by }) => book.lead?.kind === 'person' && by.id === book.lead.id)
        const forces = dice % 3 === 0 || leads === undefined ? who : leads
        handle(book, { type: 'force-action', action, why, identities: forces.identities, against }, forces)
      },
      expire: () => handle(book, { type: 'expire-action', action }, null),
      unanswered: () => handle(book, { type: 'unanswered-action', action }, null),
      start: () => {
        if (request === undefined) return
        const hindrance = lapsed(request) ? mayNot : dice % 13 === 0 ? ({ code: 'busy', why: 'Another runs' } as const) : against
        const hash = dice % 9 === 0 ? 'of another' : hashOf(target, request)
        handle(book, { type: 'start-action', action, hash, hindrance }, dice % 17 === 0 ? who : null)
      },
      progress: () => handle(book, { type: 'progress-action', action, text: 'On its way', memo: dice }, null),
      wait: () => handle(book, { type: 'wait-action', action, task: `Step ${dice % 3}`, link: null }, null),
      tick: () => handle(book, { type: 'tick-action', action, tick: (request?.ticks.length ?? 0) + (dice % 3 === 0 ? 0 : 1) }, who),
      end: () => {
        const ran: Ran =
          dice % 6 === 0
            ? { outcome: 'failed', text: 'It failed' }
            : dice % 7 === 0
              ? { outcome: 'unclear', text: 'Nobody knows' }
              : { outcome: 'done', text: 'It is done', ...(dice % 5 === 4 ? {} : { undo: { to: dice } }) }
        handle(book, { type: 'end-action', action, ran }, null)
      },
      verify: () => handle(book, { type: 'verify-action', action, findings: [], results: [], last: dice % 3 !== 0 }, null),
      undo: () => {
        if (request === undefined) return
        handle(
          book,
          {
            type: 'ask-action',
            wanted: { ...wantedOf(target, 0), key: request.key, input: request.input, rule: request.rule },
            reason: null,
            identities,
            undoes: action,
          },
          who,
        )
      },
      'give-back': () => {
        if (request === undefined) return
        const wanted = { ...wantedOf(target, 0), key: request.key, input: request.input }
        handle(book, { type: 'return-action', action, wanted }, dice % 8 === 0 ? who : null)
      },
      move: () => {
        targets[dice % 2]! += 1
      },
      time: () => {
        now += [1, 2, 3, 5, 11][dice % 5]! * minute
      },
      back: () => {
        now -= (dice % 4) * minute
      },
      may: () => {
        const person = names[whoNumber % names.length]!
        if (dice % 3 === 0) may.delete(person)
        else may.add(person)
      },
      lock: () => {
        if (dice % 12 === 0) locked.add(`server:${dice % 2}`)
        else locked.delete(`server:${dice % 2}`)
      },
      lead: () =>
        handle(book, dice % 4 === 0 ? { type: 'leave-role', role: 'lead' } : { type: 'take-role', role: 'lead', person: who.by }, who),
      severity: () => handle(book, { type: 'change-severity', policy: policy(dice % 3 === 0 ? 'P2' : 'P1'), why: null }, who),
      resolve: () => {
        if (dice % 8 === 0) handle(book, { type: 'resolve', summary: 'It works' }, who)
      },
      reopen: () => handle(book, { type: 'reopen', why: `Again ${past.length}` }, who),
      merge: () => {
        // What was merged is over for good, but for what is taken back of it: after a while another record is opened in its place.
        if (book.merged && dice % 3 === 0) books[books.indexOf(book)] = open(book.kind)
        else if (!book.merged && dice % 30 === 0) handle(book, { type: 'merge', into: 'INC-999', channel: null }, who)
      },
      // A job that runs again, a click that comes late, a message that is delivered twice.
      again: () => {
        const { book: where, intent, by } = past[past.length - 1 - (which % Math.min(past.length, 12))] ?? {}
        if (where === undefined || intent === undefined) return
        const whose = accounts.find((each) => each.by === by) ?? null
        handle(where, asNow(where, intent, whose), whose)
      },
    }
    does[name]()
  }

  for (const each of steps) step(each)
  for (const { incident, requests } of books)
    for (const [index, known] of requests.entries()) {
      const recorded = incident.actions[index]!.votes.map(({ by }) => (by.kind === 'person' ? by.id : ''))
      claim(JSON.stringify(recorded) === JSON.stringify(known.authors), 'every vote stands in the record with its author')
    }
  return counts
}

/** Steps of one story; shrinking leaves out what does not matter and makes the rest small. */
export const stories = (most: number): fc.Arbitrary<Step[]> =>
  fc.noBias(
    fc.array(fc.tuple(fc.nat(whats.length - 1), fc.nat(accounts.length - 1), fc.nat(999), fc.nat(9_999)), { maxLength: most, size: 'max' }),
  )

/** What a failing story was, in words. */
export const told = (steps: readonly Step[]): string =>
  steps
    .map(([what, who, which, how]) => `${whats[what % whats.length]} (${accounts[who % accounts.length]!.by.id}, ${which}, ${how})`)
    .join('\n')
