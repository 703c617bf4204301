"""`ems plan list|approve|reject|supersede|trace`: who lets a plan be written, what came of it."""

import getpass
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from ems.clock import Anchor, wall_clock
from ems.commands.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DataOption,
    DsnOption,
    JsonOption,
    data_folder,
    out,
    print_json,
    told,
    with_store,
)
from ems.commands.plan import plan
from ems.commands.run import CLOCK_FILE
from ems.config import load_district
from ems.domain.errors import PlanError
from ems.domain.slots import Slot
from ems.store.plan_lives import Trace
from ems.store.plan_standing import PlanStanding
from ems.store.store import Store

NumberArgument = Annotated[str, typer.Argument(help="Id of the plan, or how it begins.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it stands in the audit trail.")]

app = typer.Typer(help="The plan in force, plans from files, and who lets a plan be written.")
app.callback(invoke_without_command=True)(plan)


@app.command("list")
def list_plans(
    count: Annotated[int, typer.Option(min=1, max=500, help="How many, newest first.")] = 12,
    data: DataOption = None,
    dsn: DsnOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """List the last plans with where each stands."""
    with told():
        zone = load_district(config).site.zone
        found = with_store(dsn, data, lambda store: store.standings(limit=count))
    if json:
        print_json([as_data(one) for one in found])
        return
    table = Table("id", "made", "first slot", "origin", "mode", "state", "by", "reason")
    for one in found:
        made, first = (
            f"{at.astimezone(zone):%d.%m. %H:%M}" for at in (one.issued_at, one.horizon.first.start)
        )
        who = one.decided_by or one.authority
        words = (one.id[:8], made, first, one.origin, one.mode, one.state, who, one.decision_reason)
        table.add_row(*words)
    out.print(table)


@app.command()
def approve(
    number: NumberArgument,
    reason: ReasonOption = "",
    data: DataOption = None,
    dsn: DsnOption = "",
) -> None:
    """Let a proposed plan be written from its first slot on, until another is approved."""
    with told():
        now = _district_time(data)

        async def work(store: Store, plan_id: str) -> bool:
            who = getpass.getuser()
            return await store.approve_plan(plan_id, by=who, reason=reason, now=now)

        _decided(number, dsn, data, work)


@app.command()
def reject(
    number: NumberArgument,
    reason: ReasonOption = "",
    data: DataOption = None,
    dsn: DsnOption = "",
) -> None:
    """Refuse a plan; when it is in force, every device goes back to its own control."""

    async def work(store: Store, plan_id: str) -> bool:
        return await store.reject_plan(plan_id, by=getpass.getuser(), reason=reason)

    with told():
        _decided(number, dsn, data, work)


@app.command()
def supersede(
    number: NumberArgument,
    reason: ReasonOption = "",
    data: DataOption = None,
    dsn: DsnOption = "",
) -> None:
    """End a plan without a verdict on it."""

    async def work(store: Store, plan_id: str) -> bool:
        return await store.supersede_plan(plan_id, by=getpass.getuser(), reason=reason)

    with told():
        _decided(number, dsn, data, work)


@app.command()
def trace(
    at: Annotated[
        datetime | None, typer.Argument(help="Local time within the slot; without it, now.")
    ] = None,
    point: Annotated[str, typer.Option(help="Only what was written to this point.")] = "",
    data: DataOption = None,
    dsn: DsnOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Tell where the commands of a slot came from: plan, model, forecasts and person."""
    with told():
        zone = load_district(config).site.zone
        slot = Slot.containing(at.replace(tzinfo=zone) if at else _district_time(data))
        print_json(with_store(dsn, data, lambda store: traced(store, slot, point)))


async def traced(store: Store, slot: Slot, point: str = "") -> dict[str, Any]:
    """The commands of a slot and where they came from, as plain data.

    Raises:
        PlanError: nothing of the slot was written.
    """
    found = await store.trace_of(slot)
    if found is None:
        raise PlanError(f"nothing was written in the slot of {slot.start:%Y-%m-%d %H:%M} UTC")
    done = await store.dispatched(slot)
    commands = [
        {
            "point": one.setpoint.point,
            "at": one.at,
            "wanted": one.setpoint.value,
            "reason": one.setpoint.reason.code.name.lower(),
            "outcome": one.outcome,
        }
        for one in done
        if point in ("", one.setpoint.point)
    ]
    return {"slot": slot.start, **trace_data(found), "commands": commands}


def trace_data(found: Trace) -> dict[str, Any]:
    """A trace as plain data."""
    return {
        "plan": as_data(found.plan),
        "person": found.person,
        "model": found.plan.report.solver,
        "forecasts": dict(found.forecasts),
        "leadership": found.epoch,
    }


def as_data(one: PlanStanding) -> dict[str, Any]:
    """A standing as plain data."""
    return {
        "id": one.id,
        "issued_at": one.issued_at,
        "first_slot": one.horizon.first.start,
        "slots": one.horizon.length,
        "origin": one.origin,
        "mode": one.mode,
        "state": one.state,
        "authority": one.authority,
        "decided_by": one.decided_by,
        "decided_at": one.decided_at,
        "reason": one.decision_reason,
        "expires_at": one.expires_at,
        "forecasts_degraded": one.forecasts_degraded,
    }


def _decided(
    beginning: str, dsn: str, data: Path | None, work: Callable[[Store, str], Awaitable[bool]]
) -> None:
    """Carry `work` out on the plan whose id begins so, and tell where it stands then.

    Raises:
        PlanError: there is no such plan, several, or its life is past that.
    """

    async def both(store: Store) -> tuple[bool, PlanStanding | None]:
        found = await store.plan_ids(beginning)
        if len(found) != 1:
            what = "several plans begin" if found else "no plan begins"
            raise PlanError(f"{what} with {beginning}", fix="see `ems plan list`")
        return await work(store, found[0]), await store.standing(found[0])

    done, standing = with_store(dsn, data, both)
    state = standing.state if standing else "gone"
    if not done:
        raise PlanError(
            f"plan {beginning} is {state}: that can't be decided any more",
            fix="see `ems plan list` for those that wait",
        )
    out.print(f"plan {beginning} is {state}", highlight=False)


def _district_time(data: Path | None) -> datetime:
    """The present of the district in `data`: a demo has a clock of its own.

    Raises:
        EmsError: its clock can't be read.
    """
    anchor = Anchor.read(data_folder(data) / CLOCK_FILE)
    return anchor.at(wall_clock()) if anchor else wall_clock()
