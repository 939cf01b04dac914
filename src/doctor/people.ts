/** The people and groups that the catalogue names: whether Slack knows them. */
import type { Catalogue, Product } from '../catalogue.ts'
import type { Contact } from '../incident/policy.ts'
import { severities } from '../incident/policy.ts'
import { PortFault } from '../ports.ts'
import { error, faulty, type Finding, ok, plural, warning } from './finding.ts'

export type Group = { readonly id: string; readonly handle: string; readonly enabled: boolean; readonly members: number }

export type Directory = {
  readonly groups: () => Promise<readonly Group[]>
  /** The user with this e-mail, or null. */
  readonly userByEmail: (email: string) => Promise<string | null>
  /** Whether this user is there and active. */
  readonly isActive: (user: string) => Promise<boolean>
}

/** `users.lookupByEmail` takes about 50 calls a minute: so many at once, and then one in so many milliseconds. */
const pace = { atOnce: 10, everyMs: 1_500 }

/** A limit is waited for so many times, and no longer than so many seconds. */
const patience = { times: 3, seconds: 90 }

export type Wait = (ms: number) => Promise<unknown>

/** Asks with the pace that Slack allows. */
const createAsk = (wait: Wait) => {
  let asked = 0
  return async <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
    for (let times = 0; ; times += 1) {
      asked += 1
      if (asked > pace.atOnce) await wait(pace.everyMs)
      try {
        return await work()
      } catch (fault) {
        if (!(fault instanceof PortFault) || fault.code !== 'limited' || times === patience.times) throw fault
        await wait(Math.min(fault.retryAfter, patience.seconds) * 1000)
      }
    }
  }
}

/** By what Slack is asked for somebody. */
const addressOf = ({ slackUser, slackGroup, email }: Contact): string | null =>
  slackUser ?? (slackGroup === undefined ? (email?.toLowerCase() ?? null) : null)

/** Everybody on a ladder or invited: who is not there is missed in an incident. Others are only shown. */
const called = (product: Product): Set<string | null> =>
  new Set(severities.flatMap((severity) => [...product.policy(severity).ladder, ...product.policy(severity).invite].map(addressOf)))

const productsOf = (catalogue: Catalogue): Product[] =>
  [...catalogue.products.values()].filter(({ key }) => key !== catalogue.unassigned.key)

const examineGroups = async (catalogue: Catalogue, directory: Directory): Promise<Finding[]> => {
  const wanted = productsOf(catalogue).flatMap((product) =>
    [...product.contacts.values()].flatMap(({ name, slackGroup }) => (slackGroup === undefined ? [] : [{ product, name, id: slackGroup }])),
  )
  if (wanted.length === 0) return []
  const groups = await directory.groups()
  const bad = wanted.flatMap(({ product, name, id }): Finding[] => {
    const group = groups.find((each) => each.id === id)
    const where = `${product.name}: ${name}`
    const todo = 'Correct the id of the group in service.yml, or make the group in Slack.'
    if (group === undefined) return [error(where, `there is no user group ${id}`, todo)]
    if (!group.enabled) return [error(where, `the user group @${group.handle} is disabled`, 'Enable it in Slack, or name another.')]
    return group.members === 0 ? [warning(where, `the user group @${group.handle} has no members`, 'Put somebody into it.')] : []
  })
  return [...(bad.length === 0 ? [ok('people', plural(new Set(wanted.map(({ id }) => id)).size, 'group'))] : []), ...bad]
}

/** Whether Slack knows somebody, asked once each; null for who is not to be asked for. */
const lookUp = async (contacts: readonly Contact[], directory: Directory, wait: Wait) => {
  const ask = createAsk(wait)
  const known = new Map<string | null, boolean | null>([[null, null]])
  for (const contact of contacts) {
    const address = addressOf(contact)
    if (address === null || known.has(address)) continue
    const there =
      contact.slackUser === undefined ? async () => (await directory.userByEmail(address)) !== null : () => directory.isActive(address)
    known.set(address, await ask(there))
  }
  return (contact: Contact): boolean | null => known.get(addressOf(contact)) ?? null
}

const examineContacts = async (catalogue: Catalogue, directory: Directory, wait: Wait): Promise<Finding[]> => {
  const products = productsOf(catalogue)
  const found = await lookUp(
    products.flatMap((product) => [...product.contacts.values()]),
    directory,
    wait,
  )
  const bad = products.flatMap((product): Finding[] => {
    const matters = called(product)
    const missing = [...product.contacts.values()].filter((contact) => matters.has(addressOf(contact)) && found(contact) === false)
    const { ladder } = product.policy('P1')
    const deaf =
      ladder.some((contact) => found(contact) === false) &&
      !ladder.some((contact) => found(contact) === true || contact.slackGroup !== undefined)
    return [
      ...missing.map((contact) =>
        warning(
          `${product.name}: ${contact.name}`,
          `${contact.slackUser ?? contact.email} is nobody in this workspace`,
          'Invite them to Slack, or correct the address in service.yml or in the variable that stands for it.',
        ),
      ),
      ...(deaf ? [error(product.name, 'a P1 mentions nobody in Slack', 'Put somebody on its ladder who is in this workspace.')] : []),
    ]
  })
  return bad.length === 0 ? [ok('people', 'everybody who may be called is in this workspace')] : bad
}

/** `wait`: for the pace of Slack. */
export const examinePeople = async (catalogue: Catalogue, directory: Directory, wait: Wait): Promise<Finding[]> => {
  const parts: [() => Promise<Finding[]>, string][] = [
    [() => examineGroups(catalogue, directory), 'usergroups:read'],
    [() => examineContacts(catalogue, directory, wait), 'users:read and users:read.email'],
  ]
  const all = parts.map(async ([part, scopes]) => {
    try {
      return await part()
    } catch (fault) {
      if (!(fault instanceof PortFault)) throw fault
      return [faulty('people', fault, `Give the app the scopes ${scopes}, and install it again.`)]
    }
  })
  return (await Promise.all(all)).flat()
}
