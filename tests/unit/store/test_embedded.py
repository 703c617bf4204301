import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ems.domain.errors import StoreError
from ems.store import EmbeddedPostgres, default_data_dir


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ems-") as folder:
        yield Path(folder)


def test_data_outlives_a_kill_of_the_server_and_a_stop(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    dsn = server.start()
    with psycopg.connect(dsn) as connection:
        connection.execute("create table kept as select 42 as answer")
    postmaster = server.postmaster()
    assert postmaster is not None
    os.kill(postmaster, signal.SIGKILL)

    assert server.start() == dsn
    assert server.postmaster() not in (None, postmaster)
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)

    server.stop()
    assert server.postmaster() is None


def test_a_running_server_is_found_and_the_last_user_stops_it(folder: Path) -> None:
    first, second = EmbeddedPostgres(folder), EmbeddedPostgres(folder)
    first.start()
    running = first.postmaster()
    second.start()
    assert second.postmaster() == running

    first.stop()
    assert second.postmaster() == running
    second.stop()
    assert second.postmaster() is None


def test_a_pid_file_with_the_number_of_another_process_is_no_server(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    server.stop()
    (server.pgdata / "postmaster.pid").write_text(f"{os.getpid()}\n")
    assert server.postmaster() is None
    server.start()
    assert server.postmaster() is not None
    server.stop()


def test_nobody_else_can_enter_the_data(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        assert server.pgdata.stat().st_mode & 0o077 == 0


def test_a_path_too_long_for_a_socket_is_refused_with_a_fix(folder: Path) -> None:
    with pytest.raises(StoreError, match="EMS_DATA"):
        EmbeddedPostgres(folder / ("x" * 90)).start()


def test_data_of_another_version_is_refused_with_a_fix(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.pgdata.mkdir()
    (server.pgdata / "PG_VERSION").write_text("15\n")
    with pytest.raises(StoreError, match="PostgreSQL 15"):
        server.start()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"EMS_DATA": "/srv/district", "XDG_DATA_HOME": "/x"}, "/srv/district"),
        ({"XDG_DATA_HOME": "/x", "EMS_DATA": ""}, "/x/smartseille-ems"),
        ({"HOME": "/home/ana", "EMS_DATA": "", "XDG_DATA_HOME": ""},
         "/home/ana/.local/share/smartseille-ems"),
    ],
    ids=["told", "desktop standard", "home"],
)  # fmt: skip
def test_the_data_folder_is_where_people_expect_it(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert default_data_dir() == Path(expected)
