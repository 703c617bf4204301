"""`ems event`: caps on import that the grid asks for, which every plan from then on keeps."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

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
from ems.domain.demand_response import ImportEvent
from ems.domain.errors import EmsError
from ems.store.store import Store

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Caps on import that the grid asks for.")


@app.callback()
def _app() -> None:
    """Caps on import that the grid asks for."""


@app.command("add")
def add(
    begins: Annotated[str, typer.Option("--from", help="Local time: 2026-01-13T18:00.")],
    ends: Annotated[str, typer.Option("--until", help="Local time: 2026-01-13T19:00.")],
    import_kw: Annotated[float, typer.Option(help="Import that is not to be exceeded.")],
    eur_per_kwh: Annotated[
        float | None,
        typer.Option(help="Price of each kWh above it; without it, that of an overrun."),
    ] = None,
    data: DataOption = None,
    dsn: DsnOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """Cap import from one moment to another; the next plan knows of it."""
    with told():
        district = load_district(config)
        first, last = (_moment(text, district.site.zone) for text in (begins, ends))
        price = district.tariff.overrun_eur_per_kwh if eur_per_kwh is None else eur_per_kwh

        async def work(store: Store) -> ImportEvent:
            return await store.add_import_event(first, last, import_kw, price, getpass.getuser())

        _show([_in_store(dsn, data, work)], district.site.zone, json)


@app.command("list")
def list_events(
    every: Annotated[bool, typer.Option("--all", help="Past ones too.")] = False,
    data: DataOption = None,
    dsn: DsnOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """Show the events that have not ended by the clock of the plan in force."""
    with told():

        async def work(store: Store) -> tuple[ImportEvent, ...]:
            live = None if every else await store.live_plan()
            after = live.horizon.first.start if live else datetime.min.replace(tzinfo=UTC)
            return await store.import_events(after)

        _show(_in_store(dsn, data, work), load_district(config).site.zone, json)


@app.command("remove")
def remove(
    number: Annotated[int, typer.Argument(help="As `ems event list` shows it.")],
    data: DataOption = None,
    dsn: DsnOption = "",
) -> None:
    """Take an event back; the next plan no longer keeps it."""
    with told():

        async def work(store: Store) -> None:
            await store.remove_import_event(number, getpass.getuser())

        _in_store(dsn, data, work)


def _in_store(dsn: str, data: Path | None, work: Callable[[Store], Awaitable[T]]) -> T:
    async def done() -> T:
        async with opened_store(dsn, data) as store:
            return await work(store)

    return asyncio.run(done())


def _moment(text: str, zone: ZoneInfo) -> datetime:
    """A moment in UTC; local time unless it says its offset.

    Raises:
        EmsError: it is none.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise EmsError(f"{text!r} is not a time", fix="write it as 2026-01-13T18:00") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _show(
    events: "list[ImportEvent] | tuple[ImportEvent, ...]", zone: ZoneInfo, json: bool
) -> None:
    if json:
        print_json([_plain(event) for event in events])
        return
    table = Table("event", "from", "until", "import kW at most", "EUR/kWh above")
    for event in events:
        moments = (f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in (event.begins, event.ends))
        table.add_row(str(event.id), *moments, f"{event.import_kw:g}", f"{event.eur_per_kwh:g}")
    out.print(table)


def _plain(event: ImportEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "from": event.begins.isoformat(),
        "until": event.ends.isoformat(),
        "import_kw": event.import_kw,
        "eur_per_kwh": event.eur_per_kwh,
    }
