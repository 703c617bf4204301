"""`ems devices check`: the installation against its description, as a report to act on."""

import asyncio
import os
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from ems.commands.check_report import as_data, csv_text, html_text
from ems.commands.common import DEFAULT_CONFIG, ConfigOption, JsonOption, out, print_json, told
from ems.commands.languages import language
from ems.commands.on_site import NetOption, connected, device_of, district_at
from ems.devices.connection import connection_key
from ems.devices.ede import compared, read_ede
from ems.devices.inspection import Inspection, inspect
from ems.domain.district import Device, DeviceKind, District
from ems.domain.errors import DeviceError


def check(
    device: Annotated[
        list[str] | None, typer.Argument(help="Only these devices; none: all.", metavar="DEVICE...")
    ] = None,
    kind: Annotated[DeviceKind | None, typer.Option(help="Only devices of this kind.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write every point to this CSV file.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page for the installer.")] = None,
    ede: Annotated[
        Path | None, typer.Option(help="The integrator's BACnet point list (EDE 2.x) to compare.")
    ] = None,
    list_only: Annotated[
        bool, typer.Option("--list-only", help="Only compare the list; read nothing.")
    ] = False,
    net: NetOption = 0,
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """Read every mapped point of every device once and say what an installer has to look at.

    Finds devices that do not answer, points without a value or outside their range, and meters
    whose phases or sums do not add up, or that show less than the dwellings behind them. With
    [bold]--ede[/bold] also where the integrator's list and the description do not agree. Nothing
    is written. Ends with 1 when there is anything to be done.
    """
    with told():
        district = district_at(config, net)
        devices = chosen(district, device or [], kind)
        listed = compared(read_ede(ede), district.with_devices(devices)) if ede else []
        read = [] if list_only else devices
        found = replace(asyncio.run(look(district, read)), listed=tuple(listed))
        page = partial(html_text, spoken=language(os.environ))
        for path, text in ((csv, csv_text), (html, page)):
            if path is not None:
                save(path, text(found, district))
    if json:
        print_json(as_data(found))
    else:
        show(found)
    raise typer.Exit(0 if found.good else 1)


def chosen(district: District, names: list[str], kind: DeviceKind | None) -> list[Device]:
    """The devices meant.

    Raises:
        DeviceError: there are none.
    """
    devices = [device_of(district, name) for name in names] or list(district.devices.values())
    found = [device for device in devices if kind in (None, device.kind)]
    if not found:
        raise DeviceError("no such device is described", fix="see `ems devices list`")
    return found


async def look(district: District, devices: list[Device]) -> Inspection:
    """What is found at `devices`."""
    async with connected(district, devices) as by_device:
        by_key = {connection_key(device): by_device[device.id] for device in devices}
        return await inspect(district, devices, by_key)


def save(path: Path, text: str) -> None:
    """Write a report.

    Raises:
        DeviceError: the file can't be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DeviceError(f"{path}: {error.strerror}", fix="give another file") from error


def show(found: Inspection) -> None:
    """Print what is to be done, and a line that sums all up."""
    bad = [one for one in found.devices if not one.verdict.good]
    if bad:
        table = Table("device", "at", "verdict", "found", "look at")
        for one in bad:
            words = (one.device.id, connection_key(one.device), one.verdict, one.what, one.fix)
            table.add_row(*map(escape, words))
        out.print(table)
    if found.listed:
        table = Table("device", "point", "in the list", "look at")
        for gap in found.listed:
            table.add_row(*map(escape, (gap.device, gap.point, gap.what, gap.fix)))
        out.print(table)
    for check in found.sums:
        if not check.verdict.good:
            figures = f"{check.shown_kw:.2f} kW shown, {check.summed_kw:.2f} kW summed"
            out.print(f"[bold]{escape(check.name)}[/bold]: {figures}\n    fix: {check.fix}")
    counts = Counter(one.verdict.value for one in found.devices)
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    sums = sum(check.verdict.good for check in found.sums)
    out.print(f"{len(found.devices)} devices: {verdicts}; {sums} of {len(found.sums)} sums add up")
