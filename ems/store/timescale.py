"""What a database with TimescaleDB does better: chunks, continuous aggregates, compression.

Where the extension is installed in the database (`create extension timescaledb`), `adopt` turns the
series into hypertables and puts continuous aggregates in the place of the tables of longer means.
It keeps what is there, happens once, in the transaction of the migrations, and whenever the
extension comes. The aggregates are brought up to date by `ems.store.rollups`, on district time,
and what is too old goes by `ems.store.retention`; TimescaleDB's own jobs only compress.
"""

from sqlalchemy import Connection, text

COMPRESSED_AFTER_DAYS = 7

_INSTALLED = """
select exists (select from pg_extension where extname = 'timescaledb')
  and current_setting('timescaledb.license', true) = 'timescale'
"""
_ADOPTED = """
select exists (select from timescaledb_information.hypertables where hypertable_name = 'sample')
"""
_UNFILLED = """
select exists (select from quarter_hour) and not exists (select from month_mean)
"""
_HYPERTABLES = """
drop view slot_mean;
select create_hypertable('sample', by_range('at', interval '1 day'),
  create_default_indexes => false, migrate_data => true);
select create_hypertable('quarter_hour', by_range('at', interval '7 days'),
  create_default_indexes => false, migrate_data => true);
alter table sample set (timescaledb.compress, timescaledb.compress_segmentby = 'point_id',
  timescaledb.compress_orderby = 'at');
alter table quarter_hour set (timescaledb.compress, timescaledb.compress_segmentby = 'point_id',
  timescaledb.compress_orderby = 'at');
"""
_COMPRESSION = "select add_compression_policy(:name, make_interval(days => :days))"
_AGGREGATES = """
create materialized view slot_mean
with (timescaledb.continuous, timescaledb.materialized_only = false) as
select point_id, time_bucket('15 min', at) as at, avg(value) as mean, count(*) as good
from sample
where quality in (0, 5) and value > '-infinity' and value < 'infinity'
group by 1, 2 with no data;

drop table hour_mean, day_mean, month_mean;

create materialized view hour_mean
with (timescaledb.continuous, timescaledb.materialized_only = true) as
select point_id, time_bucket('1 hour', at) as at, avg(mean) as mean, count(*) as slots
from quarter_hour where slots = 1
group by 1, 2 with no data;

create materialized view day_mean
with (timescaledb.continuous, timescaledb.materialized_only = true) as
select point_id, time_bucket('1 day', at, 'Europe/Paris') as at,
  sum(mean * slots) / sum(slots) as mean, sum(slots) as slots
from quarter_hour
group by 1, 2 with no data;

create materialized view month_mean
with (timescaledb.continuous, timescaledb.materialized_only = true) as
select point_id, time_bucket('1 month', at, 'Europe/Paris') as at,
  sum(mean * slots) / sum(slots) as mean, sum(slots)::bigint as slots
from day_mean
group by 1, 2 with no data;
"""
AGGREGATES = ("slot_mean", "hour_mean", "day_mean", "month_mean")
"""In the order in which each is made of the one before."""


def adopt(connection: Connection) -> bool:
    """Use TimescaleDB if it is there and not used yet: whether aggregates are to be filled."""
    if not connection.scalar(text(_INSTALLED)):
        return False
    if not connection.scalar(text(_ADOPTED)):
        _hand_over(connection)
    return bool(connection.scalar(text(_UNFILLED)))


def _hand_over(connection: Connection) -> None:
    connection.exec_driver_sql(_HYPERTABLES)
    for name in ("sample", "quarter_hour"):
        connection.execute(text(_COMPRESSION), {"name": name, "days": COMPRESSED_AFTER_DAYS})
    connection.exec_driver_sql(_AGGREGATES)
