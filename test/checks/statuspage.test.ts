/** Status pages (D14), with answers as the vendors' pages give them. */
import { describe, expect, test } from 'vitest'
import check from '../../src/checks/statuspage.ts'
import { startHttp } from '../adapters/server.ts'
import { ask, json } from './asking.ts'
import { conforms } from './conformance.ts'

const asked = async (body: unknown, options: object = {}) => {
  await using server = await startHttp(json(body))
  const { status, texts } = await ask(check, { url: `http://${server.host}/api/v2/summary.json`, ...options })
  return [status, ...texts]
}

const component = (name: string, status = 'operational', more: object = {}) => ({
  id: name,
  name,
  status,
  description: null,
  position: 1,
  group: false,
  group_id: null,
  only_show_if_degraded: false,
  ...more,
})
const page = (more: object = {}) => ({
  page: { id: 'x', name: 'Supabase', url: 'https://status.supabase.com', time_zone: 'Etc/UTC', updated_at: '2026-11-20T10:00:00Z' },
  status: { indicator: 'none', description: 'All Systems Operational' },
  components: [component('API Gateway'), component('Auth'), component('Storage'), component('Compute', 'operational', { group: true })],
  incidents: [],
  scheduled_maintenances: [],
  ...more,
})
const incident = (name: string, impact: string, components: string[] = [], status = 'investigating') => ({
  id: name,
  name,
  impact,
  status,
  components: components.map((one) => component(one)),
  incident_updates: [],
})

describe('Statuspage and what answers as it does', () => {
  test.each<[string, object, object, string[]]>([
    ['all is well', {}, {}, ['ok', 'ok: Supabase: All Systems Operational.']],
    [
      'all is well with our components',
      {},
      { components: ['auth', 'API Gateway'] },
      ['ok', 'ok: Supabase: auth, API Gateway operational.'],
    ],
    ['by another name', {}, { vendor: 'Our database' }, ['ok', 'ok: Our database: All Systems Operational.']],
    [
      'a major outage',
      {
        status: { indicator: 'critical', description: 'Major Service Outage' },
        components: [component('Auth', 'major_outage')],
        incidents: [incident('Sign-in fails', 'critical', ['Auth'])],
      },
      {},
      ['fail', 'fail: Supabase says “Major Service Outage”: Auth (major outage).', 'fail: “Sign-in fails” (critical) is under way.'],
    ],
    [
      'a part that is degraded',
      {
        status: { indicator: 'minor', description: 'Partially Degraded Service' },
        components: [component('Auth', 'degraded_performance')],
      },
      {},
      ['warn', 'warn: Supabase says “Partially Degraded Service”: Auth (degraded performance).'],
    ],
    [
      'an outage of another component',
      {
        status: { indicator: 'critical', description: 'Major Service Outage' },
        components: [component('Auth', 'major_outage'), component('Storage')],
        incidents: [incident('Sign-in fails', 'critical', ['Auth'])],
      },
      { components: ['Storage'] },
      ['ok', 'ok: Supabase: Storage operational. 1 under way elsewhere.'],
    ],
    [
      'an incident of ours, of which the component knows nothing yet',
      { incidents: [incident('Slow uploads', 'minor', ['Storage'])] },
      { components: ['Storage'] },
      ['warn', 'warn: “Slow uploads” (minor) is under way.'],
    ],
    [
      'maintenance under way, and one that is not',
      {
        scheduled_maintenances: [
          { ...incident('Upgrade of the pooler', 'maintenance', ['Auth']), status: 'in_progress' },
          { ...incident('Next month', 'maintenance', ['Auth']), status: 'scheduled' },
        ],
      },
      { components: ['Auth'] },
      ['warn', 'warn: “Upgrade of the pooler” (maintenance) is under way.'],
    ],
    [
      'a group by name, which is worse than what is called the same',
      { components: [component('API', 'major_outage', { group: true }), component('API')] },
      { components: ['API'] },
      ['fail', 'fail: Supabase: API is “major outage”.'],
    ],
    [
      'all is well, but a component is not',
      { components: [component('Auth', 'major_outage'), component('Storage', 'under_maintenance'), component('API')] },
      {},
      ['warn', 'warn: Supabase says “All Systems Operational”: Auth (major outage), Storage (under maintenance).'],
    ],
    [
      'no list of components, where one is wanted',
      { components: undefined, status: { indicator: 'major', description: 'Partial System Outage' } },
      { components: ['Auth'] },
      ['warn', 'warn: Supabase says “Partial System Outage”, and not of what: look whether Auth is meant.'],
    ],
    [
      'an incident that is over',
      { incidents: [incident('Was', 'critical', [], 'resolved')] },
      {},
      ['ok', 'ok: Supabase: All Systems Operational.'],
    ],
    [
      'a component that it does not have',
      {},
      { components: ['Storag'] },
      ['unknown', 'unknown: Supabase’s status page has no component “Storag”: look at service.yml. Is “Storage” meant?'],
    ],
    [
      'a word that nobody knows',
      { components: [component('Auth', 'wobbly')] },
      { components: ['Auth'] },
      ['unknown', 'unknown: Supabase: Auth is “wobbly”.'],
    ],
    ['an indicator that nobody knows', { status: { indicator: 'constructor' } }, {}, ['unknown', 'unknown: Supabase says “constructor”.']],
    [
      'no list of incidents, as with incident.io',
      { incidents: undefined, scheduled_maintenances: undefined },
      {},
      ['ok', 'ok: Supabase: All Systems Operational.'],
    ],
  ])('%s', async (_, more, options, expected) => {
    expect(await asked(page(more), options)).toEqual(expected)
  })
  test('many incidents and hostile words', async () => {
    const incidents = Array.from({ length: 40 }, (_, index) => incident(`\u202E<!channel> ${index} ${'x'.repeat(2000)}`, 'major'))
    const [status, ...texts] = await asked(page({ incidents, page: { name: `\u202E${'y'.repeat(2000)}` } }))
    expect(status).toBe('warn')
    expect(texts).toHaveLength(6)
    for (const text of texts) expect(text).toMatch(/^(?!.*\u202E).{1,300}$/)
  })
})

describe('other formats', () => {
  const io = (more: object) => ({
    page_title: 'Linear',
    page_url: 'https://status.example',
    ongoing_incidents: [],
    in_progress_maintenances: [],
    scheduled_maintenances: [],
    ...more,
  })
  const affected = [{ id: '1', name: 'Chat', group_name: 'API', current_status: 'full_outage' }]
  test.each<[string, unknown, object, string[]]>([
    ['incident.io, well', io({}), {}, ['ok', 'ok: Linear: no incident.']],
    [
      'incident.io, ill',
      io({
        ongoing_incidents: [
          { name: 'Chat is down', status: 'identified', current_worst_impact: 'full_outage', affected_components: affected },
        ],
      }),
      {},
      ['fail', 'fail: Linear says “1 under way”.', 'fail: “Chat is down” (full outage) is under way.'],
    ],
    [
      'incident.io, ill elsewhere',
      io({ ongoing_incidents: [{ name: 'Chat is down', current_worst_impact: 'full_outage', affected_components: affected }] }),
      { components: ['Files'] },
      [
        'unknown',
        'unknown: Linear: nothing that is under way names Files, but the page lists no components by which to tell. 1 under way elsewhere.',
      ],
    ],
    [
      'incident.io, well, and one is wanted',
      io({}),
      { components: ['Files'] },
      ['ok', 'ok: Linear: no incident. The page does not list Files by name.'],
    ],
    [
      'Instatus, ill, and does not say of what',
      { page: { name: 'Acme', url: 'https://acme.example', status: 'HASISSUES' } },
      { components: ['API'] },
      ['warn', 'warn: Acme says “hasissues”, and not of what: look whether API is meant.'],
    ],
    ['Instatus, well', { page: { name: 'Acme', url: 'https://acme.example', status: 'UP' } }, {}, ['ok', 'ok: Acme: up.']],
    [
      'Instatus, ill',
      {
        page: { name: 'Acme', url: 'https://acme.example', status: 'HASISSUES' },
        activeIncidents: [{ name: 'API fails', started: 'Sat Jun 11 2022', status: 'INVESTIGATING', impact: 'MAJOROUTAGE' }],
        activeMaintenances: [{ name: 'Later', status: 'NOTSTARTEDYET', duration: '60' }],
      },
      {},
      ['fail', 'warn: Acme says “hasissues”.', 'fail: “API fails” (majoroutage) is under way.'],
    ],
    [
      'Better Stack',
      {
        data: { id: '1', type: 'status_page', attributes: { company_name: 'Acme', aggregate_state: 'downtime' } },
        included: [
          { id: '2', type: 'status_page_section', attributes: { name: 'API' } },
          { id: '3', type: 'status_page_resource', attributes: { public_name: 'Redis', status: 'downtime' } },
        ],
      },
      {},
      ['fail', 'fail: Acme says “downtime”: Redis (downtime).'],
    ],
    ['Slack, well', { status: 'ok', date_created: 'x', date_updated: 'x', active_incidents: [] }, {}, ['ok', 'ok: Slack: no incident.']],
    [
      'Slack, ill',
      {
        status: 'active',
        active_incidents: [{ id: 1, title: 'Trouble with login', type: 'outage', status: 'active', services: ['Login/SSO'] }],
      },
      { components: ['Login/SSO'] },
      ['fail', 'fail: “Trouble with login” (outage) is under way.'],
    ],
    [
      'none of them',
      { status: 'up', message: 'fine' },
      {},
      ['unknown', expect.stringMatching(/^unknown: 127.*’s status page answers in a format that is not known here\.$/) as string],
    ],
  ])('%s', async (_, body, options, expected) => {
    expect(await asked(body, options)).toEqual(expected)
  })
})

conforms('statuspage', check, (base) => ({ url: `${base}/api/v2/summary.json` }))
