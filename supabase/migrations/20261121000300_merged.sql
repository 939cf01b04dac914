-- A record that became part of another is read there: numbers leave it out.
alter table public.incidents add column merged_into text check (merged_into ~ '^INC-[0-9]+$');
comment on column public.incidents.merged_into is 'The record that this one became part of. Its times are told there.';

create or replace view public.incident_times with (security_invoker = true) as
  select id, number, kind, product, title, severity, status, detected_at, resolved_at,
    round(extract(epoch from acknowledged_at - detected_at) / 60, 1) as minutes_to_acknowledge,
    round(extract(epoch from mitigated_at - detected_at) / 60, 1) as minutes_to_mitigate,
    round(extract(epoch from resolved_at - detected_at) / 60, 1) as minutes_to_resolve,
    case when response_due is null then null when response_breached then false when acknowledged_at is not null then true end
      as response_met
  from public.incidents
  where merged_into is null;
comment on view public.incident_times is 'How long each took, in minutes from detection, and whether the response was in time (null: no clock, still running, or never acknowledged before the end). Without what was merged.';

-- As before, with the new column.
create or replace function public.publish_incident(record jsonb) returns boolean
  language plpgsql
  security invoker
  set search_path = ''
as $$
begin
  insert into public.incidents as present
    select * from jsonb_populate_record(null::public.incidents, record)
  on conflict (id) do update set
    number = excluded.number, kind = excluded.kind, product = excluded.product, title = excluded.title,
    severity = excluded.severity, status = excluded.status, private = excluded.private, description = excluded.description,
    detected_at = excluded.detected_at, acknowledged_at = excluded.acknowledged_at, mitigated_at = excluded.mitigated_at,
    resolved_at = excluded.resolved_at, reviewed_at = excluded.reviewed_at, response_due = excluded.response_due,
    response_breached = excluded.response_breached, lead = excluded.lead, summary = excluded.summary, merged_into = excluded.merged_into,
    audit_head = excluded.audit_head, version = excluded.version
  where present.version <= excluded.version;
  if not found then
    return false;
  end if;

  insert into public.timeline_entries (incident_id, seq, at, occurred_at, who, kind, text)
    select record ->> 'id', seq, at, occurred_at, who, kind, text
    from jsonb_populate_recordset(null::public.timeline_entries, record -> 'timeline')
  on conflict (incident_id, seq) do update set
    at = excluded.at, occurred_at = excluded.occurred_at, who = excluded.who, kind = excluded.kind, text = excluded.text;
  delete from public.timeline_entries
    where incident_id = record ->> 'id'
      and seq not in (select (entry ->> 'seq')::integer from jsonb_array_elements(record -> 'timeline') as entry);

  -- A record without a post-mortem leaves the one that is there: an incident that is opened again keeps its first one to read.
  if jsonb_typeof(record -> 'postmortem') = 'object' then
    insert into public.postmortems (incident_id, markdown, url, version)
      values (record ->> 'id', record #>> '{postmortem,markdown}', record #>> '{postmortem,url}', (record ->> 'version')::integer)
    on conflict (incident_id) do update set markdown = excluded.markdown, url = excluded.url, version = excluded.version;
  end if;
  return true;
end
$$;
