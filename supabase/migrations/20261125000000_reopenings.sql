-- Between a resolution and its reopening nobody worked on it: no time counts that. And numbers are of what really went wrong: drills,
-- changes and maintenance stand in `incident_times` only.
-- What a bot of before does not write is null, and read as it was then.
alter table public.incidents
  add column reopenings integer check (reopenings >= 0),
  add column seconds_taken_for_resolved numeric check (seconds_taken_for_resolved >= 0),
  add column responses integer check (responses >= 0),
  add column responses_met integer check (responses_met between 0 and responses);
comment on column public.incidents.reopenings is 'How often it was opened again.';
comment on column public.incidents.seconds_taken_for_resolved is 'From each resolution to its reopening, together.';
comment on column public.incidents.responses is 'Runs of the response clock that are over: each reopening brings one more.';
comment on column public.incidents.responses_met is 'Those of them that were acknowledged in time.';

-- What is there already, from its story.
with gap as (
  select reopened.incident_id, extract(epoch from reopened.occurred_at - (
      select max(resolved.occurred_at) from public.timeline_entries as resolved
      where resolved.incident_id = reopened.incident_id and resolved.kind = 'resolved' and resolved.seq < reopened.seq
    )) as seconds
  from public.timeline_entries as reopened
  where reopened.kind = 'reopened'
)
update public.incidents set reopenings = of.times, seconds_taken_for_resolved = of.seconds
from (select incident_id, count(*)::integer as times, sum(greatest(coalesce(seconds, 0), 0)) as seconds from gap group by incident_id) as of
where incidents.id = of.incident_id;

create or replace view public.incident_times with (security_invoker = true) as
  select id, number, kind, product, title, severity, status, detected_at, resolved_at,
    round(extract(epoch from time_to_acknowledge) / 60, 1) as minutes_to_acknowledge,
    round(extract(epoch from time_to_mitigate) / 60, 1) as minutes_to_mitigate,
    round(extract(epoch from time_to_resolve) / 60, 1) as minutes_to_resolve,
    response_met, reopenings, time_to_acknowledge, time_to_mitigate, time_to_resolve, responses, responses_met
  from (
    select id, number, kind, product, title, severity, status, detected_at, resolved_at,
      case when response_due is null then null when response_breached then false when acknowledged_at is not null then true end
        as response_met,
      coalesce(reopenings, 0) as reopenings,
      acknowledged_at - detected_at as time_to_acknowledge,
      mitigated_at - detected_at - gap as time_to_mitigate,
      resolved_at - detected_at - gap as time_to_resolve,
      coalesce(responses,
        case when response_due is not null and (response_breached or acknowledged_at is not null or resolved_at is not null) then 1 else 0 end)
        as responses,
      coalesce(responses_met, case when response_due is not null and not response_breached and acknowledged_at is not null then 1 else 0 end)
        as responses_met
    from public.incidents, make_interval(secs => coalesce(seconds_taken_for_resolved, 0)::double precision) as gap
    where merged_into is null
  ) as each;
comment on view public.incident_times is 'How long each took, from detection and without the time between a resolution and its reopening, and whether the response was in time (null: no clock, still running, or never acknowledged before the end). Without what was merged.';

create or replace view public.incident_metrics with (security_invoker = true) as
  select product, kind, severity, date_trunc('month', detected_at at time zone 'UTC')::date as month,
    count(*)::integer as incidents,
    count(*) filter (where resolved_at is null)::integer as open,
    round(extract(epoch from avg(time_to_acknowledge)) / 60, 1) as mean_minutes_to_acknowledge,
    round(extract(epoch from avg(time_to_resolve)) / 60, 1) as mean_minutes_to_resolve,
    round(extract(epoch from percentile_cont(0.5) within group (order by time_to_resolve)) / 60, 1) as median_minutes_to_resolve,
    round(100.0 * sum(responses_met) / nullif(sum(responses), 0), 1) as responses_in_time_percent,
    round(extract(epoch from percentile_cont(0.5) within group (order by time_to_acknowledge)) / 60, 1) as median_minutes_to_acknowledge,
    sum(responses)::integer as responses,
    sum(responses_met)::integer as responses_met
  from public.incident_times
  where kind in ('incident', 'disaster')
  group by product, kind, severity, month;
comment on view public.incident_metrics is 'By product, kind, severity and month (UTC) of detection: what really went wrong, without drills and planned work.';

-- As before, with the new columns.
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

  insert into public.timeline_entries (incident_id, seq, at, occurred_at, who, kind, text)
    select record ->> 'id', seq, at, occurred_at, who, kind, text
    from jsonb_populate_recordset(null::public.timeline_entries, record -> 'timeline')
  on conflict (incident_id, seq) do update set
    at = excluded.at, occurred_at = excluded.occurred_at, who = excluded.who, kind = excluded.kind, text = excluded.text;
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
