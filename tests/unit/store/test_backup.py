"""A backup is whole or not there; a restore brings all of it back or changes nothing."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from old_databases import contents, fill_as_of
from psycopg import sql
from typer.testing import CliRunner

from ems.cli import app
from ems.domain.errors import StoreError
from ems.store import EmbeddedPostgres, migrate
from ems.store.backup import back_up, restore

NAMES = ("drill", "drill_elsewhere")


@pytest.fixture
def drill(server: EmbeddedPostgres) -> Iterator[str]:
    """A database of an older version with a row in every table; its name is free afterwards."""
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        connection.execute("create database drill")
        migrate(server.dsn("drill"), to="0005")
        with psycopg.connect(server.dsn("drill")) as filled:
            fill_as_of(filled, "0005")
        yield server.dsn("drill")
        for name in NAMES:
            connection.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(name)))


def _databases(server: EmbeddedPostgres) -> set[str]:
    with psycopg.connect(server.dsn("postgres")) as connection:
        rows = connection.execute("select datname from pg_database").fetchall()
    return {name for (name,) in rows}


def _all(dsn: str) -> object:
    with psycopg.connect(dsn) as connection:
        return contents(connection)


def test_what_was_backed_up_comes_back_elsewhere_and_can_be_run_on(
    server: EmbeddedPostgres, drill: str, tmp_path: Path
) -> None:
    file = tmp_path / "monday.backup"
    assert back_up(drill, file) == file.stat().st_size
    assert file.stat().st_mode & 0o777 == 0o600
    restore(server.dsn("drill_elsewhere"), file)
    migrate(drill)
    assert _all(server.dsn("drill_elsewhere")) == _all(drill)
    with (
        psycopg.connect(server.dsn("drill_elsewhere"), autocommit=True) as connection,
        pytest.raises(psycopg.errors.RaiseException, match="append-only"),
    ):
        connection.execute("delete from audit")


def test_a_database_with_something_in_it_is_replaced_only_when_told(
    server: EmbeddedPostgres, drill: str, tmp_path: Path
) -> None:
    file = tmp_path / "monday.backup"
    back_up(drill, file)
    migrate(drill)
    monday = _all(drill)
    with psycopg.connect(drill) as connection:
        connection.execute("delete from setting")
    tuesday = _all(drill)
    with pytest.raises(StoreError, match="has something in it"):
        restore(drill, file)
    assert _all(drill) == tuesday
    restore(drill, file, replace=True)
    assert _all(drill) == monday
    assert not {name for name in _databases(server) if name.startswith("drill_")}


def test_nothing_changes_while_somebody_uses_the_database(
    drill: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ems.store.backup.PATIENCE_S", 0.0)
    file = tmp_path / "monday.backup"
    back_up(drill, file)
    with (
        psycopg.connect(drill),
        pytest.raises(StoreError, match="connections use the database"),
    ):
        restore(drill, file, replace=True)


def test_half_a_backup_changes_nothing(
    server: EmbeddedPostgres, drill: str, tmp_path: Path
) -> None:
    file = tmp_path / "monday.backup"
    back_up(drill, file)
    file.write_bytes(file.read_bytes()[:-2000])
    before = _all(drill)
    with pytest.raises(StoreError):
        restore(drill, file, replace=True)
    assert _all(drill) == before
    assert not {name for name in _databases(server) if name.startswith("drill_")}


def test_a_backup_of_a_newer_program_is_refused(
    server: EmbeddedPostgres, drill: str, tmp_path: Path
) -> None:
    file = tmp_path / "future.backup"
    with psycopg.connect(drill) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    back_up(drill, file)
    with pytest.raises(StoreError, match="9999"):
        restore(server.dsn("drill_elsewhere"), file)
    assert "drill_elsewhere" not in _databases(server)


def test_a_backup_that_can_not_be_written_leaves_nothing(drill: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        back_up(drill, tmp_path / "nowhere" / "monday.backup")
    there = tmp_path / "there"
    there.write_text("precious")
    with pytest.raises(StoreError, match="there already"):
        back_up(drill, there)
    assert there.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [there]


def test_the_commands_back_up_and_restore(
    server: EmbeddedPostgres, drill: str, tmp_path: Path
) -> None:
    run, file = CliRunner().invoke, str(tmp_path / "monday.backup")
    assert "MB" in run(app, ["backup", file, "--dsn", drill]).output
    assert run(app, ["restore", file, "--dsn", drill]).exit_code == 1
    done = run(app, ["restore", file, "--dsn", server.dsn("drill_elsewhere")])
    assert done.exit_code == 0, done.output
    assert "drill_elsewhere" in _databases(server)
