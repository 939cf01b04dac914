-- Writes everything about one incident in one transaction. `record` is the incident's row with the keys `timeline` (an array of
-- entries) and `postmortem` (an object or null). False, and nothing written, when a later version is there already.
create function public.publish_incident(record jsonb) returns boolean
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
    response_breached = excluded.response_breached, lead = excluded.lead, summary = excluded.summary,
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
comment on function public.publish_incident is 'Upserts an incident with its timeline and post-mortem; an older version changes nothing.';
revoke all on function public.publish_incident(jsonb) from public, anon, authenticated;
grant execute on function public.publish_incident(jsonb) to service_role;
