"""The whole database in one file, and back, by pg_dump and pg_restore of the embedded server.

A backup is written beside its place and put there when it is whole. A restore fills a database
beside the present one, brings it to this program's schema, and then takes the present one's name,
in one transaction: until then nothing has changed, and a restore that is cut off leaves only a
half-filled database that the next one removes.
"""

import os
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ems.domain.errors import StoreAwayError, StoreError
from ems.store.schema import migrate
from ems.store.server_programs import program

PATIENCE_S = 10.0
"""Wall seconds in which connections that have just been closed may still end."""

_FILLING, _REPLACED = "_restoring", "_replaced"
"""Put behind the database's name while it is restored."""
_HOLDS_SOMETHING: LiteralString = """
select exists (select from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace)
"""
_HAS_TIMESCALE: LiteralString = (
    "select exists (select from pg_extension where extname = 'timescaledb')"
)
_OTHERS: LiteralString = "select count(*) from pg_stat_activity where datname = %s"

Connection = psycopg.Connection[tuple[Any, ...]]


def back_up(dsn: str, file: Path) -> int:
    """Write the database at `dsn` into a new `file`, as it is at one moment: its bytes.

    The EMS may run meanwhile. The file holds password hashes and residents' data, and is readable
    by its owner alone.

    Raises:
        StoreError: the file is there already or can't be written, or the database can't be dumped.
        StoreAwayError: the database does not answer.
    """
    if file.exists():
        raise StoreError(f"{file} is there already", fix="give the name of a new file")
    with _connected(dsn) as connection:
        if _truth(connection, _HAS_TIMESCALE):
            raise StoreError(
                "this database uses TimescaleDB, whose chunks are not dumped one by one",
                fix="back up its server with pg_basebackup, as docs/store.md says",
            )
    part = file.with_name(f"{file.name}.part")
    try:
        part.touch(mode=0o600)
        _run("pg_dump", dsn, "--format=custom", "--no-owner", "--no-acl", f"--file={part}")
        _listed(part)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.rename(file)
    except OSError as error:
        raise StoreError(f"{file}: {error.strerror}", fix="choose another place") from error
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    return file.stat().st_size


def restore(dsn: str, file: Path, *, replace: bool = False) -> None:
    """Make the database at `dsn` what `file` holds, at this program's schema; all or nothing.

    Raises:
        StoreError: the file is no backup; there is a database with something in it and not
            `replace`; somebody uses it; it does not go in.
        StoreAwayError: the database does not answer.
    """
    _listed(file)
    name = str(conninfo_to_dict(dsn)["dbname"])
    filling = f"{name}{_FILLING}"
    with _connected(_beside(dsn, "postgres"), autocommit=True) as server:
        _check_free(server, dsn, name, replace=replace)
        _drop(server, filling, f"{name}{_REPLACED}")
        server.execute(sql.SQL("create database {}").format(sql.Identifier(filling)))
        try:
            _run("pg_restore", _beside(dsn, filling), "--no-owner", "--no-acl", "--exit-on-error",
                 "--single-transaction", str(file))  # fmt: skip
            migrate(_beside(dsn, filling))
            _take_name(server, name)
        finally:
            _drop(server, filling, f"{name}{_REPLACED}")


def _check_free(server: Connection, dsn: str, name: str, *, replace: bool) -> None:
    if not _exists(server, name):
        return
    with _connected(dsn) as present:
        full = _truth(present, _HOLDS_SOMETHING)
    if full and not replace:
        raise StoreError(
            f"the database {name} has something in it",
            fix="restore into another one, or give --replace to put the backup in its place",
        )
    give_up = time.monotonic() + PATIENCE_S
    while users := _users(server, name):
        if time.monotonic() > give_up:
            raise StoreError(
                f"{users} connections use the database {name}", fix="stop the EMS, then restore"
            )
        time.sleep(0.1)


def _users(server: Connection, name: str) -> int:
    row = server.execute(_OTHERS, (name,)).fetchone()
    return int(row[0]) if row else 0


def _take_name(server: Connection, name: str) -> None:
    """Both renames, or none."""
    rename = sql.SQL("alter database {} rename to {}")
    present, filled = sql.Identifier(name), sql.Identifier(f"{name}{_FILLING}")
    with server.transaction():
        if _exists(server, name):
            server.execute(rename.format(present, sql.Identifier(f"{name}{_REPLACED}")))
        server.execute(rename.format(filled, present))


def _exists(server: Connection, name: str) -> bool:
    query = "select from pg_database where datname = %s"
    return server.execute(query, (name,)).fetchone() is not None


def _drop(server: Connection, *names: str) -> None:
    for name in names:
        server.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(name)))


def _truth(connection: Connection, query: LiteralString) -> bool:
    row = connection.execute(query).fetchone()
    return row is not None and bool(row[0])


def _beside(dsn: str, database: str) -> str:
    return make_conninfo(dsn, dbname=database)


def _connected(dsn: str, *, autocommit: bool = False) -> Connection:
    try:
        return psycopg.connect(dsn, autocommit=autocommit, connect_timeout=5)
    except psycopg.Error as error:
        raise StoreAwayError(
            f"the database does not answer: {error}".rstrip(),
            fix="see that the server runs and that the address is right",
        ) from error


def _listed(file: Path) -> None:
    """Check that `file` is a backup that can be read."""
    if not file.is_file():
        raise StoreError(f"{file} is not there", fix="give a file that `ems backup` wrote")
    _called([program("pg_restore"), "--list", str(file)], {}, f"{file} is no backup")


def _run(name: str, dsn: str, *words: str) -> None:
    """One of the programs; a password goes by its environment, where nobody else sees it."""
    parts = conninfo_to_dict(dsn)
    password = {"PGPASSWORD": str(parts.pop("password"))} if "password" in parts else {}
    command = [program(name), f"--dbname={make_conninfo('', **parts)}", *words]
    _called(command, password, f"{name} failed")


def _called(command: Sequence[str], environment: dict[str, str], what: str) -> None:
    done = subprocess.run(  # noqa: S603 - the programs are those of our own package
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise StoreError(
            f"{what}: {done.stderr.strip()}",
            fix="usual causes: a full disk, rights, a server older than PostgreSQL 17",
        )
