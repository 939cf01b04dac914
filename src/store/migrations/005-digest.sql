-- What checks answered on their schedule, for the digests. A slot is asked once, however many processes there are.
create table tocsin.sample (
  product text not null,
  check_key text not null,
  slot timestamptz not null,
  minutes integer not null,
  status text not null,
  ms integer not null,
  finding text,
  measurements jsonb not null,
  primary key (product, check_key, slot)
);
create index sample_slot on tocsin.sample (slot);

-- Each kind of digest has dates of its own. `problem`: why it could not be posted yet.
create table tocsin.digest (
  kind text not null,
  product text not null,
  date text not null,
  data jsonb not null,
  made_at timestamptz not null default clock_timestamp(),
  posted_at timestamptz,
  problem text,
  primary key (kind, product, date)
);
