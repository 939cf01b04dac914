-- A response clock that ran until the resolution without an acknowledgement was not met; nor was it missed, unless it ran out before.
create or replace view public.incident_times with (security_invoker = true) as
  select id, number, kind, product, title, severity, status, detected_at, resolved_at,
    round(extract(epoch from acknowledged_at - detected_at) / 60, 1) as minutes_to_acknowledge,
    round(extract(epoch from mitigated_at - detected_at) / 60, 1) as minutes_to_mitigate,
    round(extract(epoch from resolved_at - detected_at) / 60, 1) as minutes_to_resolve,
    case when response_due is null then null when response_breached then false when acknowledged_at is not null then true end
      as response_met
  from public.incidents;
comment on view public.incident_times is 'How long each took, in minutes from detection, and whether the response was in time (null: no clock, still running, or never acknowledged before the end).';
