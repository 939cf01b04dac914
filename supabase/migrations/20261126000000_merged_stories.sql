-- The story of a record that was merged into another stands in the other's, too.
alter table public.timeline_entries add column record_id text;
update public.timeline_entries set record_id = incident_id;
alter table public.timeline_entries alter column record_id set not null;
alter table public.timeline_entries drop constraint timeline_entries_pkey;
alter table public.timeline_entries add primary key (incident_id, record_id, seq);
comment on column public.timeline_entries.record_id is 'Where it comes from: the record itself, or one that was merged into it. seq counts there.';

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
    reopenings = excluded.reopenings, seconds_taken_for_resolved = excluded.seconds_taken_for_resolved,
    responses = excluded.responses, responses_met = excluded.responses_met, steps = excluded.steps,
    audit_head = excluded.audit_head, version = excluded.version
  where present.version <= excluded.version;
  if not found then
    return false;
  end if;

  insert into public.timeline_entries (incident_id, record_id, seq, at, occurred_at, who, kind, text, link)
    select record ->> 'id', coalesce(record_id, record ->> 'id'), seq, at, occurred_at, who, kind, text, link
    from jsonb_populate_recordset(null::public.timeline_entries, record -> 'timeline')
  on conflict (incident_id, record_id, seq) do update set
    at = excluded.at, occurred_at = excluded.occurred_at, who = excluded.who, kind = excluded.kind, text = excluded.text, link = excluded.link;
  delete from public.timeline_entries
    where incident_id = record ->> 'id'
      and (record_id, seq) not in (
        select coalesce(entry ->> 'record_id', record ->> 'id'), (entry ->> 'seq')::integer
        from jsonb_array_elements(record -> 'timeline') as entry
      );

  -- A record without a post-mortem leaves the one that is there.
  if jsonb_typeof(record -> 'postmortem') = 'object' then
    insert into public.postmortems (incident_id, markdown, url, version)
      values (record ->> 'id', record #>> '{postmortem,markdown}', record #>> '{postmortem,url}', (record ->> 'version')::integer)
    on conflict (incident_id) do update set markdown = excluded.markdown, url = excluded.url, version = excluded.version;
  end if;
  return true;
end
$$;
