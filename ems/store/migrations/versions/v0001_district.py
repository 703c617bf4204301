"""Points and samples, plans and what became of them, people and their sessions.

Time stands in the key of `sample` and `quarter_hour`, so that both can become hypertables of
TimescaleDB as they are. They carry no foreign key: they are written by the thousand each second,
and a point is never deleted. `dispatch` and `cycle` carry none to `plan` either, as a district goes
on from a plan that the database may not have seen.
"""

from alembic import op

revision = "0001"
down_revision = None

STATEMENTS = """
create table point (
  id       integer generated always as identity primary key,
  name     text not null unique,
  device   text not null,
  quantity text not null,
  unit     text not null,
  writable boolean not null
);

create table sample (
  point_id integer not null,
  at       timestamptz not null,
  value    double precision not null,
  quality  smallint not null,
  primary key (point_id, at)
);
create index sample_at on sample using brin (at) with (pages_per_range = 32);

create table point_latest (
  point_id integer primary key references point,
  at       timestamptz not null,
  value    double precision not null,
  quality  smallint not null
) with (fillfactor = 50);

create table quarter_hour (
  point_id integer not null,
  at       timestamptz not null,
  mean     double precision not null,
  good     integer not null,
  primary key (point_id, at)
);
comment on column quarter_hour.at is 'start of the slot';
comment on column quarter_hour.good is 'good samples in the mean; 0: filled in, not measured';

create table plan (
  id                 uuid primary key,
  issued_at          timestamptz not null,
  first_slot         bigint not null,
  slots              integer not null check (slots > 0),
  origin             text not null,
  mode               text not null,
  status             text not null check (status in ('live', 'superseded')),
  decision           text check (decision in ('approved', 'rejected')),
  decided_by         text,
  decided_at         timestamptz,
  decision_reason    text not null default '',
  report             jsonb not null,
  forecasts_degraded text[] not null
);
create unique index plan_one_live on plan (status) where status = 'live';
create index plan_issued on plan (issued_at);

create table plan_setpoint (
  plan_id       uuid not null references plan on delete cascade,
  position      integer not null,
  point         text not null,
  unit          text not null,
  low           double precision not null,
  high          double precision not null,
  values        double precision[] not null,
  reason_codes  smallint[] not null,
  reason_values double precision[] not null,
  primary key (plan_id, position)
);

create table plan_series (
  plan_id uuid not null references plan on delete cascade,
  name    text not null,
  values  double precision[] not null,
  primary key (plan_id, name)
);

create table forecast (
  plan_id    uuid not null references plan on delete cascade,
  name       text not null,
  source     text not null,
  issued_at  timestamptz not null,
  first_slot bigint not null,
  values     double precision[] not null,
  levels     double precision[] not null,
  quantiles  double precision[] not null,
  degraded   text not null,
  primary key (plan_id, name)
);

create table dispatch (
  slot         bigint not null,
  point        text not null,
  at           timestamptz not null,
  plan_id      uuid not null,
  wanted       double precision not null,
  unit         text not null,
  low          double precision not null,
  high         double precision not null,
  reason_code  smallint not null,
  reason_value double precision not null,
  outcome      text not null,
  written      double precision not null,
  read_back    double precision not null,
  primary key (slot, point, at)
);
create index dispatch_plan on dispatch (plan_id);

create table cycle (
  slot         bigint primary key,
  started_at   timestamptz not null,
  origin       text not null,
  plan_id      uuid,
  steps_s      json not null,
  stale_points integer not null,
  outcomes     json not null,
  message      text not null,
  missed       boolean not null
);

create table setting (
  key        text primary key,
  value      jsonb not null,
  changed_by text not null,
  changed_at timestamptz not null default clock_timestamp()
);

create table app_user (
  name          text primary key,
  role          text not null,
  scope         text not null default '',
  password_hash text not null,
  active        boolean not null default true,
  created_at    timestamptz not null default clock_timestamp()
);
comment on column app_user.scope is 'the building or dwelling that a manager or resident may see';

create table app_session (
  token_hash bytea primary key,
  user_name  text not null references app_user on delete cascade,
  csrf       text not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null
);
create index app_session_user on app_session (user_name);

create table sign_in_failure (
  name    text not null,
  address text not null,
  at      timestamptz not null default clock_timestamp()
);
create index sign_in_failure_at on sign_in_failure (name, address, at);

create table audit (
  id   bigint generated always as identity primary key,
  at   timestamptz not null default clock_timestamp(),
  who  text not null,
  what jsonb not null
);
"""

APPEND_ONLY = """
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit trail is append-only';
end $$;
create trigger audit_append_only before update or delete or truncate on audit
  for each statement execute function refuse_change();
"""


def upgrade() -> None:
    """Make every table."""
    op.execute(STATEMENTS)
    op.execute(APPEND_ONLY)
