import { describe, expect, test } from 'vitest'
import { judge } from '../../src/acting/migrations/kinds.ts'
import { parse } from '../../src/acting/postgres/parse.ts'

test('what statements do, in the words of SQL', () => {
  const labels = (sql: string) => {
    const statements = parse(sql)
    return 'wrong' in statements ? [statements.wrong] : judge(statements).map(({ label, how }) => `${label}: ${how}`)
  }
  expect(labels('alter table a add column b int, drop column c; alter publication p add table a')).toEqual([
    'alter table add column: harmless',
    'drop column: destructive',
    'alter publication: unknown',
  ])
  expect(labels("insert into a values ('drop table b; -- ü'); update é set a = 1")).toEqual([
    'insert: harmless',
    'update without where: destructive',
  ])
})

describe('what a migration may do unasked', () => {
  const dangers = (sql: string) => {
    const statements = parse(sql)
    if ('wrong' in statements) return [statements.wrong]
    return judge(statements).flatMap(({ label, how }) => (how === 'harmless' ? [] : [`${label}: ${how}`]))
  }

  test.each([
    ['delete from a where true', ['delete without where: destructive']],
    ['delete from a where id = 1', ['delete: destructive']],
    ['with d as (delete from a where 1 = 1 returning *) select * from d', ['delete without where: destructive']],
    ['update a set b = 1 where id is not null', ['update without where: destructive']],
    ['update a set b = 1 where not (id is null) and true', ['update without where: destructive']],
    ['update a set b = 1 where c = 2 or id = id', ['update without where: destructive']],
    ['update a set b = 1 where exists (select 1)', ['update without where: destructive']],
    ['update a set b = 1 where b is null', ['update: unknown']],
    ['update a set b = 1 where not (id is null or id is null)', ['update without where: destructive']],
    ['update a set b = 1 where not (id is null and c = 1)', ['update without where: destructive']],
    ['update a set b = 1 where not (not (id is not null))', ['update without where: destructive']],
    ['update a set b = 1 where (id = id) is true', ['update without where: destructive']],
    ['update a set b = 1 where (id <> id) is not true', ['update without where: destructive']],
    ['update a set b = 1 where id = 1 or id <> 1', ['update without where: destructive']],
    ['update a set b = 1 where id < 1 or c = 2 or not (id < 1)', ['update without where: destructive']],
    ['update a set b = 1 where c or not c', ['update without where: destructive']],
    ['update a set b = 1 where id in (id)', ['update without where: destructive']],
    ['update a set b = 1 where id in (1, id)', ['update without where: destructive']],
    ['update a set b = 1 where not (lower(b) = lower(b))', ['update without where: destructive']],
    ['update a set b = 1 where not starts_with(b, $$x$$)', ['update without where: destructive']],
    ['update a set b = 1 where not (c = 1 and d = 2)', ['update: unknown']],
    ['update a set b = 1 where not (c is not null and d = 2)', ['update: unknown']],
    ['update a set b = 1 where not (c is not null or d = 2)', ['update: unknown']],
    ['update a set b = 1 where not c', ['update: unknown']],
    ['update a set b = 1 where (c = 1) is not true', ['update: unknown']],
    ['update a set b = 1 where c in (1, 2)', ['update: unknown']],
    ['update a set b = 1 where c = 1 or c = 2', ['update: unknown']],
    ['update a set b = 1 where not exists (select 1 from d where d.id = a.id)', ['update: unknown']],
    ['update a set b = 1 where c = 2 and true', ['update: unknown']],
    ['update a set b = purge() where c = 2', ['update: unknown', 'function purge: unknown']],
    ['insert into log select purge()', ['function purge: unknown']],
    ['insert into log select sly.now()', ['function sly.now: unknown']],
    ['insert into a values (1) on conflict (id) do update set b = 1', ['on conflict do update: unknown']],
    ['create table b as select purge()', ['function purge: unknown']],
    ['alter table a add column b int default purge()', ['function purge: unknown']],
    [
      'with i as (insert into a values (purge()) returning *) select * from i',
      ['select with a function: unknown', 'function purge: unknown'],
    ],
    ['alter policy p on a using (true)', ['alter policy: unknown']],
    ['create policy p on a using (true)', ['create policy: unknown']],
    ['create table if not exists a (id int); create policy p on a using (true)', ['create policy: unknown']],
    ['grant all on profiles to anon', ['grant: unknown']],
    ['grant owner to anon', ['grant: unknown']],
    ['create schema s grant select on b to anon', ['grant: unknown']],
    ['set role postgres', ['set role: unknown']],
    ['reset all', ['reset all: unknown']],
    ['set local session_replication_role = replica', ['set session replication role: unknown']],
    ["create function f() returns int language sql security definer as 'select 1'", ['security definer: unknown']],
    // Not what the file has made.
    ['alter table a add column if not exists b int; update a set b = 1', ['update without where: destructive']],
    ['alter table a add column b int; update a set b = 1, c = 2 where b is null', ['update: unknown']],
    ['alter table a add column b int; update s.a set b = 1', ['update without where: destructive']],
    ['create table a (id int); set search_path = other; update a set id = 1', ['update without where: destructive']],
    ['create table a (id int); alter table a attach partition old default; update a set id = 1', ['update without where: destructive']],
  ])('not %s', (sql, found) => expect(dangers(sql)).toEqual(found))

  test.each([
    'alter table a add column due timestamptz; update a set due = created_at + make_interval(days => 14)',
    'create table b (id uuid default gen_random_uuid()); insert into b select extensions.uuid_generate_v4() from a; update b set id = null',
    'create table b (id int); alter table b enable row level security; create policy p on b for select using (owner = auth.uid())',
    'create policy p on a as restrictive for select using (owner = auth.uid())',
    'insert into kinds (name) values (lower(trim($$A$$))) on conflict do nothing',
    'create index on a (lower(name)); alter table a add column owner uuid default auth.uid()',
    "create function f() returns trigger language plpgsql as 'begin return new; end'; create trigger t before update on a for each row execute function f()",
    "set local lock_timeout = '2s'; set search_path = public; create view v as select purge()",
    'select extract(epoch from now())',
  ])('%s', (sql) => expect(dangers(sql)).toEqual([]))
})
