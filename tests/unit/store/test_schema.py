from datetime import UTC, datetime

import psycopg
import pytest
from old_databases import PLAN, contents, fill_as_of, kept_columns
from psycopg import sql

from ems.domain.errors import StoreError
from ems.store import EmbeddedPostgres, migrate


def _tables(dsn: str) -> list[tuple[str, int]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "select relname, oid::int from pg_class where relkind = 'r' and relnamespace = "
            "'public'::regnamespace order by 1"
        ).fetchall()


def test_an_empty_database_gets_the_schema_and_a_second_time_changes_nothing(
    server: EmbeddedPostgres,
) -> None:
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        connection.execute("create database empty_one")
    dsn = server.dsn("empty_one")
    assert _tables(dsn) == []
    migrate(dsn)
    made = _tables(dsn)
    assert {"sample", "quarter_hour", "plan", "audit"} <= {name for name, _ in made}
    migrate(dsn)
    assert _tables(dsn) == made


@pytest.mark.parametrize("version", ["0001", "0002", "0003", "0004", "0005"])
def test_a_database_of_any_older_version_is_brought_up_to_date_with_what_it_has(
    server: EmbeddedPostgres, version: str
) -> None:
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(f"of_{version}")))
    dsn = server.dsn(f"of_{version}")
    migrate(dsn, to=version)
    with psycopg.connect(dsn) as connection:
        fill_as_of(connection, version)
        before = contents(connection)
    migrate(dsn)
    with psycopg.connect(dsn) as connection:
        after = contents(connection)
        days = connection.execute("select at, mean, slots from day_mean").fetchall()
        live = connection.execute("select id from plan where status = 'live'").fetchall()
    for table, rows in before.items():
        assert kept_columns(after[table], rows) == rows, table
    assert days == [(datetime(2026, 1, 14, 23, tzinfo=UTC), 3.0, 2)]
    assert live == [(PLAN,)]


def test_a_newer_schema_is_refused(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(StoreError, match="9999"):
        migrate(dsn)


def test_a_database_that_is_not_there_is_said(server: EmbeddedPostgres) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        migrate(server.dsn("nowhere"))


def test_the_audit_trail_is_append_only(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("""insert into audit (who, what) values ('ana', '{"action": "x"}')""")
        for attempt in ("update audit set who = 'bob'", "delete from audit", "truncate audit"):
            with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
                connection.execute(attempt)
