-- Files at messages that were kept. Only the bot reads them: no address leads here.
create table tocsin.file (
  incident text not null,
  id text not null,
  name text not null,
  type text not null,
  bytes integer not null,
  content bytea not null,
  at timestamptz not null default clock_timestamp(),
  primary key (incident, id)
);
