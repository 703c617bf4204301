"""Brings a database to the schema of this program, step by step and all or nothing.

Where TimescaleDB is installed, the series are handed to it (`ems.store.timescale`); its aggregates
are filled after that, as it allows this outside transactions only, and again if that was cut off.
"""

from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from ems.domain.errors import StoreAwayError, StoreError
from ems.store.timescale import AGGREGATES, adopt

_LOCK = 7_203_551
"""Advisory lock under which a schema changes, so that two processes never do it at once."""


def migrate(dsn: str, *, to: str = "head") -> None:
    """Bring the database at `dsn` to the newest schema; nothing happens when it has it.

    `to` stops at an older version.

    Raises:
        StoreAwayError: the database does not answer.
        StoreError: a step fails, or its schema is newer than this program.
    """
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: _connected(dsn),
        poolclass=NullPool,
    )
    try:
        with engine.begin() as connection:
            connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            _upgrade(connection, to)
            unfilled = to == "head" and adopt(connection)
        if unfilled:
            _fill_aggregates(dsn)
    except (SQLAlchemyError, psycopg.Error) as error:
        raise StoreError(
            f"the database's schema could not be brought up to date: {error}",
            fix="see that the database runs and that its user may make tables",
        ) from error


def _connected(dsn: str) -> psycopg.Connection[tuple[Any, ...]]:
    try:
        return psycopg.connect(dsn, connect_timeout=5)
    except psycopg.Error as error:
        raise StoreAwayError(
            f"the database does not answer: {error}".rstrip(),
            fix="see that the server runs and that the address is right: "
            "postgresql://user@host/name",
        ) from error


def _fill_aggregates(dsn: str) -> None:
    with _connected(dsn) as connection:
        connection.autocommit = True
        for name in AGGREGATES:
            connection.execute(
                "call refresh_continuous_aggregate(%s::regclass, null, null)", (name,)
            )


def _upgrade(connection: Connection, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", "ems.store:migrations")
    config.attributes["connection"] = connection
    script = ScriptDirectory.from_config(config)
    present = MigrationContext.configure(connection).get_current_revision()
    known = {step.revision for step in script.walk_revisions()}
    if present is not None and present not in known:
        raise StoreError(
            f"the database has schema {present}, and this program knows up to "
            f"{script.get_current_head()}",
            fix="start the newer program that made it, or restore a backup from before",
        )
    if present != script.get_current_head():
        command.upgrade(config, to)
