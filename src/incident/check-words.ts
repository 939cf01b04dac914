/** A run of checks as the story tells it, in one sentence. */
import type { CheckResult } from './check.ts'
import type { CheckPhase } from './events.ts'

const phaseWord: Readonly<Record<CheckPhase, string>> = {
  opening: 'at opening',
  severity: 'at the change of severity',
  resolution: 'at resolution',
  asked: 'on request',
}

/** `Ran 3 checks at opening: all ok.`; what is not ok is named. `waiting`: how many have not answered. */
export const sentenceOf = (phase: CheckPhase, results: readonly CheckResult[], waiting = 0): string => {
  const count = `${results.length} ${results.length === 1 ? 'check' : 'checks'}`
  const open = waiting === 0 ? '' : `, ${waiting} still without an answer`
  const bad = results.filter((result) => result.status !== 'ok')
  const named = bad.map((result) => {
    const finding = result.findings.find(({ status }) => status === result.status)
    return `${result.title} ${result.status}${finding === undefined ? '' : ` (${finding.text})`}`
  })
  return `Ran ${count} ${phaseWord[phase]}${open}: ${bad.length === 0 ? 'all ok.' : named.join('; ')}`
}
