import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { createClient } from '@supabase/supabase-js'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { supabaseRecord } from '../../src/adapters/supabase.ts'
import { replay } from '../../src/incident/evolve.ts'
import { metricsOf } from '../../src/incident/metrics.ts'
import { published } from '../../src/incident/record.ts'
import type { PublishedIncident } from '../../src/incident/record.ts'
import type { World } from '../../src/embedded/world.ts'
import { PortFault } from '../../src/ports.ts'
import { control, testWorld } from '../embedded/world.ts'
import * as g from '../given.ts'
import { after, hostile, story } from '../incident/story.ts'
import { startPostgres } from '../postgres.ts'

const migrations = fileURLToPath(new URL('../../supabase/migrations', import.meta.url))
const base = published(after(story), story, { seq: 18, hash: 'ab12cd' }, '# Post-mortem')
const numbered = (number: number, more: Partial<PublishedIncident> = {}): PublishedIncident => ({
  ...base,
  id: `INC-${number}`,
  number,
  ...more,
})
const relations = ['incidents', 'timeline_entries', 'postmortems', 'incident_times', 'incident_metrics'] as const
const tables = relations.slice(0, 3)

let world: World
// The local Supabase prints every refused statement.
beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => undefined))
beforeAll(async () => {
  world = await testWorld({ supabase: { migrations } })
})
afterAll(() => world.close())
afterEach(async () => {
  vi.restoreAllMocks()
  await control(world.url)('DELETE', '/faults')
})

const store = (more: { url?: string; secretKey?: string; timeoutMs?: number } = {}) =>
  supabaseRecord({ url: world.supabaseUrl, secretKey: world.supabaseSecretKey, timeoutMs: 10_000, ...more })
const client = (key: string, token?: string) =>
  createClient(world.supabaseUrl, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    ...(token === undefined ? {} : { global: { headers: { authorization: `Bearer ${token}` } } }),
  })
const query = <Row>(sql: string, parameters: unknown[] = []) =>
  world.supabase?.query<Row>(sql, parameters) ?? Promise.reject(new Error('no database'))
const everything = () =>
  query(`select (select json_agg(i order by id) from incidents i) as incidents, (select json_agg(t order by incident_id, seq) from timeline_entries t) as entries,
    (select json_agg(p order by incident_id) from postmortems p) as postmortems`)
const fault = async (work: Promise<unknown>): Promise<Partial<PortFault>> => {
  try {
    await work
  } catch (error) {
    if (error instanceof PortFault) return { code: error.code, message: error.message, retryAfter: error.retryAfter }
    throw error
  }
  throw new Error('no fault')
}

describe('publish', () => {
  test('writes the incident, its story and its post-mortem; running it again changes nothing', async () => {
    await store().publish(numbered(1))
    const [first] = await everything()
    expect(first).toMatchObject({
      incidents: [
        {
          id: 'INC-1',
          severity: 'P1',
          detected_at: '2026-11-20T22:55:00+00:00',
          response_breached: true,
          version: 19,
          audit_head: 'ab12cd',
        },
      ],
      postmortems: [{ incident_id: 'INC-1', markdown: '# Post-mortem', url: 'https://github.com/acme/incidents/pull/1' }],
    })
    expect((first as { entries: unknown[] }).entries).toHaveLength(15)
    const link = 'https://acme.slack.example/archives/C1/p1'
    await store().publish(numbered(8, { timeline: base.timeline.map((entry, index) => ({ ...entry, link: index === 0 ? link : null })) }))
    expect(await query(`select distinct link from timeline_entries where incident_id = 'INC-8' order by link`)).toEqual([
      { link },
      { link: null },
    ])
    const [row] = await query<{ steps: unknown[] }>(`select steps from incidents where id = 'INC-8'`)
    expect(row?.steps[0]).toEqual({ step: 'detect', at: base.detectedAt, state: 'reached' })
    await query(`delete from incidents where id = 'INC-8'`)
    await store().publish(numbered(1))
    expect(await everything()).toEqual([first])
  })

  test('an older version changes nothing, also when both come at once', async () => {
    await store().publish(numbered(2, { version: 30, title: 'new' }))
    await store().publish(numbered(2, { version: 29, title: 'old', timeline: [], postmortem: { markdown: 'old', url: null } }))
    const both = [31, 40, 33, 32, 39].map((version) => store().publish(numbered(3, { version, title: `version ${version}` })))
    await Promise.all(both)
    expect(await query('select title from incidents where id in ($1, $2) order by id', ['INC-2', 'INC-3'])).toEqual([
      { title: 'new' },
      { title: 'version 40' },
    ])
    expect(
      await query(
        `select markdown, (select count(*)::int from timeline_entries where incident_id = 'INC-2') as entries from postmortems where incident_id = 'INC-2'`,
      ),
    ).toEqual([{ markdown: '# Post-mortem', entries: 15 }])
  })

  test('a newer one replaces the story as a whole, and leaves a post-mortem that it does not bring', async () => {
    await store().publish(numbered(4))
    await store().publish(numbered(4, { version: 50, timeline: base.timeline.slice(0, 2), postmortem: null }))
    expect(await query(`select seq from timeline_entries where incident_id = 'INC-4' order by seq`)).toEqual(
      base.timeline
        .slice(0, 2)
        .map(({ seq }) => ({ seq }))
        .toSorted((a, b) => a.seq - b.seq),
    )
    expect(await query(`select markdown from postmortems where incident_id = 'INC-4'`)).toHaveLength(1)
  })

  test('beyond 1 000 entries (faults 37), and texts that Postgres does not take', async () => {
    const [entry] = base.timeline
    if (entry === undefined) throw new Error('no entry')
    const timeline = Array.from({ length: 2500 }, (_, index) => ({ ...entry, seq: index + 1, text: `${hostile}\0\uD800` }))
    await store().publish(numbered(5, { timeline }))
    expect(
      await query(`select count(*)::int as count, min(text) = $1 as kept from timeline_entries where incident_id = 'INC-5'`, [
        `${hostile}\uFFFD\uFFFD`,
      ]),
    ).toEqual([{ count: 2500, kept: true }])
  })

  test('a post-mortem that cannot be written leaves nothing half written', async () => {
    const broken = numbered(6, { postmortem: { markdown: null as unknown as string, url: null } })
    expect(await fault(store().publish(broken))).toMatchObject({ code: 'invalid' })
    expect(await query(`select id from incidents where id = 'INC-6'`)).toEqual([])
  })
})

describe('faults', () => {
  test('a wrong key is denied, silence is tried again', async () => {
    expect(await fault(store({ secretKey: 'sb_secret_wrong' }).publish(numbered(7)))).toMatchObject({ code: 'denied' })
    expect(await fault(store({ secretKey: world.supabasePublishableKey }).publish(numbered(7)))).toMatchObject({ code: 'denied' })
    expect(await fault(store({ url: 'http://127.0.0.1:9' }).publish(numbered(7)))).toMatchObject({ code: 'unavailable' })
    for (const more of [
      { kind: 'drop-before' },
      { kind: 'drop-after' },
      { kind: 'status', status: 503 },
      { kind: 'status', status: 540 },
    ]) {
      await control(world.url)('POST', '/faults', { service: 'supabase', ...more })
      expect(await fault(store().publish(numbered(7)))).toMatchObject({ code: 'unavailable' })
    }
    await control(world.url)('POST', '/faults', { service: 'supabase', kind: 'status', status: 429 })
    expect(await fault(store().publish(numbered(7)))).toMatchObject({ code: 'limited', retryAfter: 30 })
    await control(world.url)('POST', '/faults', { service: 'supabase', kind: 'delay', ms: 1000 })
    expect(await fault(store({ timeoutMs: 100 }).publish(numbered(7)))).toMatchObject({ code: 'unavailable' })
    await expect(store().publish(numbered(7))).resolves.toBeUndefined()
  })

  test('a project without the migrations says what to run', async () => {
    await using bare = await testWorld({ supabase: {} })
    expect(await fault(store({ url: bare.supabaseUrl, secretKey: bare.supabaseSecretKey }).publish(numbered(1)))).toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('supabase/migrations') as string,
    })
  })
})

describe('who sees what (faults 59)', () => {
  let anyone: ReturnType<typeof client>
  let member: ReturnType<typeof client>
  beforeAll(async () => {
    await store().publish(numbered(100, { product: 'open-product', title: 'open' }))
    await store().publish(numbered(101, { product: 'secret-product', title: 'secret', private: true }))
    anyone = client(world.supabasePublishableKey)
    member = client(world.supabasePublishableKey, await world.supabase?.signUserToken())
  })

  test('these are all the tables, views and functions that there are', async () => {
    const names = await query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'm', 'p', 'f') order by 1`,
    )
    expect(names.map(({ name }) => name)).toEqual([...relations].toSorted())
    expect(await query(`select proname as name, prosecdef as definer from pg_proc where pronamespace = 'public'::regnamespace`)).toEqual([
      { name: 'publish_incident', definer: false },
    ])
    expect(
      await query(`select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and not relrowsecurity`),
    ).toEqual([])
  })

  test.each(relations)('%s: nothing for anyone, what is not private for members', async (relation) => {
    const { data } = await anyone.from(relation).select('*')
    expect(data ?? []).toEqual([])
    // Not all rows: an answer holds at most 1 000.
    const key =
      relation === 'incident_metrics' ? 'product' : relation === 'timeline_entries' || relation === 'postmortems' ? 'incident_id' : 'id'
    const [open, secret] = key === 'product' ? ['open-product', 'secret-product'] : ['INC-100', 'INC-101']
    const { data: seen } = await member.from(relation).select(key).in(key, [open, secret])
    expect(new Set((seen as unknown as Record<string, string>[]).map((row) => row[key]))).toEqual(new Set([open]))
  })

  test('a private one does not leak by count, by filter, by search or by embedding', async () => {
    const { count } = await member.from('incidents').select('*', { count: 'exact', head: true })
    const [{ open } = { open: -1 }] = await query<{ open: number }>('select count(*)::int as open from incidents where not private')
    expect(count).toBe(open)
    expect((await member.from('incidents').select('id').eq('id', 'INC-101')).data).toEqual([])
    expect((await member.from('incidents').select('id').ilike('title', '%secret%')).data).toEqual([])
    expect((await member.from('timeline_entries').select('incidents(title)').eq('incident_id', 'INC-101')).data).toEqual([])
    expect((await member.from('postmortems').select('*, incidents!inner(*)').eq('incidents.product', 'secret-product')).data).toEqual([])
  })

  test('neither writes anything', async () => {
    const before = await everything()
    for (const who of [anyone, member]) {
      for (const table of tables) {
        const id = table === 'incidents' ? 'id' : 'incident_id'
        const row = { [id]: 'INC-100' } as Record<string, never>
        await who.from(table).insert(row)
        await who.from(table).upsert(row)
        await who
          .from(table)
          .update(table === 'incidents' ? { private: false, title: 'x' } : { [id]: 'INC-100' })
          .neq(id, '')
        await who.from(table).delete().neq(id, '')
      }
      expect((await who.rpc('publish_incident', { record: numbered(100, { version: 1000 }) })).error?.code).toBe('42501')
    }
    expect(await everything()).toEqual(before)
  })

  test('one that is made public is seen from then on', async () => {
    await store().publish(numbered(102, { private: true }))
    expect((await member.from('postmortems').select().eq('incident_id', 'INC-102')).data).toEqual([])
    await store().publish(numbered(102, { private: false, version: 60 }))
    expect((await member.from('postmortems').select().eq('incident_id', 'INC-102')).data).toHaveLength(1)
  })
})

test('managers read how long it took and whether the response was in time; what did not happen is null', async () => {
  await store().publish(
    numbered(200, {
      product: 'metrics',
      detectedAt: '2026-03-01T10:00:00.000Z',
      acknowledgedAt: '2026-03-01T10:03:00.000Z',
      mitigatedAt: null,
      resolvedAt: '2026-03-02T10:00:00.000Z',
      responseBreached: false,
      responses: { met: 1, of: 1 },
    }),
  )
  await store().publish(
    numbered(201, {
      product: 'metrics',
      detectedAt: '2026-03-05T10:00:00.000Z',
      acknowledgedAt: null,
      mitigatedAt: null,
      resolvedAt: null,
      responseBreached: false,
      responses: { met: 0, of: 0 },
    }),
  )
  expect(
    await query(
      `select minutes_to_acknowledge::float, minutes_to_mitigate, minutes_to_resolve::float, response_met from incident_times where product = 'metrics' order by id`,
    ),
  ).toEqual([
    { minutes_to_acknowledge: 3, minutes_to_mitigate: null, minutes_to_resolve: 1440, response_met: true },
    { minutes_to_acknowledge: null, minutes_to_mitigate: null, minutes_to_resolve: null, response_met: null },
  ])
  expect(
    await query(
      `select month::text, incidents, open, mean_minutes_to_resolve::float, responses_in_time_percent::float from incident_metrics where product = 'metrics'`,
    ),
  ).toEqual([{ month: '2026-03-01', incidents: 2, open: 1, mean_minutes_to_resolve: 1440, responses_in_time_percent: 100 }])
})

describe('the views and the verb `metrics` count alike', () => {
  const reopen = (minute: number) => g.step({ type: 'reopen', why: 'It is back' }, minute)
  const once = [g.resolve(60), reopen(100), g.ack(110)] as const
  const twice = [...once, g.resolve(130), reopen(3000), g.ack(3050)] as const
  const cases: Readonly<Record<string, readonly g.Step[]>> = {
    'never opened again': [g.declared(), g.ack(2), g.mitigate(40), g.resolve(50)],
    'opened again once': [g.declared(), g.ack(1), ...once, g.mitigate(120), g.resolve(131.25)],
    'opened again twice, breached then': [g.declared(), g.ack(4), ...twice, g.resolve(3100)],
    'opened again, and not resolved yet': [g.declared(), g.ack(7), ...once],
    'never acknowledged': [g.declared(), g.resolve(5)],
    'opened again and never acknowledged': [g.declared(), g.ack(7), g.resolve(60), reopen(100), g.resolve(103)],
    breached: [g.declared(), g.tick('response', 1, 20)],
    'only declared': [g.declared()],
    'a disaster': [g.declared({ kind: 'disaster' }), g.ack(3), g.resolve(77)],
    'of another severity': [g.declared({ policy: g.policy('P2') }), g.ack(30), g.resolve(4000), reopen(4100), g.resolve(4200)],
    'a drill': [g.declared({ kind: 'drill' }), g.ack(19), g.resolve(2000)],
    'a change': [g.declared({ kind: 'change' }), g.resolve(3000)],
    maintenance: [g.declared({ kind: 'maintenance' }), g.resolve(3000)],
    merged: [g.declared(), g.ack(1), g.step({ type: 'merge', into: 'INC-8', channel: null }, 500)],
  }
  const streams = Object.values(cases).map((steps) => {
    const events = g.happened(...steps)
    return { incident: replay(events) as NonNullable<ReturnType<typeof replay>>, events }
  })
  const tenths = (ms: number | undefined) => (ms === undefined ? null : Math.round(ms / 6000) / 10)

  beforeAll(async () => {
    for (const [index, { incident, events }] of streams.entries())
      await store().publish({
        ...published(incident, events, { seq: 1, hash: 'x' }, null),
        id: `INC-${300 + index}`,
        number: 300 + index,
        product: 'alike',
      })
  })

  test.each(['P1', 'P2'] as const)('%s', async (severity) => {
    const of = metricsOf(streams.filter(({ incident }) => incident.severity === severity))
    const [sum] = await query(
      `select sum(incidents)::int as incidents, sum(open)::int as open, sum(responses)::int as responses, sum(responses_met)::int as met
       from incident_metrics where product = 'alike' and severity = $1`,
      [severity],
    )
    expect(sum).toEqual({ incidents: of.records, open: of.open, responses: of.responses?.of ?? 0, met: of.responses?.met ?? 0 })
  })

  test.each([
    ['incident', 'P1'],
    ['incident', 'P2'],
    ['disaster', 'P1'],
  ])('times of each %s %s, drills, planned work and what was merged left out', async (kind, severity) => {
    const of = metricsOf(streams.filter(({ incident }) => incident.kind === kind && incident.severity === severity))
    const rows = await query(
      `select mean_minutes_to_acknowledge::float as ack, median_minutes_to_acknowledge::float as median_ack, mean_minutes_to_resolve::float as mean,
         median_minutes_to_resolve::float as median, responses_in_time_percent::float as percent
       from incident_metrics where product = 'alike' and kind = $1 and severity = $2`,
      [kind, severity],
    )
    expect(rows).toEqual([
      {
        ack: tenths(of.acknowledge?.mean),
        median_ack: tenths(of.acknowledge?.median),
        mean: tenths(of.resolve?.mean),
        median: tenths(of.resolve?.median),
        percent: of.responses === null ? null : Math.round((of.responses.met / of.responses.of) * 1000) / 10,
      },
    ])
  })

  test('each record by itself: neither mitigation nor resolution counts what it was taken for resolved', async () => {
    const rows = await query<{ number: number; mitigate: number | null; resolve: number | null; reopenings: number }>(
      `select number, minutes_to_mitigate::float as mitigate, minutes_to_resolve::float as resolve, reopenings
       from incident_times where product = 'alike' and kind = 'incident' order by number`,
    )
    const named = Object.keys(cases)
    expect(rows.map(({ number, ...row }) => [named[number - 300], row])).toEqual([
      ['never opened again', { mitigate: 40, resolve: 50, reopenings: 0 }],
      ['opened again once', { mitigate: 80, resolve: 91.3, reopenings: 1 }],
      ['opened again twice, breached then', { mitigate: null, resolve: 190, reopenings: 2 }],
      ['opened again, and not resolved yet', { mitigate: null, resolve: null, reopenings: 1 }],
      ['never acknowledged', { mitigate: null, resolve: 5, reopenings: 0 }],
      ['opened again and never acknowledged', { mitigate: null, resolve: 63, reopenings: 1 }],
      ['breached', { mitigate: null, resolve: null, reopenings: 0 }],
      ['only declared', { mitigate: null, resolve: null, reopenings: 0 }],
      ['of another severity', { mitigate: null, resolve: 4100, reopenings: 1 }],
    ])
  })
})

/** Two records as a bot of before published them, one resolved at 60, 130 and 3000 min and opened again at 100 and 2930 min. */
const openedAgain = `insert into incidents (id, number, kind, product, title, severity, status, private, detected_at, resolved_at, audit_head, version)
  select 'INC-' || number, number, 'incident', 'p', 't', 'P1', 'resolved', false, '2026-03-01Z', '2026-03-01Z'::timestamptz + interval '3000 min', 'x', 9
  from unnest(array[98, 99]) as number;
  insert into timeline_entries (incident_id, seq, at, occurred_at, who, kind, text)
  select 'INC-99', seq, '2026-03-01Z'::timestamptz + min, '2026-03-01Z'::timestamptz + min, 'a', kind, 'b'
  from (values (2, interval '60 min', 'resolved'), (4, '100 min', 'reopened'), (5, '130 min', 'resolved'), (8, '2930 min', 'reopened'),
    (9, '3000 min', 'resolved')) as entry (seq, min, kind);`

test("on PostgreSQL 15 with a project's default rights, no role holds more than it needs (faults 59)", async () => {
  await using postgres = await startPostgres()
  const database = new Client(postgres.url())
  await database.connect()
  try {
    await database.query(`create role anon nologin; create role authenticated nologin; create role service_role nologin bypassrls;
      alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
      alter default privileges in schema public grant all on routines to anon, authenticated, service_role;`)
    for (const name of (await readdir(migrations)).toSorted()) {
      if (name.endsWith('_reopenings.sql')) await database.query(openedAgain)
      await database.query(await readFile(`${migrations}/${name}`, 'utf8'))
    }
    // What was published before has its reopenings from its story.
    expect((await database.query('select id, reopenings, minutes_to_resolve::float from incident_times order by id')).rows).toEqual([
      { id: 'INC-98', reopenings: 0, minutes_to_resolve: 3000 },
      { id: 'INC-99', reopenings: 2, minutes_to_resolve: 160 },
    ])
    await database.query('delete from incidents')
    const { rows } = await database.query<{ grant: string }>(`
      select grantee || ' ' || table_name || ' ' || string_agg(lower(privilege_type), ' ' order by privilege_type) as grant
      from information_schema.role_table_grants where table_schema = 'public' and grantee in ('PUBLIC', 'anon', 'authenticated', 'service_role')
      group by grantee, table_name order by grantee, table_name`)
    expect(rows.map(({ grant }) => grant)).toEqual([
      ...[...relations].toSorted().map((relation) => `authenticated ${relation} select`),
      ...[...relations]
        .toSorted()
        .map(
          (relation) =>
            `service_role ${relation} ${(tables as readonly string[]).includes(relation) ? 'delete insert select update' : 'select'}`,
        ),
    ])
    const may = await database.query(
      `select role, has_function_privilege(role, 'public.publish_incident(jsonb)', 'execute') as may from unnest(array['anon', 'authenticated', 'service_role']) role`,
    )
    expect(may.rows).toEqual([
      { role: 'anon', may: false },
      { role: 'authenticated', may: false },
      { role: 'service_role', may: true },
    ])
    const as = async (role: string, sql: string) => {
      await database.query(`set role ${role}`)
      try {
        return (await database.query(sql)).rows as unknown[]
      } finally {
        await database.query('reset role')
      }
    }
    const row = (id: string, number: number, isPrivate: boolean) =>
      JSON.stringify({
        id,
        number,
        kind: 'incident',
        product: 'p',
        title: "it's",
        severity: 'P1',
        status: 'declared',
        private: isPrivate,
        detected_at: '2026-11-21T00:00:00Z',
        response_breached: false,
        audit_head: 'x',
        version: 1,
        timeline: [{ seq: 1, at: '2026-11-21T00:00:00Z', occurred_at: '2026-11-21T00:00:00Z', who: 'a', kind: 'note', text: 'b' }],
        postmortem: null,
      }).replaceAll("'", "''")
    expect(await as('service_role', `select public.publish_incident('${row('INC-1', 1, false)}') as written`)).toEqual([{ written: true }])
    expect(await as('service_role', `select public.publish_incident('${row('INC-2', 2, true)}') as written`)).toEqual([{ written: true }])
    for (const relation of relations) await expect(as('anon', `select from public.${relation}`)).rejects.toThrow('permission denied')
    expect(await as('authenticated', 'select id from public.incidents')).toEqual([{ id: 'INC-1' }])
    expect(await as('authenticated', 'select incident_id from public.timeline_entries')).toEqual([{ incident_id: 'INC-1' }])
    expect(await as('authenticated', 'select incidents from public.incident_metrics')).toEqual([{ incidents: 1 }])
    await expect(as('authenticated', `update public.incidents set title = 'x'`)).rejects.toThrow('permission denied')
  } finally {
    await database.end()
  }
})
