"""Means by the hour, local day and month, and what may be kept of dwellings.

A row of `quarter_hour` stands for `slots` quarter hours from `at` on: 1 while the curve is fine, up
to 100 once only the day's mean is kept. Coarse rows carry their weight, so that days and months can
always be made again from what there is. Local days are those of Europe/Paris.

`ems.store.timescale` puts continuous aggregates of the same names and columns in the place of the
tables, and of `slot_mean`.
"""

from alembic import op

revision = "0006"
down_revision = "0005"

STATEMENTS = """
alter table point add column dwelling text;
comment on column point.dwelling is 'whose life it tells of; null: nobody''s';

alter table quarter_hour add column slots smallint not null default 1;
comment on column quarter_hour.slots is 'quarter hours that the mean stands for';

alter table consent add column proof text not null default '';
comment on column consent.proof is 'how it was given: a form''s number, a page''s version';

create view slot_mean as
select point_id, date_bin('15 min', at, '2000-01-01 00:00+00') as at,
  avg(value) as mean, count(*) as good
from sample
where quality in (0, 5) and value > '-infinity' and value < 'infinity'
group by 1, 2;

create view fine_mean as
select point_id, at, mean, slots from quarter_hour where slots = 1;

create table hour_mean (
  point_id integer not null,
  at       timestamptz not null,
  mean     double precision not null,
  slots    bigint not null,
  primary key (point_id, at)
);
create table day_mean (like hour_mean including all);
create table month_mean (like hour_mean including all);

insert into hour_mean
select point_id, date_bin('1 hour', at, '2000-01-01 00:00+00') as hour, avg(mean), count(*)
from quarter_hour group by point_id, hour;
insert into day_mean
select point_id, date_trunc('day', at, 'Europe/Paris') as day, avg(mean), count(*)
from quarter_hour group by point_id, day;
insert into month_mean
select point_id, date_trunc('month', at, 'Europe/Paris') as month,
  sum(mean * slots) / sum(slots), sum(slots)::bigint
from day_mean group by point_id, month;
"""


def upgrade() -> None:
    """Add them, and sum up what is there."""
    op.execute(STATEMENTS)
