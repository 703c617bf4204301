"""`ems plan`: the plan in force, in a few lines or as JSON."""

import asyncio

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
from ems.domain.district import District
from ems.domain.errors import PlanError
from ems.domain.plans import Plan

SHOWN = ("import_kw", "base_kw", "heat_pump_kw", "ev_kw", "battery_kw", "pv_kw")


def plan(
    data: DataOption = None,
    dsn: DsnOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """Show the plan in force: where it comes from, what it costs, and the power it expects."""

    async def live() -> Plan | None:
        async with opened_store(dsn, data) as store:
            return await store.live_plan()

    with told():
        found = asyncio.run(live())
        if found is None:
            raise PlanError("no plan is in force", fix="start the district: `ems demo`")
        print_json(as_data(found)) if json else show(found, load_district(config))


def as_data(found: Plan) -> dict[str, object]:
    """The plan without its setpoints, as plain data."""
    return {
        "id": found.id,
        "issued_at": found.issued_at.isoformat(),
        "first_slot": found.horizon.first.start.isoformat(),
        "slots": found.horizon.length,
        "origin": found.origin.value,
        "solver": found.report.solver,
        "wall_s": found.report.wall_s,
        "cost_eur": found.report.cost_eur,
        "bound_eur": found.report.bound_eur,
        "message": found.report.message,
        "degraded": list(found.forecasts_degraded),
        "setpoints": len(found.setpoints),
        "series": {name: values.tolist() for name, values in found.series.items()},
    }


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
