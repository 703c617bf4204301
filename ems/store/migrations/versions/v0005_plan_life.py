"""Plans with a life of their own, slots that are dispatched once, one leading instance, shelves.

Each slot is claimed in `slot_claim` before anything of it is written: its key is what makes a
second dispatch impossible, whoever asks.
"""

from alembic import op

revision = "0005"
down_revision = "0004"

STATEMENTS = """
alter table plan drop constraint plan_status_check;
alter table plan add constraint plan_status_check
  check (status in ('proposed', 'approved', 'live', 'superseded', 'rejected'));
alter table plan add column expires_at timestamptz;
alter table plan add column authority text not null default '';
comment on column plan.expires_at is 'until when a proposal may be approved, district time';
comment on column plan.authority is 'by whose word it is written';
create unique index plan_one_approved on plan (status) where status = 'approved';

create table leader (
  one     boolean primary key default true check (one),
  epoch   bigint not null,
  holder  text not null,
  beat_at timestamptz not null default clock_timestamp()
);
insert into leader (epoch, holder) values (0, '');
comment on table leader is 'the instance that writes; each change of it counts epoch up';

create table instance (
  name    text primary key,
  seen_at timestamptz not null default clock_timestamp()
);

create table slot_claim (
  slot      bigint primary key,
  plan_id   uuid not null,
  epoch     bigint not null,
  authority text not null,
  at        timestamptz not null default clock_timestamp()
);

alter table cycle add column mode text not null default '';
alter table cycle add column authority text not null default '';
alter table cycle add column epoch bigint not null default 0;
alter table cycle add column late_s double precision not null default 0;
alter table cycle add column cut text[] not null default '{}';
comment on column cycle.late_s is 'district seconds after the start of the slot that writing began';
comment on column cycle.cut is 'steps that took too long and were cut';

create table alarm_shelf (
  device     text not null,
  item       text not null,
  kind       text not null check (kind in ('shelved', 'out_of_service')),
  until      timestamptz,
  reason     text not null,
  shelved_by text not null,
  shelved_at timestamptz not null default clock_timestamp(),
  primary key (device, item),
  check (kind = 'out_of_service' or until is not null)
);
"""


def upgrade() -> None:
    """Change the tables and add the new ones."""
    op.execute(STATEMENTS)
