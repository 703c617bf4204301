"""What commands share: options, the console they print to, and errors as one clear message."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ems.config import SMARTSEILLE
from ems.domain.errors import EmsError
from ems.store.embedded import EmbeddedPostgres, default_data_dir
from ems.store.schema import migrate
from ems.store.store import Store

out = Console()
err = Console(stderr=True)

ConfigOption = Annotated[
    Path,
    typer.Option("--config", envvar="EMS_CONFIG", help="Folder that describes the district."),
]
DataOption = Annotated[
    Path | None,
    typer.Option("--data", envvar="EMS_DATA", help="Folder for the database and the clock."),
]
DsnOption = Annotated[
    str,
    typer.Option(
        "--dsn",
        envvar="EMS_DSN",
        help="PostgreSQL 15+ to use instead of the embedded one: postgresql://user@host/name.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a machine.")]

DEFAULT_CONFIG = SMARTSEILLE


def fail(error: EmsError) -> typer.Exit:
    """Tell a failure in one message with its fix; the exit to raise."""
    err.print(f"[bold]{error.message}[/bold]", highlight=False)
    if error.fix:
        err.print(f"fix: {error.fix}", highlight=False)
    return typer.Exit(1)


@contextmanager
def told() -> Iterator[None]:
    """Turn an expected failure into its message; a person never sees a traceback for one."""
    try:
        yield
    except EmsError as error:
        raise fail(error) from error


def print_json(value: Any) -> None:
    """`value` as JSON on standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


@contextmanager
def database(dsn: str, data: Path | None) -> Iterator[str]:
    """The DSN to use: the given one, or that of the embedded server, started for the while."""
    if dsn:
        yield dsn
        return
    with EmbeddedPostgres(data or default_data_dir()) as server:
        yield server.dsn()


@asynccontextmanager
async def opened_store(dsn: str, data: Path | None) -> AsyncIterator[Store]:
    """The store, its schema up to date."""
    with database(dsn, data) as address:
        migrate(address)
        async with Store.open(address) as store:
            yield store
