-- Locks and freezes, as they were said: what holds now is what the last word on each target says.
create table tocsin.control (
  seq bigint generated always as identity primary key,
  at timestamptz not null,
  author jsonb not null,
  what text not null check (what in ('lock', 'unlock', 'freeze', 'unfreeze')),
  target text not null,
  why text not null,
  incident text
);
-- One row a run: written with the event that starts it, ended with the event that tells what came of it. One at a time changes a target.
create table tocsin.action_run (
  incident text not null,
  action integer not null,
  product text not null,
  key text not null,
  target text not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  primary key (incident, action)
);
create unique index action_run_target on tocsin.action_run (target) where ended_at is null;
create index action_run_product on tocsin.action_run (product, started_at);
