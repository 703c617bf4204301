"""`ems export`: the plan for a building manager, the consumption for a resident."""

import asyncio
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ems.commands.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DataOption,
    DsnOption,
    opened_store,
    out,
    told,
)
from ems.config import load_district
from ems.domain.district import District
from ems.domain.errors import EmsError, PlanError, StoreError
from ems.domain.plans import Plan
from ems.domain.slots import Horizon
from ems.feeds.consumption import Consumption, consumption, consumption_csv, consumption_json
from ems.feeds.heat_bill import HeatBill, heat_bills, heat_bills_csv
from ems.feeds.setpoint_plan import plan_csv, plan_json, plan_rows

app = typer.Typer(no_args_is_help=True, help="Files for building managers and residents.")


class Format(StrEnum):
    """How a file is written."""

    CSV = "csv"
    JSON = "json"


FormatOption = Annotated[
    Format, typer.Option("--format", help="CSV for a sheet, JSON for a machine.")
]
OutOption = Annotated[Path | None, typer.Option("--out", help="File; without it, printed.")]


@app.command("plan")
def export_plan(
    building: Annotated[str, typer.Option(help="A building, D1; PLANT for the heat pumps.")],
    form: FormatOption = Format.CSV,
    file: OutOption = None,
    data: DataOption = None,
    dsn: DsnOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """The setpoints of one building's devices over the plan in force, with the reason of each."""

    async def live() -> Plan | None:
        async with opened_store(dsn, data) as store:
            return await store.live_plan()

    with told():
        district = load_district(config)
        found = asyncio.run(live())
        if found is None:
            raise PlanError("no plan is in force", fix="start the district: `ems demo`")
        rows = plan_rows(found, district, building)
        if form is Format.CSV:
            write(plan_csv(rows, district), file)
        else:
            write(plan_json(rows, district, found, building), file)


@app.command("consumption")
def export_consumption(
    dwelling: Annotated[str, typer.Option(help="A dwelling, D1-0304.")],
    days: Annotated[int, typer.Option(min=1, max=400, help="How many days back.")] = 7,
    form: FormatOption = Format.CSV,
    file: OutOption = None,
    data: DataOption = None,
    dsn: DsnOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """A dwelling's electricity and heat by the quarter hour."""

    async def used(district: District) -> Consumption:
        async with opened_store(dsn, data) as store:
            last = await store.last_history_slot()
            if last is None:
                raise StoreError("nothing was measured yet", fix="start the district: `ems demo`")
            horizon = Horizon(last + (1 - days * 96), days * 96)
            return await consumption(store, district, dwelling, horizon)

    with told():
        district = load_district(config)
        found = asyncio.run(used(district))
        as_text = consumption_csv if form is Format.CSV else consumption_json
        write(as_text(found, district), file)


@app.command("heat-bills")
def export_heat_bills(
    building: Annotated[str, typer.Option(help="A building with dwellings, D1.")],
    month: Annotated[str, typer.Option(help="A month, 2026-01.")],
    heat_eur: Annotated[float, typer.Option(min=0, help="Its cost of heating in that month.")],
    hot_water_eur: Annotated[float, typer.Option(min=0, help="Its cost of hot water.")],
    file: OutOption = None,
    data: DataOption = None,
    dsn: DsnOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """What each dwelling of a building owes for heat and hot water, estimates marked (CSV)."""

    async def billed(district: District, first: date) -> tuple[HeatBill, ...]:
        async with opened_store(dsn, data) as store:
            return await heat_bills(
                store, district, building, first, heat_eur=heat_eur, hot_water_eur=hot_water_eur
            )

    with told():
        first = first_of(month)
        bills = asyncio.run(billed(load_district(config), first))
        write(heat_bills_csv(bills, first), file)


def first_of(month: str) -> date:
    """The first day of a month written as 2026-01.

    Raises:
        EmsError: it is not written so.
    """
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise EmsError(f"{month} is no month", fix="write it as 2026-01") from error


def write(text: str, file: Path | None) -> None:
    """Into `file`, or to standard output.

    Raises:
        EmsError: `file` can't be written.
    """
    if file is None:
        typer.echo(text, nl=False)
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise EmsError(
            f"{file} can't be written: {error.strerror}", fix="give another file with --out"
        ) from error
    out.print(f"{file}: {len(text.splitlines()):,} lines", highlight=False)
