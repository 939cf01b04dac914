/** Steps of an action, for a story told with `given` and `after`. */
import { conversation } from '../../../src/incident/conversation.ts'
import type { Obstacle } from '../../../src/incident/acting/obstacle.ts'
import type { ApprovalRule, Wanted } from '../../../src/incident/acting/request.ts'
import type { Person } from '../../../src/incident/areas/area.ts'
import type { Actor } from '../../../src/incident/events.ts'
import { plainText } from '../../../src/incident/plain.ts'
import { alice, bot, happened, step, type Step } from '../../given.ts'

export const carol: Person = { kind: 'person', id: 'carol', name: 'Carol Celik', slack: 'U0CAROL' }

const hash = 'a'.repeat(64)
const identities = (by: Actor) => (by.kind === 'person' ? [`person:${by.id}`] : [])

export const rule: ApprovalRule = { needed: 1, approvers: [], minutes: 10, breakGlassMinutes: 5 }

export const wanted: Wanted = {
  key: 'rollback',
  kind: 'versions',
  title: 'Roll back',
  input: {},
  risk: 'low',
  target: 'server:shop',
  rule,
  checks: [],
  watchMinutes: 0,
  link: null,
}

export const asks = (minute: number, more: Partial<Wanted> = {}): Step =>
  step({ type: 'ask-action', wanted: { ...wanted, ...more }, reason: null, identities: identities(alice) }, minute)
export const previewed = (minute: number, against: Obstacle | null = null): Step =>
  step(
    {
      type: 'preview-action',
      action: 1,
      preview: { summary: 'It changes.', calls: [], effects: [], reversible: null, warnings: [], plan: null, state: null },
      hash,
      before: [],
      against,
    },
    minute,
    bot,
  )
export const approves = (by: Actor, minute: number, against: Obstacle | null = null): Step =>
  step({ type: 'approve-action', action: 1, hash, identities: identities(by), basis: 'a member', against }, minute, by)
export const forces = (by: Actor, minute: number, against: Obstacle | null = null): Step =>
  step({ type: 'force-action', action: 1, why: 'Nobody answers', identities: identities(by), against }, minute, by)

/** The card of action 1 after these steps, as text. */
export const cardAfter = (...steps: readonly Step[]): string => {
  const card = conversation(happened(...steps)).find(({ key }) => key === 'action:1')
  return card?.step === 'message' ? plainText(card.message.parts, { typed: (code) => code }) : ''
}
