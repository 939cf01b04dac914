-- What an entry of the story tells of can be read itself, as long as the chat has it.
alter table public.timeline_entries add column link text check (link ~ '^https?://');
comment on column public.timeline_entries.link is 'The message that it tells of, for whoever may read its channel. Files at it are kept by the bot: /incident files.';

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
    responses = excluded.responses, responses_met = excluded.responses_met,
    audit_head = excluded.audit_head, version = excluded.version
  where present.version <= excluded.version;
  if not found then
    return false;
  end if;

  insert into public.timeline_entries (incident_id, seq, at, occurred_at, who, kind, text, link)
    select record ->> 'id', seq, at, occurred_at, who, kind, text, link
    from jsonb_populate_recordset(null::public.timeline_entries, record -> 'timeline')
  on conflict (incident_id, seq) do update set
    at = excluded.at, occurred_at = excluded.occurred_at, who = excluded.who, kind = excluded.kind, text = excluded.text, link = excluded.link;
  delete from public.timeline_entries
    where incident_id = record ->> 'id'
      and seq not in (select (entry ->> 'seq')::integer from jsonb_array_elements(record -> 'timeline') as entry);

  -- A record without a post-mortem leaves the one that is there.
  if jsonb_typeof(record -> 'postmortem') = 'object' then
    insert into public.postmortems (incident_id, markdown, url, version)
      values (record ->> 'id', record #>> '{postmortem,markdown}', record #>> '{postmortem,url}', (record ->> 'version')::integer)
    on conflict (incident_id) do update set markdown = excluded.markdown, url = excluded.url, version = excluded.version;
  end if;
  return true;
end
$$;
