"""Databases as older versions of the program left them: their schema, with a row in every table."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

Connection = psycopg.Connection[tuple[Any, ...]]
Rows = list[dict[str, Any]]

PLAN = UUID("00000000-0000-0000-0000-00000000000a")
"""The live one."""

_ROWS = {
    "0001": """
insert into point (name, device, quantity, unit, writable) values
  ('A/electric_power_kw', 'A', 'electric_power_kw', 'kW', false);
insert into sample values (1, '2026-01-15 12:00Z', 2.5, 0), (1, '2026-01-15 12:05Z', 'NaN', 2);
insert into point_latest values (1, '2026-01-15 12:05Z', 'NaN', 2);
insert into quarter_hour (point_id, at, mean, good) values
  (1, '2026-01-15 12:00Z', 2, 1), (1, '2026-01-15 12:15Z', 4, 0);
insert into plan (id, issued_at, first_slot, slots, origin, mode, status, report,
    forecasts_degraded)
  values ('00000000-0000-0000-0000-00000000000a', '2026-01-15 12:00Z', 1964256, 96, 'optimised',
    'automatic', 'live', '{}', '{}'),
  (gen_random_uuid(), '2026-01-15 11:45Z', 1964255, 96, 'rules', 'shadow', 'superseded',
    '{}', '{pv}');
insert into plan_setpoint values ('00000000-0000-0000-0000-00000000000a', 0, 'A/setpoint_c', '°C',
  15, 25, '{20}', '{1}', '{0}');
insert into plan_series values ('00000000-0000-0000-0000-00000000000a', 'import_kw', '{1,NaN}');
insert into forecast values ('00000000-0000-0000-0000-00000000000a', 'pv', 'test',
  '2026-01-15 12:00Z', 1964256, '{1}', '{0.5}', '{1}', '');
insert into dispatch values (1964256, 'A/setpoint_c', '2026-01-15 12:00Z',
  '00000000-0000-0000-0000-00000000000a', 20, '°C', 15, 25, 1, 0, 'ok', 20, 20);
insert into cycle values (1964256, '2026-01-15 11:57Z', 'optimised',
  '00000000-0000-0000-0000-00000000000a', '{}', 0, '{}', '', false);
insert into setting (key, value, changed_by) values ('mode', '"automatic"', 'ana');
insert into app_user (name, role, password_hash) values ('ana', 'operator', 'x');
insert into app_session (token_hash, user_name, csrf, expires_at) values
  ('\\x01', 'ana', 'c', '2026-01-16Z');
insert into sign_in_failure (name, address) values ('bob', '::1');
insert into audit (who, what) values ('ana', '{"action": "mode"}');
""",
    "0002": """
insert into consent (dwelling, purpose) values ('A', 'own_feed');
insert into feed_address (dwelling, token_hash) values ('A', '\\x02');
""",
    "0003": """
insert into alarm (device, item, state, since, priority, text, wants_acknowledgement) values
  ('A', 'room_temp_c', 'fault', '2026-01-15 12:00Z', 10, 'broken', true);
""",
    "0004": """
insert into import_event (begins, ends, import_kw, eur_per_kwh, added_by) values
  ('2026-01-15 17:00Z', '2026-01-15 19:00Z', 400, 2, 'ana');
""",
    "0005": """
insert into instance (name) values ('one');
insert into slot_claim (slot, plan_id, epoch, authority) values
  (1964256, '00000000-0000-0000-0000-00000000000a', 1, 'ana');
insert into alarm_shelf (device, item, kind, until, reason, shelved_by) values
  ('A', 'room_temp_c', 'shelved', '2026-01-16Z', 'known', 'ana');
""",
}
"""What each version added."""
_TABLES = """
select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
  and relname <> 'alembic_version'
"""


def fill_as_of(connection: Connection, version: str) -> None:
    """A row, or two, in every table that a database of `version` has."""
    for step, rows in _ROWS.items():
        if step <= version:
            connection.execute(rows)
    empty = [table for table, rows in contents(connection).items() if not rows]
    assert not empty, f"tables of {version} without a row: {empty}"


def contents(connection: Connection) -> dict[str, Rows]:
    """All rows of all tables, by column."""
    found = {}
    for (table,) in connection.execute(_TABLES).fetchall():
        query = sql.SQL("select row_to_json(t) from (select * from {}) as t order by t::text")
        rows = connection.execute(query.format(sql.Identifier(table))).fetchall()
        found[table] = [row for (row,) in rows]
    return found


def kept_columns(rows: Rows, like: Sequence[dict[str, Any]]) -> Rows:
    """`rows` without the columns that are newer than those of `like`."""
    columns = like[0].keys()
    return [{name: row[name] for name in columns} for row in rows]
