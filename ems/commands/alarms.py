"""`ems devices alarms`: what devices report as wrong, and saying that it was seen."""

import asyncio
import getpass
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from ems.commands.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DataOption,
    DsnOption,
    JsonOption,
    err,
    opened_store,
    out,
    print_json,
    told,
)
from ems.config import load_district
from ems.domain.district import District
from ems.store.alarms import StoredAlarm
from ems.store.store import Store

LOOK_S = 0.3


def alarms(
    acknowledge: Annotated[
        list[int] | None,
        typer.Option(
            "--acknowledge", "-a", help="Say in your name that the one of this number was seen."
        ),
    ] = None,
    past: Annotated[
        bool, typer.Option("--past", help="Those that have ended, latest first.")
    ] = False,
    wait_s: Annotated[
        float, typer.Option("--wait", min=0, help="Seconds to wait for the devices to be told.")
    ] = 5.0,
    data: DataOption = None,
    dsn: DsnOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """List what devices report as wrong, the most urgent first, and acknowledge it.

    Devices tell the running EMS by themselves. An acknowledgement stands in the audit trail with
    your name; the service passes it on to the device, which may refuse it.
    """
    numbers = acknowledge or []

    async def work() -> tuple[Sequence[StoredAlarm], list[int]]:
        async with opened_store(dsn, data) as store:
            untold = await acknowledged(store, numbers, getpass.getuser(), wait_s)
            found = await (store.past_alarms() if past else store.open_alarms())
            return found, untold

    with told():
        district = load_district(config)
        found, untold = asyncio.run(work())
    if json:
        print_json([as_data(one) for one in found])
    else:
        show(found, district)
    if untold:
        err.print(f"not told to the device yet: {', '.join(map(str, untold))}", highlight=False)
        err.print("fix: see that the service and the device run; the service tries it again")
        raise typer.Exit(1)


async def acknowledged(store: Store, numbers: Sequence[int], by: str, wait_s: float) -> list[int]:
    """Acknowledge alarms for `by`; those of which the devices were not told within `wait_s`.

    Raises:
        StoreError: there is none of a number that waits to be seen.
    """
    for number in numbers:
        await store.acknowledge_alarm(number, by)
    untold = list(numbers)
    for _ in range(round(wait_s / LOOK_S)):
        untold = [one.id for one in await store.open_alarms() if waits(one) and one.id in numbers]
        if not untold:
            break
        await asyncio.sleep(LOOK_S)
    return untold


def waits(one: StoredAlarm) -> bool:
    """Whether it still wants to be seen: nobody has, or the device does not know of it."""
    return one.alarm.wants_acknowledgement


def as_data(one: StoredAlarm) -> dict[str, Any]:
    """An alarm as plain data."""
    alarm = one.alarm
    return {
        "id": one.id,
        **vars(alarm),
        "state": alarm.state.value,
        "since": alarm.since.isoformat(),
        "ended_at": one.ended_at and one.ended_at.isoformat(),
        "acknowledged_at": one.acknowledged_at and one.acknowledged_at.isoformat(),
        "acknowledged_by": one.acknowledged_by,
    }


def show(found: Sequence[StoredAlarm], district: District) -> None:
    """Print the list and a line that sums it up."""
    table = Table(
        "number", "device", "about", "state", "priority", "since", "until", "says", "seen"
    )
    for one in found:
        alarm = one.alarm
        since, until = (
            f"{at.astimezone(district.site.zone):%d.%m. %H:%M:%S}" if at else "-"
            for at in (alarm.since, one.ended_at)
        )
        words = (str(one.id), alarm.device, alarm.item, alarm.state.value, str(alarm.priority))
        table.add_row(*map(escape, (*words, since, until, alarm.text, seen(one))))
    out.print(table)
    out.print(f"{len(found)} alarms, {sum(map(waits, found))} of them wait to be seen")


def seen(one: StoredAlarm) -> str:
    """By whom, in a word."""
    if one.acknowledged_at is None:
        return "waits" if waits(one) else "-"
    who = one.acknowledged_by or "on site"
    return f"{who}, device not told yet" if waits(one) else who
