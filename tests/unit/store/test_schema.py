import psycopg
import pytest

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


def test_a_database_of_the_version_before_alarms_gets_them_and_keeps_what_it_has(
    server: EmbeddedPostgres,
) -> None:
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        connection.execute("create database of_0002")
    dsn = server.dsn("of_0002")
    migrate(dsn, to="0002")
    assert "alarm" not in dict(_tables(dsn))
    with psycopg.connect(dsn) as connection:
        connection.execute("insert into consent (dwelling, purpose) values ('D1-0304', 'x')")
    migrate(dsn)
    assert "alarm" in dict(_tables(dsn))
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select dwelling from consent").fetchall() == [("D1-0304",)]


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
