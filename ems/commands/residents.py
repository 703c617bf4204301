"""`ems residents`: what residents allow, and the private addresses of their feeds."""

import asyncio
from pathlib import Path
from typing import Annotated

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

    async def allowed() -> frozenset[Purpose]:
        async with opened_store(dsn, data) as store:
            return await store.consents(dwelling)

    with told():
        _check(dwelling, config)
        found = asyncio.run(allowed())
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

    async def noted() -> None:
        async with opened_store(dsn, data) as store:
            await store.give_consent(dwelling, purpose, by)

    with told():
        _check(dwelling, config)
        asyncio.run(noted())
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

    async def noted() -> None:
        async with opened_store(dsn, data) as store:
            await store.withdraw_consent(dwelling, purpose, by)

    with told():
        _check(dwelling, config)
        asyncio.run(noted())
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

    async def made() -> str:
        async with opened_store(dsn, data) as store:
            return await store.new_feed_address(dwelling)

    with told():
        _check(dwelling, config)
        base = f"{page.rstrip('/')}/feed/{asyncio.run(made())}"
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

    async def closed() -> None:
        async with opened_store(dsn, data) as store:
            await store.close_feed(dwelling)

    with told():
        _check(dwelling, config)
        asyncio.run(closed())
    out.print(f"{dwelling}: its feed is closed")


def _check(dwelling: str, config: Path) -> None:
    if dwelling not in load_district(config).dwellings:
        raise EmsError(f"there is no dwelling {dwelling}", fix="see dwellings.csv for their ids")
