/** What each event makes of a request for an action. */
import type { Area } from '../areas/area.ts'
import type { Incident } from '../incident.ts'
import type { Instant } from '../policy.ts'
import type { ActingEvent, ActingIntent } from './events.ts'
import { actionOf, type ActionRequest, isApproved } from './request.ts'

const outcomeStatus = { done: 'verifying', failed: 'failed', unclear: 'unclear' } as const

const change = (incident: Incident, number: number, to: (request: ActionRequest) => ActionRequest): Incident => ({
  ...incident,
  actions: incident.actions.map((request) => (request.action === number ? to(request) : request)),
})

/** What was enough before a graver severity asked for more is enough again; not while something keeps it from running: its approvals would
 *  be spent. */
const enoughNow = (request: ActionRequest, at: Instant): ActionRequest =>
  request.status === 'waiting' && request.against === null && request.expires !== null && at < request.expires && isApproved(request)
    ? { ...request, status: 'approved' }
    : request

export const evolveActing: Area<ActingIntent, ActingEvent>['evolve'] = {
  'action-suggested': (incident, { criterion }) => ({ ...incident, suggested: [...incident.suggested, criterion] }),
  'action-asked': (incident, { identities, undoes, renews, automatic, reason, action, ...wanted }, { by, at }) => ({
    ...incident,
    actions: [
      ...incident.actions,
      {
        key: wanted.key,
        kind: wanted.kind,
        title: wanted.title,
        input: wanted.input,
        risk: wanted.risk,
        target: wanted.target,
        rule: wanted.rule,
        checks: wanted.checks,
        watchMinutes: wanted.watchMinutes,
        link: wanted.link,
        action,
        reason,
        asked: { by, identities, at },
        ruleNow: null,
        undoes: undoes ?? null,
        renews: renews ?? null,
        automatic: automatic === true,
        status: 'previewing',
        preview: null,
        hash: null,
        previewedAt: null,
        expires: null,
        before: [],
        against: null,
        votes: [],
        forced: null,
        unansweredAt: null,
        startedAt: null,
        memo: null,
        progress: null,
        task: null,
        ticks: [],
        ran: null,
        findings: [],
        after: [],
        ended: null,
        undoneBy: null,
      },
    ],
  }),
  'action-previewed': (incident, { action, preview, hash, expires, before, against }, { at }) =>
    change(incident, action, (request) => ({
      ...request,
      status: request.automatic ? 'approved' : 'waiting',
      preview,
      hash,
      expires,
      before,
      against: against ?? null,
      previewedAt: at,
    })),
  'action-held': (incident, { action, against }, { at }) => change(incident, action, (request) => enoughNow({ ...request, against }, at)),
  'action-rule-changed': (incident, { action, rule }, { at }) =>
    change(incident, action, (request) => enoughNow({ ...request, ruleNow: rule }, at)),
  'action-approved': (incident, { action, identities, basis }, { by, at }) =>
    change(incident, action, (request) => {
      const voted = { ...request, votes: [...request.votes, { by, identities, at, basis }] }
      return isApproved(voted) ? { ...voted, status: 'approved' } : voted
    }),
  'action-unanswered': (incident, { action }, { at }) => change(incident, action, (request) => ({ ...request, unansweredAt: at })),
  'action-forced': (incident, { action, why, identities = [] }, { by, at }) =>
    change(incident, action, (request) => ({ ...request, status: 'approved', forced: { by, identities, at, why } })),
  'action-ended': (incident, { action, how, why }, { by, at }) =>
    change(incident, action, (request) => ({ ...request, status: how, ended: { by, at, why: why ?? '' } })),
  'action-refused': (incident, { action, why }, { by, at }) =>
    change(incident, action, (request) => ({ ...request, status: 'refused', ended: { by, at, why } })),
  'action-started': (incident, { action }, { at }) =>
    change(incident, action, (request) => ({ ...request, status: 'running', startedAt: at })),
  'action-progressed': (incident, { action, text, memo }) =>
    change(incident, action, (request) => ({
      ...request,
      progress: text ?? request.progress,
      ...(memo === undefined ? {} : { memo }),
    })),
  'action-waits': (incident, { action, task, link }) => change(incident, action, (request) => ({ ...request, task: { text: task, link } })),
  'action-ticked': (incident, { action }, { by, at }) =>
    change(incident, action, (request) => ({
      ...request,
      task: null,
      ticks: [...request.ticks, { by, at, text: request.task?.text ?? '' }],
    })),
  'action-ran': (incident, { action, ran }, { at }) => {
    const changed = change(incident, action, (request) => ({
      ...request,
      status: outcomeStatus[ran.outcome],
      task: null,
      ran: { ...ran, at },
    }))
    const undoes = actionOf(changed, action)?.undoes ?? null
    return undoes === null || ran.outcome !== 'done' ? changed : change(changed, undoes, (request) => ({ ...request, undoneBy: action }))
  },
  'action-verified': (incident, { action, findings, results, last }) =>
    change(incident, action, (request) => ({ ...request, findings, after: results, status: last ? 'done' : request.status })),
}
