"""`ems residents`: what residents allow, and the private addresses of their feeds."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import segno
import typer

from ems.commands.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DataOption,
    DsnOption,
    JsonOption,
    opened_store,
    out,
    print_json,
    told,
)
from ems.config import load_district
from ems.domain.errors import EmsError
from ems.store.residents import Purpose
from ems.store.store import Store

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Consents of residents and addresses of their feeds.")

DwellingArgument = Annotated[str, typer.Argument(help="A dwelling, D1-0304.")]
PurposeArgument = Annotated[Purpose, typer.Argument(help="What for.")]
ByOption = Annotated[str, typer.Option(help="Who says so; it goes into the audit trail.")]
_FILES = ("green-button.xml", "feed.json", "feed.csv", "courbe-de-charge.csv")


@app.command()
def show(
    dwelling: DwellingArgument,
    data: DataOption = None,
    dsn: DsnOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """What a dwelling's resident allows now; nothing unless it was said."""
    with told():
        found = _noted(dwelling, lambda store: store.consents(dwelling), data, dsn, config)
    if json:
        print_json({"dwelling": dwelling, "allowed": sorted(found)})
        return
    for purpose in Purpose:
        out.print(f"{purpose.value}: {'allowed' if purpose in found else 'not allowed'}")


@app.command()
def allow(
    dwelling: DwellingArgument,
    purpose: PurposeArgument,
    by: ByOption = "command line",
    data: DataOption = None,
    dsn: DsnOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Note a resident's consent to one purpose."""

    async def given(store: Store) -> None:
        await store.give_consent(dwelling, purpose, by)

    with told():
        _noted(dwelling, given, data, dsn, config)
    out.print(f"{dwelling}: {purpose.value} is allowed")


@app.command()
def withdraw(
    dwelling: DwellingArgument,
    purpose: PurposeArgument,
    by: ByOption = "command line",
    data: DataOption = None,
    dsn: DsnOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Note that a resident no longer allows one purpose."""

    async def withdrawn(store: Store) -> None:
        await store.withdraw_consent(dwelling, purpose, by)

    with told():
        _noted(dwelling, withdrawn, data, dsn, config)
    out.print(f"{dwelling}: {purpose.value} is no longer allowed")


@app.command()
def address(
    dwelling: DwellingArgument,
    page: Annotated[str, typer.Option(help="Where the console is reached.")] = (
        "http://127.0.0.1:8080"
    ),
    qr: Annotated[Path | None, typer.Option(help="Write its QR code to this SVG file.")] = None,
    data: DataOption = None,
    dsn: DsnOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Make a new private address for a dwelling's feed; shown this once, the one before ends."""
    with told():
        secret = _noted(dwelling, lambda store: store.new_feed_address(dwelling), data, dsn, config)
    base = f"{page.rstrip('/')}/feed/{secret}"
    for file in _FILES:
        typer.echo(f"{base}/{file}")
    if qr is not None:
        segno.make(f"{base}/{_FILES[0]}").save(str(qr), scale=4)


@app.command()
def close(
    dwelling: DwellingArgument,
    data: DataOption = None,
    dsn: DsnOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """End the private address of a dwelling's feed."""
    with told():
        _noted(dwelling, lambda store: store.close_feed(dwelling), data, dsn, config)
    out.print(f"{dwelling}: its feed is closed")


def _noted(
    dwelling: str,
    work: Callable[[Store], Coroutine[Any, Any, T]],
    data: Path | None,
    dsn: str,
    config: Path,
) -> T:
    """What `work` does with the store, for a dwelling that there is.

    Raises:
        EmsError: there is no such dwelling.
    """
    if dwelling not in load_district(config).dwellings:
        raise EmsError(f"there is no dwelling {dwelling}", fix="see dwellings.csv for their ids")

    async def done() -> T:
        async with opened_store(dsn, data) as store:
            return await work(store)

    return asyncio.run(done())
