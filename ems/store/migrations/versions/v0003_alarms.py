"""What devices report as wrong, and who has seen it."""

from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS = """
create table alarm (
  id                    bigint generated always as identity primary key,
  device                text not null,
  item                  text not null,
  state                 text not null,
  since                 timestamptz not null,
  priority              smallint not null check (priority between 0 and 255),
  text                  text not null,
  wants_acknowledgement boolean not null,
  ended_at              timestamptz,
  acknowledged_at       timestamptz,
  acknowledged_by       text,
  unique (device, item, state, since)
);
comment on table alarm is 'one row for each state that a device has told of an item';
comment on column alarm.ended_at is 'when the device said something else; null: it holds';
comment on column alarm.acknowledged_by is 'null although acknowledged: somebody outside the EMS';
create unique index alarm_last on alarm (device, item) where ended_at is null;
"""


def upgrade() -> None:
    """Add the table."""
    op.execute(STATEMENTS)
