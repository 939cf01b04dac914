/** Who on the ladder is called, and what is said where the bot cannot call them. Pure. */
import { running } from './clocks.ts'
import type { Incident } from './incident.ts'
import { waysTo } from './contact.ts'
import type { Part, Span } from './message.ts'
import { type Contact, type Instant, mentionable, type Policy, reachable } from './policy.ts'

/** The product of what belongs to none: it has no file of its own. */
const unassigned = 'unassigned'

const joined = (spans: readonly Span[]): Span[] => spans.flatMap((span, index) => (index === 0 ? [span] : [', ', span]))

/** What to do, and where it is set who is called: by variables of the environment that are not set, or in a file. */
const instead = ({ product }: Incident, contacts: readonly Contact[]): Span[] => {
  const names = [...new Set(contacts.flatMap(({ unset = [] }) => unset))]
  const file = product.key === unassigned ? 'severities.yml' : `${product.key}/service.yml`
  const where: Span[] = names.length === 0 ? [' in ', { code: file }] : [' by ', ...joined(names.map((code) => ({ code })))]
  return ['Call somebody yourself; who is called is set', ...where, '.']
}

/** Who is paged first, with their step of the ladder: the first whom the bot can call, or at least the first that it can name; null
 *  when the severity pages nobody. */
export const firstPaged = ({ page, ladder }: Policy): { readonly level: number; readonly to: Contact } | null => {
  const level = Math.max(0, ladder.findIndex(mentionable))
  const to = ladder[level]
  return page && to !== undefined ? { level, to } : null
}

/** That the bot can call nobody of the ladder, and what to do about it; null when it can. */
export const nobodyCalled = (incident: Incident): readonly Span[] | null => {
  const { ladder } = incident.policy
  if (ladder.some(mentionable)) return null
  const phones = ladder.filter(reachable)
  if (phones.length > 0)
    return ['⚠ Nobody was called: the bot cannot telephone. Please do: ', ...joined(phones.map((mention) => ({ mention }))), '.']
  return [`⚠ Nobody on the ladder of ${incident.product.name} can be reached: nobody was called. `, ...instead(incident, ladder)]
}

/** That the bot cannot call somebody who was named, and what to do about it; null when it can. */
export const notReached = (incident: Incident, to: Contact): readonly Span[] | null => {
  if (mentionable(to)) return null
  return reachable(to)
    ? ['⚠ ', { mention: to }, ' was not called: the bot cannot telephone. Please do.']
    : ['⚠ ', { mention: to }, ' was not called: no address is known. ', ...instead(incident, [to])]
}

/** That the bot cannot call this one step of the ladder, and what to do about it; null when it can. */
export const notCalled = (incident: Incident, to: Contact): readonly Span[] | null => {
  if (mentionable(to)) return null
  const nobody = nobodyCalled(incident)
  if (nobody !== null) return nobody
  return notReached(incident, to)
}

/** What is said when somebody was called and no further step follows. */
export const ladderEnds = 'Nobody is left on the ladder: if nobody answers, call somebody yourself.'

/** Whether everybody on the ladder was called, the response clock has run out, and nobody has responded. */
export const ladderSpent = ({ response, policy, escalation }: Incident): boolean =>
  running(response) && response.breachedAt !== null && policy.ladder[escalation + 1] === undefined && policy.ladder.some(mentionable)

/** That nobody was called for an incident that should have paged somebody and that nobody has taken on; null otherwise. */
export const pagedNobody = (incident: Incident): readonly Span[] | null =>
  incident.status === 'declared' && incident.response !== null && incident.policy.page ? nobodyCalled(incident) : null

/** Those of the ladder before the step that is called, whom the bot cannot call, one line each. */
export const skippedBefore = (incident: Incident, level: number): readonly Span[] =>
  incident.policy.ladder.slice(0, level).flatMap((contact): readonly Span[] => {
    const missed = notCalled(incident, contact)
    return missed === null ? [] : ['\n', ...missed]
  })

/** That nobody was called yet, because the chat cannot be used, and how these are reached without it. */
export const calledLater = ({ policy }: Incident, since: Instant, contacts: readonly Contact[]): readonly Part[] => [
  {
    kind: 'text',
    spans: [
      '⚠ Slack cannot be used since ',
      { time: since, zone: policy.calendar.zone },
      ': nobody was called there yet; that follows when it is back. Until then call them yourself:',
    ],
  },
  { kind: 'list', items: contacts.map((contact): Span[] => [{ bold: contact.name }, `: ${waysTo(contact)}`]) },
]
