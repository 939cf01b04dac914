import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@supabase/supabase-js'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { lockFolder } from '../../src/embedded/folder-lock.ts'
import { openSupabase, startSupabase } from '../../src/embedded/supabase.ts'
import type { World } from '../../src/embedded/world.ts'
import { control, testWorld } from './world.ts'

const MIGRATION = `
  create table public.incident (id text primary key, title text not null, is_private boolean not null default false);
  alter table public.incident enable row level security;
  create policy "anyone reads public ones" on public.incident for select to anon using (not is_private);
  create policy "members read all" on public.incident for select to authenticated using (auth.uid() is not null);`

let folder: string
let world: World
const paths = () => ({ dataDir: join(folder, 'data'), migrations: join(folder, 'migrations') })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'supabase-'))
  await mkdir(join(folder, 'migrations'))
  await writeFile(join(folder, 'migrations', '0001_incident.sql'), MIGRATION)
  await mkdir(join(folder, 'other'))
  await writeFile(join(folder, 'other', '1.sql'), 'create table public.nothing (id int)')
  world = await testWorld({ supabase: paths() })
})
afterAll(async () => {
  await world.close()
  await rm(folder, { recursive: true, force: true })
})

const client = (key: string, token?: string) =>
  createClient(world.supabaseUrl, key, {
    auth: { persistSession: false },
    ...(token ? { global: { headers: { authorization: `Bearer ${token}` } } } : {}),
  })
const titles = async (of: ReturnType<typeof client>) =>
  ((await of.from('incident').select('title').order('id')).data ?? []).map((row) => row.title as string)

test('each key sees what row-level security lets it, also when all ask at once (fault 59)', async () => {
  const service = client(world.supabaseSecretKey)
  const rows = [
    { id: 'INC-1', title: 'open', is_private: false },
    { id: 'INC-2', title: 'secret', is_private: true },
  ]
  expect((await service.from('incident').upsert(rows)).error).toBeNull()
  expect((await service.from('incident').upsert(rows)).error).toBeNull()
  const anyone = client(world.supabasePublishableKey)
  const member = client(world.supabasePublishableKey, await world.supabase?.signUserToken())
  const rounds = await Promise.all(Array.from({ length: 10 }, () => Promise.all([titles(anyone), titles(member), titles(service)])))
  for (const round of rounds) expect(round).toEqual([['open'], ['open', 'secret'], ['open', 'secret']])
  // It prints every refused statement.
  const printed = vi.spyOn(console, 'error').mockImplementation(() => {})
  expect((await anyone.from('incident').insert({ id: 'INC-3', title: 'x' })).error?.code).toBe('42501')
  printed.mockRestore()
  expect((await client('sb_publishable_wrong').from('incident').select()).status).toBe(401)
})

test('can be made to fail', async () => {
  await control(world.url)('POST', '/faults', { service: 'supabase', kind: 'status', status: 500 })
  expect((await client(world.supabaseSecretKey).from('incident').select()).status).toBe(500)
})

test('keeps keys and rows over a restart, and does not take a changed migration', async () => {
  const { supabaseSecretKey } = world
  await expect(lockFolder(paths().dataDir, 100)).rejects.toThrow('is in use by process')
  await world.close()
  world = await testWorld({ supabase: paths() })
  expect(world.supabaseSecretKey).toBe(supabaseSecretKey)
  expect(await titles(client(supabaseSecretKey))).toEqual(['open', 'secret'])
  await world.close()
  await writeFile(join(folder, 'migrations', '0001_incident.sql'), `${MIGRATION} -- edited`)
  await expect(openSupabase(paths())).rejects.toThrow('was changed after it had been applied')
})

test('runs alone and in memory', async () => {
  const alone = await startSupabase({ migrations: join(folder, 'other') })
  const { data } = await createClient(alone.url, alone.secretKey).from('nothing').select()
  expect(data).toEqual([])
  expect(await alone.query('select name from local.migration')).toEqual([{ name: '1.sql' }])
  await alone.close()
})
