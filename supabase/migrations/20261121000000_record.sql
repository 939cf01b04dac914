-- The published record: what people read of incidents. Written by the bot only (service_role), a whole incident at a time.
-- Needs the roles of a Supabase project: anon, authenticated, service_role.

create table public.incidents (
  id text primary key check (id ~ '^INC-[0-9]+$'),
  number integer not null unique check (number > 0),
  kind text not null check (kind in ('incident', 'change', 'maintenance', 'disaster', 'drill')),
  product text not null,
  title text not null,
  severity text not null check (severity in ('P1', 'P2', 'P3', 'P4')),
  status text not null check (status in ('declared', 'acknowledged', 'mitigated', 'resolved', 'reviewed')),
  private boolean not null default true,
  description text,
  detected_at timestamptz not null,
  acknowledged_at timestamptz,
  mitigated_at timestamptz,
  resolved_at timestamptz,
  reviewed_at timestamptz,
  response_due timestamptz,
  response_breached boolean not null default false,
  lead text,
  summary text,
  audit_head text not null,
  version integer not null check (version > 0)
);
comment on table public.incidents is 'One row an incident, change, maintenance, disaster or drill.';
comment on column public.incidents.product is 'Key of the product, the name of its folder of runbooks.';
comment on column public.incidents.private is 'Private incidents are read with the secret key only.';
comment on column public.incidents.detected_at is 'Start of the alert, or the declaration.';
comment on column public.incidents.response_breached is 'Whether any run of the response clock was missed.';
comment on column public.incidents.summary is 'What was said when it was resolved.';
comment on column public.incidents.audit_head is 'Hash of the last event: the whole history can be checked against it.';
comment on column public.incidents.version is 'Number of events. A lower one never replaces a higher one.';
create index incidents_by_product on public.incidents (product, detected_at desc);

create table public.timeline_entries (
  incident_id text not null references public.incidents on delete cascade,
  seq integer not null check (seq > 0),
  at timestamptz not null,
  occurred_at timestamptz not null,
  who text not null,
  kind text not null,
  text text not null,
  primary key (incident_id, seq),
  check (occurred_at <= at)
);
comment on table public.timeline_entries is 'What happened, a sentence each. Read in the order of occurred_at, seq.';
comment on column public.timeline_entries.at is 'When it was recorded.';
comment on column public.timeline_entries.occurred_at is 'When it happened.';

create table public.postmortems (
  incident_id text primary key references public.incidents on delete cascade,
  markdown text not null,
  url text,
  version integer not null check (version > 0)
);
comment on table public.postmortems is 'The post-mortem as generated; what people added stands in the pull request at url.';

-- The views keep to the rights of who reads them. What did not happen is null, never 0.
create view public.incident_times with (security_invoker = true) as
  select id, number, kind, product, title, severity, status, detected_at, resolved_at,
    round(extract(epoch from acknowledged_at - detected_at) / 60, 1) as minutes_to_acknowledge,
    round(extract(epoch from mitigated_at - detected_at) / 60, 1) as minutes_to_mitigate,
    round(extract(epoch from resolved_at - detected_at) / 60, 1) as minutes_to_resolve,
    case when response_due is null then null when response_breached then false when acknowledged_at is not null or resolved_at is not null then true end
      as response_met
  from public.incidents;
comment on view public.incident_times is 'How long each took, in minutes from detection, and whether the response was in time (null: no clock, or still running).';

create view public.incident_metrics with (security_invoker = true) as
  select product, kind, severity, date_trunc('month', detected_at at time zone 'UTC')::date as month,
    count(*)::integer as incidents,
    count(*) filter (where resolved_at is null)::integer as open,
    round(avg(minutes_to_acknowledge), 1) as mean_minutes_to_acknowledge,
    round(avg(minutes_to_resolve), 1) as mean_minutes_to_resolve,
    round((percentile_cont(0.5) within group (order by minutes_to_resolve))::numeric, 1) as median_minutes_to_resolve,
    round(100.0 * count(*) filter (where response_met) / nullif(count(response_met), 0), 1) as responses_in_time_percent
  from public.incident_times
  group by product, kind, severity, month;
comment on view public.incident_metrics is 'By product, kind, severity and month (UTC) of detection.';

alter table public.incidents enable row level security;
alter table public.timeline_entries enable row level security;
alter table public.postmortems enable row level security;

create policy "signed-in people read what is not private" on public.incidents
  for select to authenticated using (not private);
create policy "signed-in people read what is not private" on public.timeline_entries
  for select to authenticated using (exists (select from public.incidents where incidents.id = incident_id and not incidents.private));
create policy "signed-in people read what is not private" on public.postmortems
  for select to authenticated using (exists (select from public.incidents where incidents.id = incident_id and not incidents.private));

-- A project grants everything on new tables to all three roles by default.
revoke all on public.incidents, public.timeline_entries, public.postmortems, public.incident_times, public.incident_metrics
  from public, anon, authenticated, service_role;
grant select on public.incidents, public.timeline_entries, public.postmortems, public.incident_times, public.incident_metrics
  to authenticated, service_role;
grant insert, update, delete on public.incidents, public.timeline_entries, public.postmortems to service_role;
