"""`ems doctor`: what a site needs to run, each looked at, each with its fix."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.table import Table

from ems.clock import Anchor
from ems.commands.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DataOption,
    DsnOption,
    JsonOption,
    opened_store,
    out,
    print_json,
)
from ems.commands.config import map_problems
from ems.commands.devices import standing
from ems.commands.run import CLOCK_FILE
from ems.commands.sources import Co2Option, PricesOption, Sources, WeatherOption
from ems.config import check_district, load_district
from ems.devices.fail_safe import fallback, not_fail_safe
from ems.devices.maps import map_of
from ems.domain.errors import EmsError
from ems.domain.own_points import LATE_P50, LATE_P99
from ems.domain.snapshot import Snapshot
from ems.store.embedded import default_data_dir

if TYPE_CHECKING:
    from ems.sources.kept import Service

LATE_S = 1.0
"""Devices asked later than this (one in a hundred) are trouble: the machine is too slow."""
CHART_LIBRARY = "static/vendor/index.js"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing looked at."""

    name: str
    ok: bool
    what: str
    """What was found."""
    fix: str = ""
    """What to do when it is not well."""


def doctor(
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
    dsn: DsnOption = "",
    weather: WeatherOption = Sources.weather,
    prices: PricesOption = Sources.prices,
    co2: Co2Option = Sources.co2,
    json: JsonOption = False,
) -> None:
    """Look at description, services, database, clock and devices; name a fix for trouble.

    Services are asked where options or environment name them, as for [bold]ems run[/bold].
    """
    folder = (data or default_data_dir()).expanduser()
    sources = Sources(weather=weather, prices=prices, co2=co2)
    findings = [*examined(config, folder, dsn), *connected(config, sources)]
    if json:
        print_json({"ok": all(f.ok for f in findings), "findings": [vars(f) for f in findings]})
    else:
        table = Table("", "", "found", "fix")
        for finding in findings:
            mark = "ok" if finding.ok else "[bold]trouble[/bold]"
            table.add_row(finding.name, mark, finding.what, finding.fix)
        out.print(table)
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


def examined(config: Path, folder: Path, dsn: str) -> Iterator[Finding]:
    """Everything that is looked at, in turn."""
    yield guarded("description", lambda: _description(config))
    yield guarded("safe state", lambda: _safe_state(config))
    yield guarded("clock", lambda: _clock(folder))
    yield guarded("page assets", _assets)
    snapshots: list[Snapshot] = []
    yield guarded("database", lambda: _database(dsn, folder, snapshots))
    if snapshots:
        yield guarded("devices", lambda: _devices(config, snapshots[0]))
        yield guarded("polling", lambda: _polling(snapshots[0]))


def connected(config: Path, sources: Sources) -> Iterator[Finding]:
    """Each service that is to be asked, asked once; none without a sound description."""
    district, problems = check_district(config)
    if district is None or problems:
        return
    for service in sources.services(district):
        yield guarded(service.name, partial(_service, service))


def _service(service: "Service[object]") -> Finding:
    answer = service.ask(datetime.now(UTC))
    service.read(answer)
    what = f"answers; known at {answer.known_at:%Y-%m-%d %H:%M} UTC"
    return Finding(name=service.name, ok=True, what=what)


def guarded(name: str, look: Callable[[], Finding]) -> Finding:
    """What `look` finds; an expected failure is a finding too."""
    try:
        return look()
    except EmsError as error:
        return Finding(name=name, ok=False, what=error.message, fix=error.fix)


def _description(config: Path) -> Finding:
    district = load_district(config)
    problems = map_problems(district)
    what = f"{len(district.devices)} devices of {district.site.name}"
    if problems:
        return Finding(name="description", ok=False, what=str(problems[0]), fix="ems config check")
    return Finding(name="description", ok=True, what=what)


def _safe_state(config: Path) -> Finding:
    district = load_district(config)
    ways = Counter(fallback(map_of(device)) for device in district.devices.values())
    what = ", ".join(f"{count} {way}" for way, count in ways.items())
    if unsafe := not_fail_safe(district):
        fix = f"give {unsafe[0]} a heartbeat, or safe values in its map, or leave it unwritten"
        return Finding(name="safe state", ok=False, what=what, fix=fix)
    return Finding(name="safe state", ok=True, what=f"if the EMS dies: {what}")


def _clock(folder: Path) -> Finding:
    now = datetime.now(UTC)
    anchor = Anchor.read(folder / CLOCK_FILE)
    if now.year < 2025:
        fix = "set the machine's clock, best by NTP"
        return Finding(name="clock", ok=False, what=f"the machine says {now:%Y-%m-%d}", fix=fix)
    if anchor is None:
        return Finding(name="clock", ok=True, what=f"{now:%Y-%m-%d %H:%M} UTC, real time")
    what = f"district time {anchor.at(now):%Y-%m-%d %H:%M} UTC at speed {anchor.speed:g}"
    return Finding(name="clock", ok=True, what=what)


def _assets() -> Finding:
    if files("ems.console").joinpath(CHART_LIBRARY).is_file():
        return Finding(name="page assets", ok=True, what="the chart library is in place")
    fix = "install again: `pip install .` fetches it at build time"
    return Finding(name="page assets", ok=False, what="the chart library is missing", fix=fix)


def _database(dsn: str, folder: Path, snapshots: list[Snapshot]) -> Finding:
    async def look() -> tuple[Snapshot, str]:
        async with opened_store(dsn, folder) as store:
            return await store.latest(), (await store.mode()).value

    snapshot, mode = asyncio.run(look())
    snapshots.append(snapshot)
    where = "the server at the DSN" if dsn else f"embedded, in {folder}"
    what = f"{where}; {len(snapshot.readings):,} points have a value; mode {mode}"
    return Finding(name="database", ok=True, what=what)


def _devices(config: Path, snapshot: Snapshot) -> Finding:
    district = load_district(config)
    standings = [standing(device, snapshot) for device in district.devices.values()]
    bad = [one.device.id for one in standings if not one.worst.usable]
    if not bad:
        return Finding(name="devices", ok=True, what=f"all {len(standings)} answered")
    some = ", ".join(bad[:5]) + (" ..." if len(bad) > 5 else "")
    fix = f"read one on the wire: `ems devices read {bad[0]}`"
    return Finding(name="devices", ok=False, what=f"{len(bad)} lack values: {some}", fix=fix)


def _polling(snapshot: Snapshot) -> Finding:
    p50_s, p99_s = (snapshot.value(point) for point in (LATE_P50, LATE_P99))
    if not isfinite(p99_s):
        return Finding(
            name="polling", ok=True, what="no service has told how late devices are asked"
        )
    what = (
        f"devices are asked {p50_s:.3f} s late at the median, {p99_s:.3f} s at the 99th percentile"
    )
    fix = "" if p99_s < LATE_S else "the machine is too slow, or a gateway has too many devices"
    return Finding(name="polling", ok=not fix, what=what, fix=fix)
