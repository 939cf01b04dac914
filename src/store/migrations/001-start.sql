-- The one gap-free counter: updated in the transaction that declares.
create table tocsin.counter (name text primary key, value integer not null);
insert into tocsin.counter (name, value) values ('incident', 0);

-- One row an incident, written with its events. `version` and `head` are those of its last event.
create table tocsin.incident (
  id text primary key,
  number integer not null unique,
  kind text not null,
  product text not null,
  rule text,
  severity text not null,
  status text not null,
  title text not null,
  private boolean not null,
  channel_id text,
  declared_by text not null,
  declared_at timestamptz not null,
  resolved_at timestamptz,
  version integer not null,
  head text not null
) with (fillfactor = 50);
create unique index incident_open_rule on tocsin.incident (product, rule) where rule is not null and status not in ('resolved', 'reviewed');
create unique index incident_channel on tocsin.incident (channel_id) where channel_id is not null;
create index incident_open on tocsin.incident (number) where status not in ('resolved', 'reviewed');

-- `text` is the exact canonical JSON that was hashed over the hash before it; `data` is the same for queries.
create table tocsin.event (
  incident text not null,
  seq integer not null check (seq > 0),
  text text not null,
  data jsonb not null,
  hash text not null,
  primary key (incident, seq)
);

-- `pending`: a match job has still to look at it.
create table tocsin.alert (
  source text not null,
  fingerprint text not null,
  starts_at timestamptz not null,
  rule text not null,
  product text,
  severity text,
  state text not null check (state in ('firing', 'resolved')),
  ends_at timestamptz,
  summary text not null,
  labels jsonb not null,
  url text,
  received_at timestamptz not null,
  repeats integer not null default 0,
  pending boolean not null,
  incident text,
  outcome text,
  primary key (source, fingerprint, starts_at)
) with (fillfactor = 70);
create index alert_pending on tocsin.alert (product, rule) where pending;
create index alert_incident on tocsin.alert (incident) where incident is not null;

-- `wanted`: somebody found it taken and left, so its holder looks again before it lets go.
create table tocsin.lease (
  surface text not null,
  incident text not null,
  token text not null,
  expires_at timestamptz not null,
  wanted boolean not null default false,
  primary key (surface, incident)
);
create table tocsin.item (
  surface text not null,
  incident text not null,
  key text not null,
  ref text,
  hash text,
  state text not null check (state in ('intent', 'done', 'failed')),
  attempts integer not null,
  error text,
  at timestamptz not null,
  primary key (surface, incident, key)
);

create table tocsin.pause (method text not null, scope text not null, until timestamptz not null, primary key (method, scope));
create table tocsin.seen (source text not null, id text not null, at timestamptz not null, primary key (source, id));
create index seen_at on tocsin.seen (at);
create table tocsin.setting (key text primary key, value text not null);
