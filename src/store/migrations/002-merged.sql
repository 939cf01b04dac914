-- The record that this one became part of: alerts of its rule go there from then on, and numbers leave it out.
alter table tocsin.incident add column merged_into text;
create index incident_merged_rule on tocsin.incident (product, rule) where merged_into is not null;
