"""What is wrong with a device map beyond what reading it finds, and what it leaves open.

A map that can be read may still be wrong: a unit that contradicts its point's name, a command that
the register has no room for, a SunSpec point that no model has, a device that nobody brings back.
Each is a fault. What the map lacks, and who brings the device back when the EMS dies, are remarks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ems.devices.codec import Located, encoded
from ems.devices.fail_safe import Fallback, fallback
from ems.devices.maps import DeviceMap, PointSpec, read_map_file
from ems.devices.sunspec import model_points
from ems.domain.errors import DeviceError
from ems.domain.points import Unit

UNIT_OF_SUFFIX = {
    "_c": Unit.CELSIUS,
    "_k": Unit.KELVIN,
    "_kw": Unit.KILOWATT,
    "_kwh": Unit.KILOWATT_HOUR,
    "_pct": Unit.PERCENT,
    "_a": Unit.AMPERE,
    "_v": Unit.VOLT,
    "_hz": Unit.HERTZ,
    "_s": Unit.SECOND,
    "_m3": Unit.CUBIC_METRE,
    "_m3_per_h": Unit.CUBIC_METRE_PER_HOUR,
    "_h": Unit.HOUR,
    "_min": Unit.MINUTE,
    "_ppm": Unit.PPM,
    "_bar": Unit.BAR,
    "_kvar": Unit.KILOVAR,
    "_w_m2": Unit.WATT_PER_SQUARE_METRE,
}


@dataclass(frozen=True, kw_only=True)
class MapFinding:
    """What was found in one file."""

    file: str
    """Its path as given."""

    faults: tuple[str, ...]
    """What must be corrected; none: the map can be used."""

    remarks: tuple[str, ...] = ()
    """What is worth knowing."""


def checked_file(path: Path) -> MapFinding:
    """Read and look at a map's file; nothing that may be wrong with it is an error here."""
    try:
        device_map = read_map_file(path)
    except DeviceError as error:
        return MapFinding(file=str(path), faults=tuple(error.message.splitlines()))
    faults = tuple(faults_of(device_map))
    return MapFinding(file=str(path), faults=faults, remarks=tuple(_remarks(device_map)))


def unit_of(name: str) -> Unit | None:
    """The unit that a point's name says; None when it says none."""
    suffixes = [suffix for suffix in UNIT_OF_SUFFIX if name.endswith(suffix)]
    return UNIT_OF_SUFFIX[max(suffixes, key=len)] if suffixes else None


def faults_of(device_map: DeviceMap) -> Iterator[str]:
    """What must be corrected in a map that could be read."""
    for spec in device_map.points.values():
        said = unit_of(spec.name)
        if said is not None and said is not spec.unit:
            yield f"points.{spec.name}.unit: the name says {said.value}, not {spec.unit.value!r}"
        yield from _place_faults(spec)
    if fallback(device_map) is Fallback.NONE:
        without = [s.name for s in device_map.written if s.object is None and s.safe is None]
        yield f"not fail-safe: give a heartbeat and lease_s, or `safe` to {', '.join(without)}"


def _place_faults(spec: PointSpec) -> Iterator[str]:
    try:
        if spec.sunspec is not None:
            points = model_points(spec.sunspec.model)
            if spec.sunspec.point not in points:
                known = f"model {spec.sunspec.model} has no point {spec.sunspec.point}"
                yield f"points.{spec.name}.sunspec: {known}"
        elif spec.register is not None and spec.writable and not spec.translate:
            for value in (spec.low, spec.high):
                encoded(value, Located.by_map(spec))
    except DeviceError as error:
        yield f"points.{spec.name}: {error.message}"


def _remarks(device_map: DeviceMap) -> Iterator[str]:
    points, missing = device_map.points, device_map.missing
    yield f"{len(points)} points, {len(device_map.written)} of them written"
    if device_map.lacking:
        lacking = ", ".join(device_map.lacking)
        yield f"lacks {lacking}: `ems config check` refuses a description that uses this map"
    if missing:
        yield f"does not offer {', '.join(missing)}"
    yield f"falls back by: {fallback(device_map)}"
    if supposed := [s.name for s in points.values() if s.assumption]:
        yield f"supposed, to be compared with the device: {', '.join(supposed)}"
