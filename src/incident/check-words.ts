/** A run of checks as the story tells it, in one sentence. */
import type { CheckResult } from './check.ts'
import { type Group, grouped, isUnset, titlesOf, worstFirst } from './check-groups.ts'
import type { CheckPhase } from './events.ts'
import { shorten } from './text.ts'

const phaseWord: Readonly<Record<CheckPhase, string>> = {
  opening: 'at opening',
  severity: 'at the change of severity',
  resolution: 'at resolution',
  asked: 'on request',
}

/** So long a sentence names checks with what they found; the others are named only. */
const room = 1500

const wordsOf = (group: Group): string => {
  const [{ status, findings }] = group
  const [worst] = worstFirst(findings)
  const titles = titlesOf(group, 200)
  if (group.every(isUnset)) return `${titles} not configured yet`
  return `${titles} ${status}${worst === undefined ? '' : ` (${shorten(worst.text, 250)})`}`
}

/** What is alike in the sentence stands together, whatever must be set for it. */
const groupsOf = (results: readonly CheckResult[]): Group[] => {
  const [first, ...rest] = results.filter(isUnset)
  return [
    ...grouped(results.filter((result) => result.status !== 'ok' && !isUnset(result))),
    ...(first === undefined ? [] : [[first, ...rest] as const]),
  ]
}

/** `Ran 3 checks at opening: all ok.`; what is not ok is named, the worst first. `waiting`: how many have not answered. */
export const sentenceOf = (phase: CheckPhase, results: readonly CheckResult[], waiting = 0): string => {
  const count = `${results.length} ${results.length === 1 ? 'check' : 'checks'}`
  const open = waiting === 0 ? '' : `, ${waiting} still without an answer`
  const groups = groupsOf(results)
  const named: string[] = []
  let left = room
  for (const group of groups) {
    const words = wordsOf(group)
    left -= words.length
    if (left < 0 && named.length > 0) break
    named.push(words)
  }
  const others = groups.slice(named.length).flat()
  if (others.length > 0) named.push(`and ${others.length} more that are not ok: ${titlesOf(others, 400)}`)
  return `Ran ${count} ${phaseWord[phase]}${open}: ${groups.length === 0 ? 'all ok.' : named.join('; ')}`
}
