/** The checks of a product, held against the kinds that exist, and the hosts that they may reach. */
import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { nearest, type Path, type Report } from './problems.ts'
import type { Service } from './schema.ts'
import { validate } from './validate.ts'
import { isHost, Url } from './values.ts'

/** The kinds of check that exist, as far as a file is held against them. */
export type CheckKinds = Readonly<
  Record<
    string,
    {
      readonly options: z.ZodType
      readonly words?: z.ZodObject
      readonly timeoutMs?: number
      /** A method, so that each kind takes its own options. */
      waits?(options: unknown): Readonly<Record<string, number | undefined>>
    }
  >
>

export type Check = {
  readonly key: string
  readonly kind: string
  readonly title: string
  /** As the schema of its kind gives them. */
  readonly options: unknown
  /** Asked by itself at opening, at a change of severity, and at resolution. */
  readonly auto: boolean
  /** Asked this often for the daily digest, in minutes; null: not. */
  readonly sampleMinutes: number | null
  /** How long it may take; null: as long as its kind says. */
  readonly timeoutMs: number | null
  /** The page where a person looks further. */
  readonly link: string | null
  /** Variables whose placeholder it still contains: until they are set there is nothing to ask. */
  readonly unset: readonly string[]
}

export type Unset = ReadonlyMap<Path, readonly string[]>

/** Checks with the options that their kind accepts. */
export const resolveChecks = (service: Service, kinds: CheckKinds, unset: Unset, report: Report): ReadonlyMap<string, Check> => {
  const checks = new Map<string, Check>()
  for (const [key, { kind, title, auto, sample, timeout, link, options: written }] of Object.entries(service.checks)) {
    const path = ['checks', key]
    const definition = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
    if (definition === undefined) {
      const known = Object.keys(kinds)
      const suggestion = nearest(kind, known)
      const list = suggestion === null && known.length > 0 ? `: there are ${known.join(', ')}` : ''
      report([...path, 'kind'], `no kind of check is called \`${kind}\`${list}`, { suggestion })
      continue
    }
    const { options: schema, timeoutMs = Infinity } = definition
    const strict = schema instanceof z.ZodObject ? schema.strict() : schema
    const options = validate(strict, written, report, [...path, 'options'])
    const missing = [...unset].filter(([at]) => at[0] === 'checks' && at[1] === key).flatMap(([, names]) => names)
    if (options === null) continue
    const whole = timeout ?? timeoutMs
    for (const [name, part = 0] of Object.entries(definition.waits?.(options) ?? {}))
      if (part >= whole)
        report(
          [...path, 'options', name],
          `must be less than the ${whole / 1000} s that the whole check may take: give it a longer \`timeout\``,
        )
    checks.set(key, {
      key,
      kind,
      title,
      options,
      auto,
      sampleMinutes: sample ?? null,
      timeoutMs: timeout ?? null,
      link: link === undefined ? null : pageOf(service, link, unset, report, [...path, 'link']),
      unset: [...new Set(missing)],
    })
  }
  return checks
}

/** The address of a link that is named, or an address as it is; null while a part of it must still be given. */
export const pageOf = ({ links }: Service, link: string, unset: Unset, report: Report, path: Path): string | null => {
  const index = links.findIndex(({ name }) => name === link)
  const named = links[index]?.url
  if (named !== undefined) return [...unset.keys()].some(([top, at]) => top === 'links' && at === index) ? null : named
  if (Url.safeParse(link).success) return link
  const known = links.map(({ name }) => name)
  report(path, `\`${link}\` is neither the name of a link of this product nor an address`, { suggestion: nearest(link, known) })
  return null
}

/** Where requests for this product may go, and the names of its secrets. */
export const resolveHosts = (
  service: Service,
  checks: ReadonlyMap<string, Check>,
  actions: ReadonlyMap<string, unknown>,
  unset: Unset,
  report: Report,
): { hosts: string[]; privateHosts: string[]; secrets: Set<string> } => {
  const privateHosts = service.privateHosts.flatMap((text, index) => {
    const names = text.split(',').map((name) => name.trim().toLowerCase())
    const wrong = names.find((name) => name !== '' && !isHost(name))
    if (wrong !== undefined) report(['privateHosts', index], `\`${wrong}\` is not a host: give a name or an address, without port`)
    return names.filter((name) => name !== '')
  })

  const unsetPaths = new Set([...unset.keys()].map((path) => JSON.stringify(path)))
  const hosts = new Set<string>()
  const secrets = new Set(Object.values(service.alerts.secrets))
  const visit = (value: unknown, path: Path): void => {
    if (typeof value === 'string') {
      const url = URL.parse(value)
      if (url === null || !/^https?:$/.test(url.protocol) || unsetPaths.has(JSON.stringify(path))) return
      hosts.add(url.hostname)
      if (isForbidden(url.hostname, privateHosts))
        report(path, `\`${url.hostname}\` is a private address and will not be asked: list it under \`privateHosts\``, { level: 'warning' })
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        if (/^secret$|Secret$/.test(key) && typeof item === 'string') secrets.add(item)
        visit(item, [...path, Array.isArray(value) ? Number(key) : key])
      }
    }
  }
  for (const [index, { url }] of service.links.entries()) visit(url, ['links', index, 'url'])
  // The options as they were written: a default of the kind is no host that the product names.
  for (const key of checks.keys()) visit(service.checks[key]?.options, ['checks', key, 'options'])
  for (const key of actions.keys()) visit(service.actions[key]?.options, ['actions', key, 'options'])
  return { hosts: [...hosts].toSorted(), privateHosts: [...new Set(privateHosts)], secrets }
}

/** Whether a host, without port, is a private address that the product does not allow: it is not asked. */
export const isForbidden = (host: string, privateHosts: readonly string[]): boolean => isPrivate(host) && !privateHosts.includes(host)

const isPrivate = (host: string): boolean => {
  const address = host.replace(/^\[|\]$/g, '')
  return host === 'localhost' || host.endsWith('.localhost') || (ipaddr.isValid(address) && ipaddr.process(address).range() !== 'unicast')
}
