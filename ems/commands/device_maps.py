"""`ems devices maps`: what models of devices are known, and how to add one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from ems.commands.common import DEFAULT_CONFIG, ConfigOption, JsonOption, out, print_json, told
from ems.config.loader import MAPS
from ems.devices.fail_safe import fallback
from ems.devices.map_check import MapFinding, checked_file
from ems.devices.map_schema import schema_text
from ems.devices.map_template import template
from ems.devices.maps import DeviceMap, load_map, map_names, read_map_file
from ems.domain.district import DeviceKind, Protocol
from ems.domain.errors import DeviceError
from ems.domain.vocabulary import POINTS

app = typer.Typer(
    no_args_is_help=True,
    help="Device maps: which register or object of a model is which point. A site's own maps lie"
    " in the folder [bold]maps[/bold] of its description.",
)


@app.command("list")
def list_maps(config: ConfigOption = DEFAULT_CONFIG, json: JsonOption = False) -> None:
    """List all maps: those of the package, and those beside the description."""
    with told():
        maps = [(where, as_data(one)) for where, one in known_maps(config)]
    if json:
        print_json([{**data, "where": where} for where, data in maps])
        return
    table = Table("map", "kind", "protocol", "points", "falls back by", "model", "from")
    for where, data in maps:
        points = f"{data['points']} of {data['points'] + len(data['missing'])}"
        names = ("name", "kind", "protocol")
        words = [*(data[n] for n in names), points, data["falls_back_by"], data["title"], where]
        table.add_row(*map(escape, words))
    out.print(table)


def known_maps(config: Path) -> Iterator[tuple[str, DeviceMap]]:
    """Every map and where it is from; a site's map goes before one of the same name.

    Raises:
        DeviceError: one of them does not hold.
    """
    own = {file.stem: file for file in sorted((config / MAPS).glob("*.yaml"))}
    for name in map_names():
        if name not in own:
            yield "package", load_map(name)
    for file in own.values():
        yield "site", read_map_file(file)


def as_data(device_map: DeviceMap) -> dict[str, Any]:
    """A map's head as plain data."""
    offered = [name for name in POINTS[device_map.kind] if name in device_map.points]
    return {
        "name": device_map.name,
        "kind": device_map.kind.value,
        "protocol": device_map.protocol.value,
        "title": device_map.title,
        "points": len(offered),
        "missing": list(device_map.missing),
        "lacking": list(device_map.lacking),
        "falls_back_by": fallback(device_map).value,
        "source": device_map.source,
        "assumption": device_map.assumption,
    }


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Maps to look at.", metavar="FILE...")],
    json: JsonOption = False,
) -> None:
    """Look at maps before they are used: every field, unit, place and command.

    Ends with 1 when a map has a fault. A point that the kind knows and the map lacks is only a
    remark: `ems config check` complains of it once a device uses the map and the EMS needs the
    point.
    """
    findings = [checked_file(file) for file in files]
    if json:
        print_json([vars(finding) for finding in findings])
    else:
        for finding in findings:
            tell(finding)
    raise typer.Exit(1 if any(finding.faults for finding in findings) else 0)


def tell(finding: MapFinding) -> None:
    """Print what was found in one file."""
    count = len(finding.faults)
    verdict = f"{count} fault{'s' if count > 1 else ''}" if count else "good"
    lines = [f"[bold]{escape(finding.file)}[/bold]: {verdict}"]
    lines += [f"  fault: {escape(fault)}" for fault in finding.faults]
    lines += [f"  {escape(remark)}" for remark in finding.remarks]
    out.print("\n".join(lines), highlight=False, soft_wrap=True)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Of the map: heat-pump-acme.")],
    kind: Annotated[DeviceKind, typer.Option(help="What the device is.")],
    protocol: Annotated[Protocol, typer.Option("--protocol", "-p", help="What it speaks.")],
    into: Annotated[Path, typer.Option(help="Folder for the file.")] = Path(),
) -> None:
    """Begin a map: a file with every point of the kind, commented out, to be filled in.

    An existing file is never touched. Put it into the folder [bold]maps[/bold] of the site's
    description and name it in devices.csv.
    """
    with told():
        text = template(name, kind, protocol)
        path = into / f"{name}.yaml"
        try:
            into.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError as error:
            raise DeviceError(f"{path} exists", fix="give another name, or edit it") from error
        except OSError as error:
            raise DeviceError(f"{path}: {error.strerror}", fix="give another folder") from error
    out.print(
        f"{path}: fill it in, then `ems devices maps check {path}`", highlight=False, soft_wrap=True
    )


@app.command()
def schema() -> None:
    """Print the JSON schema of maps, for editors that check while one types."""
    typer.echo(schema_text(), nl=False)
