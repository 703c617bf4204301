"""What commands share: options, the console they print to, and errors as one clear message."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.markup import escape

from ems.config import SMARTSEILLE
from ems.domain.errors import EmsError, StoreError
from ems.store.embedded import EmbeddedPostgres, default_data_dir
from ems.store.schema import migrate
from ems.store.store import Store

T = TypeVar("T")

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
    err.print(f"[bold]{escape(error.message)}[/bold]", highlight=False, soft_wrap=True)
    if error.fix:
        err.print(f"fix: {escape(error.fix)}", highlight=False, soft_wrap=True)
    return typer.Exit(1)


@contextmanager
def told() -> Iterator[None]:
    """Turn an expected failure into its message; a person never sees a traceback for one."""
    try:
        yield
    except EmsError as error:
        raise fail(error) from error


def data_folder(data: Path | None) -> Path:
    """The folder for the district's data, made if it is missing.

    Raises:
        StoreError: it can't be made, or not be written to.
    """
    folder = (data or default_data_dir()).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise StoreError(
            f"the data folder {folder} can't be used: {error.strerror}",
            fix="give a folder that you may write to with --data",
        ) from error


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


def with_store(dsn: str, data: Path | None, work: Callable[[Store], Awaitable[T]]) -> T:
    """What `work` gives, on the store opened for it."""

    async def inside() -> T:
        async with opened_store(dsn, data) as store:
            return await work(store)

    return asyncio.run(inside())
