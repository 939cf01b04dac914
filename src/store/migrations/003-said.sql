-- Files at messages that were kept. Only the bot reads them: no address leads here.
create table tocsin.file (
  incident text not null references tocsin.incident (id) on delete cascade,
  id text not null,
  name text not null,
  type text not null,
  bytes integer not null,
  content bytea not null,
  at timestamptz not null default clock_timestamp(),
  primary key (incident, id)
);

-- A message that was edited or deleted is looked for by its place, and what somebody has to do by who they are.
create index event_kept on tocsin.event ((data -> 'event' ->> 'channel'), (data -> 'event' ->> 'ts'))
  where data -> 'event' ->> 'type' = 'message-kept';
create index event_owner on tocsin.event ((data -> 'event' -> 'owner' ->> 'id'))
  where data -> 'event' ->> 'type' = 'todo-added';
