/** Secrets of a deployment: present, well-formed, where they belong, young enough. Values come in here and go no further: what leaves is
 *  what was made of them, in words that are chosen from a list. */
import { z } from 'zod'
import type { CheckAnswer } from '../../define/check.ts'
import type { Finding } from '../../incident/check.ts'
import { count, listed } from '../answer.ts'
import { measure } from '../measure.ts'

/** What must be there, by name. */
export const Wanted = z.strictObject({
  /** How its value begins, such as `sk_live_`; one of several. */
  prefix: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .optional()
    .transform((prefix) => (typeof prefix === 'string' ? [prefix] : (prefix ?? []))),
  /** It is to be changed after that many days. */
  rotateDays: z.number().positive().optional(),
  /** It may be missing. */
  optional: z.boolean().default(false),
})
type Wanted = z.infer<typeof Wanted>

export const Names = z
  .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'must be the name of an environment variable, never a value'), Wanted)
  .refine((names) => Object.keys(names).length > 0, 'name at least one')
export type Names = z.infer<typeof Names>

export const Environment = z.enum(['production', 'preview', 'development'])
export type Environment = z.infer<typeof Environment>

/** All that is known of a value once it was looked at. */
export type Form = 'good' | 'empty' | 'placeholder' | 'padded' | 'other' | 'live' | 'test'

/** What programs and people leave where a value is missing. */
const nothing =
  /^(undefined|null|none|nil|nan|n\/?a|todo|tbd|fixme|dummy|placeholder|change_?me|replace_?me|insert_?me|set_?me|\[object object\])$/i
/** How templates begin: `your_anon_key`, `<set me>`, `my-secret`. A word alone is a beginning of many passwords. */
const template = /^(?:(?:your|my|the|change|replace|insert|todo|xxx)[ _-]|<|\$\{|\{\{)|example$/i
/** What stands for the part that is left out. */
const leftOut = /^(.)\1{5,}$|x{6,}|\*{3,}|\.{3}|…|your[_-]|placeholder|change_?me/i

/** The beginnings of vendors' keys, behind which a template may stand. */
const vendors = /^(?:(?:sk|pk|rk)_(?:live|test)_|whsec_|sb_(?:secret|publishable)_|sk-(?:proj-)?|re_|SG\.|xkeysib-|gh[ps]_)/

const isPlaceholder = (bare: string, prefixes: readonly string[]): boolean => {
  const prefix = prefixes.find((one) => bare.startsWith(one)) ?? vendors.exec(bare)?.[0] ?? ''
  const rest = bare.slice(prefix.length)
  return nothing.test(bare) || (rest !== '' && (nothing.test(rest) || leftOut.test(rest))) || (rest.length <= 40 && template.test(rest))
}

/** `live` and `test`: a key for the wrong world. */
export const formOf = (value: string, prefixes: readonly string[], environment: Environment): Form => {
  const bare = value.trim().replace(/^(["'])(.*)\1$/s, '$2')
  if (bare === '') return 'empty'
  if (isPlaceholder(bare, prefixes)) return 'placeholder'
  const [, world] = /^(?:sk|pk|rk)_(live|test)_/.exec(bare) ?? []
  if (environment === 'production' ? world === 'test' : world === 'live') return world === 'test' ? 'test' : 'live'
  if (prefixes.length > 0 && !prefixes.some((prefix) => bare.startsWith(prefix) && bare.length > prefix.length)) return 'other'
  return bare === value ? 'good' : 'padded'
}

/** A name as one place holds it. */
export type Held = {
  /** Null where the value cannot be read. */
  readonly form: Form | null
  /** Since when it has this value, or one that is older: milliseconds; null where nobody knows. */
  readonly since: number | null
  /** Other environments are given the same value. */
  readonly also: readonly string[]
  /** Whoever may see the project may read it. */
  readonly readable: boolean
}

export type Holder = {
  /** In a sentence: `Vercel’s production`, `container api-1`. */
  readonly where: string
  readonly held: ReadonlyMap<string, Held>
  /** `since` is the time of the last change; else it can be older, never younger. */
  readonly dated: boolean
  /** Why what is missing here may be there all the same, as a finding. */
  readonly doubt: Finding | null
}

const dayMs = 86_400_000

const world: Readonly<Record<'live' | 'test', string>> = { live: 'test', test: 'live' }

/** Names whose value everybody who opens the page has. */
const isPublic = (name: string): boolean => /^(NEXT_)?PUBLIC_|^(VITE|REACT_APP|EXPO_PUBLIC|NUXT_PUBLIC)_/.test(name)

/** What is wrong with the values. */
const formed = (names: Names, { where, held }: Holder): Finding[] => {
  const by = (form: Form) => Object.keys(names).filter((name) => held.get(name)?.form === form)
  const say = (form: Form, text: (which: string, many: string[]) => string, status: Finding['status'] = 'fail'): Finding[] => {
    const which = by(form)
    return which.length === 0 ? [] : [{ status, text: text(listed(which), which) }]
  }
  return [
    ...say('empty', (which) => `Empty in ${where}: ${which}. Set it, then deploy again.`),
    ...say('placeholder', (which) => `Still a placeholder in ${where}: ${which}. Set the real value, then deploy again.`),
    ...(['test', 'live'] as const).flatMap((kind) =>
      say(
        kind,
        (which) => `A ${kind} key where a ${world[kind]} key belongs, in ${where}: ${which}. Set the other one, then deploy again.`,
      ),
    ),
    ...by('other').map((name): Finding => ({
      status: 'fail',
      text: `${name} in ${where} does not begin as it should (${listed(names[name]!.prefix)}): it is another key, or was cut when it was set.`,
    })),
    ...say('padded', (which) => `White space or quotes around the value in ${where}: ${which}. Set it again without.`, 'warn'),
  ]
}

const ageOf = (held: Held | undefined, now: number): number | null =>
  held === undefined || held.since === null ? null : Math.max(now - held.since, 0) / dayMs

/** Judges one place. */
const judgeHolder = (names: Names, holder: Holder, environment: Environment, now: number) => {
  const { where, held, dated, doubt } = holder
  const missing = Object.entries(names).flatMap(([name, { optional }]) => (held.has(name) || optional ? [] : [name]))
  const present = Object.keys(names).filter((name) => held.has(name))
  const overdue = Object.entries(names).flatMap(([name, { rotateDays }]) => {
    const age = ageOf(held.get(name), now)
    return rotateDays !== undefined && age !== null && age > rotateDays ? [{ name, age, rotateDays }] : []
  })
  const which = (test: (held: Held, name: string) => boolean) => present.filter((name) => test(held.get(name)!, name))
  const spread = which(({ also }, name) => also.length > 0 && names[name]!.prefix.some((prefix) => /_(live|test)_/.test(prefix)))
  const open = which(({ readable }, name) => readable && !isPublic(name))
  const hidden = which(({ form }) => form === null)
  const good = which(({ form }) => form === 'good')
  const findings: Finding[] = [
    ...(missing.length === 0
      ? []
      : doubt === null
        ? [
            {
              status: 'fail' as const,
              text: `${missing.length} of ${count(Object.keys(names).length, 'name')} not set in ${where}: ${listed(missing, 12)}. Set them, then deploy again.`,
            },
          ]
        : [{ status: 'unknown' as const, text: `Not found in ${where}: ${listed(missing, 12)}; but not all could be asked.` }, doubt]),
    ...formed(names, holder),
    ...overdue.map(({ name, age, rotateDays }): Finding => ({
      status: 'warn',
      text: `${name} in ${where} is ${dated ? '' : 'at least '}${Math.floor(age)} days old, to be changed every ${rotateDays}: rotate it.`,
    })),
    ...(spread.length === 0
      ? []
      : [
          {
            status: 'warn' as const,
            text: `The same value goes to ${environment} and elsewhere (${listed([...new Set(spread.flatMap((name) => held.get(name)!.also))])}): ${listed(spread)}. Live keys belong to production only.`,
          },
        ]),
    ...(open.length === 0
      ? []
      : [{ status: 'warn' as const, text: `Stored so that whoever sees the project can read it: ${listed(open)}. Make it sensitive.` }]),
  ]
  const gist = [
    ...(good.length > 0 ? [`${good.length} well-formed`] : []),
    ...(hidden.length > 0 ? [`${hidden.length} present, value not readable`] : []),
  ]
  const ages = present.flatMap((name) => ageOf(held.get(name), now) ?? [])
  return {
    findings: [...findings, ...(gist.length === 0 ? [] : [{ status: 'ok' as const, text: `${where}: ${gist.join(', ')}.` }])],
    missing,
    overdue,
    ages,
  }
}

/** Judges all places that hold the names. */
export const judgeSecrets = (names: Names, holders: readonly Holder[], environment: Environment, at: string): CheckAnswer => {
  const now = Date.parse(at)
  const judged = holders.map((holder) => judgeHolder(names, holder, environment, now))
  const many = (of: (one: (typeof judged)[number]) => readonly unknown[]) => judged.reduce((sum, one) => sum + of(one).length, 0)
  const ages = judged.flatMap(({ ages: each }) => each)
  const isSure = holders.every(({ doubt }) => doubt === null)
  return {
    findings: judged.flatMap(({ findings }) => findings),
    measurements: [
      ...(isSure
        ? measure(
            'missing secrets',
            many(({ missing }) => missing),
            '',
            { most: 0 },
          ).measurement
        : []),
      ...measure(
        'overdue secrets',
        many(({ overdue }) => overdue),
        '',
        { most: 0 },
      ).measurement,
      ...(ages.length === 0 ? [] : measure('oldest secret', Math.floor(Math.max(...ages)), 'd').measurement),
    ],
  }
}
