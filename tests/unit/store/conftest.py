"""One embedded server for all tests of the store, and a fresh database for each."""

import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio

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
