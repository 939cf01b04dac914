/** What the doctor found: how bad, where, what, and what to do; and how that is shown. */
import { keepLine, shorten } from '../incident/text.ts'
import type { PortFault } from '../ports.ts'

export type Finding = {
  readonly level: 'ok' | 'warning' | 'error'
  /** A service, a variable, or a place in a file. */
  readonly where: string
  readonly what: string
  /** Empty when nothing is to be done. */
  readonly todo: string
  /** It may be over in a moment: whoever watches the service anyway need not be told. */
  readonly passing?: true
}

export const ok = (where: string, what: string): Finding => ({ level: 'ok', where, what, todo: '' })
export const warning = (where: string, what: string, todo: string): Finding => ({ level: 'warning', where, what, todo })
export const error = (where: string, what: string, todo: string): Finding => ({ level: 'error', where, what, todo })

/** A service that could not be asked. `denied`: what to do when it does not accept who asks. */
export const faulty = (where: string, fault: PortFault, denied: string): Finding => {
  const todo = {
    denied,
    unavailable: 'Look at its status page and at the network of this machine; what is for it is kept until it answers.',
    limited: 'Ask again in a minute.',
    gone: denied,
    outside: denied,
    absent: denied,
    taken: denied,
    invalid: denied,
  }[fault.code]
  const passing = fault.code === 'unavailable' || fault.code === 'limited'
  return { ...error(where, fault.message, todo), ...(passing ? { passing } : {}) }
}

/** Nothing that came from outside can speak to the terminal, and nothing that looks like a secret is shown. */
const shown = (text: string): string => shorten(keepLine(text), 500)

/** The finding as it may be shown: in a terminal, a log, or to programs. */
export const safe = ({ level, where, what, todo }: Finding): Finding => ({
  level,
  where: shown(where),
  what: shown(what),
  todo: shown(todo),
})

/** In one line, for `/health`. */
export const inShort = ({ where, what }: Finding): string => `${where}: ${what}`

const count = (found: readonly Finding[], level: Finding['level']): number => found.filter((each) => each.level === level).length

/** `1 error`, `2 errors`. */
export const plural = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`

/** Lines for a terminal: what is wrong one by one, the worst first; what is well in a line for each place. */
export const report = (found: readonly Finding[]): string => {
  const sign = { error: '✘', warning: '⚠', ok: '✔' } as const
  const bad = (level: 'error' | 'warning') =>
    found.filter((each) => each.level === level).map(({ where, what, todo }) => `${sign[level]} ${where}: ${what} → ${todo}`)
  const well = Map.groupBy(
    found.filter(({ level }) => level === 'ok'),
    ({ where }) => where,
  )
  return [
    ...[...well].map(([where, all]) => `${sign.ok} ${where}: ${all.map(({ what }) => what).join('; ')}`),
    ...bad('error'),
    ...bad('warning'),
    '',
    `${plural(count(found, 'error'), 'error')}, ${plural(count(found, 'warning'), 'warning')}`,
  ].join('\n')
}

/** 0: nothing is wrong, 1: something is, 2: the settings cannot be used. */
export const exitCode = (found: readonly Finding[], { strict, settings }: { strict: boolean; settings: boolean }): 0 | 1 | 2 => {
  if (!settings) return 2
  return count(found, 'error') > 0 || (strict && count(found, 'warning') > 0) ? 1 : 0
}
