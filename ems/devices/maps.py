"""Device maps: what a kind of device offers and where, as data files.

A map is one YAML file, named as `Device.map` names it: those that come with the package lie in
`ems/devices/maps`, those of a site in the folder `maps` of its description. It lists the points of
a device under the names of `ems/domain/vocabulary.py`: unit, believable range, poll class, and the
place - a Modbus register, a BACnet object or a SunSpec point. A value on the wire becomes a value
in the point's unit by `scale` (times) and `offset` (plus). Files are checked strictly: an unknown
key, a missing field or two points in one register raise an error that names the place.
"""

import json
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import TypeAdapter, ValidationError

from ems.devices.map_rules import check_limits, check_places, check_protocol, check_single
from ems.devices.point_limits import DOCUMENTED
from ems.devices.point_spec import (
    BacnetObject,
    PointSpec,
    PollClass,
    SunspecPoint,
)
from ems.devices.registers import Register, RegisterType
from ems.domain.bounds import Between, Positive
from ems.domain.district import Device, DeviceKind, District, Protocol
from ems.domain.errors import DeviceError
from ems.domain.points import PointInfo, point_id
from ems.domain.vocabulary import NEEDED, POINTS


@dataclass(frozen=True, kw_only=True)
class Heartbeat:
    """A point that must keep changing, or the device goes back to its own control."""

    __pydantic_config__ = DOCUMENTED

    point: str
    first: Annotated[int, Between(0, 65534)]
    """Written values run from `first` to `last` and round again."""
    last: Annotated[int, Between(1, 65534)]

    def __post_init__(self) -> None:
        if self.first >= self.last:
            raise ValueError("first must be less than last")

    def after(self, value: int) -> int:
        """The value that follows `value`."""
        return value + 1 if self.first <= value < self.last else self.first


@dataclass(frozen=True, kw_only=True)
class DeviceMap:
    """What one model of device offers."""

    __pydantic_config__ = DOCUMENTED

    name: str
    """The file's name without `.yaml`."""
    kind: DeviceKind
    protocol: Protocol
    title: str
    source: str = ""
    """Where the places are published."""
    assumption: str = ""
    """Why they were supposed as they are."""
    lease_s: Positive | None = None
    """District seconds after which the device drops commands that were not renewed."""
    heartbeat: Heartbeat | None = None
    schedules: dict[str, Annotated[int, Between(0, 4194302)]] = field(default_factory=dict)
    """BACnet Schedule objects by the written point that they command."""
    gap: Annotated[int, Between(0, 120)] = 0
    """Unused registers that one read may span."""
    longest_read: Annotated[int, Between(1, 125)] = 125
    """Registers that one read may ask for."""
    single_writes: bool = False
    """Whether it is written register by register (function 6) instead of in blocks (16)."""
    points: dict[str, PointSpec] = field(repr=False)

    def __post_init__(self) -> None:
        if not (self.source or self.assumption):
            raise ValueError("says neither `source` nor `assumption`")
        for spec in self.points.values():
            check_protocol(self.protocol, spec)
        check_places(self.points)
        if self.single_writes:
            check_single(self.points)
        check_limits(self.points)
        for name in self.schedules:
            if name not in self.points or not self.points[name].writable:
                raise ValueError(f"schedules: {name} is not a written point")
        if self.schedules and self.protocol is not Protocol.BACNET:
            raise ValueError("schedules: only BACnet devices have them")
        if self.heartbeat is not None:
            beat = self.points.get(self.heartbeat.point)
            if beat is None or not beat.writable:
                raise ValueError(f"heartbeat: {self.heartbeat.point} is not a written point")

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """Names of the kind's vocabulary that the map does not offer."""
        return tuple(name for name in POINTS[self.kind] if name not in self.points)

    @cached_property
    def lacking(self) -> tuple[str, ...]:
        """Those of them that the EMS can't do without."""
        return tuple(name for name in self.missing if name in NEEDED[self.kind])

    @cached_property
    def written(self) -> tuple[PointSpec, ...]:
        """The points that the EMS writes, without the heartbeat."""
        beat = self.heartbeat.point if self.heartbeat else ""
        return tuple(s for s in self.points.values() if s.writable and s.name != beat)


__all__ = [
    "BacnetObject",
    "DeviceMap",
    "Heartbeat",
    "PointSpec",
    "PollClass",
    "Register",
    "RegisterType",
    "SunspecPoint",
    "load_map",
    "map_names",
    "map_of",
    "point_infos",
    "raw_schema",
    "read_map",
    "read_map_file",
]

_READER = TypeAdapter(DeviceMap)


def raw_schema() -> dict[str, Any]:
    """The JSON schema of a `DeviceMap` as it is read, with its name and those of its points."""
    return _READER.json_schema()


def read_map(name: str, text: str) -> DeviceMap:
    """The map `name` from the YAML `text`.

    Raises:
        DeviceError: it does not hold; names file, point and field.
    """
    try:
        raw = yaml.safe_load(text)
        return _READER.validate_json(json.dumps(_named(name, raw)), strict=True)
    except yaml.YAMLError as error:
        raise DeviceError(f"{name}.yaml: {error}", fix="correct the YAML there") from error
    except ValidationError as error:
        lines = [f"{name}.yaml {_place(e['loc'])}: {e['msg']}" for e in error.errors()]
        raise DeviceError("\n".join(lines), fix=_fix(error)) from error


def _named(name: str, raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict) or not isinstance(raw.get("points"), dict):
        raise DeviceError(f"{name}.yaml points: missing", fix="list the points under `points:`")
    for key, point in raw["points"].items():
        if not isinstance(point, dict):
            raise DeviceError(f"{name}.yaml points.{key}: no fields", fix="give unit, poll, low...")
    return {**raw, "name": name, "points": {k: {**p, "name": k} for k, p in raw["points"].items()}}


def _place(loc: tuple[int | str, ...]) -> str:
    return ".".join(map(str, loc)) or "(whole file)"


def _fix(error: ValidationError) -> str:
    kinds = {e["type"] for e in error.errors()}
    if "unexpected_keyword_argument" in kinds:
        return "remove or rename the unknown field"
    return "add the missing field" if "missing_argument" in kinds else "correct the field named"


@cache
def load_map(name: str) -> DeviceMap:
    """The device map `name`, read once: one of the package, or a site's file `.../<name>.yaml`.

    Raises:
        DeviceError: there is no such map, or it does not hold.
    """
    if name.endswith(".yaml"):
        return read_map_file(Path(name))
    file = resources.files("ems.devices") / "maps" / f"{name}.yaml"
    if not file.is_file():
        raise DeviceError(f"no device map {name!r}", fix=f"name one of {', '.join(map_names())}")
    return read_map(name, file.read_text(encoding="utf-8"))


def read_map_file(path: Path) -> DeviceMap:
    """The device map in a file, named after it.

    Raises:
        DeviceError: it can't be read, or does not hold.
    """
    try:
        return read_map(path.stem, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise DeviceError(f"{path}: {error}", fix="give a text file in UTF-8") from error


def map_names() -> list[str]:
    """Names of all device maps."""
    folder = resources.files("ems.devices") / "maps"
    return sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith("yaml"))


def point_infos(district: District) -> list[PointInfo]:
    """All points of the district, devices and points in their order."""
    return [
        PointInfo(
            id=point_id(device.id, spec.name),
            device=device.id,
            name=spec.name,
            unit=spec.unit,
            writable=spec.writable,
            dwelling=device.serves if device.kind is DeviceKind.DWELLING else "",
        )
        for device in district.devices.values()
        for spec in map_of(device).points.values()
    ]


def map_of(device: Device) -> DeviceMap:
    """The map of a device."""
    return load_map(device.map)
