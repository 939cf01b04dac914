/** Words that people type for a verb, by the verb that they mean. */
const words: Readonly<Record<string, readonly string[]>> = {
  new: ['begin', 'create', 'critical', 'declare', 'high', 'low', 'major', 'medium', 'minor', 'open', 'raise', 'report', 'start', 'urgent'],
  ack: ['accept', 'acknowledge', 'acknowledged', 'claim', 'mine', 'own', 'take'],
  page: ['call', 'alarm', 'notify', 'wake', 'summon', 'pager'],
  now: ['do', 'menu', 'options', 'what'],
  role: ['assign', 'lead', 'leader', 'commander', 'comms', 'scribe', 'ops', 'roles', 'who'],
  list: ['all', 'incidents', 'ls'],
  status: ['details', 'info', 'show', 'state', 'summary', 'view'],
  severity: ['downgrade', 'escalate', 'priority', 'sev', 'upgrade'],
  update: ['broadcast', 'inform', 'post', 'say', 'tell'],
  note: ['add', 'comment', 'log', 'remark', 'timeline', 'write'],
  mitigate: ['contain', 'mitigated', 'workaround'],
  resolve: ['close', 'closed', 'complete', 'done', 'end', 'finish', 'fix', 'fixed', 'resolved', 'solve', 'solved', 'stop'],
  postmortem: ['pm', 'post-mortem', 'retro', 'retrospective', 'review'],
  run: ['action', 'deploy', 'execute', 'flush', 'restart', 'revert', 'rollback'],
  approve: ['agree', 'approved', 'lgtm', 'ok', 'yes'],
  deny: ['cancel', 'decline', 'no', 'refuse', 'reject', 'veto', 'withdraw'],
  'break-glass': ['breakglass', 'emergency', 'force', 'override'],
  freeze: ['halt', 'kill'],
  audit: ['verify'],
  help: ['?', 'commands', 'usage', 'verbs'],
}

const verbOf = new Map(Object.entries(words).flatMap(([verb, all]) => all.map((word) => [word, verb] as const)))

/** Who begins with a severity declares: `P1 Payments fail`, `sev2 …`, `level-3 …`. */
const severity = /^(?:p|s|l|sev|level)-?\d$/

/** The verb that a word stands for, where nobody would find it by its spelling; null when it stands for none. */
export const synonym = (word: string): string | null => {
  const typed = word.trim().toLowerCase()
  return severity.test(typed) ? 'new' : (verbOf.get(typed) ?? null)
}
