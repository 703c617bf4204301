"""`ems config`: the description of the district, checked."""

from pathlib import Path

import typer
from rich.markup import escape

from ems.commands.common import DEFAULT_CONFIG, ConfigOption, JsonOption, err, out, print_json
from ems.config import check_district
from ems.devices.maps import map_of
from ems.domain.district import District
from ems.domain.errors import DeviceError, Problem
from ems.domain.vocabulary import POINTS, WRITTEN

app = typer.Typer(no_args_is_help=True, help="The description of the district.")


@app.command()
def check(config: ConfigOption = DEFAULT_CONFIG, json: JsonOption = False) -> None:
    """Read the whole description and name every problem at once, each with its place and fix."""
    district, problems = _checked(config)
    counts = _counts(district)
    if json:
        listed = [vars_of(problem) for problem in problems]
        print_json({"ok": not problems, **counts, "problems": listed})
    else:
        _tell(config, counts, problems)
    raise typer.Exit(1 if problems else 0)


def vars_of(problem: Problem) -> dict[str, str]:
    """A problem as plain data."""
    names = ("where", "field", "message", "fix")
    return {name: getattr(problem, name) for name in names}


def _checked(config: Path) -> tuple[District | None, list[Problem]]:
    district, problems = check_district(config)
    if district is not None:
        problems += map_problems(district)
    return district, problems


def map_problems(district: District) -> list[Problem]:
    """Devices whose map is missing, is of another kind, or lacks what the EMS needs."""
    problems = []
    for device in district.devices.values():
        try:
            device_map = map_of(device)
        except DeviceError as error:
            problems.append(_map_problem(device.id, error.message, error.fix))
            continue
        if device_map.kind is not device.kind:
            message = f"map {device.map} is for a {device_map.kind}, not a {device.kind}"
            problems.append(_map_problem(device.id, message, "name a map of this kind"))
        elif device_map.lacking:
            message = f"map {device.map} lacks {', '.join(device_map.lacking)}"
            fix = "add these points to the map, or use a device that has them"
            problems.append(_map_problem(device.id, message, fix))
    return problems


def _map_problem(device: str, message: str, fix: str) -> Problem:
    return Problem(where="devices.csv", field=f"{device}.map", message=message, fix=fix)


def _counts(district: District | None) -> dict[str, int]:
    if district is None:
        return dict.fromkeys(("dwellings", "buildings", "devices", "points", "written"), 0)
    kinds = [device.kind for device in district.devices.values()]
    return {
        "dwellings": len(district.dwellings),
        "buildings": len(district.buildings),
        "devices": len(district.devices),
        "points": sum(len(POINTS[kind]) for kind in kinds),
        "written": sum(len(WRITTEN[kind]) for kind in kinds),
    }


def _tell(config: Path, counts: dict[str, int], problems: list[Problem]) -> None:
    if not problems:
        figures = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        out.print(f"{config.name}: {figures}; no problems", highlight=False)
        return
    for problem in problems:
        place = f"{problem.where} {problem.field}".strip()
        told = f"[bold]{escape(place)}[/bold]: {escape(problem.message)}"
        err.print(told, highlight=False, soft_wrap=True)
        err.print(f"    fix: {escape(problem.fix)}", highlight=False, soft_wrap=True)
    err.print(f"{len(problems)} problems", highlight=False)
