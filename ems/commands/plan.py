"""`ems plan`: the plan in force, or a plan made from files without a running district."""

import asyncio
import re
import uuid
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
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
from ems.domain.circumstances import Circumstances
from ems.domain.district import District
from ems.domain.errors import EmsError, PlanError
from ems.domain.plans import Plan
from ems.domain.slots import SLOT_H
from ems.optimizer import Planner
from ems.plan_files.example import write_example
from ems.plan_files.inputs import PlanInputs, read_inputs
from ems.plan_files.output import plan_head, write_csv, write_json, write_parquet
from ems.plan_files.picture import write_picture

LIMIT = re.compile(r"limit/(.*)_eur_per_kwh")
"""Series that hold the price of a limit."""
WORTH_SAYING = 0.01
"""Price of a limit, EUR/kWh, from which it is told."""
SHOWN = ("import_kw", "base_kw", "heat_pump_kw", "ev_kw", "battery_kw", "pv_kw")


class Format(StrEnum):
    """What a plan can be written as."""

    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    PNG = "png"


WRITERS: dict[Format, Callable[[Plan, District, Path], list[Path]]] = {
    Format.JSON: write_json,
    Format.CSV: write_csv,
    Format.PARQUET: write_parquet,
    Format.PNG: write_picture,
}


def plan(
    ctx: typer.Context,
    state: Annotated[Path | None, typer.Option(help="Plan from files: devices now.")] = None,
    forecasts: Annotated[Path | None, typer.Option(help="Plan from files: what comes.")] = None,
    prices: Annotated[
        Path | None, typer.Option(help="Prices by the quarter hour; without it, the tariff.")
    ] = None,
    history: Annotated[Path | None, typer.Option(help="The past day, if it is known.")] = None,
    event: Annotated[
        Path | None, typer.Option(help="Caps on import that the grid asks for, by quarter hour.")
    ] = None,
    out_dir: Annotated[
        Path, typer.Option("--out", help="Folder for the plan made from files.")
    ] = Path("plan"),
    form: Annotated[
        list[Format] | None, typer.Option("--format", help="May be repeated; without it, all.")
    ] = None,
    example: Annotated[
        Path | None, typer.Option(help="Write an example of all input files into this folder.")
    ] = None,
    data: DataOption = None,
    dsn: DsnOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """Show the plan in force, or make one from files.

    Without --state: where the plan in force comes from, what it costs, the power it expects. With
    --state and --forecasts: plan from these files and write the plan to --out. The files are
    described in docs/planning-on-files.md; --example writes a set.
    """
    if ctx.invoked_subcommand is not None:
        return
    with told():
        district = load_district(config)
        if example is not None:
            _tell(write_example(district, example))
            return
        if state is None and forecasts is None:
            found = _in_force(dsn, data)
        else:
            inputs = read_inputs(
                district,
                state=_given(state, "--state"),
                forecasts=_given(forecasts, "--forecasts"),
                prices=prices,
                history=history,
                event=event,
            )
            found = planned(district, inputs)
            files = [
                path
                for each in form or list(Format)
                for path in WRITERS[each](found, district, out_dir)
            ]
        print_json(plan_head(found)) if json else show(found, district)
        if state is not None and not json:
            _tell(files)


def _given(path: Path | None, name: str) -> Path:
    if path is None:
        raise EmsError(
            f"{name} is missing", fix="give --state and --forecasts; --example writes a set of both"
        )
    return path


def _in_force(dsn: str, data: Path | None) -> Plan:
    async def live() -> Plan | None:
        async with opened_store(dsn, data) as store:
            return await store.live_plan()

    found = asyncio.run(live())
    if found is None:
        raise PlanError("no plan is in force", fix="start the district: `ems demo`")
    return found


def planned(district: District, inputs: PlanInputs) -> Plan:
    """The plan of what the files say."""
    return Planner(district, slots=inputs.horizon.length).plan(
        plan_id=str(uuid.uuid4()),
        issued_at=inputs.snapshot.taken_at,
        horizon=inputs.horizon,
        snapshot=inputs.snapshot,
        history=inputs.history,
        forecasts=inputs.forecasts,
        previous=None,
        circumstances=Circumstances(caps=(inputs.event,) if inputs.event else ()),
    )


def _tell(files: list[Path]) -> None:
    for path in files:
        out.print(f"{path}", highlight=False, soft_wrap=True)


def show(found: Plan, district: District) -> None:
    """Print the plan for a person, an hour to a line."""
    report = found.report
    out.print(f"plan {found.id}  {found.origin}  by {report.solver} in {report.wall_s:.2f} s")
    out.print(f"cost {report.cost_eur:.2f} EUR, no plan under {report.bound_eur:.2f} EUR")
    if report.message:
        out.print(report.message)
    table = Table("local time", *(name.removesuffix("_kw") + " kW" for name in SHOWN))
    for position in range(0, found.horizon.length, 4):
        local = found.horizon.starts[position].astimezone(district.site.zone)
        cells = [f"{found.series[n][position : position + 4].mean():.0f}" for n in SHOWN]
        table.add_row(f"{local:%a %H:%M}", *cells)
    out.print(table)
    for name, price in found.series.items():
        limit = LIMIT.fullmatch(name)
        if limit and price.max() >= WORTH_SAYING:
            hours = np.count_nonzero(price >= WORTH_SAYING) * SLOT_H
            out.print(f"{limit[1]} binds for {hours:g} h: up to {price.max():.2f} EUR/kWh")
