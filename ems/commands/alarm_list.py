"""`ems alarms`: what is wrong, in the order of urgency, and keeping an alarm still for a while."""

import getpass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from ems.clock import wall_clock
from ems.commands.common import (
    DataOption,
    DsnOption,
    JsonOption,
    out,
    print_json,
    told,
    with_store,
)
from ems.domain.alarm_life import Shelf, Standing, standing
from ems.domain.own_alarms import DEVICE, OWN_ALARMS
from ems.store.alarms import StoredAlarm
from ems.store.store import Store

DeviceArgument = Annotated[str, typer.Argument(help="Id of the device; EMS for its own.")]
ItemArgument = Annotated[str, typer.Argument(help="What it is about, as the list shows it.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it stands in the audit trail.")]

app = typer.Typer(help="What is wrong, and keeping an alarm still for a while.")


@app.callback(invoke_without_command=True)
def alarms(
    ctx: typer.Context,
    language: Annotated[str, typer.Option(help="Of meanings and advice: en or fr.")] = "en",
    data: DataOption = None,
    dsn: DsnOption = "",
    json: JsonOption = False,
) -> None:
    """List what is wrong, the most urgent first, with what it means and what to do."""
    if ctx.invoked_subcommand is not None:
        return
    with told():
        rows = with_store(dsn, data, lambda store: listed(store, language))
    if json:
        print_json(rows)
        return
    table = Table("priority", "device", "about", "stands", "says", "meaning", "what to do")
    for row in rows:
        table.add_row(*(escape(str(value)) for value in list(row.values())[:7]))
    out.print(table)
    waiting = sum(row["stands"] == Standing.UNACKNOWLEDGED for row in rows)
    out.print(f"{len(rows)} alarms, {waiting} of them not seen yet")


@app.command()
def shelve(
    device: DeviceArgument,
    item: ItemArgument,
    reason: ReasonOption,
    hours: Annotated[
        float, typer.Option("--hours", min=0.01, max=168, help="For how long; a week at most.")
    ] = 8.0,
    data: DataOption = None,
    dsn: DsnOption = "",
) -> None:
    """Keep an alarm still for some hours."""
    until = wall_clock() + timedelta(hours=hours)
    _keep_still(device, item, until, reason, dsn, data)


@app.command("out-of-service")
def out_of_service(
    device: DeviceArgument,
    item: ItemArgument,
    reason: ReasonOption,
    data: DataOption = None,
    dsn: DsnOption = "",
) -> None:
    """Take an alarm out until it is put back."""
    _keep_still(device, item, None, reason, dsn, data)


@app.command("put-back")
def put_back(
    device: DeviceArgument, item: ItemArgument, data: DataOption = None, dsn: DsnOption = ""
) -> None:
    """Let an alarm be told again."""
    who = getpass.getuser()
    with told():
        done = with_store(dsn, data, lambda store: store.unshelve_alarm(device, item, by=who))
    out.print("it is told again" if done else "it was not kept still")


async def listed(store: Store, language: str = "en") -> list[dict[str, Any]]:
    """Every open alarm as plain data, the most urgent first, those kept still last."""
    shelves, now = await store.alarm_shelves(), wall_clock()

    def row(one: StoredAlarm) -> dict[str, Any]:
        alarm = one.alarm
        shelf: Shelf | None = shelves.get((alarm.device, alarm.item))
        seen = one.acknowledged_at is not None
        kind = OWN_ALARMS.get(alarm.item) if alarm.device == DEVICE else None
        words = kind.words.get(language, kind.words["en"]) if kind else None
        return {
            "priority": alarm.priority,
            "device": alarm.device,
            "about": alarm.item,
            "stands": standing(active=True, seen=seen, shelf=shelf, now=now),
            "says": alarm.text,
            "meaning": words.meaning if words else "",
            "do": words.do if words else "",
            "since": alarm.since,
            "shelf": vars(shelf) if shelf else None,
        }

    rows = [row(one) for one in await store.open_alarms()]
    still = (Standing.SHELVED, Standing.OUT_OF_SERVICE)
    return sorted(rows, key=lambda row: (row["stands"] in still, row["priority"]))


def _keep_still(
    device: str, item: str, until: Any, reason: str, dsn: str, data: Path | None
) -> None:
    async def work(store: Store) -> None:
        who = getpass.getuser()
        await store.shelve_alarm(device, item, until=until, by=who, reason=reason)

    with told():
        with_store(dsn, data, work)
    out.print(f"kept still until {until:%Y-%m-%d %H:%M} UTC" if until else "out of service")
